internal import JournalFormat
internal import LMDB

/// Reads one segment. Not for several threads at a time. Its snapshots are kept short, but for that of a sealed file.
final class SegmentReader {
  let segment: SegmentEnvironment
  private var transaction: ReadTransaction
  private var isInSnapshot = false
  let rowDecoder: RowDecoder
  var keyMaker: IndexKeyMaker
  /// The row that was read last: who reads one half of an exchange mostly reads the other next.
  var latest: DecodedRow?
  /// The blocks whose checksum was compared: they never change.
  var verifiedBlocks = NumberSet()
  /// Opened when it is first asked for.
  var segmentIndex: SegmentIndex?
  /// How many entries the manifest says that there are; nil while there may be more.
  var endedCount: Int?
  /// Told of entries that cannot be read; nil where nobody answers anything with them.
  var damageLog: DamageLog?
  /// How many entries there are in a state of the segment.
  var countedEntries: (state: Int, count: UInt32)?

  /// Begins to read a segment.
  /// - Throws: ``JournalError`` where no snapshot of its file can be had.
  init(_ segment: SegmentEnvironment) throws(JournalError) {
    // All that can fail comes first: the 6.3 compiler crashes on a half-made object that holds a transaction.
    let rowDecoder = try RowDecoder(segment)
    var transaction = try translating { () throws(LMDBError) in try segment.environment.beginRead() }
    transaction.reset()
    self.segment = segment
    self.rowDecoder = rowDecoder
    self.transaction = transaction
    keyMaker = IndexKeyMaker(pseudonymKey: segment.header.pseudonymKey)
  }

  var firstPosition: JournalPosition { segment.header.firstPosition }
  var path: String { segment.environment.path }

  /// Runs `body` within one snapshot. Nested calls share the outer one.
  /// - Throws: ``JournalError`` where none can be had, or what `body` throws.
  func snapshot<Result>(_ body: () throws(JournalError) -> Result) throws(JournalError) -> Result {
    guard !isInSnapshot else { return try body() }
    guard segment.environment.hasLock || segment.isImmutable else { return try withoutLock(body) }
    do throws(LMDBError) { try transaction.renew() } catch { throw JournalError(error) }
    isInSnapshot = true
    defer {
      if !segment.isImmutable {
        isInSnapshot = false
        transaction.reset()
      }
    }
    return try body()
  }

  /// As ``snapshot(_:)``, where nothing keeps a writer from the pages: what was read of pages that may have been written to meanwhile is read again.
  private func withoutLock<Result>(_ body: () throws(JournalError) -> Result) throws(JournalError) -> Result {
    let mark = damageLog?.mark
    for _ in 0..<Self.attemptCount {
      do throws(LMDBError) { try transaction.renew() } catch { throw JournalError(error) }
      isInSnapshot = true
      let result = Swift.Result { () throws(JournalError) in try body() }
      isInSnapshot = false
      let mayBeOverwritten = transaction.mayBeOverwritten
      transaction.reset()
      if !mayBeOverwritten { return try result.get() }
      if let mark { damageLog?.forget(since: mark) }
    }
    throw .withoutLock(path)
  }

  static let attemptCount = 100

  // MARK: What rows share

  /// Shows all that a table keeps by number to `body`, in order.
  /// - Throws: ``JournalError`` `segment.damaged` where something is, or `body` throws.
  func forEachStored(
    in database: Database, _ what: String, _ body: (UInt32, [UInt8]) throws -> Void
  ) throws(JournalError) {
    var start: [UInt8]? = [0]
    while let key = start {
      let (rows, next) = try rows(of: database, from: key, limit: 1_000)
      for row in rows {
        let number = row.key.withRawBytes { leadingNumber(of: $0) }
        let value = row.value.withRawBytes { checked($0).map { Array($0) } }
        do {
          guard let value else { throw FormatError("its checksum does not fit") }
          try body(number, value)
        } catch {
          throw JournalError(.segmentDamaged, "\(what) \(number) is damaged: \(error).", path: path)
        }
      }
      start = next
    }
  }

  /// What is wrong with a table of things that rows refer to by number, from 1 without a gap.
  /// - Throws: ``JournalError`` where the table cannot be read at all.
  func damages(in database: Database, of item: String) throws(JournalError) -> [String] {
    var damages: [String] = []
    var expected: UInt32 = 1
    var start: [UInt8]? = [0]
    while let key = start {
      let (rows, next) = try rows(of: database, from: key, limit: 1_000)
      for row in rows {
        let number = row.key.withRawBytes { leadingNumber(of: $0) }
        if number != expected { damages.append("\(item) \(expected) is missing") }
        if row.value.withRawBytes({ checked($0) == nil }) { damages.append("\(item) \(number) is damaged: its checksum does not fit") }
        expected = number &+ 1
      }
      start = next
    }
    return damages
  }

  /// The newest dictionary of the segment; nil where it has none.
  /// - Throws: ``JournalError`` where the segment cannot be read.
  func newestDictionary() throws(JournalError) -> (number: UInt32, bytes: [UInt8])? {
    try snapshot { () throws(JournalError) in
      let newest = try withCursor(in: segment.tables.dictionaries) { (cursor: borrowing Cursor) throws(LMDBError) in
        try cursor.move(.last) { key, _ in leadingNumber(of: key) }
      }
      return try newest.map { (number) throws(JournalError) in (number, try dictionary(number)) }
    }
  }

  /// What a table keeps under a number, its checksum compared.
  /// - Throws: ``JournalError`` `segment.damaged` where it is missing or damaged.
  func stored(_ number: UInt32, in table: Database, _ what: String) throws(JournalError) -> [UInt8] {
    let bytes = try withValue(of: number, in: table) { (bytes) throws(JournalError) -> [UInt8] in
      guard let value = checked(bytes) else {
        throw JournalError(.segmentDamaged, "\(what) \(number) is damaged: its checksum does not fit.", path: path)
      }
      return Array(value)
    }
    guard let bytes else {
      throw JournalError(.segmentDamaged, "a record names \(what) \(number), which the segment does not have.", path: path)
    }
    return bytes
  }

  // MARK: Rows

  /// How many rows a table has.
  /// - Throws: ``JournalError`` where the table cannot be read.
  func rowCount(of database: Database) throws(JournalError) -> Int {
    try snapshot { () throws(JournalError) in
      do throws(LMDBError) { return try transaction.statistics(of: database).entryCount } catch { throw JournalError(error) }
    }
  }

  /// Copies up to `limit` rows of a table, from a key on, and the key to go on from.
  /// - Throws: ``JournalError`` where the table cannot be read.
  func rows(
    of database: Database, from start: [UInt8], limit: Int
  ) throws(JournalError) -> (rows: [(key: [UInt8], value: [UInt8])], next: [UInt8]?) {
    try snapshot { () throws(JournalError) in
      var rows: [(key: [UInt8], value: [UInt8])] = []
      try withCursor(in: database) { (cursor: borrowing Cursor) throws(LMDBError) in
        func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) { rows.append((Array(key), Array(value))) }
        var more: Void? = try start.withRawBytes { (start) throws(LMDBError) in try cursor.seek(atOrAfter: start, take) }
        while more != nil && rows.count <= limit { more = try cursor.move(.next, take) }
      }
      return rows.count > limit ? (Array(rows.dropLast()), rows.last?.key) : (rows, nil)
    }
  }

  /// Which transaction's state the snapshot shows.
  var snapshotIdentifier: Int { transaction.identifier }

  /// Lends a cursor over a table, within a snapshot.
  /// - Throws: ``JournalError`` where the table cannot be read.
  func withCursor<Result>(
    in database: Database, _ body: (borrowing Cursor) throws(LMDBError) -> Result
  ) throws(JournalError) -> Result {
    do throws(LMDBError) { return try transaction.withCursor(in: database, body) } catch { throw JournalError(error) }
  }

  /// Lends what a table has under a number; nil where it has nothing.
  /// - Throws: ``JournalError`` where the table cannot be read, or what `body` throws.
  func withValue<Result>(
    of number: UInt32, in database: Database, _ body: (UnsafeRawBufferPointer) throws(JournalError) -> Result
  ) throws(JournalError) -> Result? {
    var key = number.bigEndian
    var outcome: Swift.Result<Result, JournalError>?
    do throws(LMDBError) {
      try withUnsafeBytes(of: &key) { (key) throws(LMDBError) in
        try transaction.withValue(of: key, in: database) { bytes in
          do throws(JournalError) { outcome = .success(try body(bytes)) } catch { outcome = .failure(error) }
        }
      }
    } catch { throw JournalError(error) }
    return try outcome?.get()
  }

  private func withValue<Result>(
    of key: [UInt8], in database: Database, _ body: (UnsafeRawBufferPointer) -> Result
  ) throws(JournalError) -> Result? {
    do throws(LMDBError) {
      return try key.withRawBytes { (key) throws(LMDBError) in try transaction.withValue(of: key, in: database, body) }
    } catch { throw JournalError(error) }
  }
}

extension JournalError {
  /// What is said of a file that a reader without a lock cannot keep up with.
  static func withoutLock(_ path: String) -> JournalError {
    JournalError(
      .inputOutput, "it is written to faster than it can be read without a lock. Ask as somebody who may write to \(path)-lock.", path: path
    )
  }
}

extension SegmentReader: SegmentTables {
  func dictionary(_ number: UInt32) throws(JournalError) -> [UInt8] { try stored(number, in: segment.tables.dictionaries, "dictionary") }
  func template(_ number: UInt32) throws(JournalError) -> [UInt8] { try stored(number, in: segment.tables.templates, "template") }
  func word(_ number: UInt32) throws(JournalError) -> [UInt8] { try stored(number, in: segment.tables.words, "word") }
}
