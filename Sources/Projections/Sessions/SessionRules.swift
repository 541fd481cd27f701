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

  /// In the order of their numbers.
  public static let all = [
    idConflict, factsConflict, withoutRecord, withoutAuthorisation, refusedAuthorisation, intermediateMissing, limitExceeded, rawContract,
  ]

  /// A day's session, the batch at its end (guide 6.5.1), and a day of store and forward.
  static let recordOverdueAfterMilliseconds: Int64 = 72 * 3_600_000
  /// Three times the usual interval of intermediate records (guide 6.5.1).
  static let intermediateExpectedAfterMilliseconds: Int64 = 45 * 60_000

  private let rows: ModelTransaction
  private let position: JournalPosition
  private let number: UInt32

  init(_ rows: ModelTransaction, _ position: JournalPosition, _ number: UInt32) {
    self.rows = rows
    self.position = position
    self.number = number
  }

  private func facts() throws(JournalError) -> SessionFacts { try SessionFacts(number, asOf: nil, in: rows)! }

  // MARK: Requests and records

  /// Called when a request, or a downloaded record, has been put down.
  func judge(_ mention: SessionMention, _ place: SessionCorrelation.Place) throws(JournalError) {
    try judgeParties(place)
    let correlation = SessionCorrelation(rows, position, place.ownOpened)
    try correlation.infer(mention, place, isFromIOP: try facts().steps.last?.record.isFromIOP ?? false)
    if place.newIds.contains(.service) { try correlation.forgetUnnamed(mention, number) }
    let facts = try facts()
    if mention.user?.isRawContract ?? false { try add(Self.rawContract, facts) }
    if case .record(let record) = mention.content { try judge(record, facts) }
    try settle(facts)
  }

  private func judgeParties(_ place: SessionCorrelation.Place) throws(JournalError) {
    for (rule, cause) in place.pendingFindings where !place.facts.hasFinding(rule, cause: cause) {
      let other = UInt32(truncatingIfNeeded: cause >> 3)
      let later = try max(number, SessionsProjection.current(other, asOf: nil, in: rows))
      try add(rule, place.facts, cause: cause, [Int64(cause & 7), Int64(other)], subject: later, also: other)
    }
    let pairs = [
      (place.facts.evse, place.parties.evse), (place.facts.exec, place.parties.exec), (place.facts.sale, place.parties.sale),
    ]
    for (kind, pair) in pairs.enumerated() {
      guard let first = pair.0, let second = pair.1, first != second else { continue }
      try add(Self.factsConflict, place.facts, cause: UInt64(kind) << 32 | UInt64(second), [Int64(kind), Int64(first), Int64(second)])
    }
  }

  private func judge(_ record: ChargeDetailRecord, _ facts: SessionFacts) throws(JournalError) {
    let decision = facts.decision
    if decision?.result == .refused { try add(Self.refusedAuthorisation, facts, [Int64(decision!.step.position.rawValue)]) }
    guard record.sessionNature == .final else { return }
    if decision == nil || decision!.result == .notObtained {
      let start = record.startTime?.value?.rawValue ?? 0
      try add(Self.withoutAuthorisation, facts, [decision == nil ? 0 : 1, start])
    }
    guard let terms = decision?.terms else { return }
    if terms.wantsIntermediateRecords, !facts.steps.contains(where: { $0.chargeRecord?.nature == .intermediate }),
      let start = record.startTime?.value, let end = record.endTime?.value,
      end.milliseconds(since: start) >= Self.intermediateExpectedAfterMilliseconds
    {
      try add(Self.intermediateMissing, facts, [end.milliseconds(since: start)])
    }
    let readings = record.meters.compactMap(AuthorisationTerms.Limit.init)
    for limit in terms.limits {
      guard let reading = readings.first(where: { $0.meter == limit.meter && $0.thousandths > limit.thousandths }) else { continue }
      try add(
        Self.limitExceeded, facts, cause: UInt64(limit.meter), [Int64(limit.meter), Int64(reading.thousandths), Int64(limit.thousandths)])
    }
  }

  // MARK: Answers

  /// Called when an answer has been put down.
  func judgeAnswer(_ mention: SessionMention, _ place: SessionCorrelation.Place, _ entry: ProjectedEntry) throws(JournalError) {
    try judgeParties(place)
    if place.newIds.contains(.service) { try SessionCorrelation(rows, position, place.ownOpened).forgetUnnamed(mention, number) }
    let facts = try facts()
    if place.facts.decision?.result != .authorised && facts.decision?.result == .authorised {
      try rows.put([], for: Self.openKey(entry.entry.content.observedAt, number), in: SessionsProjection.open)
    }
    if let said = entry.facts?.serviceAuthorisation, mention.user?.isRawContract(as: said.user.userContractIdAlias) ?? false {
      try add(Self.rawContract, facts)
    }
    try settle(facts)
  }

  /// Ends what holds no longer.
  private func settle(_ facts: SessionFacts) throws(JournalError) {
    var seen: Set<[UInt64]> = []
    for finding in facts.findings {
      // Made of each of two sessions before they turned out to be one: the first is enough.
      let isRepeated = !seen.insert([UInt64(finding.rule), finding.cause]).inserted && facts.twins.isEmpty
      let isOver =
        switch finding.rule {
        case Self.withoutRecord.number: facts.finalRecord.map { $0.answer != nil || $0.isDownload } ?? false
        case Self.withoutAuthorisation.number: facts.decision?.result == .authorised
        default: false
        }
      if isOver || isRepeated { try SessionsProjection.findings.resolve(finding.key, at: position, in: rows) }
    }
  }

  // MARK: What does not come

  /// Finds the sessions whose final record is overdue by the read model's clock.
  static func findOverdue(at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    let deadline = rows.clock.adding(milliseconds: -recordOverdueAfterMilliseconds)
    while let row = try rows.first(from: [], beginningWith: [], in: SessionsProjection.open) {
      let authorisedAt = Timestamp(rawValue: Int64(bitPattern: row.key[..<8].reduce(0 as UInt64) { $0 << 8 | UInt64($1) } ^ 1 << 63))
      guard authorisedAt <= deadline else { return }
      try rows.remove(row.key, in: SessionsProjection.open)
      let number = try SessionsProjection.current(UInt32(bigEndian: row.key[8...]), asOf: nil, in: rows)
      let rules = SessionRules(rows, position, number)
      let facts = try rules.facts()
      if facts.decision?.result == .authorised && facts.finalRecord == nil {
        try rules.add(withoutRecord, facts, [authorisedAt.rawValue, rows.clock.rawValue])
      }
    }
  }

  private static func openKey(_ authorisedAt: Timestamp, _ number: UInt32) -> [UInt8] {
    bigEndianBytes(UInt64(bitPattern: authorisedAt.rawValue) ^ 1 << 63) + bigEndianBytes(number)
  }

  // MARK: Findings

  /// Makes a finding, unless the session has it for the same cause.
  private func add(
    _ rule: FindingRule, _ facts: SessionFacts, cause: UInt64 = 0, _ figures: [Int64] = [], subject: UInt32? = nil,
    also other: UInt32? = nil
  ) throws(JournalError) {
    guard !facts.hasFinding(rule, cause: cause) else { return }
    var subjectBytes: [UInt8] = []
    subjectBytes.appendVarint(UInt64(subject ?? number))
    var detail: [UInt8] = []
    for figure in figures { detail.appendSignedVarint(figure) }
    let key = try SessionsProjection.findings.add(rule, at: position, subject: subjectBytes, detail: detail, in: rows)
    let mark = SessionRecord(
      content: .finding(rule: rule.number, number: UInt16(key[9]) << 8 | UInt16(key[10]), cause: cause))
    var holders: Set = [number]
    if let other { holders.insert(try SessionsProjection.current(other, asOf: nil, in: rows)) }
    for holder in holders.sorted() {
      try SessionsProjection.log.append(
        mark.encoded(at: position, opened: Timestamp(rawValue: 0)), at: position, to: bigEndianBytes(holder), in: rows)
    }
  }
}

extension UserIdentity {
  /// As ``isRawContract``, with the alias of an answer.
  fileprivate func isRawContract(as alias: String?) -> Bool {
    guard let alias else { return false }
    return UserIdentity.isRawContract(userIdType, userId, alias)
  }
}
