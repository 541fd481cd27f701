internal import EMIP
public import JournalFormat
public import JournalStore

/// Availability and busy statuses of pools, stations, EVSEs and connectors, by when they came to be (event time) and by when the journal learnt of
/// them (position).
///
/// What the operator reported is the state; what the platform made of the report stands beside. Lists of changes tell the same item by item.
public struct EVSEStatusProjection: Projection {
  public static let name = "evse"
  public static let version: UInt32 = 1
  public static let tables = [elements.table, events.table, clocks.table, contradictions.open, findings.table]

  static let elements = EVSEElementTable(table: ModelTable("elements", 0))
  static let events = StatusEventTable(table: ModelTable("events", 1))
  static let clocks = ClockTable(table: ModelTable("clocks", 2))
  static let contradictions = ContradictionRule(open: ModelTable("contradictions", 3))
  /// What was found wrong with the statuses.
  public static let findings = FindingTable(ModelTable("findings", 4))

  public init() {}

  /// See ``Projection``.
  public func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    guard entry.context.protocolName == "eMIP", let operation = entry.context.operation, let direction = entry.context.direction else {
      return
    }
    switch (entry.kind, direction) {
    case (.request, .toIOP) where Self.pushes.contains(operation): try take(entry, isFromPlatform: false, rows)
    case (.request, .fromIOP) where operation == "SetEVSEDynamicDataChanges": try take(entry, isFromPlatform: true, rows)
    case (.response, .toIOP) where operation == "GetEVSEDynamicDataChanges":
      guard RequestOutcome(entry.entry)?.isAccepted ?? false else { return }
      try take(entry, isFromPlatform: true, rows)
    case (.response, .toIOP) where Self.pushes.contains(operation), (.failure, .toIOP) where Self.pushes.contains(operation),
      (.refusal, .toIOP) where Self.pushes.contains(operation):
      try settle(entry, rows)
    default: return
    }
  }

  private static let pushes: Set<String> = [
    "SetEVSEAvailabilityStatus", "SetEVSEBusyStatus", "SetEVSESyntheticStatus", "SetChargingPoolAvailabilityStatus",
    "SetChargingStationAvailabilityStatus", "SetChargingConnectorAvailabilityStatus",
  ]

  private func take(_ entry: ProjectedEntry, isFromPlatform: Bool, _ rows: ModelTransaction) throws(JournalError) {
    try Self.clocks.note(rows.clock, at: entry.position, in: rows)
    for report in ElementReport.all(of: entry.message, isFromPlatform: isFromPlatform) {
      let number = try Self.elements.number(of: report.element, report.id, at: entry.position, in: rows)
      var isCurrent = false
      for (part, event) in report.parts {
        let insertion = try Self.events.insert(event, of: StatusEventTable.subject(number, part), in: rows)
        isCurrent = isCurrent || insertion == .newest
      }
      // Both parts of a synthetic status come to be together.
      if isCurrent { try Self.contradictions.judge(report, number, at: entry.position, in: rows) }
    }
  }

  private func settle(_ entry: ProjectedEntry, _ rows: ModelTransaction) throws(JournalError) {
    guard let request = entry.request, let answer = ReportAnswer(entry.entry) else { return }
    for report in ElementReport.all(of: request, isFromPlatform: false) {
      guard let element = try Self.elements.element(report.element, report.id, in: rows) else { continue }
      for (part, event) in report.parts {
        try Self.events.settle(event, answer, of: StatusEventTable.subject(element.number, part), in: rows)
      }
    }
  }

  /// Events that late ones may still refer to stay: so many milliseconds before the clock.
  static let keptMilliseconds: Int64 = 48 * 3_600_000

  /// See ``Projection``. The newest event of each part stays, and those of the last two days.
  public func condense(_ rows: ModelTransaction, horizon: JournalPosition) throws(JournalError) {
    var key: [UInt8] = []
    while let (element, _, next) = try Self.elements.next(from: key, in: rows) {
      key = next
      for part in StatusPart.allCases {
        let subject = StatusEventTable.subject(element.number, part)
        try Self.events.condense(subject, from: rows.clock.adding(milliseconds: -Self.keptMilliseconds), in: rows)
      }
    }
    try Self.clocks.condense(in: rows)
  }
}

/// The journal's clock at positions some minutes apart: a question as of a position asks what time it was there.
struct ClockTable {
  let table: ModelTable
  static let stepMilliseconds: Int64 = 600_000

  func note(_ clock: Timestamp, at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    if let last = try self.clock(at: nil, in: rows), clock.milliseconds(since: last) < Self.stepMilliseconds { return }
    var value: [UInt8] = []
    value.appendLittleEndian(clock.rawValue)
    try rows.put(value, for: bigEndianBytes(position.rawValue), in: table)
  }

  /// Some minutes behind the true one at most; nil where nothing was reported by then.
  func clock(at position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> Timestamp? {
    guard let row = try rows.last(upTo: bigEndianBytes(position?.rawValue ?? .max), beginningWith: [], in: table) else { return nil }
    do throws(FormatError) {
      return try row.value.reading { (reader) throws(FormatError) in Timestamp(rawValue: try reader.littleEndian(Int64.self)) }
    } catch { throw .damagedModel(error, table) }
  }

  /// Leaves the last alone.
  func condense(in rows: ModelTransaction) throws(JournalError) {
    guard let last = try rows.last(upTo: bigEndianBytes(UInt64.max), beginningWith: [], in: table) else { return }
    while let row = try rows.first(from: [0], beginningWith: [], in: table), row.key != last.key { try rows.remove(row.key, in: table) }
  }
}
