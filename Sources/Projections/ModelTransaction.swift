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
  /// By the numbers of tables: what was written to each since it was last read by ranges.
  private var pending: [PendingRows]

  init(_ transaction: consuming WriteTransaction, _ databases: [Database], _ hash: SubjectHash, _ memory: ModelMemory) {
    self.transaction = consume transaction
    self.databases = databases
    self.hash = hash
    self.memory = memory
    pending = Array(repeating: PendingRows(), count: databases.count)
    memory.beginTransaction()
  }

  /// See ``ModelRows``.
  public func value(of key: [UInt8], in table: ModelTable) throws(JournalError) -> [UInt8]? {
    settleChunks(of: table.number)
    if let known = pending[table.number][key] { return known }
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

  /// Writes a row in place of the one under its key, with the value that it has when it is read, or goes into the table.
  func put(_ row: some ChangingRow, in table: ModelTable) {
    guard !row.isPending else { return }
    row.isPending = true
    pending[table.number].put(row)
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
    let last = try transaction!.withCursor(in: databases[number]) { (cursor) throws(LMDBError) in
      try cursor.move(.last) { key, _ in Array(key) }
    }
    // What comes behind all others fills its pages; a row put anywhere leaves a full page half empty.
    var isBehind = last == nil
    try pending[number].removeAll { (key, value) throws(LMDBError) in
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

/// A row whose value may change many times before it is needed.
protocol ChangingRow: AnyObject {
  var key: [UInt8] { get }
  /// Whether a transaction has it, which takes what it says in the end.
  var isPending: Bool { get set }
  func encoded() -> [UInt8]
}

/// Rows that wait for their table.
private struct PendingRows {
  private enum Value {
    case bytes([UInt8])
    case changing(any ChangingRow)
    case removed

    /// Nil for what was removed.
    var bytes: [UInt8]? {
      switch self {
      case .bytes(let bytes): bytes
      case .changing(let row): row.encoded()
      case .removed: nil
      }
    }
  }

  private var rows: [(key: [UInt8], value: Value)] = []
  private var places: [[UInt8]: Int] = [:]

  var isEmpty: Bool { rows.isEmpty }

  /// Nil for what does not wait, nil within for what was removed.
  subscript(key: [UInt8]) -> [UInt8]?? {
    get { rows.isEmpty ? nil : places[key].map { rows[$0].value.bytes } }
    set { if let newValue { set(key, newValue.map(Value.bytes) ?? .removed) } }
  }

  mutating func put(_ row: some ChangingRow) { set(row.key, .changing(row)) }

  private mutating func set(_ key: [UInt8], _ value: Value) {
    guard let place = places[key] else {
      places[key] = rows.count
      rows.append((key, value))
      return
    }
    if case .changing(let row) = rows[place].value { row.isPending = false }
    rows[place].value = value
  }

  /// Shows all in the order of their keys.
  mutating func removeAll<Failure: Error>(_ body: (_ key: [UInt8], _ value: [UInt8]?) throws(Failure) -> Void) throws(Failure) {
    rows.sort { $0.key.precedes($1.key) }
    for row in rows {
      try body(row.key, row.value.bytes)
      if case .changing(let row) = row.value { row.isPending = false }
    }
    rows.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
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
