public import JournalFormat
public import JournalStore
internal import LMDB

/// A change to a read model: all of it becomes durable at once, with the position that it was made up to.
///
/// What is written waits in memory and goes into the tables in the order of its keys, at the commit or when a table is read by ranges: a row that
/// changes often is written once.
public final class ModelTransaction: ModelRows {
  /// Makes short keys of long or personal values.
  public let hash: SubjectHash
  /// The latest time at which a request was observed up to and with the entry that is being applied: what is missing is missing by this clock,
  /// never by the wall's.
  public internal(set) var clock = Timestamp(rawValue: 0)
  /// ``clock`` without the entry that is being applied: between the two nothing was requested by anybody.
  public internal(set) var clockBefore = Timestamp(rawValue: 0)
  let memory: ModelMemory
  /// Nil once committed.
  private var transaction: WriteTransaction?
  private let databases: [Database]

  init(_ transaction: consuming WriteTransaction, _ databases: [Database], _ hash: SubjectHash, _ memory: ModelMemory) {
    self.transaction = consume transaction
    self.databases = databases
    self.hash = hash
    self.memory = memory
    memory.beginTransaction(tableCount: databases.count)
  }

  /// The value under a key, what was written and waits for the commit included; nil where there is no such row.
  /// - Throws: ``JournalError`` `model.damaged` where the file is damaged; others where it cannot be read.
  public func value(of key: [UInt8], in table: ModelTable) throws(JournalError) -> [UInt8]? {
    settleChunks(of: table.number)
    if let known = memory.pending[table.number][key] { return known }
    do throws(LMDBError) {
      return try key.withRawBytes { (key) throws(LMDBError) in
        try transaction!.withValue(of: key, in: databases[table.number]) { Array($0) }
      }
    } catch { throw JournalError(ofModel: error) }
  }

  /// The last row that is not after `key` and whose key begins with `prefix`, what was written and waits for the commit included; nil where
  /// there is none.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  public func last(upTo key: [UInt8], beginningWith prefix: [UInt8], in table: ModelTable) throws(JournalError) -> ModelRow? {
    do throws(LMDBError) {
      try settle(table.number)
      return try transaction!.withCursor(in: databases[table.number]) { (cursor) throws(LMDBError) in try cursor.last(upTo: key, prefix) }
    } catch { throw JournalError(ofModel: error) }
  }

  /// The first row that is not before `key` and whose key begins with `prefix`, what was written and waits for the commit included; nil
  /// where there is none.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  public func first(from key: [UInt8], beginningWith prefix: [UInt8], in table: ModelTable) throws(JournalError) -> ModelRow? {
    do throws(LMDBError) {
      try settle(table.number)
      return try transaction!.withCursor(in: databases[table.number]) { (cursor) throws(LMDBError) in try cursor.first(from: key, prefix) }
    } catch { throw JournalError(ofModel: error) }
  }

  /// Writes a row in place of the one under its key.
  /// - Throws: Nothing as yet: the row waits for the commit.
  public func put(_ value: [UInt8], for key: [UInt8], in table: ModelTable) throws(JournalError) {
    memory.pending[table.number][key] = .some(value)
  }

  /// Writes a row in place of the one under its key, with the value that it has when it is read, or goes into the table.
  func put(_ row: some ChangingRow, in table: ModelTable) {
    guard !row.isPending else { return }
    row.isPending = true
    memory.pending[table.number].put(row)
  }

  /// Removes a row; one that is not there is fine.
  /// - Throws: Nothing as yet: the change waits for the commit.
  public func remove(_ key: [UInt8], in table: ModelTable) throws(JournalError) {
    memory.pending[table.number][key] = .some(nil)
  }

  /// Puts all that waits into the tables, so that their sums count it.
  func settle() throws(JournalError) {
    do throws(LMDBError) { for number in databases.indices { try settle(number) } } catch { throw JournalError(ofModel: error) }
  }

  /// Durable on return; the transaction is of no use any more.
  func commit() throws(JournalError) {
    do throws(LMDBError) {
      for number in databases.indices { try settle(number) }
      guard let transaction = transaction.take() else { return }
      try transaction.commit()
    } catch { throw JournalError(ofModel: error) }
  }

  // MARK: What waits

  private func settle(_ number: Int) throws(LMDBError) {
    settleChunks(of: number)
    guard !memory.pending[number].isEmpty else { return }
    let last = try transaction!.withCursor(in: databases[number]) { (cursor) throws(LMDBError) in
      try cursor.move(.last) { key, _ in Array(key) }
    }
    // What comes behind all others fills its pages; a row put anywhere leaves a full page half empty.
    var isBehind = last == nil
    try memory.pending[number].removeAll { (key, value) throws(LMDBError) in
      isBehind = isBehind || last!.precedes(key)
      try write(value, for: key, in: number, isBehind ? .lastKey : .anywhere)
    }
  }

  private func settleChunks(of number: Int) {
    guard let chunks = memory.chunks[number], chunks.hasChanges else { return }
    chunks.settle { key, value in memory.pending[number][key] = .some(value) }
  }

  private func write(_ value: [UInt8]?, for key: [UInt8], in number: Int, _ placement: WriteTransaction.Placement) throws(LMDBError) {
    let database = databases[number]
    try key.withRawBytes { (key) throws(LMDBError) in
      // What comes behind all others takes nobody's place.
      var isThere = false
      if placement != .lastKey {
        isThere = try transaction!.withValue(of: key, in: database) { memory.sums[number].remove(key, $0) } != nil
      }
      if let value {
        try value.withRawBytes { (value) throws(LMDBError) in
          memory.sums[number].add(key, value)
          try transaction!.put(value, for: key, in: database, placement)
        }
      } else if isThere {
        try transaction!.remove(key, in: database)
      }
    }
  }
}
