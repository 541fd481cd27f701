internal import JournalFormat
internal import LMDB

/// Writes the rows of a run, in order, behind those that it has. The run's number is the highest of the table, so that pages fill up.
struct IndexRunWriter {
  private let tables: IndexTables
  private(set) var run: IndexRun
  private var block: IndexBlockEncoder
  private var previousKey: IndexKey?
  private var lastBlock: (key: IndexKey, sequence: UInt32)?

  /// Begins to write a run, or goes on with one.
  /// - Parameter run: new, or the target of a merge that goes on.
  /// - Throws: `LMDBError` where the file cannot be read.
  init(_ run: IndexRun, _ tables: IndexTables, in transaction: borrowing WriteTransaction) throws(LMDBError) {
    self.run = run
    self.tables = tables
    block = IndexBlockEncoder(run.coding)
    let last = try transaction.withCursor(in: tables.runs) { (cursor: borrowing Cursor) throws(LMDBError) in
      try cursor.move(.last) { key, _ in IndexBlock.place(key) }
    }
    if let place = last ?? nil, place.run == run.number { lastBlock = (place.last, place.sequence) }
    previousKey = lastBlock?.key
  }

  /// Takes the next row, in order.
  /// - Throws: `LMDBError` where the file cannot be written to.
  mutating func add(_ row: IndexRow, in transaction: borrowing WriteTransaction) throws(LMDBError) {
    let row = run.coding.kept(row)
    if !block.add(row) {
      try flush(in: transaction)
      _ = block.add(row)
    }
    run.rowCount += 1
    if row.key != previousKey {
      run.keyCount += 1
      previousKey = row.key
    }
  }

  /// Writes what is left to write. More rows may follow.
  /// - Throws: `LMDBError` where the file cannot be written to.
  mutating func flush(in transaction: borrowing WriteTransaction) throws(LMDBError) {
    guard let last = block.last else { return }
    let sequence = lastBlock.flatMap { $0.key == last.key ? $0.sequence + 1 : nil } ?? 0
    let key = IndexBlock.key(run.number, last.key, sequence)
    try transaction.put(block.finish(key: key), for: key, in: tables.runs, .lastKey)
    lastBlock = (last.key, sequence)
  }
}

/// Rows that were read from a run, and the blocks that held them.
struct IndexRowBatch {
  var rows: [IndexRow] = []
  /// Each block's key and last row.
  var blocks: [(key: [UInt8], last: IndexRow)] = []
  /// Nothing of the run is left behind these.
  var endsRun = false
}

extension IndexTables {
  /// Reads rows of a run, in order and whole blocks at a time, from the first that is not before `start` on, until there are `count` or more.
  func read(
    _ run: IndexRun, from start: IndexRow, atLeast count: Int, _ cursor: borrowing Cursor, path: String
  ) throws(JournalError) -> IndexRowBatch {
    var batch = IndexRowBatch()
    var failure: FormatError?
    func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
      guard let place = IndexBlock.place(key), place.run == run.number else { return false }
      let first = batch.rows.count
      do throws(FormatError) {
        try IndexBlock.append(key: key, value, run.coding, from: start, to: &batch.rows)
      } catch { failure = error }
      if first < batch.rows.count { batch.blocks.append((Array(key), batch.rows[batch.rows.count - 1])) }
      return failure == nil
    }
    do throws(LMDBError) {
      let key = IndexBlock.key(run.number, start.key)
      var isInRun = try key.withRawBytes { (key) throws(LMDBError) in try cursor.seek(atOrAfter: key, take) } ?? false
      while isInRun && batch.rows.count < count { isInRun = try cursor.move(.next, take) ?? false }
      batch.endsRun = !isInRun
    } catch { throw JournalError(error) }
    if let failure { throw .damagedIndex(failure, path: path) }
    return batch
  }

  /// Writes the filter of a run that is complete. Returns its number of words.
  /// - Throws: ``JournalError`` where the run is damaged or the file cannot be written to.
  func writeFilter(of run: IndexRun, in transaction: borrowing WriteTransaction, path: String) throws(JournalError) -> UInt32 {
    var filter = IndexFilterWriter(keyCount: run.keyCount)
    var start = IndexRow(rawValue: 0)
    var isDone = false
    while !isDone {
      let batch = try read(run, from: start, atLeast: 8_192, in: transaction, path: path)
      for row in batch.rows { filter.add(row.key) }
      try write(filter.takeFinished(), of: run, in: transaction)
      isDone = batch.endsRun
      if let last = batch.rows.last { start = IndexRow(rawValue: last.rawValue + 1) }
    }
    try write(filter.end(), of: run, in: transaction)
    return IndexFilter.wordCount(keyCount: run.keyCount)
  }

  /// Writes the filter of a run whose rows are at hand. Returns its number of words.
  /// - Throws: ``JournalError`` where the file cannot be written to.
  func writeFilter(of run: IndexRun, _ rows: [IndexRow], in transaction: borrowing WriteTransaction) throws(JournalError) -> UInt32 {
    var filter = IndexFilterWriter(keyCount: run.keyCount)
    for row in rows { filter.add(run.coding.kept(row.key)) }
    try write(filter.end(), of: run, in: transaction)
    return IndexFilter.wordCount(keyCount: run.keyCount)
  }

  /// Reads rows of a run within a write transaction, in order, from the first that is not before `start` on, until there are `count` or more.
  func read(
    _ run: IndexRun, from start: IndexRow, atLeast count: Int, in transaction: borrowing WriteTransaction, path: String
  ) throws(JournalError) -> IndexRowBatch {
    var outcome: Result<IndexRowBatch, JournalError>?
    try translating { () throws(LMDBError) in
      try transaction.withCursor(in: runs) { (cursor: borrowing Cursor) throws(LMDBError) in
        do throws(JournalError) { outcome = .success(try read(run, from: start, atLeast: count, cursor, path: path)) } catch {
          outcome = .failure(error)
        }
      }
    }
    return try outcome!.get()
  }

  private func write(
    _ parts: [(part: UInt32, value: [UInt8])], of run: IndexRun, in transaction: borrowing WriteTransaction
  ) throws(JournalError) {
    for part in parts {
      try translating { () throws(LMDBError) in
        try transaction.put(part.value, for: IndexFilter.key(run.number, part.part), in: filters, .lastKey)
      }
    }
  }
}

extension JournalError {
  /// An index that is not what its checksums say. Indexes are made from the entries, so nothing is lost.
  static func damagedIndex(_ error: FormatError, path: String) -> JournalError {
    // A sealed segment has its index within: nobody must be told to remove that file.
    let remedy =
      path.hasSuffix(Manifest.Segment.indexSuffix)
      ? "Remove this file; it is made anew from the entries." : "Run `emip-journal verify`; restore the file from a backup."
    return JournalError(.segmentDamaged, "the index is damaged: \(error.message). \(remedy)", path: path)
  }
}
