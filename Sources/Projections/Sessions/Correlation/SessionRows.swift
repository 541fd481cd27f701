internal import EMIP
internal import JournalFormat
internal import JournalStore

/// The rows of sessions while one entry is applied, and what is remembered of them: whatever is written is written here.
struct SessionRows {
  let rows: ModelTransaction
  let memory: SessionMemory
  /// The position of the entry.
  let position: JournalPosition

  // MARK: Sessions

  /// What the session with a number, or the one that it has turned out to be, is known by.
  func session(_ number: UInt32) throws(JournalError) -> SessionFacts {
    var session = try own(number)
    // Each leads to a lower one.
    while let other = session.mergedInto { session = try own(other) }
    return session
  }

  private func own(_ number: UInt32) throws(JournalError) -> SessionFacts {
    if let known = memory.sessions[number] { return known }
    guard let session = try SessionFacts(number, asOf: nil, in: rows) else {
      throw SessionTables.log.table.damaged(FormatError("a session has no records"))
    }
    memory.sessions[number] = session
    return session
  }

  /// With what is known of it by inference.
  func whole(_ session: SessionFacts) throws(JournalError) -> SessionFacts { try session.withTwins(asOf: nil, in: rows) }

  /// A session without records: its first is to follow.
  func newSession(_ opened: Timestamp) throws(JournalError) -> SessionFacts {
    let number = if let next = memory.nextNumber { next } else { try SessionTables.nextNumber(rows) }
    memory.nextNumber = number + 1
    let session = SessionFacts(new: number, opened: opened)
    memory.sessions[number] = session
    return session
  }

  func append(_ record: SessionRecord, to session: SessionFacts, isFirst: Bool = false) throws(JournalError) {
    let bytes = record.encoded(at: position, opened: session.ownOpened)
    // What is carried is what was kept at a purge horizon.
    try SessionTables.log.append(bytes, at: position, to: bigEndianBytes(session.number), isFirst: isFirst, in: rows) { $0.carried }
    session.take(record, at: position)
  }

  /// - Returns: the one with the lower number, under which both are known from now on.
  func merge(_ one: SessionFacts, _ other: SessionFacts) throws(JournalError) -> SessionFacts {
    let (old, young) = one.number < other.number ? (one, other) : (other, one)
    old.absorb(young, isInferred: false)
    try append(SessionRecord(content: .absorbed(young.number)), to: old)
    try append(SessionRecord(content: .mergedInto(old.number)), to: young)
    return old
  }

  /// Notes of two sessions that each is probably the other.
  /// - Parameter sharesId: whether they have an id of the same operator.
  func link(_ one: SessionFacts, _ other: SessionFacts, sharesId: Bool) throws(JournalError) {
    try append(SessionRecord(content: .twin(other.number, sharesId: sharesId)), to: one)
    try append(SessionRecord(content: .twin(one.number, sharesId: sharesId)), to: other)
  }

  // MARK: Ids

  /// An operator that numbers its sessions anew each day has many with one id: so many of them are looked at, the last first.
  private static let sessionsOfAnId = 8

  /// The session with the platform's id of a mention; nil where there is none.
  func session(ofService mention: SessionMention) throws(JournalError) -> SessionFacts? {
    guard let id = mention.serviceSessionId, let entry = try entries(id.lowercased()).entries.last(where: { $0.kind == .service }) else {
      return nil
    }
    return try session(entry.number)
  }

  /// The sessions that have an id of a mention, the one that got it last first.
  func sessions(_ mention: SessionMention, _ kind: SessionIdKind) throws(JournalError) -> [SessionFacts] {
    guard let id = mention.id(kind) else { return [] }
    var owner: UInt32 = 0
    if kind != .service {
      guard let name = mention.owner(kind), let known = try known(name, .operator) else { return [] }
      owner = known
    }
    var found: [SessionFacts] = []
    for entry in try entries(id.lowercased()).entries.reversed() where entry.kind == kind && entry.owner == owner {
      let session = try session(entry.number)
      guard !found.contains(where: { $0 === session }) else { continue }
      found.append(session)
      if found.count == Self.sessionsOfAnId { break }
    }
    return found
  }

  /// Whether a session has an id of a mention already.
  func has(_ mention: SessionMention, _ kind: SessionIdKind, _ session: SessionFacts) throws(JournalError) -> Bool {
    try sessions(mention, kind).contains { $0 === session }
  }

  /// - Parameter id: in lower case.
  private func entries(_ id: String) throws(JournalError) -> SessionMemory.Id {
    if let known = memory.ids[id] { return known }
    let key = SessionIds.key(id, rows.hash)
    let found = SessionMemory.Id(key: key, entries: try SessionTables.ids.entries(key, in: rows))
    memory.ids[id] = found
    return found
  }

  /// - Parameter owner: its number; nil for the platform's.
  func add(_ id: String, _ kind: SessionIdKind, of owner: UInt32?, to session: SessionFacts) throws(JournalError) {
    let id = id.lowercased()
    var row = try entries(id)
    row.entries.append(.init(kind: kind, owner: owner ?? 0, number: session.number))
    memory.ids[id] = row
    try SessionTables.ids.put(row.entries, for: row.key, in: rows)
  }

  // MARK: Findings

  func isOpen(_ mark: SessionFacts.FindingMark) throws(JournalError) -> Bool {
    guard let stored = try SessionTables.findings.finding(mark.key, asOf: nil, in: rows) else { return false }
    return stored.resolvedAt == nil
  }

  // MARK: Names

  /// Nil for a text that no record names.
  func known(_ text: String, _ kind: SessionNames.Kind) throws(JournalError) -> UInt32? {
    if let known = remembered(text, kind) { return known }
    let known = try SessionTables.names.known(text, kind, in: rows)
    if let known { remember(known, text, kind) }
    return known
  }

  /// Made where a text has none yet.
  func number(_ text: String, _ kind: SessionNames.Kind) throws(JournalError) -> UInt32 {
    if let known = remembered(text, kind) { return known }
    let number = try SessionTables.names.number(text, kind, in: rows)
    remember(number, text, kind)
    // One more that an id without separators may be of.
    if kind == .evse { memory.ambiguousEVSEs[IdentifierSpelling(text).compact] = nil }
    return number
  }

  /// Whether an EVSE's id has no separators, and may be of several that only their separators tell apart.
  func isAmbiguous(_ evse: String) throws(JournalError) -> Bool {
    let spelling = IdentifierSpelling(evse)
    guard spelling.separators.isEmpty else { return false }
    if let known = memory.ambiguousEVSEs[spelling.compact] { return known }
    let isAmbiguous = try SessionTables.names.evses(evse, in: rows).separated.count > 1
    memory.ambiguousEVSEs[spelling.compact] = isAmbiguous
    return isAmbiguous
  }

  /// Whether a session names an EVSE with its separators.
  func namesEVSE(_ session: SessionFacts) throws(JournalError) -> Bool {
    for naming in session.namings where naming.party == .evse {
      let text = try SessionTables.names.text(naming.number, .evse, in: rows)
      if let text, !IdentifierSpelling(text).separators.isEmpty { return true }
    }
    return false
  }

  /// Whether an EVSE's id may be another spelling of one that has a number (``IdentifierSpelling``).
  func mayBe(_ text: String, _ number: UInt32) throws(JournalError) -> Bool {
    if try known(text, .evse) == number { return true }
    guard let other = try SessionTables.names.text(number, .evse, in: rows) else { return true }
    return IdentifierSpelling(text).canBe(IdentifierSpelling(other))
  }

  /// The number that all spellings of an EVSE's id, and of those that it may be, lead to.
  func compactNumber(_ evse: UInt32) throws(JournalError) -> UInt32 {
    if let known = memory.compactEVSEs[evse] { return known }
    let text = try SessionTables.names.text(evse, .evse, in: rows) ?? ""
    let compact = try number(String(decoding: IdentifierSpelling(text).compact, as: UTF8.self), .evse)
    memory.compactEVSEs[evse] = compact
    return compact
  }

  /// Whether two numbers may be of one EVSE.
  func mayBe(_ one: UInt32, _ other: UInt32) throws(JournalError) -> Bool {
    guard let text = try SessionTables.names.text(one, .evse, in: rows) else { return true }
    return try mayBe(text, other)
  }

  private func remembered(_ text: String, _ kind: SessionNames.Kind) -> UInt32? {
    switch kind {
    case .operator: memory.operators[text]
    case .evse: memory.evses[text]
    }
  }

  private func remember(_ number: UInt32, _ text: String, _ kind: SessionNames.Kind) {
    switch kind {
    case .operator: memory.operators[text] = number
    case .evse: memory.evses[text] = number
    }
  }

  // MARK: What is awaited

  /// - Parameter since: taken as it is by the read model's clock; an answer may be observed somewhat later than the latest request.
  func expect(_ session: SessionFacts, isRequest: Bool, since: Timestamp) throws(JournalError) {
    let row = AwaitedSessions.Row(number: session.number, isRequest: isRequest, since: byClock(since))
    try SessionTables.awaited.put(row, at: position, in: rows)
    if let known = memory.firstAwaited, row.since < known.since { memory.firstAwaited = (nil, row.since) }
  }

  private func byClock(_ time: Timestamp) -> Timestamp {
    min(max(time, rows.clock), rows.clock.adding(milliseconds: AwaitedSessions.latenessMilliseconds))
  }

  /// Waits for the end of a session of which a stop was accepted.
  func expectEnd(_ session: SessionFacts, since: Timestamp) throws(JournalError) {
    let row = AwaitedSessions.Row(number: session.number, isRequest: false, since: byClock(since))
    try SessionTables.stops.put(row, at: position, in: rows)
    if let known = memory.firstStop, row.since < known { memory.firstStop = row.since }
  }

  /// The stops after which the time for an end has passed, in order: each once.
  func nextUnheeded() throws(JournalError) -> AwaitedSessions.Row? {
    let deadline = rows.clock.adding(milliseconds: -AwaitedSessions.stopLimitMilliseconds)
    if let known = memory.firstStop, known >= deadline { return nil }
    guard let (position, row) = try SessionTables.stops.first(in: rows) else {
      memory.firstStop = Timestamp(rawValue: .max)
      return nil
    }
    memory.firstStop = row.since
    guard row.since < deadline else { return nil }
    try SessionTables.stops.remove(position, in: rows)
    memory.firstStop = nil
    return row
  }

  /// The session of a request without an id.
  func session(ofUnnamedRequest position: JournalPosition) throws(JournalError) -> SessionFacts? {
    guard let row = try SessionTables.awaited.row(position, in: rows), row.isRequest else { return nil }
    return try session(row.number)
  }

  func stopExpecting(_ position: JournalPosition) throws(JournalError) {
    try SessionTables.awaited.remove(position, in: rows)
    guard let first = memory.firstAwaited, first.position == position else { return }
    // The clock never goes back: what came later has not been awaited for much longer.
    memory.firstAwaited = (nil, first.since.adding(milliseconds: -AwaitedSessions.latenessMilliseconds))
  }

  /// What has been awaited too long, in order: each once.
  func nextOverdue() throws(JournalError) -> AwaitedSessions.Row? {
    let limit = AwaitedSessions.limitMilliseconds
    guard let (position, row) = try first(SessionTables.awaited, &memory.firstAwaited, limit) else { return nil }
    try stopExpecting(position)
    return row
  }

  private func first(
    _ table: AwaitedSessions, _ known: inout (position: JournalPosition?, since: Timestamp)?, _ limitMilliseconds: Int64
  ) throws(JournalError) -> (position: JournalPosition, row: AwaitedSessions.Row)? {
    let deadline = rows.clock.adding(milliseconds: -limitMilliseconds)
    if let known, known.since > deadline { return nil }
    guard let (position, row) = try table.first(in: rows) else {
      known = (nil, Timestamp(rawValue: .max))
      return nil
    }
    known = (position, row.since)
    return row.since <= deadline ? (position, row) : nil
  }
}
