internal import JournalFormat
internal import LMDB
internal import Zstandard

/// Reads one segment. Not for several threads at a time. Its snapshot lives from ``beginSnapshot()`` to ``endSnapshot()`` and is kept short.
final class SegmentReader {
  let segment: SegmentEnvironment
  private var transaction: ReadTransaction
  private var isInSnapshot = false
  private var decoder: PayloadDecoder
  var keyMaker: IndexKeyMaker
  private var contexts: [UInt32: SharedContext] = [:]
  private var joined: [UInt8] = []
  private var latest = Record()
  /// Opened when it is first asked for.
  var segmentIndex: SegmentIndex?
  /// How many entries there are in a state of the segment.
  var countedEntries: (state: Int, count: UInt32)?

  init(_ segment: SegmentEnvironment) throws(JournalError) {
    // All that can fail comes first: the 6.3 compiler crashes on a half-made object that holds a transaction.
    let decoder = try Self.decoder(segment)
    var transaction = try translating { () throws(LMDBError) in try segment.environment.beginRead() }
    transaction.reset()
    self.segment = segment
    self.decoder = decoder
    self.transaction = transaction
    keyMaker = IndexKeyMaker(pseudonymKey: segment.header.pseudonymKey)
  }

  private static func decoder(_ segment: SegmentEnvironment) throws(JournalError) -> PayloadDecoder {
    do throws(ZstandardError) { return try PayloadDecoder() } catch {
      throw JournalError(.inputOutput, "\(error)", path: segment.environment.path)
    }
  }

  var firstPosition: JournalPosition { segment.header.firstPosition }
  private var path: String { segment.environment.path }

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

  // MARK: Entries

  /// How many entries the segment holds.
  func entryCount() throws(JournalError) -> UInt32 {
    try snapshot { () throws(JournalError) in
      let last = try withCursor(in: segment.tables.entries) { (cursor: borrowing Cursor) throws(LMDBError) in
        try cursor.move(.last) { key, _ in index(from: key) }
      }
      guard let last else { return 0 }
      let position = firstPosition.advanced(by: Int(last))
      let held = try withRecord(last) { (record) throws(JournalError) in try entryCount(in: record, at: position) } ?? 1
      // No row holds more than two entries: a damaged last key must not have anybody look for thousands of millions of them.
      return UInt32(clamping: min(Int(last) + Int(held), 2 * (try rowCount(of: segment.tables.entries))))
    }
  }

  /// The entry at an index of the segment; nil where there is none.
  /// - Throws: ``JournalError`` `record.damaged`.
  func entry(at index: UInt32) throws(JournalError) -> Entry? {
    if let known = latest.entry(at: index) { return known }
    return try snapshot { () throws(JournalError) in
      if let own = try record(at: index) { return own.entry(at: index) }
      // The second of two entries stands in the row of the first.
      return index == 0 ? nil : try record(at: index - 1)?.entry(at: index)
    }
  }

  /// Up to `limit` entries (or one more, the second of a row) from an index on, each its own result: a damaged record does not hide its
  /// neighbours. An index that is missing between others is reported as damage too.
  func entries(from start: UInt32, limit: Int) throws(JournalError) -> [Result<Entry, JournalError>] {
    try snapshot { () throws(JournalError) in
      let count = try entryCount()
      var results: [Result<Entry, JournalError>] = []
      results.reserveCapacity(limit + 1)
      var next = start
      while next < count && results.count < limit {
        do throws(JournalError) {
          guard let entry = try entry(at: next) else {
            throw JournalError(.recordDamaged, "the record is missing.", path: path, position: firstPosition.advanced(by: Int(next)))
          }
          results.append(.success(entry))
        } catch {
          results.append(.failure(error))
        }
        next += 1
      }
      return results
    }
  }

  /// The entries of one row.
  private struct Record {
    var firstIndex: UInt32 = 0
    var entries: [Entry] = []

    func entry(at index: UInt32) -> Entry? {
      index >= firstIndex && index - firstIndex < UInt32(entries.count) ? entries[Int(index - firstIndex)] : nil
    }
  }

  private func record(at index: UInt32) throws(JournalError) -> Record? {
    let position = firstPosition.advanced(by: Int(index))
    let entries = try withRecord(index) { (record) throws(JournalError) in try decode(record, at: position) }
    guard let entries else { return nil }
    // Records never change, and who reads one half of an exchange mostly reads the other next.
    latest = Record(firstIndex: index, entries: entries)
    return latest
  }

  /// Lends the bytes of a record, joined where they stand in several rows.
  private func withRecord<Result>(
    _ index: UInt32, _ body: (UnsafeRawBufferPointer) throws(JournalError) -> Result
  ) throws(JournalError) -> Result? {
    var isWhole = true
    let whole = try withValue(of: index, in: segment.tables.entries) { (bytes) throws(JournalError) -> Result? in
      guard bytes.count == SegmentWriter.chunkBytes else { return try body(bytes) }
      isWhole = false
      joined.removeAll(keepingCapacity: true)
      joined.append(contentsOf: bytes)
      return nil
    }
    if isWhole { return whole ?? nil }
    var chunk: UInt16 = 1
    while true {
      let size = try withValue(of: bigEndianBytes(index) + bigEndianBytes(chunk), in: segment.tables.entries) { bytes in
        joined.append(contentsOf: bytes)
        return bytes.count
      }
      guard let size else {
        throw JournalError(
          .recordDamaged, "the record's end is missing.", path: path, position: firstPosition.advanced(by: Int(index)))
      }
      guard size == SegmentWriter.chunkBytes else { break }
      chunk += 1
    }
    return try joined.withRawBytes { (bytes) throws(JournalError) in try body(bytes) }
  }

  private func entryCount(in record: UnsafeRawBufferPointer, at position: JournalPosition) throws(JournalError) -> UInt32 {
    do throws(FormatError) {
      var reader = ByteReader(record)
      _ = try reader.take(4)
      return try RecordCoding.head(&reader).isPair ? 2 : 1
    } catch { throw JournalError(error, position, path: path) }
  }

  private func decode(_ record: UnsafeRawBufferPointer, at position: JournalPosition) throws(JournalError) -> [Entry] {
    do {
      var reader = ByteReader(record)
      guard try reader.littleEndian(UInt32.self) == RecordCoding.checksum(position, record) else {
        throw FormatError("its checksum does not fit")
      }
      let head = try RecordCoding.head(&reader)
      guard let encoding = PayloadEncoding(rawValue: try reader.byte()) else {
        throw FormatError("its payload has an encoding that this version does not know")
      }
      return try decoder.withContent(of: encoding, &reader, dictionary: dictionary) { content in
        try RecordCoding.parts(content, head, position, baseTime: segment.header.baseTime).enumerated().map { index, part in
          try entry(part.metadata, position.advanced(by: index), Array(content[part.payload]))
        }
      }
    } catch let error as FormatError {
      throw JournalError(error, position, path: path)
    } catch let error as ZstandardError {
      throw JournalError(error, position, path: path)
    } catch let error as JournalError {
      throw error
    } catch {
      throw JournalError(.recordDamaged, "\(error)", path: path, position: position)
    }
  }

  private func entry(_ metadata: EntryMetadata, _ position: JournalPosition, _ payload: [UInt8]) throws -> Entry {
    try metadata.validate(payloadCount: payload.count)
    let content = EntryContent(
      observedAt: metadata.observedAt, sharedContext: try context(metadata.context), latencyMilliseconds: metadata.latencyMilliseconds,
      marks: metadata.marks, findings: metadata.findings, payload: payload)
    return Entry(position: position, recordedAt: metadata.recordedAt, exchange: metadata.exchange, content: content)
  }

  private func context(_ reference: EntryMetadata.ContextReference) throws -> SharedContext {
    switch reference {
    case .inline(let context): return context
    case .number(let number):
      if let known = contexts[number] { return known }
      let context = try withValue(of: number, in: segment.tables.contexts) { (bytes) throws(JournalError) in
        try decodeContext(bytes, number)
      }
      guard let context else { throw FormatError("it names context \(number), which the segment does not have") }
      let shared = SharedContext(context)
      contexts[number] = shared
      return shared
    }
  }

  private func decodeContext(_ bytes: UnsafeRawBufferPointer, _ number: UInt32) throws(JournalError) -> EntryContext {
    do throws(FormatError) {
      guard let encoding = checked(bytes) else { throw FormatError("its checksum does not fit") }
      var reader = ByteReader(encoding)
      let context = try EntryContext(from: &reader)
      guard reader.isAtEnd else { throw FormatError("it is too long") }
      return context
    } catch {
      throw JournalError(.segmentDamaged, "context \(number) is damaged: \(error.message).", path: path)
    }
  }

  private func dictionary(_ number: UInt32) throws -> [UInt8] {
    let bytes = try withValue(of: number, in: segment.tables.dictionaries) { (bytes) throws(JournalError) -> [UInt8] in
      guard let dictionary = checked(bytes) else {
        throw JournalError(.segmentDamaged, "dictionary \(number) is damaged: its checksum does not fit.", path: path)
      }
      return Array(dictionary)
    }
    guard let bytes else { throw FormatError("it names dictionary \(number), which the segment does not have") }
    return bytes
  }

  // MARK: The writer's start

  struct WriterState {
    var nextIndex: UInt32
    var lastRecordedAt: Timestamp?
    var dictionary: (number: UInt32, bytes: [UInt8])?
  }

  /// What a writer needs to go on where the segment ends; fills the table of contexts.
  func writerState(_ table: inout ContextTable) throws(JournalError) -> WriterState {
    try snapshot { () throws(JournalError) in
      let count = try entryCount()
      var state = WriterState(nextIndex: count)
      if count > 0 {
        guard let last = try entry(at: count - 1) else {
          throw JournalError(.segmentDamaged, "the last record is missing.", path: path)
        }
        state.lastRecordedAt = last.recordedAt
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

  private func withValue<Result>(
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
