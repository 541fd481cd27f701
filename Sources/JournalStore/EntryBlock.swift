internal import JournalFormat

// The grammar of a block (`Schemas/journal-format.md`, "Block"):
//
//     block = crc:u32 count:varint base:svarint row*
//     row   = (length << 1 | isPair):varint part part?
//
// `count` is that of the entries less one; `base` the recordedAt of the first entry less the segment's base time.

/// Fills blocks with rows.
struct EntryBlockBuilder {
  /// A finished block and the index of its last entry, which is its key.
  struct Block {
    let bytes: [UInt8]
    let lastIndex: UInt32
  }

  private let segmentStart: JournalPosition
  private let segmentBase: Timestamp
  private(set) var firstIndex: UInt32
  private(set) var entryCount: UInt32 = 0
  /// What the times of the block's rows count from.
  private(set) var base: Timestamp
  private var rows: [UInt8] = []

  init(segmentStart: JournalPosition, segmentBase: Timestamp, firstIndex: UInt32) {
    self.segmentStart = segmentStart
    self.segmentBase = segmentBase
    self.firstIndex = firstIndex
    base = segmentBase
  }

  var isEmpty: Bool { entryCount == 0 }

  /// More bytes than a block's head can take.
  private static let headBytes = 4 + 5 + 9

  /// The block is no longer than this.
  var sizeBound: Int { Self.headBytes + rows.count }

  /// Whether a row of so many bytes still fits a block of at most `limitBytes`. The first always does.
  func fits(_ rowBytes: Int, limitBytes: Int) -> Bool { isEmpty || sizeBound + 5 + rowBytes <= limitBytes }

  /// Fixes the base time of an empty block: it must not be later than its first row's.
  mutating func begin(at time: Timestamp) { base = time }

  mutating func append(row: UnsafeRawBufferPointer, isPair: Bool) {
    rows.appendVarint(row.count << 1 | (isPair ? 1 : 0))
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
    let crc = bytes.withUnsafeBytes { EntryBlock.checksum($0, segmentStart.advanced(by: Int(firstIndex))) }
    bytes.withUnsafeMutableBytes { $0.storeBytes(of: crc.littleEndian, as: UInt32.self) }
    let block = Block(bytes: bytes, lastIndex: firstIndex + entryCount - 1)
    firstIndex += entryCount
    entryCount = 0
    rows.removeAll(keepingCapacity: true)
    return block
  }
}

/// A block as it is stored, lent.
struct EntryBlock {
  /// A row of it.
  struct Row {
    let firstIndex: UInt32
    let isPair: Bool
    let bytes: UnsafeRawBufferPointer

    var lastIndex: UInt32 { isPair ? firstIndex + 1 : firstIndex }
  }

  let firstIndex: UInt32
  let lastIndex: UInt32
  let base: Timestamp
  let sizeBytes: Int
  private var rows: ByteReader
  private var nextIndex: UInt32

  /// - Parameters:
  ///   - lastIndex: its key.
  ///   - isVerified: whether its checksum was compared before.
  init(
    _ bytes: UnsafeRawBufferPointer, lastIndex: UInt32, segmentStart: JournalPosition, segmentBase: Timestamp, isVerified: Bool
  ) throws(FormatError) {
    var reader = ByteReader(bytes)
    let crc = try reader.littleEndian(UInt32.self)
    let count = try reader.count(atMost: Int(lastIndex))
    firstIndex = lastIndex - UInt32(count)
    self.lastIndex = lastIndex
    guard isVerified || Self.checksum(bytes, segmentStart.advanced(by: Int(firstIndex))) == crc else {
      throw FormatError("its checksum does not fit")
    }
    base = segmentBase.adding(milliseconds: try reader.signedVarint())
    sizeBytes = bytes.count
    rows = reader
    nextIndex = firstIndex
  }

  /// The next row; nil at the end.
  mutating func next() throws(FormatError) -> Row? {
    guard !rows.isAtEnd else {
      guard nextIndex == lastIndex &+ 1 else { throw FormatError("it holds fewer entries than it says") }
      return nil
    }
    let head = try rows.count(atMost: Int.max)
    let row = Row(firstIndex: nextIndex, isPair: head & 1 == 1, bytes: try rows.take(head >> 1))
    guard row.lastIndex <= lastIndex else { throw FormatError("it holds more entries than it says") }
    nextIndex = row.lastIndex &+ 1
    return row
  }

  /// The row that holds an index of the block.
  mutating func row(holding index: UInt32) throws(FormatError) -> Row? {
    while let row = try next() {
      if index <= row.lastIndex { return row }
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
