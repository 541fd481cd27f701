internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Links sessions that no id links: the platform's question to the eMSP and the CPO's that led to it, a record without a known id and its
/// authorisation.
struct SessionInference {
  let tables: SessionRows
  /// When the message was observed.
  let observedAt: Timestamp

  private static let twinWithinMilliseconds: Int64 = 60_000
  private static let recordWithinMilliseconds: Int64 = 30 * 60_000

  /// Called when the message has been put down: looks for the session that this new one probably is, and lets others find this one, so that it does
  /// not matter which was recorded first.
  func infer(_ mention: SessionMention, _ session: SessionFacts, isFromIOP: Bool) throws(JournalError) {
    // What has the platform's id is to be inferred of its question alone.
    guard mention.serviceSessionId == nil || mention.kind == .get, mention.kind != .event, mention.kind != .action,
      let waiting = try waiting(session, mention)
    else { return }
    switch mention.kind {
    case .get where isFromIOP:
      guard try !link(session, to: .unnamed, waiting, observedAt, Self.isTwin) else { return }
      try add(session, .asked, observedAt, waiting)
    case .get, .set:
      try link(session, to: .asked, waiting, observedAt, Self.isTwin)
      try add(session, .unnamed, observedAt, waiting)
    case .record:
      guard let start = mention.fields.startTime.flatMap({ Timestamp($0) }) else { return }
      let isLinked = try link(session, to: .unnamed, waiting, start, Self.isCharge) { (other) throws(JournalError) in
        try tables.whole(other).decision?.result == .authorised
      }
      if !isLinked { try add(session, .record, start, waiting) }
    case .event, .action: break
    }
  }

  /// Called when an answer has authorised a session: looks for the record that was recorded before.
  /// - Parameter time: when it was asked for.
  func inferRecord(_ mention: SessionMention, _ session: SessionFacts, askedAt time: Timestamp) throws(JournalError) {
    guard !session.has(.service), let waiting = try waiting(session, mention) else { return }
    try link(session, to: .record, waiting, time) { Self.isCharge($1, $0) }
  }

  /// Whether a question of the platform's belongs to one of a CPO's.
  private static func isTwin(_ one: Timestamp, _ other: Timestamp) -> Bool {
    abs(one.milliseconds(since: other)) <= twinWithinMilliseconds
  }

  /// Whether a charge that begins then belongs to a question.
  private static func isCharge(_ start: Timestamp, _ asked: Timestamp) -> Bool {
    (-twinWithinMilliseconds...recordWithinMilliseconds).contains(start.milliseconds(since: asked))
  }

  /// Where a session has become known by the platform's id, nothing is to be inferred of it from now on.
  func forget(_ session: SessionFacts) throws(JournalError) {
    guard session.has(.service), let exec = session.exec?.number, let evse = session.evse?.number else { return }
    let key = UnnamedSessions.key(evse: try tables.compactNumber(evse), exec: exec)
    let found = try SessionTables.unnamed.sessions(key, in: tables.rows)
    var kept: [UnnamedSessions.Row] = []
    for row in found where try tables.session(row.number) !== session { kept.append(row) }
    if kept.count < found.count { try SessionTables.unnamed.put(kept, key, in: tables.rows) }
  }

  /// What waits at the EVSE of a session, for its user.
  private struct Waiting {
    let key: [UInt8]
    let evse: UInt32
    let user: [UInt8]
  }

  private func waiting(_ session: SessionFacts, _ mention: SessionMention) throws(JournalError) -> Waiting? {
    guard let exec = session.exec?.number, let evse = session.evse?.number, let user = mention.fields.user.comparable else { return nil }
    let key = UnnamedSessions.key(evse: try tables.compactNumber(evse), exec: exec)
    return Waiting(key: key, evse: evse, user: UnnamedSessions.user(user, tables.rows.hash))
  }

  private func add(_ session: SessionFacts, _ kind: UnnamedSessions.Kind, _ time: Timestamp, _ waiting: Waiting) throws(JournalError) {
    let row = UnnamedSessions.Row(number: session.number, kind: kind, time: time, user: waiting.user)
    try SessionTables.unnamed.add(row, waiting.key, in: tables.rows)
  }

  /// Links a session to the last of a kind that waits for it, where there is one.
  /// - Parameters:
  ///   - fits: told the time of this session, and then of the other.
  ///   - isSuch: whether another session can be meant at all.
  @discardableResult
  private func link(
    _ session: SessionFacts, to kind: UnnamedSessions.Kind, _ waiting: Waiting, _ time: Timestamp,
    _ fits: (Timestamp, Timestamp) -> Bool, _ isSuch: (SessionFacts) throws(JournalError) -> Bool = { _ in true }
  ) throws(JournalError) -> Bool {
    let rows = try SessionTables.unnamed.sessions(waiting.key, in: tables.rows)
    guard let row = rows.last(where: { $0.kind == kind && $0.user == waiting.user }), fits(time, row.time) else { return false }
    let other = try tables.session(row.number)
    if let evse = other.evse?.number, try !tables.mayBe(waiting.evse, evse) { return false }
    guard other !== session, try isSuch(other) else { return false }
    try tables.link(session, other, sharesId: false)
    return true
  }
}
