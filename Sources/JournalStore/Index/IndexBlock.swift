internal import JournalFormat

/// Some rows of a run, packed (`Schemas/journal-format.md`, "Index runs"). The block's key names the key of its last row, so that a search
/// finds the block that may hold a key in one step.
enum IndexBlock {
  /// A search reads half a block; a block costs 18 bytes beside its value.
  static let maximumBytes = 316
  static let headBytes = 6
  static let checksumBytes = 4
  /// Zeros that say a number follows as it is.
  fileprivate static let escapeZeros = 24

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

  fileprivate static func checksum(key: UnsafeRawBufferPointer, _ content: UnsafeRawBufferPointer) -> UInt32 {
    var crc = CRC32C()
    crc.update(key)
    crc.update(content)
    return crc.value
  }

  /// Shows a block's rows to `body`, in order, until it returns false.
  /// - Throws: `FormatError` where the block is damaged.
  @inline(__always)
  static func forEachRow(
    key: UnsafeRawBufferPointer, _ block: UnsafeRawBufferPointer, _ coding: IndexCoding, _ body: (IndexRow) -> Bool
  ) throws(FormatError) {
    guard block.count >= headBytes + checksumBytes else { throw FormatError("a part of a run is too short") }
    let content = UnsafeRawBufferPointer(rebasing: block.dropLast(checksumBytes))
    let sum = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: content.count, as: UInt32.self))
    guard sum == checksum(key: key, content) else { throw FormatError("the checksum of a part of a run does not fit") }
    let count = UInt16(littleEndian: content.loadUnaligned(as: UInt16.self))
    var rowKey = UInt32(littleEndian: content.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
    var reader = BitReader(content, from: headBytes)
    var entry = coding.firstEntry &+ UInt32(truncatingIfNeeded: reader.read(coding.entryBits))
    guard count > 0, body(IndexRow(IndexKey(rawValue: rowKey), entry)) else { return }
    var gap = IndexGap(coding)
    for _ in 1..<count {
      if reader.read(1) == 1 {
        let distance = reader.readRice(gap.bits)
        entry = entry &+ UInt32(truncatingIfNeeded: distance) &+ 1
        gap.note(distance)
      } else {
        rowKey = rowKey &+ UInt32(truncatingIfNeeded: reader.readRice(Int(coding.distanceBits))) << coding.keyShift
        entry = coding.firstEntry &+ UInt32(truncatingIfNeeded: reader.read(coding.entryBits))
        gap = IndexGap(coding)
      }
      guard body(IndexRow(IndexKey(rawValue: rowKey), entry)) else { return }
    }
  }
}

extension IndexBlock {
  /// Appends a block's rows, from one on.
  /// - Throws: `FormatError` where the block is damaged.
  static func append(
    key: UnsafeRawBufferPointer, _ block: UnsafeRawBufferPointer, _ coding: IndexCoding, from start: IndexRow, to rows: inout [IndexRow]
  ) throws(FormatError) {
    // No block holds more than its bits.
    let most = min(Int(block.count >= 2 ? UInt16(littleEndian: block.loadUnaligned(as: UInt16.self)) : 0), block.count * 8)
    var failure: FormatError?
    let found = [IndexRow](unsafeUninitializedCapacity: most) { found, count in
      do throws(FormatError) {
        try forEachRow(key: key, block, coding) { row in
          guard count < most else { return false }
          if row >= start {
            found.initializeElement(at: count, to: row)
            count += 1
          }
          return true
        }
      } catch { failure = error }
    }
    if let failure { throw failure }
    rows += found
  }
}

/// Packs rows that come in order, kept as the coding keeps them, into a block.
struct IndexBlockEncoder {
  private let coding: IndexCoding
  private(set) var last: IndexRow?
  private var count: UInt16 = 0
  private var writer = BitWriter()
  private var firstKey: UInt32 = 0
  private var gap: IndexGap

  private static let bitLimit = (IndexBlock.maximumBytes - IndexBlock.headBytes - IndexBlock.checksumBytes) * 8

  init(_ coding: IndexCoding) {
    self.coding = coding
    gap = IndexGap(coding)
  }

  /// Takes a row; false where the block is full: the row begins the next one.
  mutating func add(_ row: IndexRow) -> Bool {
    let index = UInt64(row.entry - coding.firstEntry)
    if let last {
      let isSameKey = row.key == last.key && row.entry > last.entry
      let distance = UInt64(isSameKey ? row.entry - last.entry - 1 : (row.key.rawValue - last.key.rawValue) >> coding.keyShift)
      let bits = isSameKey ? gap.bits : Int(coding.distanceBits)
      guard writer.bitCount + 1 + BitWriter.riceBits(distance, bits) + (isSameKey ? 0 : coding.entryBits) <= Self.bitLimit else {
        return false
      }
      writer.write(isSameKey ? 1 : 0, 1)
      writer.writeRice(distance, bits)
      if isSameKey {
        gap.note(distance)
      } else {
        writer.write(index, coding.entryBits)
        gap = IndexGap(coding)
      }
    } else {
      firstKey = row.key.rawValue
      writer.write(index, coding.entryBits)
    }
    last = row
    count += 1
    return true
  }

  /// The block of this key; the next one begins.
  mutating func finish(key: [UInt8]) -> [UInt8] {
    var block: [UInt8] = []
    block.reserveCapacity(IndexBlock.maximumBytes)
    block.appendLittleEndian(count)
    block.appendLittleEndian(firstKey)
    writer.finish(to: &block)
    let sum = key.withUnsafeBytes { key in block.withUnsafeBytes { IndexBlock.checksum(key: key, $0) } }
    block.appendLittleEndian(sum)
    last = nil
    count = 0
    gap = IndexGap(coding)
    return block
  }
}

/// How far apart the entries of a key lie, learnt from those before: sixteen times a running mean.
private struct IndexGap {
  private var scaledMean: UInt64
  private static let weight: UInt64 = 2

  /// What is most likely for a key of a session's few messages.
  init(_ coding: IndexCoding) { scaledMean = 16 << UInt64(max(0, coding.entryBits - 5)) }

  /// The bits of a distance that are written as they are.
  var bits: Int { scaledMean < 16 ? 0 : UInt64.bitWidth - 1 - (scaledMean >> 4).leadingZeroBitCount }

  mutating func note(_ distance: UInt64) {
    scaledMean = scaledMean &- scaledMean >> Self.weight &+ (distance << 4) >> Self.weight
  }
}

/// Appends numbers of so many bits, the highest bit first.
private struct BitWriter {
  private var words: [UInt32] = []
  /// Bits that fill no word yet, fewer than 32, from the top.
  private var pending: UInt64 = 0
  private var pendingCount = 0

  var bitCount: Int { words.count * 32 + pendingCount }

  /// Bits that ``writeRice(_:_:)`` takes.
  static func riceBits(_ value: UInt64, _ bits: Int) -> Int {
    let zeros = value >> UInt64(bits)
    return zeros < UInt64(IndexBlock.escapeZeros) ? Int(zeros) + 1 + bits : IndexBlock.escapeZeros + 32
  }

  /// Rice's code of a number below 2^32: its lower bits as they are, the rest as so many zeros and a one.
  mutating func writeRice(_ value: UInt64, _ bits: Int) {
    let zeros = value >> UInt64(bits)
    if zeros < UInt64(IndexBlock.escapeZeros) {
      write(0, Int(zeros))
      write(1 << UInt64(bits) | value & (1 << UInt64(bits) - 1), bits + 1)
    } else {
      write(0, IndexBlock.escapeZeros)
      write(value, 32)
    }
  }

  /// The lower `count` bits of a number, at most 32.
  @inline(__always)
  mutating func write(_ value: UInt64, _ count: Int) {
    guard count > 0 else { return }
    pending |= (value << UInt64(64 - count)) >> UInt64(pendingCount)
    pendingCount += count
    guard pendingCount >= 32 else { return }
    words.append(UInt32(truncatingIfNeeded: pending >> 32))
    pending <<= 32
    pendingCount -= 32
  }

  /// Appends all bytes, the last filled with zeros, and begins anew.
  mutating func finish(to bytes: inout [UInt8]) {
    for word in words { bytes.appendBigEndian(word) }
    for byte in 0..<(pendingCount + 7) / 8 { bytes.append(UInt8(truncatingIfNeeded: pending >> UInt64(56 - 8 * byte))) }
    words.removeAll(keepingCapacity: true)
    pending = 0
    pendingCount = 0
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

  /// Rice's code of a number below 2^32.
  @inline(__always)
  mutating func readRice(_ bits: Int) -> UInt64 {
    let next = peek()
    let zeros = next.leadingZeroBitCount
    guard zeros < IndexBlock.escapeZeros else {
      position &+= IndexBlock.escapeZeros
      return read(32)
    }
    position &+= zeros + 1 + bits
    return UInt64(zeros) << UInt64(bits) | ((next << UInt64(zeros + 1)) >> 1) >> UInt64(63 - bits)
  }

  /// A number of at most 57 bits.
  @inline(__always)
  mutating func read(_ count: Int) -> UInt64 {
    guard count > 0 else { return 0 }
    let value = peek() >> UInt64(64 - min(count, 64))
    position &+= count
    return value
  }
}
