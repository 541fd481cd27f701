internal import Crypto
public import JournalFormat
public import JournalStore
internal import LMDB

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
  /// The memory of who writes; nil at first, and where a transaction has failed. Sendable: who holds the lock of the read models writes, and one thread at
  /// a time.
  private nonisolated(unsafe) var memory: ModelMemory?

  /// Address space; a file stays as large as what it holds.
  private static let mapSizeBytes = 64 << 30
  private static let pageBytes = 4_096
  private static let metaTable = "meta"
  private static let skippedTable = "skipped"

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
    let environment = try environment(path, .readWrite)
    try ofModel { () throws(LMDBError) in
      let transaction = try environment.beginWrite()
      for table in projection.tables { _ = try transaction.database(table.name, .plain) }
      _ = try transaction.database(skippedTable, .plain)
      let meta = try transaction.database(metaTable, .plain)
      let state = State(version: projection.version, journalId: journalId, next: start, start: start, skippedCount: 0)
      try transaction.put(state.encoded(), for: State.key, in: meta)
      try transaction.commit()
    }
    return try ReadModel(projection, environment, generation: generation, journalId: journalId)
  }

  /// Opens a read model that is there; nil where it cannot be used: it is missing, damaged, or of another version or journal.
  static func open(
    _ projection: any Projection.Type, _ path: String, generation: UInt32, journalId: String, isWritable: Bool
  ) throws(JournalError) -> ReadModel? {
    guard FileSystem.exists(path), try isSound(path, isWritable: isWritable) else { return nil }
    do throws(JournalError) {
      let environment = try environment(path, isWritable ? .readWrite : .readOnly)
      let model = try ReadModel(projection, environment, generation: generation, journalId: journalId)
      let state = try model.state()
      return state.version == projection.version && state.journalId == journalId ? model : nil
    } catch {
      // A table that is missing, or a state that cannot be read: it is made anew.
      guard [.modelMissing, .modelDamaged].contains(error.code) else { throw error }
      return nil
    }
  }

  private static func environment(_ path: String, _ access: Environment.Access) throws(JournalError) -> Environment {
    do throws(JournalError) { return try Environment.opening(path, access, mapSizeBytes: mapSizeBytes) } catch { throw error.ofModel }
  }

  /// Damage would end the process: whoever writes looks at all pages before, whoever reads at the length.
  private static func isSound(_ path: String, isWritable: Bool) throws(JournalError) -> Bool {
    try ofModel { () throws(LMDBError) in
      guard try !PageWalk.hasNoCommit(path) else { return false }
      guard isWritable else { return try PageWalk.lengthDamage(of: path) == nil }
      if case .failure = try PageWalk.walk(path) { return false }
      return true
    }
  }

  // MARK: Reading

  /// The rows as they are now. Keep it for a short time: while it lives, the file cannot use its free pages again.
  /// - Throws: ``JournalError`` where the file cannot be read.
  public func snapshot() throws(JournalError) -> ModelSnapshot {
    ModelSnapshot(try ofModel { () throws(LMDBError) in try environment.beginRead() }, databases, hash)
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
    let memory = memory.take() ?? ModelMemory(projection)
    let rows = ModelTransaction(
      try ofModel { () throws(LMDBError) in try environment.beginWrite() }, databases + [meta, skipped], hash, memory)
    let state = try body(memory.projection, rows)
    try rows.put(state.encoded(), for: State.key, in: ModelTable(Self.metaTable, databases.count))
    try rows.commit()
    self.memory = memory
    return state
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
  fileprivate static let key = Array("state".utf8)

  fileprivate func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(version)
    bytes.appendCounted(journalId.utf8)
    bytes.appendVarint(next.rawValue)
    bytes.appendVarint(start.rawValue)
    bytes.appendVarint(skippedCount)
    bytes.appendOptional(lastRecordedAt)
    bytes.appendOptional(clock)
    return bytes
  }

  fileprivate init(_ bytes: [UInt8]) throws(FormatError) {
    self = try bytes.reading { (reader) throws(FormatError) in
      let version = try reader.littleEndian(UInt32.self)
      let journalId = try reader.string()
      let next = JournalPosition(try reader.varint())
      let start = JournalPosition(try reader.varint())
      let skippedCount = try reader.count(atMost: Int.max)
      let lastRecordedAt = try reader.optionalTimestamp()
      return ReadModel.State(
        version: version, journalId: journalId, next: next, lastRecordedAt: lastRecordedAt, clock: try reader.optionalTimestamp(),
        start: start, skippedCount: skippedCount)
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
