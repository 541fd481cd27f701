internal import EMIP
public import JournalFormat
public import JournalStore

/// Availability and busy statuses of pools, stations, EVSEs and connectors, by when they came to be (event time) and by when the journal learnt of
/// them (position).
///
/// What the operator reported is the state; what the platform made of the report stands beside. Lists of changes tell the same item by item.
public final class EVSEProjection: Projection {
  /// Its name in file names and commands, the version of its rows, its tables and the rules that it judges by.
  public static let name = "evse"
  public static let version: UInt32 = 2
  public static let tables = EVSETables.all
  public static let rules = EVSERules.all

  // What is remembered of the rows.
  private var roles = ContextMemory<Role>()
  private var known = EVSEMemory()
  private var reported = RecentReports()
  private var clock: Timestamp?

  /// Begins with nothing remembered: all that it knows stands in the rows.
  public init() {}

  /// Whether an entry of this context can change anything.
  public static func isConcerned(by context: EntryContext) -> Bool {
    guard context.protocolName == "eMIP", let operation = context.operation else { return false }
    return pushes.contains(operation) || operation.hasSuffix("EVSEDynamicDataChanges")
  }

  /// Takes a report of statuses, a list of their changes, or the answer to a report.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
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
    // A refusal that answers nothing may share its context with one that does, and a status that cannot be read with one that is not there.
    let isShared = message.entry.kind == .refusal ? message.entry.requestPosition == nil : Self.mayBeUnreadable(message)
    if !isShared { roles[context] = role }
    return role
  }

  private static func mayBeUnreadable(_ message: ProjectedMessage) -> Bool {
    message.kind == .response && message.context.outcome.requestStatus == nil
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

  static let pushes: Set<String> = [
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
      var findings = StatusReportFindings()
      for part in StatusPart.allCases {
        guard let event = report[part] else { continue }
        let isOdd = StatusReportFindings.concern(event)
        let before = isOdd ? element[part].newest : nil
        let insertion = try EVSETables.events.insert(event, into: element[part], in: rows)
        isCurrent = isCurrent || insertion == .newest
        if isOdd && insertion != .repetition { findings.note(event, part, after: before) }
      }
      try findings.tell(element, at: message.position, in: rows)
      // Both parts of a synthetic status come to be together.
      if isCurrent { try EVSETables.contradictions.judge(element, at: message.position, in: rows) }
      // One that tells of several elements is read again with its answer.
      if reports.count == 1 && !isFromPlatform { reported.note(report, of: element, at: message.position) }
    }
  }

  private func settle(_ entry: ProjectedEntry, _ acceptance: ReportAcceptance, _ rows: ModelTransaction) throws(JournalError) {
    guard let request = entry.request else { return }
    let acceptance = entry.mismatch == nil ? acceptance : acceptance.doubted
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
      if let event = report[part] { try EVSETables.events.settle(event, answer, of: element[part], in: rows) }
    }
  }

  private func noteClock(at position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
    if let clock, rows.clock.milliseconds(since: clock) < ClockTable.stepMilliseconds { return }
    clock = try EVSETables.clocks.note(rows.clock, at: position, in: rows)
  }

  private func forget() {
    known = EVSEMemory()
    reported = RecentReports()
  }

  // MARK: Findings

  /// Tells where the statuses of an element contradict each other, in the order in which it became known.
  /// - Parameter position: nil for now.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public static func findings(_ models: ReadModels, asOf position: JournalPosition?) throws -> [ReportedFinding] {
    try EVSEQuestions(models, asOf: position).findings()
  }

  // MARK: The purge horizon

  /// Leaves of what came before the horizon only what must outlive its messages.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged. Also what reading the
  ///   journal throws.
  public func condense(_ rows: ModelTransaction, horizon: JournalPosition, from journal: JournalReader) throws(JournalError) {
    forget()
    try EVSEOpening(rows: rows, horizon: horizon, journal: journal).condense()
  }
}
