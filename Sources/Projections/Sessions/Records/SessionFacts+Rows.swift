internal import JournalFormat
internal import JournalStore

extension SessionFacts {
  /// The records that a session has itself, in their order.
  static func ownRecords(
    _ number: UInt32, asOf position: JournalPosition?, in rows: any ModelRows
  ) throws(JournalError) -> [(position: JournalPosition, record: SessionRecord)] {
    let stored = try SessionTables.log.records(of: bigEndianBytes(number), asOf: position, in: rows)
    return try SessionTables.log.table.decoding { () throws(FormatError) in
      var opened: Timestamp?
      var records: [(position: JournalPosition, record: SessionRecord)] = []
      records.reserveCapacity(stored.count)
      for stored in stored {
        let record = try SessionRecord(stored, opened: opened)
        opened = opened ?? record.novelty?.opened
        records.append((stored.position, record))
      }
      return records
    }
  }

  /// Nil where there was no such session then.
  convenience init?(_ number: UInt32, asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) {
    let records = try Self.ownRecords(number, asOf: position, in: rows)
    guard let opened = records.first?.record.novelty?.opened else { return nil }
    self.init(new: number, opened: opened)
    for (position, record) in records {
      if case .absorbed(let other) = record.content {
        guard let other = try SessionFacts(other, asOf: position, in: rows) else {
          throw SessionTables.log.table.damaged(FormatError("a session that turned out to be another has no records"))
        }
        absorb(other, isInferred: false)
      }
      take(record, at: position)
    }
  }

  /// With what is known of the sessions that are probably this one, and of those that are probably them; itself where there are none.
  func withTwins(asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> SessionFacts {
    guard !twins.isEmpty else { return self }
    let whole = SessionFacts(copying: self)
    var seen: Set = [number]
    var waiting = twins
    while !waiting.isEmpty {
      let current = try SessionTables.current(waiting.removeFirst(), asOf: position, in: rows)
      guard seen.insert(current).inserted, let twin = try SessionFacts(current, asOf: position, in: rows) else { continue }
      whole.absorb(twin, isInferred: true)
      waiting += twin.twins
    }
    return whole
  }

  /// An id as it was written, where it was kept when its message went.
  func keptText(_ source: IdSource, asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> String? {
    for holder in holders {
      let carried = try SessionTables.log.chunk(of: bigEndianBytes(holder), asOf: position, in: rows)?.carried ?? []
      let texts = try SessionTables.log.table.decoding { () throws(FormatError) in try SessionIdTexts(carried) }
      if let text = texts.text(source) { return text }
    }
    return nil
  }
}
