internal import JournalFormat

/// A row of the indexes: a key and the index in the segment of an entry that has it.
struct IndexRow: Hashable, Comparable, Sendable {
  /// Key above, entry below: the order of rows is that of this number.
  let rawValue: UInt64

  init(_ key: IndexKey, _ entry: UInt32) { rawValue = UInt64(key.rawValue) << 32 | UInt64(entry) }
  init(rawValue: UInt64) { self.rawValue = rawValue }

  var key: IndexKey { IndexKey(rawValue: UInt32(rawValue >> 32)) }
  var entry: UInt32 { UInt32(truncatingIfNeeded: rawValue) }

  static func < (left: IndexRow, right: IndexRow) -> Bool { left.rawValue < right.rawValue }
}

/// A sorted run of index rows (`Schemas/journal-format.md`, "Index runs"): what the list of runs says of it.
struct IndexRun: Hashable, Sendable {
  /// Never used again in a segment.
  let number: UInt32
  /// How often its rows were merged.
  let level: UInt8
  /// No entry of it has a lower index.
  let firstEntry: UInt32
  let rowCount: UInt32

  static let valueBytes = 9

  func encoded() -> [UInt8] {
    var bytes: [UInt8] = [level]
    bytes.appendLittleEndian(firstEntry)
    bytes.appendLittleEndian(rowCount)
    return bytes
  }

  init(number: UInt32, level: UInt8, firstEntry: UInt32, rowCount: UInt32) {
    self.number = number
    self.level = level
    self.firstEntry = firstEntry
    self.rowCount = rowCount
  }

  init(number: UInt32, _ bytes: UnsafeRawBufferPointer) throws(FormatError) {
    var reader = ByteReader(bytes)
    self.number = number
    level = try reader.byte()
    firstEntry = try reader.littleEndian(UInt32.self)
    rowCount = try reader.littleEndian(UInt32.self)
    guard reader.isAtEnd else { throw FormatError("a run of the index has the wrong size") }
  }
}

/// Some rows of a run, packed: each as its distance to the one before. The block's key names its last row, so that a search finds the block
/// that may hold a row in one step.
enum IndexBlock {
  /// A search reads half a block, and a block costs 22 bytes beside its rows.
  static let maximumBytes = 316
  static let keyBytes = 12
  /// What the first row's distance counts from.
  static let origin = IndexRow(rawValue: 0)

  static func key(_ run: UInt32, _ last: IndexRow) -> [UInt8] {
    var key = bigEndianBytes(run)
    key.appendBigEndian(last.rawValue)
    return key
  }

  /// The run that a block's key names; nil where it is no such key.
  static func run(_ key: UnsafeRawBufferPointer) -> UInt32? {
    key.count == keyBytes ? UInt32(bigEndian: key.loadUnaligned(as: UInt32.self)) : nil
  }

  /// Appends a row to a block.
  static func append(_ row: IndexRow, after previous: IndexRow, _ run: IndexRun, to block: inout [UInt8]) {
    let distance = row.key.rawValue - previous.key.rawValue
    block.appendVarint(UInt64(distance))
    block.appendVarint(UInt64(distance == 0 ? row.entry - previous.entry : row.entry - run.firstEntry))
  }

  /// Shows a block's rows to `body`, in order, until it returns false.
  static func forEachRow(_ block: UnsafeRawBufferPointer, _ run: IndexRun, _ body: (IndexRow) -> Bool) throws(FormatError) {
    var key = origin.key.rawValue
    var entry = origin.entry
    var offset = 0
    while offset < block.count {
      guard let distance = varint(block, &offset), let value = varint(block, &offset), distance <= UInt32.max - key else {
        throw FormatError("a run of the index is damaged")
      }
      key += distance
      entry = (distance == 0 ? entry : run.firstEntry) &+ value
      guard body(IndexRow(IndexKey(rawValue: key), entry)) else { return }
    }
  }

  /// A search reads hundreds of these: no more checks than it takes.
  private static func varint(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> UInt32? {
    var value: UInt32 = 0
    var shift: UInt32 = 0
    while offset < bytes.count && shift < 35 {
      let byte = bytes[offset]
      offset += 1
      value |= UInt32(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }
}
