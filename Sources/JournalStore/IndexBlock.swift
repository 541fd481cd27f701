internal import JournalFormat

/// Some rows of a run, packed (`Schemas/journal-format.md`, "Index runs"). The block's key names the key of its last row, so that a search
/// finds the block that may hold a key in one step; the rows count down from there.
enum IndexBlock {
  /// A search reads half a block; a block costs 18 bytes beside its value.
  static let maximumBytes = 316
  private static let rowBitLimit = (maximumBytes - headBytes - 4) * 8
  private static let headBytes = 2
  /// Zeros that say a distance follows as it is.
  private static let escapeZeros = 24
  /// Distances of entries up to 2 to this power are short.
  private static let entryDistanceBits = 3

  /// Run and last key; from the second block on that ends with one key, how many there were before.
  static func key(_ run: UInt32, _ last: IndexKey, _ sequence: UInt32 = 0) -> [UInt8] {
    var key = bigEndianBytes(run)
    key.appendBigEndian(last.rawValue)
    if sequence > 0 { key.appendBigEndian(sequence) }
    return key
  }

  /// A block's place, read from its key; nil where it is no such key.
  static func place(_ key: UnsafeRawBufferPointer) -> (run: UInt32, last: IndexKey, sequence: UInt32)? {
    guard key.count == 8 || key.count == 12 else { return nil }
    func number(_ offset: Int) -> UInt32 { UInt32(bigEndian: key.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    return (number(0), IndexKey(rawValue: number(4)), key.count == 12 ? number(8) : 0)
  }

  // MARK: Writing

  /// Bits of a block of one row.
  static func bits(_ coding: IndexCoding) -> Int { coding.entryBits }

  /// Bits that a row adds when a later one comes behind it.
  static func bits(_ row: IndexRow, before next: IndexRow, _ coding: IndexCoding) -> Int {
    if row.key == next.key && row.entry < next.entry {
      return 1 + 2 * (bitCount(next.entry - row.entry - 1) - 1) + 1 - entryDistanceBits
    }
    let distance = (next.key.rawValue - row.key.rawValue) >> coding.keyShift
    let zeros = Int(distance >> coding.distanceBits)
    return 1 + coding.entryBits + (zeros < escapeZeros ? zeros + 1 + Int(coding.distanceBits) : escapeZeros + 32)
  }

  /// Whether rows of so many bits fill a block.
  static func isFull(_ bits: Int) -> Bool { bits > rowBitLimit }

  /// Packs rows, which are in order and kept as the coding keeps them, for the block of this key.
  static func encode(_ rows: [IndexRow], _ coding: IndexCoding, for key: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(maximumBytes)
    bytes.appendLittleEndian(UInt16(rows.count))
    var writer = BitWriter(bytes)
    var next = rows[rows.count - 1]
    writer.write(UInt64(next.entry - coding.firstEntry), coding.entryBits)
    for row in rows.dropLast().reversed() {
      if row.key == next.key && row.entry < next.entry {
        let value = UInt64(next.entry - row.entry - 1) + 1 << entryDistanceBits
        let count = UInt64.bitWidth - value.leadingZeroBitCount
        writer.write(1, 1)
        writer.write(0, count - 1 - entryDistanceBits)
        writer.write(value, count)
      } else {
        let distance = UInt64((next.key.rawValue - row.key.rawValue) >> coding.keyShift)
        let zeros = Int(distance >> UInt64(coding.distanceBits))
        if zeros < escapeZeros {
          writer.write(1, zeros + 2)
          writer.write(distance & (1 << UInt64(coding.distanceBits) - 1), Int(coding.distanceBits))
        } else {
          writer.write(0, escapeZeros + 1)
          writer.write(distance, 32)
        }
        writer.write(UInt64(row.entry - coding.firstEntry), coding.entryBits)
      }
      next = row
    }
    bytes = writer.finished()
    bytes.appendLittleEndian(checksum(of: bytes, for: key))
    return bytes
  }

  private static func bitCount(_ distance: UInt32) -> Int {
    UInt64.bitWidth - (UInt64(distance) + 1 << entryDistanceBits).leadingZeroBitCount
  }

  private static func checksum(of bytes: [UInt8], for key: [UInt8]) -> UInt32 {
    var crc = CRC32C()
    key.withUnsafeBytes { crc.update($0) }
    bytes.withUnsafeBytes { crc.update($0) }
    return crc.value
  }

  // MARK: Reading

  /// Shows a block's rows to `body`, the last first, until it returns false.
  @inline(__always)
  static func forEachRow(
    key: UnsafeRawBufferPointer, _ block: UnsafeRawBufferPointer, _ coding: IndexCoding, _ body: (IndexRow) -> Bool
  ) throws(FormatError) {
    guard let place = place(key), block.count >= headBytes + 4 else { throw FormatError("a run of the index is damaged") }
    let content = UnsafeRawBufferPointer(rebasing: block.dropLast(4))
    var crc = CRC32C()
    crc.update(key)
    crc.update(content)
    guard crc.value == UInt32(littleEndian: block.loadUnaligned(fromByteOffset: content.count, as: UInt32.self)) else {
      throw FormatError("the checksum of a part of a run does not fit")
    }
    let count = Int(UInt16(littleEndian: content.loadUnaligned(as: UInt16.self)))
    var reader = BitReader(content, from: headBytes)
    var rowKey = place.last.rawValue
    var entry = coding.firstEntry &+ UInt32(truncatingIfNeeded: reader.read(coding.entryBits))
    guard count > 0, body(IndexRow(place.last, entry)) else { return }
    let distanceBits = Int(coding.distanceBits)
    for _ in 1..<count {
      let bits = reader.peek()
      if bits >> 63 == 1 {
        let zeros = (bits << 1).leadingZeroBitCount
        reader.skip(1 + zeros)
        entry = entry &- UInt32(truncatingIfNeeded: reader.read(zeros + 1 + entryDistanceBits) &- 1 << entryDistanceBits &+ 1)
      } else {
        let zeros = (bits << 1).leadingZeroBitCount
        if zeros < escapeZeros {
          let rest = distanceBits == 0 ? 0 : (bits << UInt64(zeros + 2)) >> UInt64(64 - distanceBits)
          rowKey = rowKey &- UInt32(truncatingIfNeeded: UInt64(zeros) << UInt64(distanceBits) | rest) << coding.keyShift
          reader.skip(2 + zeros + distanceBits)
        } else {
          reader.skip(1 + escapeZeros)
          rowKey = rowKey &- UInt32(truncatingIfNeeded: reader.read(32)) << coding.keyShift
        }
        entry = coding.firstEntry &+ UInt32(truncatingIfNeeded: reader.read(coding.entryBits))
      }
      guard body(IndexRow(IndexKey(rawValue: rowKey), entry)) else { return }
    }
  }
}

/// Appends numbers of so many bits, the highest bit first.
private struct BitWriter {
  private var bytes: [UInt8]
  private var pending: UInt64 = 0
  private var pendingCount = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The lower `count` bits of a number, at most 56.
  mutating func write(_ value: UInt64, _ count: Int) {
    guard count > 0 else { return }
    pending |= (value << UInt64(64 - count)) >> UInt64(pendingCount)
    pendingCount += count
    while pendingCount >= 8 {
      bytes.append(UInt8(truncatingIfNeeded: pending >> 56))
      pending <<= 8
      pendingCount -= 8
    }
  }

  /// All bytes, the last filled with zeros.
  consuming func finished() -> [UInt8] {
    if pendingCount > 0 { bytes.append(UInt8(truncatingIfNeeded: pending >> 56)) }
    return bytes
  }
}

/// Reads what ``BitWriter`` wrote; zeros behind the end.
private struct BitReader {
  // Unchecked: `peek` compares with `count` before it loads eight bytes, and goes byte by byte near the end.
  private let bytes: UnsafeRawBufferPointer
  private var position: Int

  init(_ bytes: UnsafeRawBufferPointer, from offset: Int) {
    self.bytes = bytes
    position = offset * 8
  }

  /// The next bits from the top; 57 of them at least are those that follow.
  @inline(__always)
  func peek() -> UInt64 {
    let offset = position >> 3
    if offset + 8 <= bytes.count {
      return UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) << UInt64(position & 7)
    }
    var bits: UInt64 = 0
    for index in 0..<8 where offset + index < bytes.count { bits |= UInt64(bytes[offset + index]) << UInt64(56 - 8 * index) }
    return bits << UInt64(position & 7)
  }

  @inline(__always)
  mutating func skip(_ count: Int) { position &+= count }

  /// A number of at most 57 bits.
  @inline(__always)
  mutating func read(_ count: Int) -> UInt64 {
    guard count > 0 else { return 0 }
    let value = peek() >> UInt64(64 - min(count, 64))
    position &+= count
    return value
  }
}
