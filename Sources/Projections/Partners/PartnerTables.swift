/// The tables of the read model of partners.
enum PartnerTables {
  static let names = PartnerNames(table: ModelTable("names", 0))
  static let series = PartnerSeriesTable(table: ModelTable("series", 1))
  /// Requests that wait for an answer, or that a failure was noted of.
  static let open = ModelTable("open", 2)
  /// Series → the transactions that were last lost or not accepted: the CRC-32C of each.
  static let failed = ModelTable("failed", 3)
  static let presence = PartnerPresence(history: HistoryTable(ModelTable("presence", 4)), states: ModelTable("states", 5))
  static let findings = FindingTable(ModelTable("findings", 6))
  /// See ``PartnerClock``.
  static let clocks = ModelTable("clocks", 7)
  /// See ``PartnerTransactions``.
  static let transactions = ModelTable("transactions", 8)

  /// In the order of their numbers.
  static let all = [names.table, series.table, open, failed, presence.history.table, presence.states, findings.table, clocks, transactions]
}
