internal import JournalFormat
internal import LMDB

/// Gathers the rows of the newest segment into blocks, and these into what one commit writes. Belongs to the writer's thread, and reads nothing while it writes.
struct SegmentWriter {
  /// Two values of this length fill a page (mdb.c, `me_nodemax`); the rest of a longer block follows in rows of its own.
  static let chunkBytes = 2_020
  /// No block holds more: its rows are a few bytes long at least.
  static let maximumBlockEntryCount = 4_096

  let segment: SegmentEnvironment
  private(set) var nextPlace: UInt32
  private(set) var lastRecordedAt: Timestamp?
  private var encoder: RowEncoder
  private var openBlock: EntryBlockBuilder
  /// What is to be put with the next commit, in this order.
  private var rows: [WriteBatch.Row] = []
  private var batchEntries: [Entry] = []

  /// Takes up a segment where it ends.
  /// - Parameter predecessor: of the segment before: its markup is known to come again.
  /// - Throws: ``JournalError`` where something of it is missing or damaged.
  init(_ segment: SegmentEnvironment, after predecessor: TemplateRegister? = nil) throws(JournalError) {
    self.segment = segment
    let reader = try SegmentReader(segment)
    nextPlace = try reader.entryCount()
    lastRecordedAt = try reader.lastRecordedAt(of: nextPlace)
    encoder = try RowEncoder(reader, after: predecessor)
    openBlock = EntryBlockBuilder(of: segment.header, firstPlace: nextPlace)
  }

  var templates: TemplateRegister { encoder.templates }
  var nextPosition: JournalPosition { segment.header.firstPosition.advanced(by: Int(nextPlace)) }

  /// Whether no entry more should go in here: an earlier version began it, the file has grown to its limit, the reserved map nears its end, or the numbers do.
  /// - Throws: ``JournalError`` where its file cannot be read.
  func isFull(limitBytes: Int) throws(JournalError) -> Bool {
    guard segment.header.version == Manifest.supportedVersion else { return true }
    guard nextPlace < UInt32.max / 2 else { return true }
    let used = try translating { () throws(LMDBError) in try segment.environment.usedBytes() }
    return used >= limitBytes || used > SegmentEnvironment.mapSizeBytes / 10 * 9
  }

  /// Whether rows wait to be taken.
  var hasRows: Bool { !rows.isEmpty || !openBlock.isEmpty }

  /// Takes the entries of one row: one entry, or a request and its answer. The first one's position must be ``nextPosition``.
  /// - Throws: ``JournalError`` where there is no memory to compress what it holds.
  mutating func append(_ entries: [Entry]) throws(JournalError) {
    try encoder.encode(entries, storing: &rows)
    if !openBlock.fits(encoder.row.count, limitBytes: Self.chunkBytes - 1) { finishBlock() }
    encoder.row.withUnsafeBytes { openBlock.append($0, recordedAt: entries[0].recordedAt, isPair: entries.count == 2) }
    nextPlace += UInt32(entries.count)
    for var entry in entries {
      entry.content.layout = nil
      batchEntries.append(entry)
    }
    lastRecordedAt = entries[entries.count - 1].recordedAt
  }

  /// What the appends since the last call wrote; nil where there were none.
  mutating func takeBatch() -> WriteBatch? {
    guard hasRows else { return nil }
    finishBlock()
    defer { (rows, batchEntries) = ([], []) }
    return WriteBatch(segment: segment, rows: rows, entries: batchEntries, entryCount: nextPlace)
  }

  private mutating func finishBlock() {
    guard !openBlock.isEmpty else { return }
    let block = openBlock.finish()
    guard block.bytes.count >= Self.chunkBytes else { return rows.put(block.bytes, under: block.lastPlace, in: segment.tables.entries) }
    // A row of exactly `chunkBytes` says that another follows, be it empty.
    for chunk in 0...block.bytes.count / Self.chunkBytes {
      let bytes = Array(block.bytes[chunk * Self.chunkBytes..<min(block.bytes.count, (chunk + 1) * Self.chunkBytes)])
      let key = bigEndianBytes(block.lastPlace) + (chunk == 0 ? [] : bigEndianBytes(UInt16(chunk)))
      rows.append(WriteBatch.Row(table: segment.tables.entries, key: key, value: bytes))
    }
  }
}
