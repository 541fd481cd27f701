/// The tables of the read model of white lists.
enum WhiteListTables {
  /// See ``WhiteListUsers``.
  static let entries = ModelTable("entries", 0)
  /// See ``WhiteListNames``.
  static let names = ModelTable("names", 1)
  /// The number of a list: ``WhiteListState``.
  static let states = HistoryTable(ModelTable("states", 2))
  /// See ``WhiteListCadence``.
  static let deadlines = ModelTable("deadlines", 3)
  /// See ``WhiteListConflicts``.
  static let conflicts = ModelTable("conflicts", 4)
  /// 0 and the hash of a transaction: its upload was too large. 1 and a position: of a request that was lost.
  static let marks = ModelTable("marks", 5)
  static let findings = FindingTable(ModelTable("findings", 6), isDoubtful: WhiteListRules.isDoubtful)
  /// See ``WhiteListValues``.
  static let unreadable = ModelTable("unreadable", 7)

  /// In the order of their numbers.
  static let all = [entries, names, states.table, deadlines, conflicts, marks, findings.table, unreadable]
}
