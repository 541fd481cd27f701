internal import CLMDB

/// A place in a table. It lives no longer than its transaction; the bytes it shows live as long as the closure they are shown to.
public struct Cursor: ~Copyable, ~Escapable {
  private let handle: OpaquePointer
  private let path: String

  @_lifetime(immortal)
  init(unsafeTransaction transaction: OpaquePointer, _ database: Database, _ path: String) throws(LMDBError) {
    var handle: OpaquePointer?
    try check(mdb_cursor_open(transaction, database.handle, &handle), "mdb_cursor_open", path)
    self.handle = handle!
    self.path = path
  }

  deinit { mdb_cursor_close(handle) }

  /// Where to go.
  public enum Step: Sendable {
    /// To the first or last row of the table, or to the one behind or before.
    case first, last, next, previous
    /// To another value of the present key; `last` and `first` among all of them.
    case nextDuplicate, previousDuplicate, lastDuplicate, firstDuplicate
    /// To another key, past the other values of the present one.
    case nextKey, previousKey

    var operation: MDB_cursor_op {
      switch self {
      case .first: MDB_FIRST
      case .last: MDB_LAST
      case .next: MDB_NEXT
      case .previous: MDB_PREV
      case .nextDuplicate: MDB_NEXT_DUP
      case .previousDuplicate: MDB_PREV_DUP
      case .lastDuplicate: MDB_LAST_DUP
      case .firstDuplicate: MDB_FIRST_DUP
      case .nextKey: MDB_NEXT_NODUP
      case .previousKey: MDB_PREV_NODUP
      }
    }
  }

  /// Moves and shows the row there to `body`; nil where there is none. The bytes may be read inside `body` only.
  /// - Throws: ``LMDBError`` where LMDB fails.
  public func move<Result>(
    _ step: Step, _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Result
  ) throws(LMDBError) -> Result? {
    try run(step.operation, MDB_val(), MDB_val(), body)
  }

  /// Goes to the first row whose key is not before `key` and shows it to `body`; nil where there is none.
  /// - Throws: ``LMDBError`` where LMDB fails.
  public func seek<Result>(
    atOrAfter key: UnsafeRawBufferPointer, _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Result
  ) throws(LMDBError) -> Result? {
    try run(MDB_SET_RANGE, MDB_val(key), MDB_val(), body)
  }

  /// Goes to a key's first value and shows it to `body`; nil where there is none.
  /// - Throws: ``LMDBError`` where LMDB fails.
  public func seek<Result>(
    to key: UnsafeRawBufferPointer, _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Result
  ) throws(LMDBError) -> Result? {
    try run(MDB_SET_KEY, MDB_val(key), MDB_val(), body)
  }

  /// Goes to a key's first value that is not before `value` and shows it to `body`; nil where there is none.
  /// - Throws: ``LMDBError`` where LMDB fails.
  public func seek<Result>(
    to key: UnsafeRawBufferPointer, valueAtOrAfter value: UnsafeRawBufferPointer,
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Result
  ) throws(LMDBError) -> Result? {
    try run(MDB_GET_BOTH_RANGE, MDB_val(key), MDB_val(value), body)
  }

  private func run<Result>(
    _ operation: MDB_cursor_op, _ key: MDB_val, _ value: MDB_val,
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Result
  ) throws(LMDBError) -> Result? {
    var key = key
    var value = value
    let result = mdb_cursor_get(handle, &key, &value, operation)
    guard result != MDB_NOTFOUND else { return nil }
    try check(result, "mdb_cursor_get", path)
    return body(key.buffer, value.buffer)
  }
}
