internal import JournalFormat
internal import JournalStore

/// Keeps what is found of a session with one entry.
struct CDRFindings {
  let state: CDRHistory
  let position: JournalPosition
  let sessions: CDRMemory
  let rows: ModelTransaction

  private static var table: FindingTable { CDRTables.findings }

  /// Stores a finding, and says so in the session's log.
  func add(_ judgement: CDRJudgement) throws(JournalError) { _ = try record(judgement) }

  private func record(_ judgement: CDRJudgement) throws(JournalError) -> CDRLogRecord {
    let key = try Self.table.add(judgement.rule, at: position, subject: bigEndianBytes(state.number), detail: judgement.detail, in: rows)
    let record = CDRLogRecord.finding(rule: judgement.rule.number, number: UInt16(key[9]) << 8 | UInt16(key[10]))
    try sessions.append(record, at: position, to: state, in: rows)
    return record
  }

  /// Whether the session has a finding of the same words.
  func has(_ judgement: CDRJudgement) throws(JournalError) -> Bool {
    try open(judgement.rule).contains { $0.figures == judgement.figures }
  }

  /// A finding that holds.
  struct Open {
    let key: [UInt8]
    let position: JournalPosition
    let figures: [String]
    /// The session that it is about.
    let session: UInt32
  }

  private func open(_ rule: FindingRule) throws(JournalError) -> [Open] { try Self.open(rule, of: state, asOf: nil, in: rows) }

  /// The findings of a rule that held of a session as of a position.
  static func open(
    _ rule: FindingRule, of state: CDRHistory, asOf position: JournalPosition?, in rows: any ModelRows
  ) throws(JournalError) -> [Open] {
    var open: [Open] = []
    for key in state.findings where key.rule == rule.number {
      guard let stored = try table.finding(key.bytes, asOf: position, in: rows), stored.resolvedAt == nil else { continue }
      let session = UInt32(bigEndian: stored.subject)
      open.append(Open(key: key.bytes, position: stored.position, figures: CDRJudgement.figures(stored.detail), session: session))
    }
    return open
  }

  // MARK: Both sides

  /// Notes in what the records in force of both sides differ; what they no longer differ in is resolved.
  func compareSides() throws(JournalError) {
    var fields: [String] = []
    if let sent = state.sentInForce, let received = state.receivedInForce { fields = CDRRules.differingFields(sent, received) }
    let open = try open(CDRRules.sidesDiffer)
    for finding in open where finding.figures != fields { try Self.table.resolve(finding.key, at: position, in: rows) }
    guard !fields.isEmpty, !open.contains(where: { $0.figures == fields }) else { return }
    try add(CDRJudgement(CDRRules.sidesDiffer, fields))
  }

  // MARK: Authorisation

  /// Notes which starts lie too long before the session was first asked for; what does so no longer is resolved.
  /// - Parameter asked: nil where nobody knows.
  func settleStarts(askedAt asked: Timestamp?) throws(JournalError) {
    guard let asked else { return }
    var judgements: [CDRJudgement] = []
    for start in Set(state.versions.compactMap(\.shared.start)).sorted() {
      if let judgement = CDRRules.judgeStart(start, askedAt: asked) { judgements.append(judgement) }
    }
    let open = try open(CDRRules.startBeforeAuthorisation)
    for finding in open where !judgements.contains(where: { $0.figures[0] == finding.figures[0] }) {
      try Self.table.resolve(finding.key, at: position, in: rows)
    }
    for judgement in judgements where !open.contains(where: { $0.figures[0] == judgement.figures[0] }) { try add(judgement) }
  }

  // MARK: Other sessions

  /// Another session that a rule of two finds with this one, and for how long.
  struct Pair {
    let other: UInt32
    let seconds: Int64
  }

  /// Notes the sessions that a rule of two finds with this one; what it finds no longer is resolved. Figures: seconds, and the number of the
  /// other session.
  func settle(_ rule: FindingRule, _ pairs: [Pair]) throws(JournalError) {
    let open = try open(rule)
    for finding in open {
      guard let other = finding.other(than: state), !pairs.contains(where: { $0.other == other }) else { continue }
      try Self.table.resolve(finding.key, at: position, in: rows)
    }
    for pair in pairs where !open.contains(where: { $0.other(than: state) == pair.other }) {
      let record = try record(CDRJudgement(rule, [String(pair.seconds), String(pair.other)]))
      try sessions.append(sharedFinding: record, at: position, to: pair.other, in: rows)
    }
  }
}

extension CDRFindings.Open {
  /// The session that shares it with the one that is asked for.
  fileprivate func other(than state: CDRHistory) -> UInt32? {
    let isOwn = session == state.number || state.absorbed.contains(session)
    return isOwn ? figures.last.flatMap { UInt32($0) } : session
  }
}
