internal import EMIP
public import JournalFormat
public import JournalStore

/// What puts a session into a month.
public enum CDRDate: String, CaseIterable, Sendable {
  /// When the charge began or ended, by the record in force, else by the last; when the first record was on the wire.
  case start, end, sent
}

/// Which sessions to show.
public struct CDRFilter: Sendable {
  /// An operator of the session, in any spelling.
  public var operatorId: String?
  /// Which of a session's dates counts.
  public var by = CDRDate.end
  /// From this moment on.
  public var since: Timestamp?
  /// Before this moment.
  public var until: Timestamp?
  /// Only where a version was refused, lost, deferred or has no answer.
  public var isUnaccepted = false
  /// Only those with a finding of this rule that holds.
  public var findingRule: String?

  /// Lets all sessions through.
  public init() {}
}

/// Questions to the read model of charge detail records. Texts are read from the journal.
public struct CDRQuestions: ModelQuestions {
  private let rows: any ModelRows
  let messages: CDRMessages
  /// The position that all answers are as of; nil for now.
  public let asOf: JournalPosition?
  /// What the read model of sessions finds of records; nil where that is not asked.
  private let authorisation: CDRAuthorisationFindings?

  /// The read models that the answers come from. Where those of sessions and white lists are given too, what they find of records stands
  /// with it.
  public static let projections: [any Projection.Type] = [CDRProjection.self]
  /// The operations that bring records.
  public static let operations: Set<String> = ["SetChargeDetailRecord", "GetChargeDetailRecord", "GetChargeDetailRecordList"]

  /// Asks the read model of charge detail records as it is at this moment. Where those of sessions and white lists are given too, what they
  /// find of records is told with it.
  /// - Parameters:
  ///   - models: those of ``projections`` at least.
  ///   - position: what became known behind it does not count; nil for now.
  /// - Throws: ``JournalError`` where a file cannot be read.
  public init(_ models: ReadModels, asOf position: JournalPosition?) throws(JournalError) {
    let rows = try models.model(CDRProjection.self).snapshot()
    let hasSessions = SessionQuestions.projections.allSatisfy { projection in models.models.contains { $0.projection == projection } }
    self.init(rows, models.reader, asOf: position, hasSessions ? try CDRAuthorisationFindings(models, asOf: position) : nil)
  }

  /// - Parameter rows: of ``CDRProjection``.
  init(_ rows: any ModelRows, _ journal: JournalReader, asOf position: JournalPosition?, _ authorisation: CDRAuthorisationFindings? = nil) {
    self.rows = rows
    messages = CDRMessages(journal, rows)
    asOf = position
    self.authorisation = authorisation
  }

  // MARK: Sessions

  /// The sessions of an id, in the order of their first records: the platform's, or any operator's own. Several operators may use one id, and one may use
  /// it again.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows and messages throws.
  public func sessions(of id: String) throws -> [CDRSession] {
    let found = try numbers(of: id).compactMap { try state($0) }.map(session)
    return found.sorted { ($0.observedAt, $0.number) < ($1.observedAt, $1.number) }
  }

  private func session(_ state: CDRHistory) throws -> CDRSession {
    let mark = messages.damage.mark
    var session = try CDRComposition(state, rows, messages, asOf).session { (stored, rule) throws(JournalError) in
      try reported(stored, rule)
    }
    if let authorisation { session.findings += try authorisation.findings(of: session) }
    session.unreadable = messages.damage.positions(since: mark)
    return session
  }

  private func numbers(of id: String) throws -> [UInt32] {
    var numbers: Set<UInt32> = []
    for link in try CDRIdTable.links(CDRKeys.id(id, rows.hash), in: rows) where link.kind != .content {
      if let asOf, let since = link.since, since > asOf { continue }
      numbers.insert(try CDRLog.current(link.session, asOf: asOf, in: rows))
    }
    return numbers.sorted()
  }

  private func state(_ number: UInt32) throws(JournalError) -> CDRHistory? { try CDRLog.state(number, asOf: asOf, in: rows) }

  /// Shows the sessions of a filter, in the order in which their first records came, until `body` returns false.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, what reading rows and messages throws, and what `body` throws.
  /// - Returns: how many were sent in the filter's time and are not shown, as their own times cannot be read, or cannot be.
  @discardableResult
  public func forEachSession(_ filter: CDRFilter = CDRFilter(), _ body: (CDRSession) throws -> Bool) throws -> Int {
    var misdatedCount = 0
    try forEachState(filter) { state, isMisdated in
      if isMisdated {
        misdatedCount += 1
        return true
      }
      return try body(try session(state))
    }
    return misdatedCount
  }

  /// How many sessions were sent in the filter's time and belong to none, as their own times cannot be read, or cannot be.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func misdatedCount(_ filter: CDRFilter) throws -> Int {
    var count = 0
    try forEachState(filter) { _, isMisdated in
      if isMisdated { count += 1 }
      return true
    }
    return count
  }

  /// - Parameter body: told also of the sessions that ``CDRFilter/place(_:isImpossible:)`` calls misdated.
  private func forEachState(_ filter: CDRFilter, _ body: (_ state: CDRHistory, _ isMisdated: Bool) throws -> Bool) throws {
    let found = try filter.findingRule.flatMap { try numbers(foundBy: $0) }
    let operatorNumber = try filter.operatorId.map { try CDROperators.known(CDROperators.compact($0), in: rows) ?? .max }
    let end = try CDRMemory.nextNumber(in: rows)
    for number in 1..<max(1, end) {
      guard let state = try state(number) else { continue }
      if let operatorNumber, state.execOperator != operatorNumber, state.saleOperator != operatorNumber { continue }
      let place = try filter.place(state) { version throws(JournalError) in
        try CDRCharges.isImpossible(filter.by, of: version, state, asOf: asOf, in: rows)
      }
      if place == .outside { continue }
      if filter.isUnaccepted, state.versions.allSatisfy({ state.acceptance(of: $0).isAccepted == true }) { continue }
      if let rule = filter.findingRule, try !(found?.contains(number) ?? hasFinding(rule, state)) { continue }
      guard try body(state, place == .misdated) else { return }
    }
  }

  /// The sessions that a rule of the read model of sessions found; nil for any other rule.
  private func numbers(foundBy rule: String) throws -> Set<UInt32>? {
    guard let authorisation, CDRRules.ofAuthorisation.contains(where: { $0.id == rule }) else { return nil }
    var found: Set<UInt32> = []
    for finding in try authorisation.all(of: rule) {
      let numbers = try numbers(of: finding.subject)
      // Several operators may use one id: the one with the message is meant.
      let exact = try numbers.filter { try state($0)?.has(finding.position) ?? false }
      found.formUnion(exact.isEmpty ? numbers : exact)
    }
    return found
  }

  /// The sessions that the errors among some rules of the read model of sessions found.
  private func numbers(foundByErrorsOf rules: [FindingRule]) throws -> Set<UInt32> {
    try rules.filter { $0.severity == .error }.reduce(into: []) { found, rule in
      found.formUnion(try numbers(foundBy: rule.id) ?? [])
    }
  }

  private func hasFinding(_ rule: String, _ state: CDRHistory) throws(JournalError) -> Bool {
    for key in state.findings where CDRProjection.rule(key.rule)?.id == rule {
      if let stored = try table.finding(key.bytes, asOf: asOf, in: rows), stored.resolvedAt == nil { return true }
    }
    return false
  }

  // MARK: Findings

  private var table: FindingTable { CDRTables.findings }

  /// What is wrong with records, in the order in which it became known; what other read models find of them is not among it.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows and messages throws.
  public func findings() throws -> [ReportedFinding] {
    var found: [ReportedFinding] = []
    try table.forEach(asOf: asOf, in: rows) { stored in
      if let rule = CDRProjection.rule(stored.rule) { found.append(try reported(stored, rule)) }
      return true
    }
    return found
  }

  private func reported(_ stored: FindingTable.Stored, _ rule: FindingRule) throws(JournalError) -> ReportedFinding {
    let name = try name(of: UInt32(bigEndian: stored.subject))
    var figures = CDRJudgement.figures(stored.detail)
    if CDRRules.ofTwoSessions.contains(rule), let other = figures.last.flatMap({ UInt32($0) }) {
      figures = [figures[0], name, try self.name(of: other)]
    }
    return ReportedFinding(
      rule: rule, position: stored.position, resolvedAt: stored.resolvedAt, subject: name, sentence: CDRRules.sentence(rule, figures))
  }

  /// What a session is called, read anew.
  private func name(of number: UInt32) throws(JournalError) -> String {
    let number = try CDRLog.current(number, asOf: asOf, in: rows)
    guard let state = try state(number) else { return "session \(number)" }
    return try CDRComposition(state, rows, messages, asOf).name()
  }

  // MARK: Totals

  /// The sums of the final records in force, by counterpart. Intermediate records are counted apart and never summed.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func totals(_ filter: CDRFilter = CDRFilter()) throws -> [CDRTotals] {
    var totals: [UInt64: CDRTotals] = [:]
    let refused = try numbers(foundByErrorsOf: CDRRules.ofAuthorisation)
    try forEachState(filter) { state, isMisdated in
      let direction: Direction = state.versions.contains { $0.side == .toIOP } ? .toIOP : .fromIOP
      let counterpart = direction == .toIOP ? state.saleOperator : state.execOperator
      let key = UInt64(direction.rawValue) << 32 | UInt64(counterpart)
      let name = try CDROperators.name(of: counterpart, in: rows)
      var sums = totals[key] ?? CDRTotals(direction: direction, counterpart: name)
      if isMisdated {
        sums.addMisdated()
      } else {
        let hasError = try refused.contains(state.number) || CDRErrors(state, asOf, rows).concernRecordInForce()
        sums.add(state, hasError: hasError)
      }
      totals[key] = sums
      return true
    }
    return totals.values.sorted { ($0.direction.rawValue, $0.counterpart ?? "") < ($1.direction.rawValue, $1.counterpart ?? "") }
  }
}
