internal import JournalFormat
internal import LMDB
internal import Zstandard

/// Turns entries into the rows of the newest segment. Belongs to the writer's thread, and reads nothing while it writes.
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
  private var shapes = ShapeTable()
  private var openBlock: EntryBlockBuilder
  /// What is to be put with the next commit, in this order.
  private var rows: [WriteBatch.Row] = []
  private var batchEntries: [Entry] = []
  // The row that is being built.
  private var row: [UInt8] = []
  private var metadata: [EntryMetadata] = []
  private var payloads: [EncodedPayload] = []
  private var payloadBytes: [UInt8] = []
  /// Requests in rows of their own, which answers may refer to.
  private var openRequests = RecentRequests()

  /// Takes up a segment where it ends.
  /// - Parameter predecessor: of the segment before: its markup is known to come again.
  /// - Throws: ``JournalError`` where something of it is missing or damaged.
  init(_ segment: SegmentEnvironment, after predecessor: TemplateRegister? = nil) throws(JournalError) {
    self.segment = segment
    let reader = try SegmentReader(segment)
    var templates = try Self.zstandard(segment) { () throws(ZstandardError) in try TemplateRegister(after: predecessor) }
    let state = try reader.writerState(&contexts, &shapes, &templates)
    nextIndex = state.nextIndex
    lastRecordedAt = state.lastRecordedAt
    openBlock = EntryBlockBuilder(of: segment.header, firstIndex: state.nextIndex)
    encoder = try Self.zstandard(segment) { () throws(ZstandardError) in try PayloadEncoder(templates, dictionary: state.dictionary) }
  }

  private static func zstandard<Result>(
    _ segment: SegmentEnvironment, _ body: () throws(ZstandardError) -> Result
  ) throws(JournalError) -> Result {
    do throws(ZstandardError) { return try body() } catch {
      throw JournalError(.segmentDamaged, "the segment's dictionary or templates cannot be used: \(error).", path: segment.environment.path)
    }
  }

  var templates: TemplateRegister { encoder.templates }
  var nextPosition: JournalPosition { segment.header.firstPosition.advanced(by: Int(nextIndex)) }

  /// Whether no entry more should go in here: an earlier version began it, the file has grown to its limit, the reserved map nears its end, or the numbers do.
  /// - Throws: ``JournalError`` where its file cannot be read.
  func isFull(limitBytes: Int) throws(JournalError) -> Bool {
    guard segment.header.version == Manifest.supportedVersion else { return true }
    guard nextIndex < UInt32.max / 2 else { return true }
    let used = try translating { () throws(LMDBError) in try segment.environment.usedBytes() }
    return used >= limitBytes || used > SegmentEnvironment.mapSizeBytes / 10 * 9
  }

  /// Whether rows wait to be taken.
  var hasRows: Bool { !rows.isEmpty || !openBlock.isEmpty }

  /// Takes the entries of one row: one entry, or a request and its answer. The first one's position must be ``nextPosition``.
  /// - Throws: ``JournalError`` where there is no memory to compress what it holds.
  mutating func append(_ entries: [Entry]) throws(JournalError) {
    try buildRow(entries)
    row.withUnsafeBytes { openBlock.append($0, recordedAt: entries[0].recordedAt, isPair: entries.count == 2) }
    nextIndex += UInt32(entries.count)
    for var entry in entries {
      entry.content.layout = nil
      batchEntries.append(entry)
    }
    lastRecordedAt = entries[entries.count - 1].recordedAt
    // One that refers to another itself would make whoever reads its answer read a chain of them.
    let mayBeReferredTo = payloads[0].form == .template && !payloads[0].refersToRequest
    if entries.count == 1, entries[0].kind == .request, mayBeReferredTo { openRequests.insert(entries[0]) }
  }

  /// What the appends since the last call wrote; nil where there were none.
  mutating func takeBatch() -> WriteBatch? {
    guard hasRows else { return nil }
    finishBlock()
    defer { (rows, batchEntries) = ([], []) }
    return WriteBatch(segment: segment, rows: rows, entries: batchEntries, entryCount: nextIndex)
  }

  // MARK: Rows

  /// Leaves the row in `row`, and an open block that has room for it.
  private mutating func buildRow(_ entries: [Entry]) throws(JournalError) {
    metadata.removeAll(keepingCapacity: true)
    payloads.removeAll(keepingCapacity: true)
    payloadBytes.removeAll(keepingCapacity: true)
    for (offset, entry) in entries.enumerated() {
      let context = contextReference(entry.content.sharedContext)
      let payload = try encodedPayload(entry, request: request(of: entry, at: offset, entries))
      metadata.append(
        EntryMetadata(
          entry.content, context: context, recordedAt: entry.recordedAt, exchange: entry.exchange, seed: entry.seed,
          marks: payload.tellsMarks ? nil : entry.content.marks, payloadForm: payload.form))
      metadata[offset].refersToRequest = payload.refersToRequest
      payloads.append(payload)
    }
    storeNew()
    assembleRow(entries)
    if !openBlock.fits(row.count, limitBytes: Self.chunkBytes - 1) { finishBlock() }
  }

  /// The request of an answer, if whoever reads the answer has its values at hand: its own payload is a template.
  private func request(of entry: Entry, at offset: Int, _ entries: [Entry]) -> EntryContent? {
    guard offset == 1 else { return entry.exchange.flatMap { openRequests[$0] } }
    return payloads[0].form == .template ? entries[0].content : nil
  }

  private mutating func encodedPayload(_ entry: Entry, request: EntryContent?) throws(JournalError) -> EncodedPayload {
    do {
      return try encoder.encode(entry.content, request: request, to: &payloadBytes)
    } catch {
      throw JournalError(.inputOutput, "\(error)", path: segment.environment.path, position: entry.position)
    }
  }

  /// Leaves in `row` all of it but the time that it begins with, which its block decides.
  private mutating func assembleRow(_ entries: [Entry]) {
    row.removeAll(keepingCapacity: true)
    let firstBase = EntryMetadata.Base(position: entries[0].position, recordedAt: entries[0].recordedAt)
    let secondBase = EntryMetadata.Base(
      position: entries[0].position.next, recordedAt: entries[0].recordedAt, requestObservedAt: entries[0].content.observedAt)
    let first = shapePart(0, firstBase)
    let second = entries.count == 2 ? shapePart(1, secondBase) : nil
    appendReference(to: RowShape(first: first, second: second))
    appendPart(0, first.flags, firstBase)
    if let second { appendPart(1, second.flags, secondBase) }
  }

  private func shapePart(_ offset: Int, _ base: EntryMetadata.Base) -> RowShape.Part {
    let context: UInt32 = if case .number(let number) = metadata[offset].context { number } else { 0 }
    return RowShape.Part(metadata[offset].flags(from: base), context: context, head: payloads[offset].head)
  }

  private mutating func appendPart(_ offset: Int, _ flags: EntryMetadata.Flags, _ base: EntryMetadata.Base) {
    metadata[offset].encodeBesideShape(flags, from: base, to: &row)
    row.append(contentsOf: payloadBytes[payloads[offset].range])
  }

  private mutating func appendReference(to shape: RowShape) {
    switch shapes.number(of: shape) {
    case .known(let number): row.appendVarint(UInt64(number))
    case .new(let number, let encoding):
      put(withChecksum(encoding), under: number, in: segment.tables.shapes!)
      row.appendVarint(UInt64(number))
    case .inline(let encoding):
      row.append(0)
      row.appendCounted(encoding)
    }
  }

  private mutating func contextReference(_ context: SharedContext) -> EntryMetadata.ContextReference {
    switch contexts.number(for: context) {
    case .known(let number): return .number(number)
    case .inline: return .inline(context)
    case .new(let number, let encoding):
      put(withChecksum(encoding), under: number, in: segment.tables.contexts)
      return .number(number)
    }
  }

  private mutating func put(_ value: [UInt8], under number: UInt32, in table: Database) {
    rows.append(WriteBatch.Row(table: table, key: bigEndianBytes(number), value: value))
  }

  private mutating func finishBlock() {
    guard !openBlock.isEmpty else { return }
    let block = openBlock.finish()
    guard block.bytes.count >= Self.chunkBytes else { return put(block.bytes, under: block.lastIndex, in: segment.tables.entries) }
    // A row of exactly `chunkBytes` says that another follows, be it empty.
    for chunk in 0...block.bytes.count / Self.chunkBytes {
      let bytes = Array(block.bytes[chunk * Self.chunkBytes..<min(block.bytes.count, (chunk + 1) * Self.chunkBytes)])
      let key = bigEndianBytes(block.lastIndex) + (chunk == 0 ? [] : bigEndianBytes(UInt16(chunk)))
      rows.append(WriteBatch.Row(table: segment.tables.entries, key: key, value: bytes))
    }
  }

  /// Stores what the payloads at hand refer to and nobody did before: it commits with them.
  private mutating func storeNew() {
    guard let new = encoder.takeNew() else { return }
    for (number, encoding) in new.templates { put(withChecksum(encoding), under: number, in: segment.tables.templates) }
    for (number, word) in new.words { put(withChecksum(word), under: number, in: segment.tables.words) }
    if let (number, bytes) = new.dictionary { put(withChecksum(bytes), under: number, in: segment.tables.dictionaries) }
  }
}

package func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

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
