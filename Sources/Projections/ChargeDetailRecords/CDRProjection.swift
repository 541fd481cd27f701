internal import EMIP
public import JournalFormat
public import JournalStore

/// Every version of every session's charge detail record, what the other side made of it, and what is wrong with it. See ``CDRQuestions``.
///
/// A version is what one message, or an item of a list, says of a session on one side. The same content again is no new one.
public final class CDRProjection: Projection {
  /// Its name in file names and commands, the version of its rows, its tables and the rules that it judges by.
  public static let name = "cdrs"
  public static let version: UInt32 = 2
  public static let tables = CDRTables.all
  public static let rules = CDRRules.all

  private var sessions = CDRMemory()
  private let ids = CDRIdTable()
  private let sightings = CDRSightings()
  /// The sessions that a request brought records of, and the eMSP of each.
  private var requests = RecentValues<JournalPosition, [Answered]>(limit: 4_096)

  private struct Answered {
    let session: UInt32
    let saleOperator: UInt32
  }

  /// Begins with nothing remembered: all that it knows stands in the rows.
  public init() {}

  /// Whether an entry of this context can change anything.
  public static func isConcerned(by context: EntryContext) -> Bool {
    guard context.kind.isMessage, context.protocolName == "eMIP" else { return false }
    return switch context.operation {
    case "SetChargeDetailRecord", "GetServiceAuthorisation", "SetServiceAuthorisation": true
    case "GetChargeDetailRecord", "GetChargeDetailRecordList": context.kind == .response
    default: false
    }
  }

  /// Takes the records of a request or a download, the answer to a request, or when a session was asked for.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  public func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    if entry.context.operation?.hasSuffix("ServiceAuthorisation") ?? false {
      try takeAuthorisation(entry, to: rows)
    } else if entry.kind == .request || SessionMention.isDownload(entry.context) {
      try takeRecords(entry, to: rows)
    } else {
      try takeAnswer(entry, to: rows)
    }
  }

  // MARK: Records

  private func takeRecords(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    guard let facts = entry.facts else { return }
    var answered: [Answered] = []
    for (item, record) in facts.chargeDetailRecords.enumerated() {
      let sighting = try sightings.sighting(record, item: item, of: entry.message, in: rows)
      let session = try take(sighting, to: rows)
      answered.append(Answered(session: session, saleOperator: sighting.version.saleOperator))
    }
    if entry.kind == .request { requests[entry.position] = answered }
  }

  /// - Returns: the number of its session.
  private func take(_ sighting: CDRSighting, to rows: ModelTransaction) throws(JournalError) -> UInt32 {
    let version = sighting.version
    let state = try session(of: sighting, in: rows)
    let findings = CDRFindings(state: state, position: version.position, sessions: sessions, rows: rows)
    if version.nature == .final { try CDRBadges.note(sighting.badge, of: state, in: rows) }
    if let known = state.versions.first(where: { $0.side == version.side && $0.saysTheSame(as: version) }) {
      let attempt = CDRLogRecord.attempt(version: known.position, item: known.item, leg: version.leg)
      try sessions.append(attempt, at: version.position, to: state, in: rows)
    } else {
      let judgements = try judge(sighting, findings)
      try sessions.append(.version(version), at: version.position, to: state, in: rows)
      for judgement in judgements { try findings.add(judgement) }
      try findings.settleStarts(askedAt: CDRAskedSessions.time(sighting.identities, in: rows))
    }
    try settle(findings)
    return state.number
  }

  /// What a version breaks by itself and beside those before it. What was found on one side is not told again of the other.
  private func judge(_ sighting: CDRSighting, _ findings: CDRFindings) throws(JournalError) -> [CDRJudgement] {
    let version = sighting.version
    let state = findings.state
    var judgements: [CDRJudgement] = []
    let isOfOtherSide = state.versions.contains {
      $0.side != version.side && $0.nature == version.nature && $0.shared.isSame(as: version.shared)
    }
    if !isOfOtherSide {
      for judgement in CDRRules.judgements(of: sighting.metered) {
        if judgement.rule == CDRRules.unknownMeter, try findings.has(judgement) { continue }
        judgements.append(judgement)
      }
      if let sentAt = version.observedAt { judgements += CDRRules.judgeEnd(sighting.record, sentAt: sentAt) }
      let standing = state.versions.filter { $0.side == version.side && state.acceptance(of: $0).isAccepted != false }
      let finals = standing.filter { $0.nature == .final }
      judgements += CDRRules.judgeDecrease(version, after: standing.last)
      judgements += CDRRules.judgeSecondFinal(version, after: finals, isNamed: version.hasPlatformId || state.hasPlatformId)
      judgements += CDRRules.judgeAfterFinal(version, after: finals)
    }
    if !isOfOtherSide, version.side == .toIOP || !state.versions.contains(where: { $0.side == .toIOP }) {
      judgements += CDRRules.judgeExecSession(sighting.record)
    }
    return judgements
  }

  // MARK: Answers

  private func takeAnswer(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    guard let request = entry.request, let outcome = RequestOutcome(entry) else { return }
    // What an answer says of another session is not of this one.
    let platformId = entry.isOfOtherSession ? nil : entry.facts?.text(of: WireName.serviceSessionId)
    var answer = CDRVersion.Answer(
      position: entry.position, outcome: .accepted, requestStatus: nil,
      isGateways: entry.kind == .response && entry.context.author == .gateway,
      saleOperator: try sightings.operators.number(of: entry.facts?.text(of: WireName.salePartnerOperatorId), in: rows),
      hasPlatformId: platformId != nil)
    switch outcome {
    case .accepted(let status): answer.requestStatus = status
    case .rejected(let status): (answer.outcome, answer.requestStatus) = (.rejected, status)
    case .fault: answer.outcome = .fault
    case .refused(let status): (answer.outcome, answer.httpStatus) = (.refused, status)
    case .failed(let status): (answer.outcome, answer.httpStatus) = (.failed, status)
    case .lost: answer.outcome = .lost
    case .unreadable: answer.outcome = .unreadable
    case .doubtful(let status): (answer.outcome, answer.requestStatus) = (.doubtful, status)
    }
    var done: [UInt32] = []
    for answered in try answered(by: request, in: rows) {
      let number = try sessions.current(answered.session, in: rows)
      guard !done.contains(number), let state = try sessions.state(number, in: rows) else { continue }
      done.append(number)
      try take(answer, of: entry, to: request, state, answered.saleOperator, platformId, in: rows)
    }
  }

  private func take(
    _ answer: CDRVersion.Answer, of entry: ProjectedEntry, to request: ProjectedMessage, _ before: CDRHistory, _ saleOperator: UInt32,
    _ platformId: String?, in rows: ModelTransaction
  ) throws(JournalError) {
    var state = before
    var answer = answer
    let isNewId = answer.hasPlatformId && !state.hasPlatformId
    answer.hasPlatformId = isNewId
    if state.saleOperator != 0 { answer.saleOperator = 0 }
    let isResponse = entry.kind == .response
    try sessions.append(.answer(request: request.position, isResponse: isResponse, answer), at: entry.position, to: state, in: rows)
    if isNewId, let platformId {
      // The record did not say the platform's id, and its answer does.
      let identity = sightings.platform(platformId, rows.hash)
      if let other = try session(of: identity, in: rows) {
        state = try sessions.merge(state, other, at: entry.position, in: rows)
      } else {
        try learn(identity, state, since: entry.position, in: rows)
      }
    }
    if request.entry.content.context.direction == .fromIOP, saleOperator != 0, !entry.isOfOtherSession,
      let sale = entry.facts?.text(of: WireName.partnerServiceSessionId)
    {
      try learn(sightings.sale(sale, of: saleOperator, rows.hash), state, since: entry.position, in: rows)
    }
    let findings = CDRFindings(state: state, position: entry.position, sessions: sessions, rows: rows)
    if isNewId, let platformId {
      try findings.settleStarts(askedAt: CDRAskedSessions.time(sightings.platform(platformId, rows.hash), in: rows))
    }
    try settle(findings)
  }

  /// The sessions of a request, as its records name them.
  private func answered(by request: ProjectedMessage, in rows: ModelTransaction) throws(JournalError) -> [Answered] {
    if let known = requests[request.position] { return known }
    var answered: [Answered] = []
    for (item, record) in (request.facts?.chargeDetailRecords ?? []).enumerated() {
      let sighting = try sightings.sighting(record, item: item, of: request, in: rows)
      for identity in sighting.identities.all {
        guard let number = try session(of: identity, with: request.position, in: rows) else { continue }
        answered.append(Answered(session: number, saleOperator: sighting.version.saleOperator))
        break
      }
    }
    return answered
  }

  // MARK: Authorisations

  /// Notes when a session was asked for or granted, also where its record has come before.
  private func takeAuthorisation(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    guard let request = entry.kind == .request ? entry.message : entry.request else { return }
    guard let session = try sightings.askedSession(entry, request, in: rows),
      let asked = try CDRAskedSessions.note(session, request.entry.content.observedAt, in: rows),
      let state = try self.session(of: session.identity, in: rows)
    else { return }
    // A partner's id may come again: what was asked behind the record is another session.
    if session.identity.kind != .platform {
      guard !state.hasPlatformId, let first = state.versions.first?.observedAt, asked <= first else { return }
    }
    let findings = CDRFindings(state: state, position: entry.position, sessions: sessions, rows: rows)
    try findings.settleStarts(askedAt: asked)
    try settle(findings)
  }

  // MARK: Sessions

  /// An operator that numbers its sessions anew each day has many with one id: so many of them are looked at.
  private static let sessionsOfAnId = 8
  /// A charge that begins so long behind the first record of a session is of another one, which has the same id of the CPO: clocks differ by hours.
  private static let reuseMilliseconds: Int64 = 12 * 3_600_000

  /// The session of a record, a new one where it is the first; its ids lead to it from now on.
  ///
  /// Where the two ids lead to two sessions that both have an id of the platform, the platform's rules, and nothing is merged.
  private func session(of sighting: CDRSighting, in rows: ModelTransaction) throws(JournalError) -> CDRHistory {
    let (identities, position) = (sighting.identities, sighting.version.position)
    let state = if let known = try known(sighting, in: rows) { known } else { try sessions.open(in: rows) }
    let since = state.versions.isEmpty ? nil : position
    for identity in identities.all { try learn(identity, state, since: since, in: rows) }
    return state
  }

  /// Makes an id lead to a session, unless it does.
  private func learn(
    _ identity: CDRIdentity, _ state: CDRHistory, since: JournalPosition?, in rows: ModelTransaction
  ) throws(JournalError) {
    for number in try ids.sessions(of: identity, limit: Self.sessionsOfAnId, in: rows) {
      if try sessions.current(number, in: rows) == state.number { return }
    }
    try ids.learn(identity, state.number, since: since, in: rows)
  }

  /// The session with an id that has a message.
  private func session(
    of identity: CDRIdentity, with position: JournalPosition, in rows: ModelTransaction
  ) throws(JournalError) -> UInt32? {
    let numbers = try ids.sessions(of: identity, limit: Self.sessionsOfAnId, in: rows)
    for number in numbers {
      if try sessions.state(sessions.current(number, in: rows), in: rows)?.has(position) ?? false { return number }
    }
    return numbers.first
  }

  private func known(_ sighting: CDRSighting, in rows: ModelTransaction) throws(JournalError) -> CDRHistory? {
    let (identities, position) = (sighting.identities, sighting.version.position)
    if let content = identities.content { return try session(of: content, in: rows) }
    let byPlatform = try identities.platform.flatMap { (identity) throws(JournalError) in try session(of: identity, in: rows) }
    guard
      let byExec = try identities.exec.flatMap({ (identity) throws(JournalError) in
        try session(of: identity, thatMayHave: sighting.version, in: rows)
      })
    else { return byPlatform }
    guard identities.platform != nil, byPlatform !== byExec else { return byExec }
    guard let byPlatform else { return byExec.hasPlatformId ? nil : byExec }
    return byExec.hasPlatformId ? byPlatform : try sessions.merge(byPlatform, byExec, at: position, in: rows)
  }

  private func session(of identity: CDRIdentity, in rows: ModelTransaction) throws(JournalError) -> CDRHistory? {
    guard let number = try ids.session(of: identity, in: rows) else { return nil }
    return try sessions.state(sessions.current(number, in: rows), in: rows)
  }

  /// The last session with an id of the CPO that a record may be of.
  private func session(
    of identity: CDRIdentity, thatMayHave version: CDRVersion, in rows: ModelTransaction
  ) throws(JournalError) -> CDRHistory? {
    for number in try ids.sessions(of: identity, limit: Self.sessionsOfAnId, in: rows) {
      guard let state = try sessions.state(sessions.current(number, in: rows), in: rows) else { continue }
      if !version.begins(behind: state, milliseconds: Self.reuseMilliseconds), version.mayBe(of: state) { return state }
    }
    return nil
  }

  /// Brings what follows from the versions in force in line with them.
  private func settle(_ findings: CDRFindings) throws(JournalError) {
    try findings.compareSides()
    try CDRCharges(sessions, findings.rows).settle(findings)
  }

  // MARK: Findings

  /// Tells what is wrong with records, in the order in which it became known.
  /// - Parameter position: nil for now.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows and messages throws.
  public static func findings(_ models: ReadModels, asOf position: JournalPosition?) throws -> [ReportedFinding] {
    try CDRQuestions(models, asOf: position).findings()
  }

  // MARK: The purge horizon

  /// Leaves of what came before the horizon only what must outlive its messages.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged. Also what reading the
  ///   journal throws.
  public func condense(_ rows: ModelTransaction, horizon: JournalPosition, from journal: JournalReader) throws(JournalError) {
    try CDROpening(rows: rows, horizon: horizon, journal: journal).condense()
    // All must be read from the rows again.
    sessions = CDRMemory()
  }
}

extension CDRVersion {
  /// Whether its charge began so long after the first record of a session was on the wire.
  fileprivate func begins(behind state: CDRHistory, milliseconds: Int64) -> Bool {
    guard let start = shared.start, let observedAt = state.versions.first?.observedAt else { return false }
    return Timestamp(rawValue: start).milliseconds(since: observedAt) > milliseconds
  }

  /// Whether it may be of a session that has its id of the CPO: of one whose final records it fits, or whose others where there is none.
  fileprivate func mayBe(of state: CDRHistory) -> Bool {
    let finals = state.versions.filter { $0.nature == .final }
    let others = finals.isEmpty ? state.versions : finals
    return others.isEmpty || others.contains { mayCorrect($0.shared, isFinal: $0.nature == .final) }
  }

  /// Whether it may be of the charge of another record. It is not where that was at another EVSE and began at another time, or was over before this one
  /// began, or began when this one was over. Nobody corrects all that at once; where only the times differ, a clock may have been set.
  private func mayCorrect(_ other: Shared, isFinal: Bool) -> Bool {
    guard let start = shared.start, let otherStart = other.start, start != otherStart else { return true }
    guard CDRKeys.canBeOne(shared.evse, other.evse) else { return false }
    guard isFinal, let end = shared.end, let otherEnd = other.end else { return true }
    return start < otherEnd && otherStart < end || shared.energy != nil && shared.hasSameMeters(as: other)
  }

  /// Whether it has the same content, spellings aside.
  fileprivate func saysTheSame(as other: CDRVersion) -> Bool {
    digest == other.digest && CDRKeys.canBeOne(shared.evse, other.shared.evse)
  }
}

extension CDRVersion.Shared {
  /// Whether two sides say the same, spellings aside.
  fileprivate func isSame(as other: CDRVersion.Shared) -> Bool {
    guard evse != other.evse, CDRKeys.canBeOne(evse, other.evse) else { return self == other }
    var spelled = other
    spelled.evse = evse
    return self == spelled
  }
}
