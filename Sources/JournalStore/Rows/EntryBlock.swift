internal import JournalFormat

// The grammar of a block (`Schemas/journal-format.md`, "Block"):
//
//     block = crc:u32 count:varint base:svarint row*
//     row   = (length << 1 | isPair):varint time:varint rest
//
// `count` is that of the entries less one; `base` the recordedAt of the first entry less the segment's base time; `time` the row's less that of
// the row before, in format 2 less that of the first.

/// Fills blocks with rows.
struct EntryBlockBuilder {
  /// A finished block and the place of its last entry, which is its key.
  struct Block {
    let bytes: [UInt8]
    let lastPlace: UInt32
  }

  private let segmentStart: JournalPosition
  private let segmentBase: Timestamp
  private(set) var firstPlace: UInt32
  private(set) var entryCount: UInt32 = 0
  /// The time of its first row, and of its last.
  private var base: Timestamp
  private var latest: Timestamp
  private let countsFromRowBefore: Bool
  private var rows: [UInt8] = []

  init(of header: SegmentHeader, firstPlace: UInt32) {
    segmentStart = header.firstPosition
    segmentBase = header.baseTime
    countsFromRowBefore = header.countsTimesFromRowBefore
    self.firstPlace = firstPlace
    (base, latest) = (segmentBase, segmentBase)
  }

  var isEmpty: Bool { entryCount == 0 }

  /// More bytes than a block's head can take.
  private static let headBytes = 4 + 5 + 9

  /// The block is no longer than this.
  var sizeBound: Int { Self.headBytes + rows.count }

  /// More bytes than a row's length and time can take.
  static let rowHeadBytes = 5 + 7

  /// Whether a row of so many bytes behind its time still fits a block of at most `limitBytes`. The first always does.
  func fits(_ rowBytes: Int, limitBytes: Int) -> Bool { isEmpty || sizeBound + Self.rowHeadBytes + rowBytes <= limitBytes }

  /// Appends a row.
  /// - Parameters:
  ///   - row: what stands behind its time.
  ///   - recordedAt: not earlier than that of the row before.
  mutating func append(_ row: UnsafeRawBufferPointer, recordedAt: Timestamp, isPair: Bool) {
    if isEmpty { (base, latest) = (recordedAt, recordedAt) }
    let time = UInt64(recordedAt.milliseconds(since: countsFromRowBefore ? latest : base))
    latest = recordedAt
    rows.appendVarint((time.varintCount + row.count) << 1 | (isPair ? 1 : 0))
    rows.appendVarint(time)
    rows.append(contentsOf: row)
    entryCount += isPair ? 2 : 1
  }

  /// The block; the builder goes on with the next.
  mutating func finish() -> Block {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.headBytes + rows.count)
    bytes.appendLittleEndian(UInt32(0))
    bytes.appendVarint(UInt64(entryCount - 1))
    bytes.appendSignedVarint(base.milliseconds(since: segmentBase))
    bytes += rows
    let crc = bytes.withUnsafeBytes { EntryBlock.checksum($0, segmentStart.advanced(by: Int(firstPlace))) }
    bytes.withUnsafeMutableBytes { $0.storeBytes(of: crc.littleEndian, as: UInt32.self) }
    let block = Block(bytes: bytes, lastPlace: firstPlace + entryCount - 1)
    firstPlace += entryCount
    entryCount = 0
    rows.removeAll(keepingCapacity: true)
    return block
  }
}

/// A block as it is stored, lent.
struct EntryBlock {
  /// A row of it.
  struct Row {
    let firstPlace: UInt32
    let isPair: Bool
    let recordedAt: Timestamp
    /// What stands behind the time.
    let bytes: UnsafeRawBufferPointer

    var lastPlace: UInt32 { isPair ? firstPlace &+ 1 : firstPlace }
  }

  let firstPlace: UInt32
  let lastPlace: UInt32
  let sizeBytes: Int
  /// What the time of the next row counts from.
  private var base: Timestamp
  private let countsFromRowBefore: Bool
  private var rows: ByteReader
  private var nextPlace: UInt32

  /// - Parameters:
  ///   - lastPlace: its key.
  ///   - isVerified: whether its checksum was compared before.
  init(
    _ bytes: UnsafeRawBufferPointer, lastPlace: UInt32, of header: SegmentHeader, isVerified: Bool
  ) throws(FormatError) {
    var reader = ByteReader(bytes)
    let crc = try reader.littleEndian(UInt32.self)
    let count = try reader.count(atMost: min(Int(lastPlace), SegmentWriter.maximumBlockEntryCount - 1))
    firstPlace = lastPlace - UInt32(count)
    self.lastPlace = lastPlace
    guard isVerified || Self.checksum(bytes, header.firstPosition.advanced(by: Int(firstPlace))) == crc else {
      throw FormatError("its checksum does not fit")
    }
    base = try header.baseTime.adding(read: reader.signedVarint())
    countsFromRowBefore = header.countsTimesFromRowBefore
    sizeBytes = bytes.count
    rows = reader
    nextPlace = firstPlace
  }

  /// The next row; nil at the end.
  /// - Throws: `FormatError` where the block is damaged.
  @inline(__always)
  mutating func next() throws(FormatError) -> Row? {
    guard !rows.isAtEnd else {
      guard nextPlace == lastPlace &+ 1 else { throw FormatError("it holds fewer entries than it says") }
      return nil
    }
    let head = try rows.count(atMost: Int.max)
    var reader = ByteReader(try rows.take(head >> 1))
    let recordedAt = try EntryMetadata.time(&reader, since: base)
    let row = Row(
      firstPlace: nextPlace, isPair: head & 1 == 1, recordedAt: recordedAt, bytes: try reader.take(reader.remainingCount))
    guard firstPlace <= row.firstPlace, row.firstPlace <= row.lastPlace, row.lastPlace <= lastPlace else {
      throw FormatError("it holds more entries than it says")
    }
    nextPlace = row.lastPlace &+ 1
    if countsFromRowBefore { base = recordedAt }
    return row
  }

  /// The row that holds a place of the block.
  /// - Throws: `FormatError` where the block is damaged.
  mutating func row(holding place: UInt32) throws(FormatError) -> Row? {
    while let row = try next() {
      if place <= row.lastPlace { return row }
    }
    return nil
  }

  /// CRC-32C over the position of the first entry (eight bytes, little-endian) and the block without its first four bytes.
  static func checksum(_ block: UnsafeRawBufferPointer, _ position: JournalPosition) -> UInt32 {
    var crc = CRC32C()
    withUnsafeBytes(of: position.rawValue.littleEndian) { crc.update($0) }
    crc.update(UnsafeRawBufferPointer(rebasing: block.dropFirst(4)))
    return crc.value
  }
}
