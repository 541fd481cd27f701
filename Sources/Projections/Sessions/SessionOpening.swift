internal import JournalFormat
internal import JournalStore

/// What of sessions outlives the messages that it came from: those that are open, and those whose ids may still be named, with their ids as they were
/// written; of all others nothing stays.
///
/// The finding that only a white list can judge goes with its record.
struct SessionOpening {
  let rows: ModelTransaction
  /// The first position that stays.
  let horizon: JournalPosition
  /// Still has the messages.
  private let messages: SessionMessages

  /// Numbers: those of sessions that stay, and of sessions that turned out to be one of them.
  typealias Kept = Set<UInt32>

  init(rows: ModelTransaction, horizon: JournalPosition, journal: JournalReader) {
    self.rows = rows
    self.horizon = horizon
    messages = SessionMessages(journal)
  }

  func condense() throws(JournalError) {
    let kept = try sessions()
    try condenseIds(kept)
    for table in [SessionTables.awaited, SessionTables.stops] { try condense(table, kept) }
    try condenseUnnamed(kept)
    try condenseFindings(kept)
  }

  // MARK: Sessions

  private func sessions() throws(JournalError) -> Kept {
    let end = try SessionTables.nextNumber(rows)
    var kept: Kept = []
    for number in 0..<end {
      guard let session = try SessionFacts(number, asOf: nil, in: rows) else { continue }
      let isKept =
        if let other = session.mergedInto { kept.contains(other) } else { try stays(session.withTwins(asOf: nil, in: rows), last: end - 1) }
      if isKept { kept.insert(number) }
    }
    // Each is written anew from rows that are still as they were.
    for number in 0..<end { try condense(number, kept) }
    return kept
  }

  /// The last of all stays, too: no number is given twice.
  private func stays(_ session: SessionFacts, last: UInt32) -> Bool {
    if session.number == last || session.members.contains(last) { return true }
    if rows.clock.milliseconds(since: session.opened) < SessionCorrelation.reuseAfterMilliseconds { return true }
    switch session.state {
    case .authorised, .started, .suspended, .ended: return true
    case .requested, .refused, .finalCDRReceived: return false
    }
  }

  private func condense(_ number: UInt32, _ kept: Kept) throws(JournalError) {
    let subject: [UInt8] = bigEndianBytes(number)
    guard kept.contains(number), let session = try SessionFacts(number, asOf: nil, in: rows) else {
      return try SessionTables.log.remove(subject, in: rows)
    }
    if let other = session.mergedInto {
      let position = try SessionTables.log.chunk(of: subject, asOf: nil, in: rows)!.records.last!.position
      var record = SessionRecord(content: .mergedInto(other))
      record.novelty = SessionRecord.Novelty(opened: session.ownOpened)
      return try write([(position, record)], [], session)
    }
    let records = try self.records(session, kept)
    var texts = SessionIdTexts()
    for source in session.ids {
      let written = try messages.text(source)
      if let text = if let written { written } else { try session.keptText(source, asOf: nil, in: rows) } { texts.add(source, text) }
    }
    try write(records, texts.encoded(), session)
  }

  private func write(
    _ records: [(position: JournalPosition, record: SessionRecord)], _ carried: [UInt8], _ session: SessionFacts
  ) throws(JournalError) {
    let subject: [UInt8] = bigEndianBytes(session.number)
    try SessionTables.log.condense(subject, to: carried, at: records[0].position, in: rows)
    for (position, record) in records {
      let bytes = record.encoded(at: position, opened: session.ownOpened)
      try SessionTables.log.append(bytes, at: position, to: subject, in: rows) { $0.carried }
    }
  }

  /// A session's own, and those of the sessions that turned out to be it, as if all had been its own.
  private func records(_ session: SessionFacts, _ kept: Kept) throws(JournalError) -> [(position: JournalPosition, record: SessionRecord)] {
    var records: [(position: JournalPosition, record: SessionRecord)] = []
    for member in session.members {
      let own = SessionFacts(new: member, opened: session.opened)
      for (position, var record) in try SessionFacts.ownRecords(member, asOf: nil, in: rows) {
        own.take(record, at: position)
        switch record.content {
        case .absorbed, .mergedInto: continue
        case .twin(let other, _), .twinDropped(let other):
          guard kept.contains(other) else { continue }
        default: break
        }
        // Whose an id is no longer follows from what was named before it.
        if let ids = record.novelty?.ids {
          if ids.contains(.exec) { record.novelty!.exec = record.novelty!.exec ?? own.exec?.number }
          if ids.contains(.sale) { record.novelty!.sale = record.novelty!.sale ?? own.sale?.number }
        }
        records.append((position, record))
      }
    }
    return records.enumerated().sorted { ($0.element.position, $0.offset) < ($1.element.position, $1.offset) }.map(\.element)
  }

  // MARK: The other tables

  private func condenseIds(_ kept: Kept) throws(JournalError) {
    let table = SessionTables.ids
    var key: [UInt8] = []
    while let row = try rows.first(from: key, beginningWith: [], in: table.table) {
      key = row.key + [0]
      let entries = try table.entries(row.key, in: rows)
      let left = entries.filter { kept.contains($0.number) }
      if left.isEmpty {
        try rows.remove(row.key, in: table.table)
      } else if left.count < entries.count {
        try table.put(left, for: row.key, in: rows)
      }
    }
  }

  private func condense(_ table: AwaitedSessions, _ kept: Kept) throws(JournalError) {
    var position = JournalPosition(0)
    while let (found, row) = try table.first(from: position, in: rows) {
      position = found.next
      if !kept.contains(row.number) { try table.remove(found, in: rows) }
    }
  }

  private func condenseUnnamed(_ kept: Kept) throws(JournalError) {
    let table = SessionTables.unnamed
    var key: [UInt8] = []
    while let row = try rows.first(from: key, beginningWith: [], in: table.table) {
      key = row.key + [0]
      try table.put(table.sessions(row.key, in: rows).filter { kept.contains($0.number) }, row.key, in: rows)
    }
  }

  private func condenseFindings(_ kept: Kept) throws(JournalError) {
    var gone: [[UInt8]] = []
    do {
      try SessionTables.findings.forEach(asOf: nil, in: rows) { stored in
        let isKept = stored.sessionNumber.map(kept.contains) ?? false
        if !isKept || stored.rule == SessionRules.withoutAuthorisation.number { gone.append(stored.key) }
        return true
      }
    } catch { throw error as! JournalError }
    for key in gone { try rows.remove(key, in: SessionTables.findings.table) }
  }
}

extension FindingTable.Stored {
  /// The session that it is about, as it was then.
  var sessionNumber: UInt32? {
    try? subject.reading { (reader) throws(FormatError) in try reader.number() }
  }
}
