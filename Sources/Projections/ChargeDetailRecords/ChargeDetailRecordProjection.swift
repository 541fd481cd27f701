internal import EMIP
internal import JournalFormat
public import JournalStore

/// Every version of every session's charge detail record, what the other side made of it, and what is wrong with it. See ``CDRQuery``.
///
/// A version is what one message, or an item of a list, says of a session on one side. The same content again is no new one.
public struct ChargeDetailRecordProjection: Projection {
  public static let name = "cdrs"
  public static let version: UInt32 = 1

  /// Keys of ids: see ``CDRIdentities``.
  static let ids = ModelTable("ids", 0)
  /// By session number, from 1 as they come: see ``CDRLogRecord``.
  static let log = HistoryTable(ModelTable("log", 1))
  static let names = ModelTable("names", 2)
  /// When each EVSE charged, by the final records in force: see ``CDRIntervals``.
  static let intervals = ModelTable("intervals", 3)
  static let findings = FindingTable(ModelTable("findings", 4))
  public static let tables = [ids, log.table, names, intervals, findings.table]

  public init() {}

  /// See ``Projection``.
  public func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    guard entry.kind.isMessage, entry.context.protocolName == "eMIP" else { return }
    switch (entry.context.operation, entry.kind) {
    case ("SetChargeDetailRecord", .request): try takeRecords(entry, to: rows)
    case ("SetChargeDetailRecord", _): try takeAnswer(entry, to: rows)
    case ("GetChargeDetailRecordList", .response), ("GetChargeDetailRecord", .response): try takeRecords(entry, to: rows)
    default: return
    }
  }

  // MARK: Records

  private func takeRecords(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    guard let facts = entry.facts else { return }
    for (item, record) in facts.chargeDetailRecords.enumerated() {
      let sighting = try CDRSighting(record, item: item, of: entry.message, transactionId: facts.transactionId, in: rows)
      try take(sighting, to: rows)
    }
  }

  private func take(_ sighting: CDRSighting, to rows: ModelTransaction) throws(JournalError) {
    let version = sighting.version
    let (number, before) = try session(of: sighting.identities, at: version.position, in: rows)
    let known = before?.versions.first { $0.side == version.side && $0.digest == version.digest }
    if let known {
      let attempt = CDRLogRecord.attempt(
        version: known.position, item: known.item, leg: version.leg, isRepeated: known.transaction != version.transaction)
      try append(attempt, at: version.position, to: number, in: rows)
    } else {
      try append(.version(version), at: version.position, to: number, in: rows)
    }
    let after = try CDRLog.state(number, asOf: nil, in: rows)!
    var journal = CDRFindingJournal(session: number, position: version.position, rows: rows)
    if known == nil { try judge(sighting, before, &journal) }
    try settle(before, after, &journal)
  }

  /// What a version breaks by itself and beside those before it. What was found on one side is not told again of the other.
  private func judge(
    _ sighting: CDRSighting, _ before: CDRSessionState?, _ journal: inout CDRFindingJournal
  ) throws(JournalError) {
    let version = sighting.version
    let others = before?.versions ?? []
    let isOfOtherSide = others.contains { $0.side != version.side && $0.nature == version.nature && $0.shared == version.shared }
    if !isOfOtherSide {
      for judgement in CDRRules.judgements(of: sighting.record) {
        if judgement.rule == CDRRules.unknownMeter, try journal.has(judgement, in: before) { continue }
        try journal.add(judgement)
      }
      let standing = others.filter { $0.side == version.side && before!.acceptance(of: $0).isAccepted != false }
      let finals = standing.filter { $0.nature == .final }
      let judgements =
        CDRRules.judgeDecrease(version, after: standing.last) + CDRRules.judgeSecondFinal(version, after: finals)
        + CDRRules.judgeAfterFinal(version, after: finals)
      for judgement in judgements { try journal.add(judgement) }
    }
    if version.side == .toIOP || !others.contains(where: { $0.side == .toIOP }) {
      for judgement in CDRRules.judgeExecSession(sighting.record) where try !journal.hasOfOtherSide(judgement, others, version) {
        try journal.add(judgement)
      }
    }
  }

  // MARK: Answers

  private func takeAnswer(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    guard let request = entry.request, let facts = request.facts, let outcome = RequestOutcome(entry.entry) else { return }
    let platformId = entry.facts?.text(of: WireName.serviceSessionId)
    let saleOperator = entry.facts?.text(of: WireName.salePartnerOperatorId)
    var answer = CDRVersion.Answer(
      position: entry.position, outcome: .accepted, requestStatus: nil, isGateways: entry.kind == .response && entry.context.author == .gateway,
      saleOperator: try CDRNames.number(of: saleOperator, in: rows), hasPlatformId: platformId != nil)
    switch outcome {
    case .accepted(let status): answer.requestStatus = status
    case .rejected(let status): (answer.outcome, answer.requestStatus) = (.rejected, status)
    case .fault: answer.outcome = .fault
    case .lost, .unreadable: answer.outcome = .lost
    }
    var answered: Set<UInt32> = []
    for (item, record) in facts.chargeDetailRecords.enumerated() {
      let sighting = try CDRSighting(record, item: item, of: request, transactionId: facts.transactionId, in: rows)
      guard let number = try CDRMerging.known(sighting.identities, in: rows), answered.insert(number).inserted else { continue }
      try take(answer, of: entry, to: request.position, isResponse: entry.kind == .response, number, sighting, platformId, in: rows)
    }
  }

  private func take(
    _ answer: CDRVersion.Answer, of entry: ProjectedEntry, to request: JournalPosition, isResponse: Bool, _ number: UInt32,
    _ sighting: CDRSighting, _ platformId: String?, in rows: ModelTransaction
  ) throws(JournalError) {
    let before = try CDRLog.state(number, asOf: nil, in: rows)
    try append(.answer(request: request, isResponse: isResponse, answer), at: entry.position, to: number, in: rows)
    var number = number
    if let platformId, before?.hasPlatformId == false {
      // The record did not say the platform's id, and its answer does.
      let key = CDRIdentities.platform(platformId, rows.hash)
      if let other = try CDRIdentities.session(of: key, asOf: nil, in: rows) {
        number = try CDRMerging.merge(number, try CDRLog.current(other, asOf: nil, in: rows), at: entry.position, in: rows)
      } else {
        try CDRIdentities.learn(key, number, at: entry.position, in: rows)
      }
    }
    if sighting.version.side == .fromIOP, let sale = entry.facts?.text(of: WireName.partnerServiceSessionId), let name = sighting.saleName {
      try CDRIdentities.learn(CDRIdentities.sale(sale, of: name, rows.hash), number, at: entry.position, in: rows)
    }
    var journal = CDRFindingJournal(session: number, position: entry.position, rows: rows)
    try settle(before, try CDRLog.state(number, asOf: nil, in: rows)!, &journal)
  }

  // MARK: Sessions

  /// The session of a record, a new one where it is the first, and what was known of it before.
  private func session(
    of identities: CDRIdentities, at position: JournalPosition, in rows: ModelTransaction
  ) throws(JournalError) -> (UInt32, CDRSessionState?) {
    let number = try CDRMerging.session(of: identities, at: position, in: rows)
    for key in identities.keys { try CDRIdentities.learn(key, number, at: position, in: rows) }
    return (number, try CDRLog.state(number, asOf: nil, in: rows))
  }

  private func append(
    _ record: CDRLogRecord, at position: JournalPosition, to number: UInt32, in rows: ModelTransaction
  ) throws(JournalError) {
    try Self.log.append(record.encoded(at: position), at: position, to: bigEndianBytes(number), in: rows)
  }

  /// Brings what follows from the versions in force in line with them.
  private func settle(
    _ before: CDRSessionState?, _ after: CDRSessionState, _ journal: inout CDRFindingJournal
  ) throws(JournalError) {
    try journal.compareSides(after)
    try CDRIntervals.settle(after, &journal)
  }
}
