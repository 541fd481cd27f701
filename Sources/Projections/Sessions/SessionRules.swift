internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What the read model of sessions holds them against.
public struct SessionRules {
  static let idConflict = FindingRule(
    1, "session-id-conflict", .error, "An id of the CPO or the eMSP names two sessions of the platform, or a session has two of them.")
  static let factsConflict = FindingRule(
    2, "session-facts-conflict", .warning, "Two messages of a session name different EVSEs, CPOs or eMSPs.")
  static let withoutRecord = FindingRule(
    3, "authorised-without-cdr", .warning, "A session was authorised, and no final record of it has come within three days.")
  static let withoutAuthorisation = FindingRule(
    4, "cdr-without-authorisation", .warning, "A final record of a session that no message authorised; the white list may have.")
  static let refusedAuthorisation = FindingRule(
    5, "cdr-refused-authorisation", .error, "A record of a session whose authorisation was refused.")
  static let intermediateMissing = FindingRule(
    6, "cdr-intermediate-missing", .warning, "Intermediate records were asked for, and a long session has none.")
  static let limitExceeded = FindingRule(
    7, "cdr-meter-limit-exceeded", .warning, "A final record has more than the authorisation allowed.")
  static let rawContract = FindingRule(
    8, "cdr-raw-contract", .notice, "The alias that is to hide the contract is the contract itself (guide 7.6.2).")
  /// Once a session. What of its records cannot be read the read model of records finds.
  static let valueUnreadable = FindingRule(
    18, "session-value-unreadable", .error,
    "A code, a flag, a date or a limit of an authorisation, an event or an action is there and cannot be read.")
  /// Guide 6.6.2, 7.5.2.
  static let actionUnheeded = FindingRule(
    19, "session-action-unheeded", .warning,
    "A stop was accepted, and within 15 min neither the end of the charge was reported (event 0, 1 or 12) nor a final record came.")

  /// In the order of their numbers.
  public static let all = [
    idConflict, factsConflict, withoutRecord, withoutAuthorisation, refusedAuthorisation, intermediateMissing, limitExceeded, rawContract,
    valueUnreadable, actionUnheeded,
  ]

  /// Three times the usual interval of intermediate records (guide 6.5.1).
  static let intermediateExpectedAfterMilliseconds: Int64 = 45 * 60_000

  private let tables: SessionRows
  private let session: SessionFacts

  init(_ tables: SessionRows, _ session: SessionFacts) {
    self.tables = tables
    self.session = session
  }

  // MARK: Requests and records

  /// Called when a request, or a downloaded record, has been put down.
  func judge(
    _ mention: SessionMention, _ conflicts: [SessionCorrelation.Conflict], _ contradictions: [SessionParties.Contradiction],
    _ message: ProjectedMessage
  ) throws(JournalError) {
    try judge(conflicts, contradictions)
    let facts = try tables.whole(session)
    if mention.fields.userContractIdAlias != nil, mention.fields.user.isRawContract() { try add(Self.rawContract, facts) }
    if mention.kind != .record, !mention.fields.unreadable.isEmpty { try add(Self.valueUnreadable, facts) }
    if mention.kind == .record { try judgeRecord(mention, facts, message) }
    try settle(facts, mention.kind)
  }

  private func judge(
    _ conflicts: [SessionCorrelation.Conflict], _ contradictions: [SessionParties.Contradiction]
  ) throws(JournalError) {
    guard !conflicts.isEmpty || !contradictions.isEmpty else { return }
    let facts = try tables.whole(session)
    for conflict in conflicts {
      let cause = UInt64(conflict.other) << 3 | UInt64(conflict.kind.rawValue)
      let other = try tables.session(conflict.other)
      try add(
        Self.idConflict, facts, cause: cause, [Int64(conflict.kind.rawValue), Int64(conflict.other)],
        subject: max(session.number, other.number), also: other)
    }
    for found in contradictions {
      let cause = UInt64(found.kind) << 32 | UInt64(found.named)
      try add(Self.factsConflict, facts, cause: cause, [Int64(found.kind), Int64(found.known), Int64(found.named)])
    }
  }

  private func judgeRecord(_ mention: SessionMention, _ facts: SessionFacts, _ message: ProjectedMessage) throws(JournalError) {
    let decision = facts.decision
    if let decision, decision.result == .refused {
      try add(Self.refusedAuthorisation, facts, [Int64(decision.step.position.rawValue)])
    }
    guard mention.fields.sessionNature == .final else { return }
    let start = mention.fields.startTime.flatMap { Timestamp($0) }
    if decision == nil || decision!.result == .notObtained {
      try add(Self.withoutAuthorisation, facts, [decision == nil ? 0 : 1, start?.rawValue ?? 0])
    }
    guard let terms = decision?.terms else { return }
    if terms.wantsIntermediateRecords, !facts.steps.contains(where: { $0.chargeRecord?.nature == .intermediate }), let start,
      let end = mention.fields.endTime.flatMap({ Timestamp($0) }),
      end.milliseconds(since: start) >= Self.intermediateExpectedAfterMilliseconds
    {
      try add(Self.intermediateMissing, facts, [end.milliseconds(since: start)])
    }
    guard !terms.limits.isEmpty, let meters = message.facts?.meters(ofRecord: Int(mention.item) - 1) else { return }
    for limit in terms.limits {
      guard let total = meters.figure(MeterType(rawValue: limit.meter)).quantity,
        let charged = AuthorisationTerms.Limit.thousandths(total), charged > limit.thousandths
      else { continue }
      try add(Self.limitExceeded, facts, cause: UInt64(limit.meter), [Int64(limit.meter), Int64(charged), Int64(limit.thousandths)])
    }
  }

  // MARK: Answers

  /// Called when an answer has been put down.
  /// - Parameter said: nil for a fault, or no answer at all.
  func judgeAnswer(
    _ mention: SessionMention, _ conflicts: [SessionCorrelation.Conflict], _ contradictions: [SessionParties.Contradiction],
    _ said: SessionFields?
  ) throws(JournalError) {
    try judge(conflicts, contradictions)
    let facts = try tables.whole(session)
    if let said, !said.unreadable.isEmpty { try add(Self.valueUnreadable, facts) }
    if mention.asksForAuthorisation, let alias = said?.userContractIdAlias, mention.fields.user.isRawContract(as: alias) {
      try add(Self.rawContract, facts)
    }
    try settle(facts, mention.kind)
  }

  /// Ends what holds no longer.
  private func settle(_ facts: SessionFacts, _ kind: SessionMention.Kind) throws(JournalError) {
    guard kind == .record || !facts.findings.isEmpty else { return }
    // A final record may still be turned down until its answer has come.
    let hasFinal = facts.finalRecord.map { $0.answer != nil || $0.isDownload } ?? false
    if hasFinal && kind == .record { try stopExpectingRecord(facts) }
    guard !facts.findings.isEmpty else { return }
    var seen: Set<[UInt64]> = []
    let isAuthorised = facts.decision?.result == .authorised
    for finding in facts.findings {
      // Made of each of two sessions before they turned out to be one: the first is enough.
      let isRepeated = !seen.insert([UInt64(finding.rule), finding.cause]).inserted && facts.inferred.isEmpty
      let isOver =
        switch finding.rule {
        case Self.withoutRecord.number: hasFinal
        case Self.withoutAuthorisation.number: isAuthorised
        default: false
        }
      if isOver || isRepeated { try SessionTables.findings.resolve(finding.key, at: tables.position, in: tables.rows) }
    }
  }

  private func stopExpectingRecord(_ facts: SessionFacts) throws(JournalError) {
    for step in facts.steps where step.isAuthorisation {
      if let position = step.answerPosition { try tables.stopExpecting(position) }
    }
  }

  // MARK: What does not come

  /// Finds the sessions whose final record is overdue by the read model's clock.
  static func findOverdue(_ tables: SessionRows) throws(JournalError) {
    while let row = try tables.nextOverdue() {
      guard !row.isRequest else { continue }
      let rules = SessionRules(tables, try tables.session(row.number))
      let facts = try tables.whole(rules.session)
      if facts.decision?.result == .authorised && facts.finalRecord == nil {
        try rules.add(withoutRecord, facts, [row.since.rawValue, tables.rows.clock.rawValue])
      }
    }
  }

  /// Finds the sessions that went on though a stop of them was accepted, by the read model's clock.
  static func findUnheeded(_ tables: SessionRows) throws(JournalError) {
    while let row = try tables.nextUnheeded() {
      let rules = SessionRules(tables, try tables.session(row.number))
      let facts = try tables.whole(rules.session)
      if !facts.isEndReported { try rules.add(actionUnheeded, facts, [row.since.rawValue]) }
    }
  }

  // MARK: Findings

  /// Makes a finding, unless the session has it for the same cause.
  private func add(
    _ rule: FindingRule, _ facts: SessionFacts, cause: UInt64 = 0, _ figures: [Int64] = [], subject: UInt32? = nil,
    also other: SessionFacts? = nil
  ) throws(JournalError) {
    guard !facts.hasFinding(rule, cause: cause) else { return }
    var subjectBytes: [UInt8] = []
    subjectBytes.appendVarint(UInt64(subject ?? session.number))
    var detail: [UInt8] = []
    for figure in figures { detail.appendSignedVarint(figure) }
    let key = try SessionTables.findings.add(rule, at: tables.position, subject: subjectBytes, detail: detail, in: tables.rows)
    let mark = SessionRecord(content: .finding(rule: rule.number, number: UInt16(key[9]) << 8 | UInt16(key[10]), cause: cause))
    try tables.append(mark, to: session)
    if let other, other !== session { try tables.append(mark, to: other) }
  }
}
