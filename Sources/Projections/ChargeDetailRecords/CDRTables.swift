/// The tables of the read model of charge detail records.
enum CDRTables {
  /// See ``CDRIdTable``.
  static let ids = ModelTable("ids", 0)
  /// By session number, from 1 as they come: see ``CDRLogRecord``.
  static let log = HistoryTable(ModelTable("log", 1))
  /// See ``CDROperators``.
  static let names = ModelTable("names", 2)
  /// When each EVSE charged, by the final records in force: see ``CDRIntervals``.
  static let intervals = ModelTable("intervals", 3)
  static let findings = FindingTable(ModelTable("findings", 4))
  /// What messages said that the journal has no more: see ``CDRTexts``.
  static let texts = ModelTable("texts", 5)

  /// In the order of their numbers.
  static let all = [ids, log.table, names, intervals, findings.table, texts]
}
