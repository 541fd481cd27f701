internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Links sessions that no id links: the platform's question to the eMSP and the CPO's that led to it, a record without a known id and its
/// authorisation.
struct SessionInference {
  let tables: SessionTables
  /// Of the message.
  let observedAt: Timestamp

  private static let twinWithinMilliseconds: Int64 = 60_000
  private static let recordWithinMilliseconds: Int64 = 30 * 60_000

  /// Called when the message has been put down: looks for the session that this new one probably is, and lets others find this one.
  func infer(_ mention: SessionMention, _ session: SessionFacts, isFromIOP: Bool) throws(JournalError) {
    guard mention.kind != .event, mention.kind != .action, let exec = session.exec?.number, let evse = session.evse?.number,
      let user = mention.fields.user.comparable
    else { return }
    let key = UnnamedSessions.key(evse: evse, exec: exec)
    let userHash = UnnamedSessions.user(user, tables.rows.hash)
    if mention.kind == .get && isFromIOP {
      guard let (other, asked) = try unnamed(key, userHash) else { return }
      if abs(observedAt.milliseconds(since: asked)) <= Self.twinWithinMilliseconds { try link(session, other) }
    } else if mention.serviceSessionId == nil, mention.asksForAuthorisation {
      let row = UnnamedSessions.Row(number: session.number, asked: observedAt, user: userHash)
      try SessionsProjection.unnamed.add(row, key, in: tables.rows)
    } else if mention.serviceSessionId == nil, mention.kind == .record, let start = mention.fields.startTime.flatMap({ Timestamp($0) }) {
      guard let (other, asked) = try unnamed(key, userHash), try tables.whole(other).decision?.result == .authorised else { return }
      let after = start.milliseconds(since: asked)
      if -Self.twinWithinMilliseconds <= after && after <= Self.recordWithinMilliseconds { try link(session, other) }
    }
  }

  /// Where a session has become known by the platform's id, nothing is to be inferred of it from now on.
  func forget(_ session: SessionFacts) throws(JournalError) {
    guard session.has(.service), let exec = session.exec?.number, let evse = session.evse?.number else { return }
    let key = UnnamedSessions.key(evse: evse, exec: exec)
    let found = try SessionsProjection.unnamed.sessions(key, in: tables.rows)
    var kept: [UnnamedSessions.Row] = []
    for row in found where try tables.session(row.number) !== session { kept.append(row) }
    if kept.count < found.count { try SessionsProjection.unnamed.put(kept, key, in: tables.rows) }
  }

  private func unnamed(_ key: [UInt8], _ user: [UInt8]) throws(JournalError) -> (SessionFacts, Timestamp)? {
    guard let row = try SessionsProjection.unnamed.sessions(key, in: tables.rows).last(where: { $0.user == user }) else { return nil }
    return (try tables.session(row.number), row.asked)
  }

  private func link(_ one: SessionFacts, _ other: SessionFacts) throws(JournalError) {
    guard one !== other else { return }
    try tables.append(SessionRecord(content: .twin(other.number)), to: one)
    try tables.append(SessionRecord(content: .twin(one.number)), to: other)
  }
}
