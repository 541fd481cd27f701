internal import JournalFormat
internal import LMDB

/// Writes the indexes of a segment, in the transaction of the entries that they index.
///
/// New rows go into a small tree; a full tree is emptied into a sorted run, packed and written in order, and four runs of a level are merged
/// into one of the next. So a commit dirties few pages however large the segment is, and old rows cost a few bytes each.
struct IndexWriter {
  /// When rows move on; tests put smaller numbers.
  struct Limits: Sendable {
    /// Rows that the tree may hold.
    var maximumTreeRows = 65_536
    /// This many runs of a level become one of the next.
    var mergedRunCount = 4
    /// Larger runs stay as they are: a merge is held in memory, eight bytes a row.
    var maximumMergedRows = 8_000_000
  }

  private let limits: Limits
  private let tables: SegmentEnvironment.Tables
  private var pending: [IndexRow] = []
  private var treeRowCount: Int
  private var runs: [IndexRun]
  private var nextRunNumber: UInt32

  /// - Parameters:
  ///   - treeRowCount: rows that the tree holds now.
  ///   - runs: those that there are now.
  init(_ tables: SegmentEnvironment.Tables, treeRowCount: Int, runs: [IndexRun], limits: Limits = Limits()) {
    self.tables = tables
    self.limits = limits
    self.treeRowCount = treeRowCount
    self.runs = runs
    nextRunNumber = (runs.map(\.number).max() ?? 0) + 1
  }

  /// Takes a row; ``flush(in:)`` writes it.
  mutating func add(_ row: IndexRow) { pending.append(row) }

  /// Writes the rows that were added, in the order of their keys.
  mutating func flush(in transaction: borrowing WriteTransaction) throws(LMDBError) {
    pending.sort()
    for row in pending {
      var key = row.key.rawValue.bigEndian
      var entry = row.entry.bigEndian
      try withUnsafeBytes(of: &key) { (key) throws(LMDBError) in
        try withUnsafeBytes(of: &entry) { (entry) throws(LMDBError) in
          try transaction.put(entry, for: key, in: tables.index, .lastDuplicate)
        }
      }
    }
    treeRowCount += pending.count
    pending.removeAll(keepingCapacity: true)
    if treeRowCount >= limits.maximumTreeRows { try emptyTree(in: transaction) }
  }

  private mutating func emptyTree(in transaction: borrowing WriteTransaction) throws(LMDBError) {
    var rows: [IndexRow] = []
    rows.reserveCapacity(treeRowCount)
    try transaction.withCursor(in: tables.index) { (cursor: borrowing Cursor) throws(LMDBError) in
      func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        rows.append(IndexRow(IndexKey(rawValue: index(from: key)), index(from: value)))
      }
      var more: Void? = try cursor.move(.first, take)
      while more != nil { more = try cursor.move(.next, take) }
    }
    try transaction.empty(tables.index)
    treeRowCount = 0
    try write(rows, level: 0, in: transaction)
    try mergeFullLevels(in: transaction)
  }

  private mutating func mergeFullLevels(in transaction: borrowing WriteTransaction) throws(LMDBError) {
    var level: UInt8 = 0
    while case let full = runs.filter({ $0.level == level }), full.count >= limits.mergedRunCount {
      guard full.reduce(0, { $0 + Int($1.rowCount) }) <= limits.maximumMergedRows else { return }
      var rows: [IndexRow] = []
      for run in full { try takeOut(run, &rows, in: transaction) }
      runs.removeAll { $0.level == level }
      // The rows of each run are in order already, which the standard library's sort makes use of.
      rows.sort()
      try write(rows, level: level + 1, in: transaction)
      level += 1
    }
  }

  /// Reads a run's rows and removes it.
  private func takeOut(_ run: IndexRun, _ rows: inout [IndexRow], in transaction: borrowing WriteTransaction) throws(LMDBError) {
    var keys: [[UInt8]] = []
    let start = IndexBlock.key(run.number, IndexBlock.origin)
    var isDamaged = false
    try transaction.withCursor(in: tables.runs) { (cursor: borrowing Cursor) throws(LMDBError) in
      func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        guard IndexBlock.run(key) == run.number else { return false }
        keys.append(Array(key))
        do throws(FormatError) {
          try IndexBlock.forEachRow(value, run) { row in
            rows.append(row)
            return true
          }
        } catch { isDamaged = true }
        return true
      }
      var more = try start.withRawBytes { (start) throws(LMDBError) in try cursor.seek(atOrAfter: start, take) } ?? false
      while more { more = try cursor.move(.next, take) ?? false }
    }
    guard !isDamaged else { throw LMDBError(code: .corrupted, call: "merging the index") }
    for key in keys { try key.withRawBytes { (key) throws(LMDBError) in try transaction.remove(key, in: tables.runs) } }
    try bigEndianBytes(run.number).withRawBytes { (key) throws(LMDBError) in try transaction.remove(key, in: tables.runList) }
  }

  private mutating func write(_ rows: [IndexRow], level: UInt8, in transaction: borrowing WriteTransaction) throws(LMDBError) {
    guard let lowest = rows.lazy.map(\.entry).min() else { return }
    let run = IndexRun(number: nextRunNumber, level: level, firstEntry: lowest, rowCount: UInt32(rows.count))
    nextRunNumber += 1
    var previous = IndexBlock.origin
    var block: [UInt8] = []
    for row in rows {
      let size = block.count
      IndexBlock.append(row, after: previous, run, to: &block)
      if block.count > IndexBlock.maximumBytes {
        block.removeLast(block.count - size)
        try transaction.put(block, for: IndexBlock.key(run.number, previous), in: tables.runs, .lastKey)
        block.removeAll(keepingCapacity: true)
        IndexBlock.append(row, after: IndexBlock.origin, run, to: &block)
      }
      previous = row
    }
    try transaction.put(block, for: IndexBlock.key(run.number, previous), in: tables.runs, .lastKey)
    try transaction.put(run.encoded(), for: bigEndianBytes(run.number), in: tables.runList, .lastKey)
    runs.append(run)
  }
}
