internal import EMIP
public import JournalFormat
public import JournalStore

/// Availability and busy statuses of pools, stations, EVSEs and connectors, by when they came to be (event time) and by when the journal learnt of
/// them (position).
///
/// What the operator reported is the state; what the platform made of the report stands beside. Lists of changes tell the same item by item.
public final class EVSEStatusProjection: Projection {
  public static let name = "evse"
  public static let version: UInt32 = 1
  public static let tables = [
    elements.table, events.table, clocks.table, contradictions.open, findings.table, events.beginnings,
    origins.table,
  ]

  static let elements = EVSEElementTable(table: ModelTable("elements", 0))
  static let events = StatusEventTable(table: ModelTable("events", 1), beginnings: ModelTable("beginnings", 5))
  static let clocks = ClockTable(table: ModelTable("clocks", 2))
  static let contradictions = ContradictionRule(open: ModelTable("contradictions", 3))
  static let origins = StatusOriginTable(table: ModelTable("origins", 6))
  /// What was found wrong with the statuses.
  public static let findings = FindingTable(ModelTable("findings", 4))

  // What is remembered of the rows.
  private var roles = ContextMemory<Role>()
  private var known = EVSEElementMemory()
  private var reported = RecentReports()
  private var clock: Timestamp?

  public init() {}

  /// See ``Projection``.
  public static func isConcerned(by context: EntryContext) -> Bool {
    guard context.protocolName == "eMIP", let operation = context.operation else { return false }
    return pushes.contains(operation) || operation.hasSuffix("EVSEDynamicDataChanges")
  }

  /// See ``Projection``.
  public func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    switch role(of: entry.message) {
    case .none: return
    case .push: try take(entry.message, isFromPlatform: false, rows)
    case .list: try take(entry.message, isFromPlatform: true, rows)
    case .answer(let acceptance): try settle(entry, acceptance, rows)
    }
  }

  // MARK: What an entry is

  private enum Role {
    case none
    /// An operator's own report.
    case push
    /// The platform's, of the elements of others.
    case list
    case answer(ReportAcceptance)
  }

  private func role(of message: ProjectedMessage) -> Role {
    let context = message.entry.content.sharedContext
    if let known = roles[context] { return known }
    let role = Self.role(message.entry)
    // A refusal that answers nothing may share its context with one that does.
    if message.entry.kind != .refusal || message.entry.exchange != nil { roles[context] = role }
    return role
  }

  private static func role(_ entry: Entry) -> Role {
    let context = entry.content.context
    guard context.protocolName == "eMIP", let operation = context.operation, let direction = context.direction else { return .none }
    let isPush = direction == .toIOP && pushes.contains(operation)
    switch entry.kind {
    case .request where isPush: return .push
    case .request where direction == .fromIOP && operation == "SetEVSEDynamicDataChanges": return .list
    case .response where direction == .toIOP && operation == "GetEVSEDynamicDataChanges":
      return RequestOutcome(entry)?.isAccepted ?? false ? .list : .none
    case .response, .failure, .refusal: return isPush ? ReportAcceptance(entry).map { .answer($0) } ?? .none : .none
    default: return .none
    }
  }

  private static let pushes: Set<String> = [
    "SetEVSEAvailabilityStatus", "SetEVSEBusyStatus", "SetEVSESyntheticStatus", "SetChargingPoolAvailabilityStatus",
    "SetChargingStationAvailabilityStatus", "SetChargingConnectorAvailabilityStatus",
  ]

  // MARK: Changing

  private func take(_ message: ProjectedMessage, isFromPlatform: Bool, _ rows: ModelTransaction) throws(JournalError) {
    try noteClock(at: message.position, rows)
    if known.isFull { forget() }
    let reports = ElementReport.all(of: message, isFromPlatform: isFromPlatform)
    for report in reports {
      let element = try known.element(report, at: message.position, in: rows)
      var isCurrent = false
      for part in StatusPart.allCases {
        guard let event = report[part] else { continue }
        let insertion = try Self.events.insert(event, into: element[part], in: rows)
        isCurrent = isCurrent || insertion == .newest
      }
      // Both parts of a synthetic status come to be together.
      if isCurrent { try Self.contradictions.judge(element, at: message.position, in: rows) }
      // One that tells of several elements is read again with its answer.
      if reports.count == 1 && !isFromPlatform { reported.note(report, of: element, at: message.position) }
    }
  }

  private func settle(_ entry: ProjectedEntry, _ acceptance: ReportAcceptance, _ rows: ModelTransaction) throws(JournalError) {
    guard let request = entry.request else { return }
    let answer = ReportAnswer(position: entry.message.position, acceptance: acceptance)
    if let (report, element) = reported.report(at: request.position) { return try settle(report, answer, element, rows) }
    for report in ElementReport.all(of: request, isFromPlatform: false) {
      guard let element = try known.elementIfKnown(report, in: rows) else { continue }
      try settle(report, answer, element, rows)
    }
  }

  private func settle(
    _ report: ElementReport, _ answer: ReportAnswer, _ element: EVSEElement, _ rows: ModelTransaction
  ) throws(JournalError) {
    for part in StatusPart.allCases {
      if let event = report[part] { try Self.events.settle(event, answer, of: element[part], in: rows) }
    }
  }

  private func noteClock(at position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
    if let clock, rows.clock.milliseconds(since: clock) < ClockTable.stepMilliseconds { return }
    clock = try Self.clocks.note(rows.clock, at: position, in: rows)
  }

  private func forget() {
    known = EVSEElementMemory()
    reported = RecentReports()
  }

  // MARK: The purge horizon

  /// Events that late ones may still refer to stay: so many milliseconds before the clock.
  static let keptMilliseconds: Int64 = 48 * 3_600_000

  /// See ``Projection``. The newest event of each part stays, and those of the last two days.
  public func condense(_ rows: ModelTransaction, horizon: JournalPosition) throws(JournalError) {
    forget()
    try Self.forEachPart(rows) { (subject, _, _) throws(JournalError) in
      try Self.events.condense(subject, from: rows.clock.adding(milliseconds: -Self.keptMilliseconds), in: rows)
    }
    try Self.clocks.condense(in: rows)
  }

  /// See ``Projection``. Who reported the newest event of each part, and the comment that came with it, go over into the rows.
  public func condense(_ rows: ModelTransaction, horizon: JournalPosition, from journal: JournalReader) throws(JournalError) {
    try condense(rows, horizon: horizon)
    let messages = StatusOrigins(journal)
    try Self.forEachPart(rows) { (subject, element, part) throws(JournalError) in
      guard let event = try Self.events.tail(of: subject, in: rows).newest, event.position < horizon,
        let origin = try messages.origin(of: event, element.element, Self.canonicalId(element.id), part)
      else { return }
      try Self.origins.put(origin, of: event.position, subject, in: rows)
    }
  }

  private static func forEachPart(
    _ rows: ModelTransaction, _ body: (_ subject: [UInt8], EVSEElementTable.Stored, StatusPart) throws(JournalError) -> Void
  ) throws(JournalError) {
    var key: [UInt8] = []
    while let (element, _, next) = try elements.next(from: key, in: rows) {
      key = next
      for part in StatusPart.allCases { try body(StatusEventTable.subject(element.number, part), element, part) }
    }
  }
}
