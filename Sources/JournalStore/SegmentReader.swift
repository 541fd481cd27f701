internal import JournalFormat
internal import LMDB
internal import Zstandard

/// Reads one segment. Not for several threads at a time. Its snapshot lives from ``beginSnapshot()`` to ``endSnapshot()`` and is kept short.
final class SegmentReader {
  let segment: SegmentEnvironment
  private var transaction: ReadTransaction
  private var isInSnapshot = false
  var payloads: PayloadDecoder
  var keyMaker: IndexKeyMaker
  var contexts: [UInt32: SharedContext] = [:]
  /// The row that was read last: who reads one half of an exchange mostly reads the other next.
  var latest: DecodedRow?
  /// The blocks whose checksum was compared: they never change.
  var verifiedBlocks = NumberSet()
  /// The latest requests that stand in rows of their own.
  var recentRequests = RecentRequests()
  var isReadingRequest = false
  /// The runs of the index as of a transaction.
  var knownRuns: (state: Int, runs: [IndexRun])?

  init(_ segment: SegmentEnvironment) throws(JournalError) {
    // All that can fail comes first: the 6.3 compiler crashes on a half-made object that holds a transaction.
    let payloads = try Self.payloadDecoder(segment)
    var transaction = try translating { () throws(LMDBError) in try segment.environment.beginRead() }
    transaction.reset()
    self.segment = segment
    self.payloads = payloads
    self.transaction = transaction
    keyMaker = IndexKeyMaker(pseudonymKey: segment.header.pseudonymKey)
  }

  private static func payloadDecoder(_ segment: SegmentEnvironment) throws(JournalError) -> PayloadDecoder {
    do throws(ZstandardError) { return try PayloadDecoder() } catch {
      throw JournalError(.inputOutput, "\(error)", path: segment.environment.path)
    }
  }

  var firstPosition: JournalPosition { segment.header.firstPosition }
  var path: String { segment.environment.path }

  /// Runs `body` within one snapshot. Nested calls share the outer one.
  func snapshot<Result>(_ body: () throws(JournalError) -> Result) throws(JournalError) -> Result {
    guard !isInSnapshot else { return try body() }
    do throws(LMDBError) { try transaction.renew() } catch { throw JournalError(error) }
    isInSnapshot = true
    defer {
      isInSnapshot = false
      transaction.reset()
    }
    return try body()
  }

  // MARK: Times

  /// The spans of time of all runs of entries from a run on.
  func timeBlocks(from number: UInt32) throws(JournalError) -> [TimeBlock] {
    try snapshot { () throws(JournalError) in
      var blocks: [Swift.Result<TimeBlock, FormatError>] = []
      let start = bigEndianBytes(number)
      try withCursor(in: segment.tables.blocks) { (cursor: borrowing Cursor) throws(LMDBError) in
        func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
          do throws(FormatError) {
            guard key.count == 4 else { throw FormatError("a span of time has the wrong key") }
            blocks.append(.success(try TimeBlock(number: index(from: key), value)))
          } catch { blocks.append(.failure(error)) }
        }
        var more: Void? = try start.withRawBytes { (bytes) throws(LMDBError) in try cursor.seek(atOrAfter: bytes, take) }
        while more != nil { more = try cursor.move(.next, take) }
      }
      var result: [TimeBlock] = []
      for block in blocks {
        do throws(FormatError) {
          result.append(try block.get())
        } catch {
          throw JournalError(.segmentDamaged, "the table of times is damaged: \(error.message).", path: path)
        }
      }
      return result
    }
  }

  // MARK: The writer's start

  struct WriterState {
    var nextIndex: UInt32
    var lastRecordedAt: Timestamp?
    var block: TimeBlock?
    var dictionary: (number: UInt32, bytes: [UInt8])?
    var treeRowCount: Int
    var runs: [IndexRun]
  }

  /// What a writer needs to go on where the segment ends; fills the table of contexts.
  func writerState(_ table: inout ContextTable) throws(JournalError) -> WriterState {
    try snapshot { () throws(JournalError) in
      let count = try entryCount()
      var state = WriterState(nextIndex: count, treeRowCount: try rowCount(of: segment.tables.index), runs: try runs())
      if count > 0 {
        guard let last = try entry(at: count - 1) else {
          throw JournalError(.segmentDamaged, "the last record is missing.", path: path)
        }
        state.lastRecordedAt = last.recordedAt
        state.block = try timeBlocks(from: (count - 1) / SegmentWriter.blockEntryCount).last
      }
      var rows: [(UInt32, [UInt8]?)] = []
      try withCursor(in: segment.tables.contexts) { (cursor: borrowing Cursor) throws(LMDBError) in
        func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
          rows.append((index(from: key), checked(value).map { Array($0) }))
        }
        var more: Void? = try cursor.move(.first, take)
        while more != nil { more = try cursor.move(.next, take) }
      }
      for (number, encoding) in rows {
        guard let encoding else { throw JournalError(.segmentDamaged, "context \(number) is damaged.", path: path) }
        table.load(number: number, encoding: encoding)
      }
      let newest = try withCursor(in: segment.tables.dictionaries) { (cursor: borrowing Cursor) throws(LMDBError) in
        try cursor.move(.last) { key, _ in index(from: key) }
      }
      if let newest {
        do { state.dictionary = (newest, try dictionary(newest)) } catch {
          throw error as? JournalError ?? JournalError(.segmentDamaged, "\(error)", path: path)
        }
      }
      return state
    }
  }

  // MARK: Rows

  func rowCount(of database: Database) throws(JournalError) -> Int {
    try snapshot { () throws(JournalError) in
      do throws(LMDBError) { return try transaction.statistics(of: database).entryCount } catch { throw JournalError(error) }
    }
  }

  /// Which transaction's state the snapshot shows.
  var snapshotIdentifier: Int { transaction.identifier }

  func withCursor<Result>(
    in database: Database, _ body: (borrowing Cursor) throws(LMDBError) -> Result
  ) throws(JournalError) -> Result {
    do throws(LMDBError) { return try transaction.withCursor(in: database, body) } catch { throw JournalError(error) }
  }

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

/// A four-byte big-endian number at the front of a key or value; 0 where there are fewer bytes.
func index(from bytes: UnsafeRawBufferPointer) -> UInt32 {
  bytes.count >= 4 ? UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)) : 0
}

extension [UInt8] {
  /// `withUnsafeBytes` that keeps the type of what is thrown.
  func withRawBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var outcome: Swift.Result<Result, Failure>?
    withUnsafeBytes { bytes in
      do throws(Failure) { outcome = .success(try body(bytes)) } catch { outcome = .failure(error) }
    }
    return try outcome!.get()
  }
}
