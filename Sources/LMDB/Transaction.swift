internal import CLMDB

/// A named table of an environment. Valid in every transaction of that environment once the transaction that opened it has ended well.
public struct Database: Hashable, Sendable {
  let handle: MDB_dbi

  /// How a table keeps its rows.
  public enum Layout: Sendable {
    /// One value a key, in the order of the keys' bytes.
    case plain
    /// Many values a key, all of one size, in the order of their bytes (`MDB_DUPSORT | MDB_DUPFIXED`).
    case fixedSizeDuplicates

    var flags: UInt32 {
      switch self {
      case .plain: 0
      case .fixedSizeDuplicates: UInt32(MDB_DUPSORT) | UInt32(MDB_DUPFIXED)
      }
    }
  }

  /// Figures of a table (`MDB_stat`).
  public struct Statistics: Hashable, Sendable {
    /// How many rows it holds.
    public let entryCount: Int
    /// How many pages lie between its root and a row, both counted.
    public let depth: Int
    /// How many pages it takes.
    public let pageCount: Int
  }
}

/// A snapshot to read from. It ends when the value goes; nothing that it lent out lives longer.
public struct ReadTransaction: ~Copyable {
  /// Nil once ended.
  private var open: OpaquePointer?
  private let environment: Environment

  init(_ environment: Environment) throws(LMDBError) {
    var handle: OpaquePointer?
    try check(mdb_txn_begin(environment.handle, nil, UInt32(MDB_RDONLY), &handle), "mdb_txn_begin", environment.path)
    open = handle
    self.environment = environment
  }

  private var handle: OpaquePointer { open! }

  deinit { if let open { mdb_txn_abort(open) } }

  /// Ends the snapshot and keeps the tables that it opened for later transactions; otherwise they close with it (lmdb.h, `mdb_dbi_open`).
  /// - Throws: ``LMDBError`` where LMDB fails.
  public consuming func endKeepingDatabases() throws(LMDBError) {
    let handle = self.handle
    open = nil
    try check(mdb_txn_commit(handle), "mdb_txn_commit", environment.path)
  }

  /// Ends the snapshot but keeps the transaction's slot: ``renew()`` takes a new snapshot at a fraction of the price of a new transaction.
  public mutating func reset() { mdb_txn_reset(handle) }

  /// Takes a new snapshot after ``reset()``.
  /// - Throws: ``LMDBError`` where LMDB fails.
  public mutating func renew() throws(LMDBError) { try check(mdb_txn_renew(handle), "mdb_txn_renew", environment.path) }

  /// Which write transaction's state this is a snapshot of.
  public var identifier: Int { mdb_txn_id(handle) }

  /// Whether a writer may have begun to write to pages of this snapshot, as it has no slot that would keep them. The pages that the next transaction
  /// frees are used again by the third one at the earliest (mdb.c, `mdb_page_alloc`), which may be under way when the second has committed.
  public var mayBeOverwritten: Bool { !environment.hasLock && environment.lastTransactionIdentifier > identifier + 1 }

  /// Opens a table that there is. Serialise calls per environment (lmdb.h, `mdb_dbi_open`).
  /// - Throws: ``LMDBError``, ``LMDBError/Code/notFound`` where there is no such table.
  public func database(_ name: String, _ layout: Database.Layout) throws(LMDBError) -> Database {
    var database: MDB_dbi = 0
    try check(mdb_dbi_open(handle, name, layout.flags, &database), "mdb_dbi_open", environment.path)
    return Database(handle: database)
  }

  /// Lends the value of a key to `body`; nil where there is none. The bytes may be read inside `body` only.
  /// - Throws: ``LMDBError`` where LMDB fails.
  public func withValue<Result>(
    of key: UnsafeRawBufferPointer, in database: Database, _ body: (UnsafeRawBufferPointer) -> Result
  ) throws(LMDBError) -> Result? {
    try lendValue(handle, key, database, environment.path, body)
  }

  /// Figures of a table.
  /// - Throws: ``LMDBError`` where LMDB fails.
  public func statistics(of database: Database) throws(LMDBError) -> Database.Statistics {
    try Database.Statistics(handle, database, environment.path)
  }

  /// Lends a cursor over a table to `body`.
  /// - Throws: ``LMDBError`` where LMDB fails, or what `body` throws.
  public func withCursor<Result>(
    in database: Database, _ body: (borrowing Cursor) throws(LMDBError) -> Result
  ) throws(LMDBError) -> Result {
    let cursor = try Cursor(unsafeTransaction: handle, database, environment.path)
    return try body(cursor)
  }
}

/// The one write transaction. Dropping it aborts; ``commit()`` consumes it.
public struct WriteTransaction: ~Copyable {
  /// Nil once committed.
  private var open: OpaquePointer?
  private let environment: Environment

  init(_ environment: Environment) throws(LMDBError) {
    var handle: OpaquePointer?
    try check(mdb_txn_begin(environment.handle, nil, 0, &handle), "mdb_txn_begin", environment.path)
    open = handle
    self.environment = environment
  }

  private var handle: OpaquePointer { open! }

  deinit { if let open { mdb_txn_abort(open) } }

  /// Makes the transaction durable: returns after the data sync and the synced write of the meta page. An error here is final for the
  /// environment: what is on disk is known only after it is opened anew, and a failed sync must never be retried.
  /// - Throws: ``LMDBError``: nothing of the transaction is to be counted on.
  public consuming func commit() throws(LMDBError) {
    let handle = self.handle
    open = nil
    try check(mdb_txn_commit(handle), "mdb_txn_commit", environment.path)
  }

  /// Opens a table, making it where there is none.
  /// - Throws: ``LMDBError``, as where there are as many tables as the environment may have.
  public func database(_ name: String, _ layout: Database.Layout) throws(LMDBError) -> Database {
    var database: MDB_dbi = 0
    try check(mdb_dbi_open(handle, name, layout.flags | UInt32(MDB_CREATE), &database), "mdb_dbi_open", environment.path)
    return Database(handle: database)
  }

  /// How a row is written.
  public enum Placement: Sendable {
    /// Anywhere; an existing value of the key is replaced, or in a table of duplicates joined.
    case anywhere
    /// The key comes after all others (`MDB_APPEND`); pages fill up. ``LMDBError/Code/keyExists`` where it does not.
    case lastKey
    /// The value comes after all others of its key (`MDB_APPENDDUP`).
    case lastDuplicate

    var flags: UInt32 {
      switch self {
      case .anywhere: 0
      case .lastKey: UInt32(MDB_APPEND)
      case .lastDuplicate: UInt32(MDB_APPENDDUP)
      }
    }
  }

  /// Writes a row. Keys have 1 to 511 bytes, else ``LMDBError/Code/badValueSize``.
  /// - Throws: ``LMDBError``: the transaction can only be dropped then.
  public func put(
    _ value: UnsafeRawBufferPointer, for key: UnsafeRawBufferPointer, in database: Database, _ placement: Placement = .anywhere
  ) throws(LMDBError) {
    var key = MDB_val(key)
    var value = MDB_val(value)
    try check(mdb_put(handle, database.handle, &key, &value, placement.flags), "mdb_put", environment.path)
  }

  /// Removes a key and all its values.
  /// - Throws: ``LMDBError``, ``LMDBError/Code/notFound`` where there is no such key.
  public func remove(_ key: UnsafeRawBufferPointer, in database: Database) throws(LMDBError) {
    var key = MDB_val(key)
    try check(mdb_del(handle, database.handle, &key, nil), "mdb_del", environment.path)
  }

  /// Removes all rows of a table and keeps the table.
  /// - Throws: ``LMDBError`` where LMDB fails.
  public func empty(_ database: Database) throws(LMDBError) {
    try check(mdb_drop(handle, database.handle, 0), "mdb_drop", environment.path)
  }

  /// Lends a cursor over a table to `body`.
  /// - Throws: ``LMDBError`` where LMDB fails, or what `body` throws.
  public func withCursor<Result>(
    in database: Database, _ body: (borrowing Cursor) throws(LMDBError) -> Result
  ) throws(LMDBError) -> Result {
    let cursor = try Cursor(unsafeTransaction: handle, database, environment.path)
    return try body(cursor)
  }

  /// Lends the value of a key to `body`, what the transaction wrote so far included; nil where there is none. The bytes may be read inside `body` only.
  /// - Throws: ``LMDBError`` where LMDB fails.
  public func withValue<Result>(
    of key: UnsafeRawBufferPointer, in database: Database, _ body: (UnsafeRawBufferPointer) -> Result
  ) throws(LMDBError) -> Result? {
    try lendValue(handle, key, database, environment.path, body)
  }

  /// Figures of a table.
  /// - Throws: ``LMDBError`` where LMDB fails.
  public func statistics(of database: Database) throws(LMDBError) -> Database.Statistics {
    try Database.Statistics(handle, database, environment.path)
  }
}

private func lendValue<Result>(
  _ transaction: OpaquePointer, _ key: UnsafeRawBufferPointer, _ database: Database, _ path: String,
  _ body: (UnsafeRawBufferPointer) -> Result
) throws(LMDBError) -> Result? {
  var key = MDB_val(key)
  var value = MDB_val()
  let result = mdb_get(transaction, database.handle, &key, &value)
  guard result != MDB_NOTFOUND else { return nil }
  try check(result, "mdb_get", path)
  return body(value.buffer)
}

extension Database.Statistics {
  fileprivate init(_ transaction: OpaquePointer, _ database: Database, _ path: String) throws(LMDBError) {
    var figures = MDB_stat()
    try check(mdb_stat(transaction, database.handle, &figures), "mdb_stat", path)
    entryCount = figures.ms_entries
    depth = Int(figures.ms_depth)
    pageCount = figures.ms_branch_pages + figures.ms_leaf_pages + figures.ms_overflow_pages
  }
}

extension MDB_val {
  init(_ buffer: UnsafeRawBufferPointer) {
    self.init(mv_size: buffer.count, mv_data: UnsafeMutableRawPointer(mutating: buffer.baseAddress))
  }

  var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: mv_data, count: mv_size) }
}
