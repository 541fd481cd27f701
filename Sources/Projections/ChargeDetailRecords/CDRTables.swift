/// The tables of the read model of charge detail records.
enum CDRTables {
  /// See ``CDRIdTable``.
  static let ids = ModelTable("ids", 0)
  /// By session number, from 1 as they come: see ``CDRLogRecord``.
  static let log = HistoryTable(ModelTable("log", 1))
  /// See ``CDROperators``.
  static let names = ModelTable("names", 2)
  /// When each EVSE charged, by the final records in force: all spellings of its id together.
  static let intervals = CDRIntervals(table: ModelTable("intervals", 3)) { CDRKeys.common($0.evse) }
  static let findings = FindingTable(ModelTable("findings", 4), isDoubtful: CDRRules.isDoubtful)
  /// What messages said that the journal has no more: see ``CDRTexts``.
  static let texts = ModelTable("texts", 5)
  /// See ``CDRAskedSessions``.
  static let asked = ModelTable("asked", 6)
  /// See ``CDRBadges``.
  static let badges = ModelTable("badges", 7)
  /// When each badge charged, by the same records.
  static let badgeIntervals = CDRIntervals(table: ModelTable("badge-intervals", 8)) { $0.badge }

  /// In the order of their numbers.
  static let all = [ids, log.table, names, intervals.table, findings.table, texts, asked, badges, badgeIntervals.table]
}
