internal import Glibc
public import JournalFormat
public import JournalStore
internal import LMDB

/// A change to a read model: all of it becomes durable at once, with the position that it was made up to.
///
/// What is written waits in memory and goes into the tables in the order of its keys, at the commit or when a table is read by ranges: a row that
/// changes often is written once.
public final class ModelTransaction: ModelRows {
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
  /// By the numbers of tables: what was written to each since it was last read by ranges; nil for what was removed.
  private var pending: [[[UInt8]: [UInt8]?]]

  init(_ transaction: consuming WriteTransaction, _ databases: [Database], _ hash: SubjectHash, _ memory: ModelMemory) {
    self.transaction = consume transaction
    self.databases = databases
    self.hash = hash
    self.memory = memory
    pending = Array(repeating: [:], count: databases.count)
    memory.beginTransaction()
  }

  /// See ``ModelRows``.
  public func value(of key: [UInt8], in table: ModelTable) throws(JournalError) -> [UInt8]? {
    settleChunks(of: table.number)
    if !pending[table.number].isEmpty, let known = pending[table.number][key] { return known }
    do throws(LMDBError) {
      return try key.withRawBytes { (key) throws(LMDBError) in
        try transaction!.withValue(of: key, in: databases[table.number]) { Array($0) }
      }
    } catch { throw JournalError(error) }
  }

  /// See ``ModelRows``.
  public func last(upTo key: [UInt8], beginningWith prefix: [UInt8], in table: ModelTable) throws(JournalError) -> ModelRow? {
    do throws(LMDBError) {
      try settle(table.number)
      return try transaction!.withCursor(in: databases[table.number]) { (cursor) throws(LMDBError) in try cursor.last(upTo: key, prefix) }
    } catch { throw JournalError(error) }
  }

  /// See ``ModelRows``.
  public func first(from key: [UInt8], beginningWith prefix: [UInt8], in table: ModelTable) throws(JournalError) -> ModelRow? {
    do throws(LMDBError) {
      try settle(table.number)
      return try transaction!.withCursor(in: databases[table.number]) { (cursor) throws(LMDBError) in try cursor.first(from: key, prefix) }
    } catch { throw JournalError(error) }
  }

  /// Writes a row in place of the one under its key.
  public func put(_ value: [UInt8], for key: [UInt8], in table: ModelTable) throws(JournalError) {
    pending[table.number][key] = .some(value)
  }

  /// Removes a row; one that is not there is fine.
  public func remove(_ key: [UInt8], in table: ModelTable) throws(JournalError) {
    pending[table.number][key] = .some(nil)
  }

  /// Durable on return; the transaction is of no use any more.
  func commit() throws(JournalError) {
    do throws(LMDBError) {
      for number in databases.indices { try settle(number) }
      guard let transaction = transaction.take() else { return }
      try transaction.commit()
    } catch { throw JournalError(error) }
  }

  // MARK: What waits

  private func settle(_ number: Int) throws(LMDBError) {
    settleChunks(of: number)
    guard !pending[number].isEmpty else { return }
    let rows = pending[number].sorted { $0.key.precedes($1.key) }
    pending[number].removeAll(keepingCapacity: true)
    let last = try transaction!.withCursor(in: databases[number]) { (cursor) throws(LMDBError) in
      try cursor.move(.last) { key, _ in Array(key) }
    }
    // What comes behind all others fills its pages; a row put anywhere leaves a full page half empty.
    var isBehind = last == nil
    for (key, value) in rows {
      isBehind = isBehind || last!.precedes(key)
      try write(value, for: key, databases[number], isBehind ? .lastKey : .anywhere)
    }
  }

  private func settleChunks(of number: Int) {
    guard let chunks = memory.chunks[number], chunks.hasChanges else { return }
    chunks.settle { key, value in pending[number][key] = .some(value) }
  }

  private func write(
    _ value: [UInt8]?, for key: [UInt8], _ database: Database, _ placement: WriteTransaction.Placement
  ) throws(LMDBError) {
    try key.withRawBytes { (key) throws(LMDBError) in
      if let value {
        return try value.withRawBytes { (value) throws(LMDBError) in try transaction!.put(value, for: key, in: database, placement) }
      }
      do throws(LMDBError) { try transaction!.remove(key, in: database) } catch {
        guard error.code == .notFound else { throw error }
      }
    }
  }
}

extension [UInt8] {
  /// In the order of the tables.
  fileprivate func precedes(_ other: [UInt8]) -> Bool {
    withUnsafeBytes { own in
      other.withUnsafeBytes { other in
        let order = memcmp(own.baseAddress!, other.baseAddress!, Swift.min(own.count, other.count))
        return order == 0 ? own.count < other.count : order < 0
      }
    }
  }
}
