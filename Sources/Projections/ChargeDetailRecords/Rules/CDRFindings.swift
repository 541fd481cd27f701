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
  fileprivate struct Open {
    let key: [UInt8]
    let figures: [String]
    /// The session that it is about.
    let session: UInt32
  }

  private func open(_ rule: FindingRule) throws(JournalError) -> [Open] {
    var open: [Open] = []
    for key in state.findings where key.rule == rule.number {
      guard let stored = try Self.table.finding(key.bytes, asOf: nil, in: rows), stored.resolvedAt == nil else { continue }
      let session = UInt32(bigEndian: stored.subject)
      open.append(Open(key: key.bytes, figures: CDRJudgement.figures(stored.detail), session: session))
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

  // MARK: Overlaps

  /// Figures: seconds, and the number of the other session.
  func addOverlap(with other: UInt32, _ seconds: Int64) throws(JournalError) {
    let isKnown = try open(CDRRules.evseOverlap).contains { $0.other(than: state) == other }
    guard !isKnown else { return }
    let record = try record(CDRJudgement(CDRRules.evseOverlap, [String(seconds), String(other)]))
    try sessions.append(sharedFinding: record, at: position, to: other, in: rows)
  }

  func resolveOverlaps(except sessions: [UInt32]) throws(JournalError) {
    for finding in try open(CDRRules.evseOverlap) {
      guard let other = finding.other(than: state), !sessions.contains(other) else { continue }
      try Self.table.resolve(finding.key, at: position, in: rows)
    }
  }
}

extension CDRFindings.Open {
  /// The session that overlaps the one that is asked for.
  fileprivate func other(than state: CDRHistory) -> UInt32? {
    let isOwn = session == state.number || state.absorbed.contains(session)
    return isOwn ? figures.last.flatMap { UInt32($0) } : session
  }
}
