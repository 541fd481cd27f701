internal import Crypto
public import JournalFormat
public import JournalStore
internal import LMDB
internal import Synchronization

/// What a projection has made of the journal: an LMDB file of its own, in which the position stands in the same transaction as the rows that it
/// led to. Derived: it can be made anew from the journal at any time.
///
/// Any number of threads and processes read; who holds the lock of the read models alone writes.
public final class ReadModel: Sendable {
  /// What builds it.
  public let projection: any Projection.Type
  let path: String
  let generation: UInt32
  private let environment: Environment
  private let databases: [Database]
  private let meta: Database
  private let skipped: Database
  private let hash: SubjectHash
  /// The first snapshot that nothing keeps a writer from; nil while there is none.
  private let firstUnlocked = Mutex<Int?>(nil)
  /// The memory of who writes; nil at first, and where a transaction has failed. Sendable: who holds the lock of the read models writes, and one thread at
  /// a time.
  private nonisolated(unsafe) var memory: ModelMemory?

  /// Address space; a file stays as large as what it holds.
  private static let mapSizeBytes = 64 << 30
  private static let pageBytes = 4_096
  static let metaTable = "meta"
  static let skippedTable = "skipped"

  /// What a read model says of itself.
  public struct State: Hashable, Sendable {
    var version: UInt32
    var journalId: String
    /// The first entry that it has not seen.
    public var next: JournalPosition
    /// When the last entry that it has seen was recorded; nil where it has seen none.
    public var lastRecordedAt: Timestamp?
    /// The latest time at which a request was observed; nil where there was none.
    public var clock: Timestamp?
    /// Where the history begins that it was built from: what came before came from an opening state.
    public var start: JournalPosition
    /// How many entries it could not read. It is not complete then.
    public var skippedCount: Int
    /// Over the rows of its tables, in their order, and over those of what it could not read.
    var sums: [RowSum]
  }

  private init(
    _ projection: any Projection.Type, _ environment: Environment, generation: UInt32, journalId: String
  ) throws(JournalError) {
    let tables = projection.tables
    assert(tables.map(\.number) == Array(tables.indices), "tables stand in the order of their numbers")
    do throws(LMDBError) {
      let transaction = try environment.beginRead()
      databases = try tables.map { (table) throws(LMDBError) in try transaction.database(table.name, .plain) }
      meta = try transaction.database(Self.metaTable, .plain)
      skipped = try transaction.database(Self.skippedTable, .plain)
      try transaction.endKeepingDatabases()
    } catch {
      guard error.code == .notFound else { throw JournalError(ofModel: error) }
      throw JournalError(.modelDamaged, "a table is missing. Rebuild the read model.", path: environment.path)
    }
    self.projection = projection
    self.environment = environment
    self.generation = generation
    path = environment.path
    hash = SubjectHash(journalId: journalId)
  }

  /// Makes an empty read model. What may be there of an interrupted attempt goes.
  static func create(
    _ projection: any Projection.Type, _ path: String, generation: UInt32, journalId: String, start: JournalPosition
  ) throws(JournalError) -> ReadModel {
    for path in [path, path + "-lock"] { try FileSystem.remove(path) }
    let environment = try environment(path, isWritable: true)
    try ofModel { () throws(LMDBError) in
      let transaction = try environment.beginWrite()
      for table in projection.tables { _ = try transaction.database(table.name, .plain) }
      _ = try transaction.database(skippedTable, .plain)
      let meta = try transaction.database(metaTable, .plain)
      let state = State(
        version: projection.version, journalId: journalId, next: start, start: start, skippedCount: 0,
        sums: Array(repeating: RowSum(), count: projection.tables.count + 1))
      try transaction.put(state.encoded(), for: State.key, in: meta)
      try transaction.commit()
    }
    return try ReadModel(projection, environment, generation: generation, journalId: journalId)
  }

  /// Opens a read model that is there; nil where it cannot be used: it is missing, or of another version or journal. All of its rows are looked at
  /// first: what was damaged gives no answer, not even a part of one.
  /// - Parameter isInForce: whether it was put in force, so that something was committed to it; else whoever began to make it may have been interrupted.
  /// - Throws: ``JournalError`` `model.damaged` where a byte is not what was written.
  static func open(
    _ projection: any Projection.Type, _ path: String, generation: UInt32, journalId: String, isWritable: Bool, isInForce: Bool = true
  ) throws(JournalError) -> ReadModel? {
    guard FileSystem.exists(path) else { return nil }
    if try ofModel({ () throws(LMDBError) in try PageWalk.hasNoCommit(path) }) {
      guard isInForce else { return nil }
      throw .damagedModel("what was written to its file is gone", path)
    }
    if let damage = try ofModel({ () throws(LMDBError) in try PageWalk.lengthDamage(of: path) }) { throw .damagedModel("\(damage)", path) }
    let environment = try environment(path, isWritable: isWritable)
    let check = try ReadModelCheck(environment)
    guard check.state.version == projection.version && check.state.journalId == journalId else { return nil }
    try check.compare(with: projection)
    return try ReadModel(projection, environment, generation: generation, journalId: journalId)
  }

  /// Who may not write, or cannot, reads without a slot in the lock's file: the file must not be written to much meanwhile.
  private static func environment(_ path: String, isWritable: Bool) throws(JournalError) -> Environment {
    do throws(JournalError) {
      return isWritable
        ? try Environment.opening(path, .readWrite, mapSizeBytes: mapSizeBytes)
        : try Environment.reading(path, mapSizeBytes: mapSizeBytes)
    } catch { throw error.ofModel }
  }

  // MARK: Reading

  /// The rows as they are now. Keep it for a short time: while it lives, the file cannot use its free pages again.
  /// - Throws: ``JournalError`` where the file cannot be read.
  public func snapshot() throws(JournalError) -> ModelSnapshot {
    let transaction = try ofModel { () throws(LMDBError) in try environment.beginRead() }
    if !environment.hasLock {
      let identifier = transaction.identifier
      firstUnlocked.withLock { $0 = min($0 ?? identifier, identifier) }
    }
    return ModelSnapshot(transaction, databases, hash, try gaps())
  }

  private func gaps() throws(JournalError) -> ModelGaps {
    guard try state().skippedCount > 0 else { return ModelGaps() }
    return ModelGaps(try skippedEntries(limit: .max).map(\.position))
  }

  /// See ``ReadModels/requireUnwritten()``.
  func requireUnwritten() throws(JournalError) {
    guard let first = firstUnlocked.withLock({ $0 }), environment.lastTransactionIdentifier > first + 1 else { return }
    throw JournalError(
      .modelBehind,
      "it was written to while it was read, and the answer may be wrong. Ask again, or as somebody who may write to \(path)-lock.",
      path: path)
  }

  /// What it says of itself now.
  /// - Throws: ``JournalError`` `model.damaged` where its state is, and what reading the file throws.
  public func state() throws(JournalError) -> State {
    let bytes = try ofModel { () throws(LMDBError) in
      let transaction = try environment.beginRead()
      return try State.key.withRawBytes { (key) throws(LMDBError) in try transaction.withValue(of: key, in: meta) { Array($0) } }
    }
    do throws(FormatError) {
      guard let bytes else { throw FormatError("its state is missing") }
      return try State(bytes)
    } catch {
      throw JournalError(.modelDamaged, "what the read model says of itself is damaged: \(error.message). Rebuild it.", path: path)
    }
  }

  /// The first of the entries that could not be read, and why.
  /// - Throws: ``JournalError`` where the file cannot be read.
  public func skippedEntries(limit: Int) throws(JournalError) -> [(position: JournalPosition, reason: String)] {
    try ofModel { () throws(LMDBError) in
      let transaction = try environment.beginRead()
      return try transaction.withCursor(in: skipped) { (cursor) throws(LMDBError) in
        var found: [(JournalPosition, String)] = []
        var row = try cursor.move(.first, Self.skippedEntry)
        while let entry = row, found.count < limit {
          found.append(entry)
          row = try cursor.move(.next, Self.skippedEntry)
        }
        return found
      }
    }
  }

  private static func skippedEntry(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> (JournalPosition, String) {
    (JournalPosition(UInt64(bigEndian: key.loadUnaligned(as: UInt64.self))), String(decoding: value, as: UTF8.self))
  }

  /// Over the rows of all tables, in their order: two read models have the same rows if they have the same digest. SHA-256, lower-case hexadecimal.
  /// - Throws: ``JournalError`` where the file cannot be read.
  public func digest() throws(JournalError) -> String {
    var hash = SHA256()
    try ofModel { () throws(LMDBError) in
      let transaction = try environment.beginRead()
      for (number, database) in (databases + [skipped]).enumerated() {
        try transaction.withCursor(in: database) { (cursor) throws(LMDBError) in
          var isThere = try cursor.move(.first) { hash.add(number, $0, $1) } != nil
          while isThere { isThere = try cursor.move(.next) { hash.add(number, $0, $1) } != nil }
        }
      }
    }
    return hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }

  /// How many rows its tables have, in their order.
  /// - Throws: ``JournalError`` where the file cannot be read.
  public func rowCounts() throws(JournalError) -> [(table: ModelTable, count: Int)] {
    try ofModel { () throws(LMDBError) in
      let transaction = try environment.beginRead()
      return try zip(projection.tables, databases).map { (table, database) throws(LMDBError) in
        (table, try transaction.statistics(of: database).entryCount)
      }
    }
  }

  /// How large what it keeps is: the rows of its tables, keys and values, and the pages that hold them. The file also has free pages, which the next
  /// transactions take.
  /// - Throws: ``JournalError`` where the file cannot be read.
  public func contentBytes() throws(JournalError) -> (rows: Int, pages: Int) {
    try ofModel { () throws(LMDBError) in
      let transaction = try environment.beginRead()
      var (rows, pages) = (0, 0)
      for database in databases {
        pages += try transaction.statistics(of: database).pageCount
        try transaction.withCursor(in: database) { (cursor) throws(LMDBError) in
          var isThere = try cursor.move(.first) { rows += $0.count + $1.count } != nil
          while isThere { isThere = try cursor.move(.next) { rows += $0.count + $1.count } != nil }
        }
      }
      return (rows, pages * Self.pageBytes)
    }
  }

  /// The size of its file.
  /// - Throws: ``JournalError`` where the file cannot be read.
  public func sizeBytes() throws(JournalError) -> Int { try FileSystem.sizeBytes(of: path) }

  // MARK: Writing

  /// Lets `body` change the rows, and takes the changes over with the state that it returns: durable on return.
  func write(_ body: (any Projection, ModelTransaction) throws(JournalError) -> State) throws(JournalError) -> State {
    let memory = if let known = memory.take() { known } else { ModelMemory(projection, try sums()) }
    let rows = ModelTransaction(
      try ofModel { () throws(LMDBError) in try environment.beginWrite() }, databases + [meta, skipped], hash, memory)
    var state = try body(memory.projection, rows)
    try rows.settle()
    state.sums = memory.sums.enumerated().filter { $0.offset != databases.count }.map(\.element)
    try rows.put(state.encoded(), for: State.key, in: ModelTable(Self.metaTable, databases.count))
    try rows.commit()
    self.memory = memory
    return state
  }

  /// By the numbers of all tables, that of what it says of itself included, which is never asked for.
  private func sums() throws(JournalError) -> [RowSum] {
    var sums = try state().sums
    sums.insert(RowSum(), at: databases.count)
    return sums
  }

  /// Whether much of the file is free pages: large transactions leave them behind, and later ones need few.
  func hasMuchRoom() throws(JournalError) -> Bool {
    let used = try usedPageCount()
    let free = try sizeBytes() / Self.pageBytes - used
    return free > max(Self.leastFreePages, used / 2)
  }

  private static let leastFreePages = 256

  private func usedPageCount() throws(JournalError) -> Int {
    try ofModel { () throws(LMDBError) in
      let transaction = try environment.beginRead()
      var count = 0
      for database in databases + [meta, skipped] { count += try transaction.statistics(of: database).pageCount }
      return count
    }
  }

  /// Writes all of it to a new file, the rows of each table one after the other: its pages are full, and none is free.
  func pack(to path: String) throws(JournalError) {
    let state = try state()
    let packed = try ReadModel.create(projection, path, generation: generation, journalId: state.journalId, start: state.start)
    try ofModel { () throws(LMDBError) in
      let source = try environment.beginRead()
      var writer = PackWriter(packed.environment)
      for (database, target) in zip(databases + [skipped], packed.databases + [packed.skipped]) {
        try source.withCursor(in: database) { (cursor) throws(LMDBError) in
          var row = try cursor.move(.first, ModelRow.init)
          while let next = row {
            try writer.put(next, in: target, .lastKey)
            row = try cursor.move(.next, ModelRow.init)
          }
        }
      }
      // The state comes last: until then the copy has seen nothing.
      try writer.put(ModelRow(key: State.key, value: state.encoded()), in: packed.meta, .anywhere)
      try writer.commit()
    }
  }

  /// Notes an entry that could not be read.
  func skip(_ position: JournalPosition, _ reason: String, in rows: ModelTransaction) throws(JournalError) {
    try rows.put(Array(reason.utf8), for: bigEndianBytes(position.rawValue), in: ModelTable(Self.skippedTable, databases.count + 1))
  }

  /// Slots of readers that died keep pages from being used again.
  func clearDeadReaders() throws(JournalError) {
    try ofModel { () throws(LMDBError) in _ = try environment.clearDeadReaders() }
  }
}

/// Writes rows in transactions of some megabytes, which memory holds.
private struct PackWriter: ~Copyable {
  private let environment: Environment
  private var transaction: WriteTransaction?
  private var byteCount = 0

  private static let limitBytes = 8 << 20

  init(_ environment: Environment) { self.environment = environment }

  mutating func put(_ row: ModelRow, in database: Database, _ placement: WriteTransaction.Placement) throws(LMDBError) {
    if byteCount > Self.limitBytes { try commit() }
    if transaction == nil { transaction = try environment.beginWrite() }
    byteCount += row.key.count + row.value.count
    try row.key.withRawBytes { (key) throws(LMDBError) in
      try row.value.withRawBytes { (value) throws(LMDBError) in try transaction!.put(value, for: key, in: database, placement) }
    }
  }

  mutating func commit() throws(LMDBError) {
    guard let transaction = transaction.take() else { return }
    try transaction.commit()
    byteCount = 0
  }
}

extension ReadModel.State {
  static let key = Array("state".utf8)

  fileprivate func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(Self.layout << 16 | version)
    bytes.appendCounted(journalId.utf8)
    bytes.appendVarint(next.rawValue)
    bytes.appendVarint(start.rawValue)
    bytes.appendVarint(skippedCount)
    bytes.appendOptional(lastRecordedAt)
    bytes.appendOptional(clock)
    bytes.appendVarint(sums.count)
    for sum in sums {
      bytes.appendVarint(sum.count)
      bytes.appendLittleEndian(sum.value)
    }
    bytes.appendLittleEndian(CRC32C.of(bytes))
    return bytes
  }

  /// Rises when what is kept beside the rows of any projection changes. Far from 0, which is that of the first: no flipped bit makes one of the other.
  private static let layout: UInt32 = 0x5ed2

  /// What a read model of an earlier layout says: nobody can use it.
  static let ofEarlierLayout = ReadModel.State(version: 0, journalId: "", next: .first, start: .first, skippedCount: 0, sums: [])

  init(_ bytes: [UInt8]) throws(FormatError) {
    let head = bytes.count < 4 ? 0 : bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) }
    guard head >> 16 != 0 || bytes.count < 4 else {
      self = .ofEarlierLayout
      return
    }
    guard bytes.count >= 4, Array(bytes.suffix(4)) == withUnsafeBytes(of: CRC32C.of(Array(bytes.dropLast(4))).littleEndian, Array.init)
    else { throw FormatError("its checksum does not fit") }
    guard head >> 16 == Self.layout else {
      self = .ofEarlierLayout
      return
    }
    self = try Array(bytes.dropLast(4)).reading { (reader) throws(FormatError) in
      let version = try reader.littleEndian(UInt32.self) & 0xffff
      let journalId = try reader.string()
      let next = JournalPosition(try reader.varint())
      let start = JournalPosition(try reader.varint())
      let skippedCount = try reader.count(atMost: Int.max)
      let lastRecordedAt = try reader.optionalTimestamp()
      let clock = try reader.optionalTimestamp()
      var sums: [RowSum] = []
      for _ in 0..<(try reader.count(atMost: 256)) {
        sums.append(RowSum(count: try reader.varint(), value: try reader.littleEndian(UInt64.self)))
      }
      return ReadModel.State(
        version: version, journalId: journalId, next: next, lastRecordedAt: lastRecordedAt, clock: clock, start: start,
        skippedCount: skippedCount, sums: sums)
    }
  }
}

extension [UInt8] {
  /// One byte, and where that is 1 the milliseconds.
  mutating func appendOptional(_ time: Timestamp?) {
    append(time == nil ? 0 : 1)
    if let time { appendLittleEndian(time.rawValue) }
  }
}

extension ByteReader {
  /// What `appendOptional` wrote.
  mutating func optionalTimestamp() throws(FormatError) -> Timestamp? {
    try byte() == 0 ? nil : Timestamp(rawValue: try littleEndian(Int64.self))
  }
}

extension SHA256 {
  /// A row, so that no two different lists of rows are the same bytes.
  fileprivate mutating func add(_ table: Int, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    withUnsafeBytes(of: (UInt64(table).littleEndian, UInt64(key.count).littleEndian, UInt64(value.count).littleEndian)) {
      update(bufferPointer: $0)
    }
    update(bufferPointer: key)
    update(bufferPointer: value)
  }
}
