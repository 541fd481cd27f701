internal import JournalFormat

/// What is kept of a read model between its transactions, so that it need not be read and decoded again: never more than its rows say, and dropped
/// when a transaction fails. One thread at a time.
final class ModelMemory {
  /// It may remember what it has made of the rows.
  let projection: any Projection
  /// By the numbers of tables, of those that are histories.
  private(set) var chunks: [Int: OpenChunks] = [:]
  /// By the numbers of tables: what was written to each since it was last read by ranges. Empty between transactions.
  var pending: [PendingRows] = []
  /// By the numbers of tables, as far as they were written to the file: what the read model says of itself goes on from here.
  var sums: [RowSum]

  init(_ projection: any Projection.Type, _ sums: [RowSum]) {
    self.projection = projection.init()
    self.sums = sums
  }

  func beginTransaction(tableCount: Int) {
    if pending.isEmpty { pending = Array(repeating: PendingRows(), count: tableCount) }
    for chunks in chunks.values { chunks.beginTransaction() }
  }

  func chunks(of table: ModelTable) -> OpenChunks {
    if let known = chunks[table.number] { return known }
    let made = OpenChunks()
    chunks[table.number] = made
    return made
  }
}

/// The last chunks of the subjects of a history that were written to lately (``HistoryTable``), by their subjects.
final class OpenChunks {
  private var known: [[UInt8]: OpenChunk] = [:]
  private var changed: [OpenChunk] = []
  private var transaction: UInt32 = 0

  /// Kept between transactions.
  private static let limit = 8_192

  /// Lets those go that were not asked for in the last transaction, where there are too many.
  func beginTransaction() {
    if known.count > Self.limit { known = known.filter { $0.value.lastUse == transaction } }
    if known.count > Self.limit { known = [:] }
    transaction += 1
  }

  subscript(subject: [UInt8]) -> OpenChunk? {
    guard let chunk = known[subject] else { return nil }
    chunk.lastUse = transaction
    return chunk
  }

  /// Takes the place of the chunk before.
  func open(_ chunk: OpenChunk, of subject: [UInt8]) {
    chunk.lastUse = transaction
    known[subject] = chunk
  }

  func close(_ subject: [UInt8]) {
    guard let chunk = known.removeValue(forKey: subject) else { return }
    changed.removeAll { $0 === chunk }
  }

  /// Notes that a chunk has changed that was open, whether it still is or not.
  func noteChange(of chunk: OpenChunk) {
    guard !chunk.isChanged else { return }
    chunk.isChanged = true
    changed.append(chunk)
  }

  var hasChanges: Bool { !changed.isEmpty }

  func settle(_ put: (_ key: [UInt8], _ value: [UInt8]) -> Void) {
    for chunk in changed {
      put(chunk.key, chunk.value)
      chunk.isChanged = false
    }
    changed.removeAll(keepingCapacity: true)
  }
}

/// A row of a history that may still grow.
final class OpenChunk {
  let key: [UInt8]
  var value: [UInt8]
  var lastPosition: JournalPosition
  fileprivate var isChanged = false
  fileprivate var lastUse: UInt32 = 0

  init(key: [UInt8], value: [UInt8], lastPosition: JournalPosition) {
    self.key = key
    self.value = value
    self.lastPosition = lastPosition
  }
}
