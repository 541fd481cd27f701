/// The tables of the read model of EVSE statuses.
enum EVSETables {
  static let elements = EVSEElementTable(table: ModelTable("elements", 0))
  static let events = StatusEventTable(table: ModelTable("events", 1), beginnings: ModelTable("beginnings", 5))
  static let clocks = ClockTable(table: ModelTable("clocks", 2))
  static let contradictions = EVSEContradictions(open: ModelTable("contradictions", 3))
  static let findings = FindingTable(ModelTable("findings", 4), isDoubtful: EVSERules.isDoubtful)
  static let origins = StatusOriginTable(table: ModelTable("origins", 6))

  /// In the order of their numbers.
  static let all = [
    elements.table, events.table, clocks.table, contradictions.open, findings.table, events.beginnings, origins.table,
  ]
}
