internal import JournalFormat
internal import LMDB

/// The tables of an index (`Schemas/journal-format.md`, "Index tables"), in whichever environment they are: a growing segment has them in
/// a file of their own.
struct IndexTables: Sendable {
  /// One row: the ``IndexState``.
  let index: Database
  let runs: Database
  let filters: Database
  let times: Database

  /// Opens the tables, making them where there are none.
  /// - Throws: `LMDBError` where the file cannot be written to.
  init(in transaction: borrowing WriteTransaction) throws(LMDBError) {
    index = try transaction.database("index", .plain)
    runs = try transaction.database("runs", .plain)
    filters = try transaction.database("filters", .plain)
    times = try transaction.database("times", .plain)
  }

  /// Opens the tables.
  /// - Throws: `LMDBError`, ``LMDBError/Code/notFound`` where one is missing.
  init(in transaction: borrowing ReadTransaction) throws(LMDBError) {
    index = try transaction.database("index", .plain)
    runs = try transaction.database("runs", .plain)
    filters = try transaction.database("filters", .plain)
    times = try transaction.database("times", .plain)
  }

  /// What the index says of itself; nil where it says nothing.
  /// - Throws: `LMDBError` where the file cannot be read.
  func state(in transaction: borrowing ReadTransaction) throws(LMDBError) -> Result<IndexState, FormatError>? {
    try Array(IndexState.key.description.utf8).withRawBytes { (key) throws(LMDBError) in
      try transaction.withValue(of: key, in: index) { value in
        do throws(FormatError) { return .success(try IndexState(value)) } catch { return .failure(error) }
      }
    }
  }

  /// Writes what the index says of itself.
  /// - Throws: `LMDBError` where the file cannot be written to.
  func write(_ state: IndexState, in transaction: borrowing WriteTransaction) throws(LMDBError) {
    try transaction.put(state.encoded(), for: Array(IndexState.key.description.utf8), in: index)
  }

  /// Writes the spans of time of the entries of a run of level 0.
  /// - Throws: `LMDBError` where the file cannot be written to.
  func write(_ blocks: [TimeBlock], in transaction: borrowing WriteTransaction) throws(LMDBError) {
    guard let first = blocks.first else { return }
    try transaction.put(TimeBlock.encoded(blocks), for: bigEndianBytes(first.entries.lowerBound), in: times, .lastKey)
  }
}
