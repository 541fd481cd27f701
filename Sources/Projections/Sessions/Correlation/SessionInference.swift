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

  /// Called when the message has been put down: looks for the session that this new one probably is, and lets others find this one.
  func infer(_ mention: SessionMention, _ session: SessionFacts, isFromIOP: Bool) throws(JournalError) {
    guard let exec = session.exec?.number, let evse = session.evse?.number else { return }
    let key = UnnamedSessions.key(evse: try tables.compactNumber(evse), exec: exec)
    switch mention.kind {
    case .get where isFromIOP:
      guard let (other, asked) = try unnamed(key, mention, at: evse) else { return }
      if abs(observedAt.milliseconds(since: asked)) <= Self.twinWithinMilliseconds { try link(session, other) }
    case .get, .set:
      guard mention.serviceSessionId == nil, let user = user(mention) else { return }
      let row = UnnamedSessions.Row(number: session.number, asked: observedAt, user: user)
      try SessionTables.unnamed.add(row, key, in: tables.rows)
    case .record:
      guard mention.serviceSessionId == nil, let (other, asked) = try unnamed(key, mention, at: evse),
        let start = mention.fields.startTime.flatMap({ Timestamp($0) }), try tables.whole(other).decision?.result == .authorised
      else { return }
      let after = start.milliseconds(since: asked)
      if -Self.twinWithinMilliseconds <= after && after <= Self.recordWithinMilliseconds { try link(session, other) }
    case .event, .action: break
    }
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

  /// The last that the platform has not named, of the same user.
  private func unnamed(
    _ key: [UInt8], _ mention: SessionMention, at evse: UInt32
  ) throws(JournalError) -> (SessionFacts, Timestamp)? {
    let sessions = try SessionTables.unnamed.sessions(key, in: tables.rows)
    guard !sessions.isEmpty, let user = user(mention), let row = sessions.last(where: { $0.user == user }) else { return nil }
    let session = try tables.session(row.number)
    if let other = session.evse?.number, try !tables.mayBe(evse, other) { return nil }
    return (session, row.asked)
  }

  private func user(_ mention: SessionMention) -> [UInt8]? {
    mention.fields.user.comparable.map { UnnamedSessions.user($0, tables.rows.hash) }
  }

  private func link(_ one: SessionFacts, _ other: SessionFacts) throws(JournalError) {
    guard one !== other else { return }
    try tables.link(one, other, sharesId: false)
  }
}
