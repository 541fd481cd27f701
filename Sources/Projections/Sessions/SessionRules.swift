internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What the read model of sessions holds them against.
public struct SessionRules {
  static let idConflict = FindingRule(
    1, "session-id-conflict", .error,
    "A session has two ids of the CPO or of the eMSP, or an answer names another session than its request.")
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
  static let userNotHexadecimal = FindingRule(
    9, "user-not-hexadecimal", .warning, "The UID of a badge is not written in hexadecimal digits alone (guide 6.4.3).")
  /// Once a session. What of its records cannot be read the read model of records finds.
  static let valueUnreadable = FindingRule(
    18, "session-value-unreadable", .error,
    "A code, a flag, a date or a limit of an authorisation, an event or an action is there and cannot be read.")
  /// Guide 6.6.2, 7.5.2.
  static let actionUnheeded = FindingRule(
    19, "session-action-unheeded", .warning,
    "A stop was accepted, and within 15 min neither the end of the charge was reported (event 0, 1 or 12) nor a final record came.")
  /// As of statuses: once a session, until a message of it has the separators.
  static let spellingAmbiguous = FindingRule(
    46, EVSERules.spellingAmbiguous.id, EVSERules.spellingAmbiguous.severity, EVSERules.spellingAmbiguous.explanation)

  /// Those that find that something has not come, or that it was the last: what could not be read may say otherwise.
  static let ofAbsence = [withoutRecord, withoutAuthorisation, refusedAuthorisation, intermediateMissing, limitExceeded, actionUnheeded]

  /// In the order of their numbers.
  public static let all = [
    idConflict, factsConflict, withoutRecord, withoutAuthorisation, refusedAuthorisation, intermediateMissing, limitExceeded, rawContract,
    userNotHexadecimal, valueUnreadable, actionUnheeded, spellingAmbiguous,
  ]

  /// Three times the usual interval of intermediate records (guide 6.5.1).
  static let intermediateExpectedAfterMilliseconds: Int64 = 45 * 60_000

  private let tables: SessionRows
  private let session: SessionFacts

  init(_ tables: SessionRows, _ session: SessionFacts) {
    self.tables = tables
    self.session = session
  }

  // MARK: Messages

  /// Called when a request, or a record that was downloaded, has been put down.
  func judge(_ mention: SessionMention, _ place: SessionCorrelation.Place) throws(JournalError) {
    try judge(place.conflicts)
    if mention.fields.userContractIdAlias != nil, mention.fields.user.isRawContract() { try add(Self.rawContract) }
    if mention.user?.isNoHexadecimalBadge ?? false { try add(Self.userNotHexadecimal) }
    if let evse = mention.fields.evseId, try tables.isAmbiguous(evse), let number = try tables.known(evse, .evse),
      try !tables.namesEVSE(tables.whole(session))
    {
      try add(Self.spellingAmbiguous, [Int64(number)])
    }
    if mention.kind != .record, !mention.fields.unreadable.isEmpty { try add(Self.valueUnreadable) }
    try settle(mention.kind, place)
  }

  /// Called when an answer has been put down.
  /// - Parameter said: nil for a fault, or no answer at all.
  func judgeAnswer(_ mention: SessionMention, _ place: SessionCorrelation.Place, _ said: SessionFields?) throws(JournalError) {
    try judge(place.conflicts)
    if let said, !said.unreadable.isEmpty { try add(Self.valueUnreadable) }
    if mention.asksForAuthorisation, let alias = said?.userContractIdAlias, mention.fields.user.isRawContract(as: alias) {
      try add(Self.rawContract)
    }
    try settle(mention.kind, place)
  }

  private func judge(_ conflicts: [SessionCorrelation.Conflict]) throws(JournalError) {
    for conflict in conflicts {
      let cause = UInt64(conflict.other) << 3 | UInt64(conflict.kind.rawValue)
      let other = try tables.session(conflict.other)
      try add(
        Self.idConflict, cause: cause, [Int64(conflict.kind.rawValue), Int64(conflict.other)],
        subject: max(session.number, other.number), also: other)
    }
  }

  // MARK: What the whole session shows

  /// Makes the findings that follow from all that is known of the session by now, and ends those that no longer do: whatever message came last.
  private func settle(_ kind: SessionMention.Kind, _ place: SessionCorrelation.Place) throws(JournalError) {
    for other in place.dropped { try SessionRules(tables, other).settle() }
    if kind == .record, session.hasFinalRecord { try stopExpectingRecord() }
    try settle()
  }

  private func settle() throws(JournalError) {
    let facts = try tables.whole(session)
    guard facts.namings.count > SessionParty.allCases.count || facts.hasRecord || !facts.findings.isEmpty else { return }
    let judgements = try SessionJudgement.judgements(of: facts, tables)
    var known: Set<SessionJudgement.Identity> = []
    for mark in facts.findings {
      let identity = SessionJudgement.Identity(rule: mark.rule, cause: mark.cause)
      guard try tables.isOpen(mark) else { continue }
      let isOver =
        if mark.rule == Self.withoutRecord.number {
          facts.hasFinalRecord
        } else if mark.rule == Self.actionUnheeded.number {
          facts.unheededStop == nil
        } else if mark.rule == Self.spellingAmbiguous.number {
          try tables.namesEVSE(facts)
        } else {
          SessionJudgement.rules.contains(mark.rule) && !judgements.contains { $0.identity == identity }
        }
      // Made of each of two sessions before they turned out to be one: the first is enough.
      let isRepeated = !known.insert(identity).inserted && facts.inferred.isEmpty
      if isOver || isRepeated { try SessionTables.findings.resolve(mark.key, at: tables.position, in: tables.rows) }
    }
    for judgement in judgements where !known.contains(judgement.identity) {
      try store(judgement.rule, cause: judgement.cause, judgement.figures)
    }
  }

  private func stopExpectingRecord() throws(JournalError) {
    for step in try tables.whole(session).steps where step.isAuthorisation {
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
        try rules.add(withoutRecord, [row.since.rawValue, tables.rows.clock.rawValue])
      }
    }
  }

  /// Finds the sessions that went on though a stop of them was accepted, by the read model's clock.
  static func findUnheeded(_ tables: SessionRows) throws(JournalError) {
    while let row = try tables.nextUnheeded() {
      let rules = SessionRules(tables, try tables.session(row.number))
      guard let stop = try tables.whole(rules.session).unheededStop else { continue }
      try rules.add(actionUnheeded, [stop.observedAt.rawValue])
    }
  }

  // MARK: Findings

  /// Makes a finding, unless the session has one for the same cause that holds.
  private func add(
    _ rule: FindingRule, cause: UInt64 = 0, _ figures: [Int64] = [], subject: UInt32? = nil, also other: SessionFacts? = nil
  ) throws(JournalError) {
    for mark in try tables.whole(session).findings where mark.rule == rule.number && mark.cause == cause {
      if try tables.isOpen(mark) { return }
    }
    try store(rule, cause: cause, figures, subject: subject, also: other)
  }

  private func store(
    _ rule: FindingRule, cause: UInt64, _ figures: [Int64], subject: UInt32? = nil, also other: SessionFacts? = nil
  ) throws(JournalError) {
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
