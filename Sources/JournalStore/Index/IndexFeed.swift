internal import JournalFormat

/// Entries that the writer has just committed, handed to the index builder in memory, so that it need not read them back. It only saves work:
/// what is not in here is read from the segment, and gives the same rows.
///
/// Bounded in entries and bytes; what does not fit is left out. There are two of them: one fills while the builder empties the other.
struct IndexFeed {
  static let maximumEntryCount = 8_192
  static let maximumBytes = 8 << 20

  /// Each without a gap, ascending.
  private var batches: [[Entry]] = []
  private var entryCount = 0
  private var bytes = 0
  /// The first entry that was not taken yet.
  private var next = (batch: 0, offset: 0)

  var isEmpty: Bool { batches.isEmpty }

  /// Takes the entries of a transaction that has committed, unless they are too many.
  mutating func append(_ entries: [Entry]) {
    // Long lists have many marks; what else there is beside payloads is small.
    let added = entries.reduce(0) { $0 + $1.content.payload.count + $1.content.marks.count * MemoryLayout<Mark>.stride }
    guard !entries.isEmpty, entryCount + entries.count <= Self.maximumEntryCount, bytes + added <= Self.maximumBytes else { return }
    batches.append(entries)
    entryCount += entries.count
    bytes += added
  }

  /// Shows the entries from a position on that are here without a gap, and forgets them and all before them.
  /// - Parameter limit: no more than so many.
  mutating func take(from position: JournalPosition, limit: Int, _ body: (Entry) -> Void) {
    var wanted = position
    let end = position.advanced(by: limit)
    while next.batch < batches.count {
      let batch = batches[next.batch]
      let first = batch[next.offset].position
      guard first <= wanted else { return }
      let start = min(batch.count, next.offset + Int(clamping: wanted.rawValue - first.rawValue))
      let stop = min(batch.count, start + Int(end.rawValue - wanted.rawValue))
      // Lent, not copied: a copy counts six references.
      batch.withUnsafeBufferPointer { batch in for index in start..<stop { body(batch[index]) } }
      wanted = wanted.advanced(by: stop - start)
      next.offset = stop
      guard stop == batch.count else { return }
      endBatch()
    }
  }

  /// Where the entries begin that are here; nil where there are none.
  var firstPosition: JournalPosition? { isEmpty ? nil : batches[next.batch][next.offset].position }

  /// A batch goes as soon as it was taken: messages hold what is personal.
  private mutating func endBatch() {
    batches[next.batch] = []
    next = (next.batch + 1, 0)
    if next.batch == batches.count { self = IndexFeed() }
  }
}
