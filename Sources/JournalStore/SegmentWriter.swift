internal import JournalFormat
internal import LMDB
internal import Zstandard

/// Writes entries into the newest segment, inside the transactions of the writer's thread.
struct SegmentWriter {
  /// The longest value that stands beside another on a page; the rest of a longer record follows in rows of its own.
  static let chunkBytes = 2_000

  let segment: SegmentEnvironment
  private(set) var nextIndex: UInt32
  private(set) var lastRecordedAt: Timestamp?
  private var encoder: PayloadEncoder
  private var contexts = ContextTable()
  private var content: [UInt8] = []
  private var record: [UInt8] = []

  /// Takes up a segment where it ends.
  init(_ segment: SegmentEnvironment) throws(JournalError) {
    self.segment = segment
    let reader = try SegmentReader(segment)
    let state = try reader.writerState(&contexts)
    nextIndex = state.nextIndex
    lastRecordedAt = state.lastRecordedAt
    do {
      encoder = try PayloadEncoder(dictionary: state.dictionary)
    } catch {
      throw JournalError(.segmentDamaged, "the newest dictionary cannot be used: \(error).", path: segment.environment.path)
    }
  }

  var nextPosition: JournalPosition { segment.header.firstPosition.advanced(by: Int(nextIndex)) }
  var dictionaryBytes: [UInt8]? { encoder.dictionaryBytes }

  /// Whether no entry more should go in here: the reserved map nears its end, or the numbers do.
  func isFull() throws(JournalError) -> Bool {
    guard nextIndex < UInt32.max - 1 else { return true }
    return try translating { () throws(LMDBError) in try segment.environment.mapUse() } > 0.9
  }

  /// Stores a dictionary that came from the segment before.
  mutating func adopt(dictionary bytes: [UInt8], in transaction: borrowing WriteTransaction) throws(JournalError) {
    try store(dictionary: bytes, number: 1, in: transaction)
    do {
      encoder = try PayloadEncoder(dictionary: (1, bytes))
    } catch {
      throw JournalError(.segmentDamaged, "the dictionary cannot be used: \(error).", path: segment.environment.path)
    }
  }

  /// Writes the entries of one row: one entry, or a request and its answer. The first one's position must be ``nextPosition``.
  mutating func append(_ entries: [Entry], in transaction: borrowing WriteTransaction) throws(JournalError) {
    let index = nextIndex
    try buildRecord(entries, in: transaction)
    try translating { () throws(LMDBError) in try putRecord(index, in: transaction) }
    for entry in entries {
      nextIndex += 1
      lastRecordedAt = entry.recordedAt
    }
    if encoder.needsSamples, encoder.sample(content, blanking: entries.map(\.content)), let bytes = encoder.train(number: 1) {
      try store(dictionary: bytes, number: 1, in: transaction)
    }
  }

  // MARK: Records

  /// Leaves the record in `record`.
  private mutating func buildRecord(_ entries: [Entry], in transaction: borrowing WriteTransaction) throws(JournalError) {
    var parts: [(Entry, EntryMetadata.ContextReference)] = []
    for entry in entries { parts.append((entry, try contextReference(entry.content.context, in: transaction))) }
    content.removeAll(keepingCapacity: true)
    let head = RecordCoding.appendContent(parts, baseTime: segment.header.baseTime, to: &content)
    record.removeAll(keepingCapacity: true)
    record.appendLittleEndian(UInt32(0))
    RecordCoding.append(head, to: &record)
    do {
      try encoder.append(content, to: &record)
    } catch {
      throw JournalError(.inputOutput, "\(error)", path: segment.environment.path, position: entries[0].position)
    }
    record.withUnsafeMutableBytes {
      $0.storeBytes(of: RecordCoding.checksum(entries[0].position, UnsafeRawBufferPointer($0)).littleEndian, as: UInt32.self)
    }
  }

  private mutating func contextReference(
    _ context: EntryContext, in transaction: borrowing WriteTransaction
  ) throws(JournalError) -> EntryMetadata.ContextReference {
    switch contexts.number(for: context) {
    case .known(let number): return .number(number)
    case .inline: return .inline(SharedContext(context))
    case .new(let number, let encoding):
      try translating { () throws(LMDBError) in
        try transaction.put(withChecksum(encoding), for: bigEndianBytes(number), in: segment.tables.contexts, .lastKey)
      }
      return .number(number)
    }
  }

  private func putRecord(_ index: UInt32, in transaction: borrowing WriteTransaction) throws(LMDBError) {
    let key = bigEndianBytes(index)
    guard record.count >= Self.chunkBytes else {
      return try transaction.put(record, for: key, in: segment.tables.entries, .lastKey)
    }
    // A row of exactly `chunkBytes` says that another follows, be it empty.
    for chunk in 0...record.count / Self.chunkBytes {
      let bytes = Array(record[chunk * Self.chunkBytes..<min(record.count, (chunk + 1) * Self.chunkBytes)])
      let chunkKey = chunk == 0 ? key : key + bigEndianBytes(UInt16(chunk))
      try transaction.put(bytes, for: chunkKey, in: segment.tables.entries, .lastKey)
    }
  }

  private func store(dictionary bytes: [UInt8], number: UInt32, in transaction: borrowing WriteTransaction) throws(JournalError) {
    try translating { () throws(LMDBError) in
      try transaction.put(withChecksum(bytes), for: bigEndianBytes(number), in: segment.tables.dictionaries)
    }
  }
}

func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

/// A value and its CRC-32C behind it.
func withChecksum(_ value: [UInt8]) -> [UInt8] {
  var result = value
  result.appendLittleEndian(CRC32C.of(value))
  return result
}

/// What ``withChecksum(_:)`` made; nil where it was damaged.
func checked(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
  guard bytes.count >= 4 else { return nil }
  let value = UnsafeRawBufferPointer(rebasing: bytes.dropLast(4))
  var crc = CRC32C()
  crc.update(value)
  return crc.value == UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: value.count, as: UInt32.self)) ? value : nil
}
