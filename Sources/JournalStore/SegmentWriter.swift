internal import JournalFormat
internal import LMDB
internal import Zstandard

/// Writes entries into the newest segment, inside the transactions of the writer's thread.
struct SegmentWriter {
  /// Two values of this length fill a page (mdb.c, `me_nodemax`); the rest of a longer block follows in rows of its own.
  static let chunkBytes = 2_020
  /// No block holds more: its rows are a few bytes long at least.
  static let maximumBlockEntryCount = 4_096

  let segment: SegmentEnvironment
  private(set) var nextIndex: UInt32
  private(set) var lastRecordedAt: Timestamp?
  private var encoder: PayloadEncoder
  private var contexts = ContextTable()
  /// The rows since the last flush, and the blocks that they filled.
  private var openBlock: EntryBlockBuilder
  private var finishedEntryBlocks: [EntryBlockBuilder.Block] = []
  private var row: [UInt8] = []
  private var payloads: [EncodedPayload] = []
  /// Requests in rows of their own, which answers may refer to.
  private var openRequests = RecentRequests()

  /// Takes up a segment where it ends.
  /// - Parameter predecessor: of the segment before: its markup is known to come again.
  init(_ segment: SegmentEnvironment, after predecessor: TemplateTable? = nil) throws(JournalError) {
    self.segment = segment
    let reader = try SegmentReader(segment)
    var templates = try Self.zstandard(segment) { () throws(ZstandardError) in try TemplateTable(after: predecessor) }
    let state = try reader.writerState(&contexts, &templates)
    nextIndex = state.nextIndex
    lastRecordedAt = state.lastRecordedAt
    openBlock = EntryBlockBuilder(
      segmentStart: segment.header.firstPosition, segmentBase: segment.header.baseTime, firstIndex: state.nextIndex)
    encoder = try Self.zstandard(segment) { () throws(ZstandardError) in try PayloadEncoder(templates, dictionary: state.dictionary) }
  }

  private static func zstandard<Result>(
    _ segment: SegmentEnvironment, _ body: () throws(ZstandardError) -> Result
  ) throws(JournalError) -> Result {
    do throws(ZstandardError) { return try body() } catch {
      throw JournalError(.segmentDamaged, "the segment's dictionary or templates cannot be used: \(error).", path: segment.environment.path)
    }
  }

  var templates: TemplateTable { encoder.templates }
  var nextPosition: JournalPosition { segment.header.firstPosition.advanced(by: Int(nextIndex)) }

  /// Whether no entry more should go in here: the file has grown to its limit, the reserved map nears its end, or the numbers do.
  func isFull(limitBytes: Int) throws(JournalError) -> Bool {
    guard nextIndex < UInt32.max / 2 else { return true }
    let used = try translating { () throws(LMDBError) in try segment.environment.usedBytes() }
    return used >= limitBytes || used > SegmentEnvironment.mapSizeBytes / 10 * 9
  }

  /// Takes the entries of one row: one entry, or a request and its answer. The first one's position must be ``nextPosition``. They are written
  /// with ``flush(in:)``.
  mutating func append(_ entries: [Entry], in transaction: borrowing WriteTransaction) throws(JournalError) {
    try buildRow(entries, in: transaction)
    if openBlock.isEmpty { openBlock.begin(at: entries[0].recordedAt) }
    row.withUnsafeBytes { openBlock.append(row: $0, isPair: entries.count == 2) }
    for entry in entries {
      nextIndex += 1
      lastRecordedAt = entry.recordedAt
    }
    // One that refers to another itself would make whoever reads its answer read a chain of them.
    let mayBeReferredTo = payloads[0].form == .template && !payloads[0].refersToRequest
    if entries.count == 1, entries[0].kind == .request, mayBeReferredTo { openRequests.insert(entries[0]) }
  }

  /// Writes what the appends since the last flush left to write.
  mutating func flush(in transaction: borrowing WriteTransaction) throws(JournalError) {
    if !openBlock.isEmpty { finishedEntryBlocks.append(openBlock.finish()) }
    for block in finishedEntryBlocks {
      try translating { () throws(LMDBError) in try put(block, in: transaction) }
    }
    finishedEntryBlocks.removeAll(keepingCapacity: true)
  }

  // MARK: Rows

  /// Leaves the row in `row`, and an open block that has room for it.
  private mutating func buildRow(_ entries: [Entry], in transaction: borrowing WriteTransaction) throws(JournalError) {
    var references: [EntryMetadata.ContextReference] = []
    for entry in entries { references.append(try contextReference(entry.content.sharedContext, in: transaction)) }
    payloads.removeAll(keepingCapacity: true)
    for (offset, entry) in entries.enumerated() {
      payloads.append(try encodedPayload(entry, request: request(of: entry, at: offset, entries)))
    }
    try storeNew(in: transaction)
    assembleRow(entries, references, blockBase: openBlock.isEmpty ? entries[0].recordedAt : openBlock.base)
    guard !openBlock.fits(row.count, limitBytes: Self.chunkBytes - 1) else { return }
    finishedEntryBlocks.append(openBlock.finish())
    // A row counts its time from its block's.
    assembleRow(entries, references, blockBase: entries[0].recordedAt)
  }

  /// The request of an answer, if whoever reads the answer has its values at hand: its own payload is a template.
  private func request(of entry: Entry, at offset: Int, _ entries: [Entry]) -> EntryContent? {
    guard offset == 1 else { return entry.exchange.flatMap { openRequests[$0] } }
    return payloads[0].form == .template ? entries[0].content : nil
  }

  private mutating func encodedPayload(_ entry: Entry, request: EntryContent?) throws(JournalError) -> EncodedPayload {
    do {
      return try encoder.encode(entry.content, request: request)
    } catch {
      throw JournalError(.inputOutput, "\(error)", path: segment.environment.path, position: entry.position)
    }
  }

  private mutating func assembleRow(_ entries: [Entry], _ references: [EntryMetadata.ContextReference], blockBase: Timestamp) {
    row.removeAll(keepingCapacity: true)
    var base = EntryMetadata.Base(position: entries[0].position, recordedAt: blockBase)
    for (offset, entry) in entries.enumerated() {
      let payload = payloads[offset]
      var metadata = EntryMetadata(
        entry.content, context: references[offset], recordedAt: entry.recordedAt, exchange: entry.exchange, seed: entry.seed,
        marks: payload.tellsMarks ? nil : entry.content.marks, payloadForm: payload.form)
      metadata.refersToRequest = payload.refersToRequest
      metadata.encode(from: base, to: &row)
      row += payload.bytes
      base = EntryMetadata.Base(
        position: entry.position.next, recordedAt: entry.recordedAt, requestObservedAt: entry.content.observedAt)
    }
  }

  private mutating func contextReference(
    _ context: SharedContext, in transaction: borrowing WriteTransaction
  ) throws(JournalError) -> EntryMetadata.ContextReference {
    switch contexts.number(for: context) {
    case .known(let number): return .number(number)
    case .inline: return .inline(context)
    case .new(let number, let encoding):
      try translating { () throws(LMDBError) in
        try transaction.put(withChecksum(encoding), for: bigEndianBytes(number), in: segment.tables.contexts, .lastKey)
      }
      return .number(number)
    }
  }

  private func put(_ block: EntryBlockBuilder.Block, in transaction: borrowing WriteTransaction) throws(LMDBError) {
    let key = bigEndianBytes(block.lastIndex)
    guard block.bytes.count >= Self.chunkBytes else {
      return try transaction.put(block.bytes, for: key, in: segment.tables.entries, .lastKey)
    }
    // A row of exactly `chunkBytes` says that another follows, be it empty.
    for chunk in 0...block.bytes.count / Self.chunkBytes {
      let bytes = Array(block.bytes[chunk * Self.chunkBytes..<min(block.bytes.count, (chunk + 1) * Self.chunkBytes)])
      let chunkKey = chunk == 0 ? key : key + bigEndianBytes(UInt16(chunk))
      try transaction.put(bytes, for: chunkKey, in: segment.tables.entries, .lastKey)
    }
  }

  /// Stores what the payloads at hand refer to and nobody did before: it commits with them.
  private mutating func storeNew(in transaction: borrowing WriteTransaction) throws(JournalError) {
    let new = encoder.takeNew()
    try translating { () throws(LMDBError) in
      for (number, encoding) in new.templates {
        try transaction.put(withChecksum(encoding), for: bigEndianBytes(number), in: segment.tables.templates, .lastKey)
      }
      for (number, word) in new.words {
        try transaction.put(withChecksum(word), for: bigEndianBytes(number), in: segment.tables.words, .lastKey)
      }
      if let (number, bytes) = new.dictionary {
        try transaction.put(withChecksum(bytes), for: bigEndianBytes(number), in: segment.tables.dictionaries, .lastKey)
      }
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
