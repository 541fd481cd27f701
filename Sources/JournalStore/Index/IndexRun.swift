internal import JournalFormat

/// A sorted run of index rows (`Schemas/journal-format.md`, "Index runs"): what the index says of it.
struct IndexRun: Hashable, Sendable {
  /// Which of a run's rows it holds. While runs are merged, rows move from them to their target in steps.
  enum Extent: Hashable, Sendable {
    case whole
    /// The target of a merge: only the rows before this one have come yet.
    case before(IndexRow)
    /// The source of a merge: the rows before this one have gone.
    case from(IndexRow)
  }

  /// Never used again in a file.
  let number: UInt32
  /// How often its rows were merged.
  let level: UInt8
  /// The entries that its rows lead to: it has the rows of all of them.
  let entries: Range<UInt32>
  let coding: IndexCoding
  var rowCount: UInt32 = 0
  /// Distinct keys.
  var keyCount: UInt32 = 0
  /// 0 while there is no filter.
  var filterWordCount: UInt32 = 0
  var extent = Extent.whole

  init(number: UInt32, level: UInt8, entries: Range<UInt32>, keyBits: UInt8 = 32, expectedKeyCount: Int) {
    self.number = number
    self.level = level
    self.entries = entries
    coding = IndexCoding(entries: entries, keyBits: keyBits, expectedKeyCount: expectedKeyCount)
  }

  /// Whether a key's rows may stand here, as far as a merge under way tells.
  func covers(_ key: IndexKey) -> Bool {
    switch extent {
    case .whole: true
    case .before(let bound): key <= bound.key
    case .from(let bound): key >= bound.key
    }
  }

  func append(to output: inout [UInt8]) {
    output.appendVarint(UInt64(number))
    output.append(level)
    output.appendVarint(UInt64(entries.lowerBound))
    output.appendVarint(entries.count)
    output += [coding.keyBits, coding.distanceBits]
    for count in [rowCount, keyCount, filterWordCount] { output.appendVarint(UInt64(count)) }
    switch extent {
    case .whole: output.append(0)
    case .before(let bound):
      output.append(1)
      output.appendLittleEndian(bound.rawValue)
    case .from(let bound):
      output.append(2)
      output.appendLittleEndian(bound.rawValue)
    }
  }

  /// Reads a run's description; `reader` then stands behind it.
  /// - Throws: `FormatError` for bytes that are none.
  init(_ reader: inout ByteReader) throws(FormatError) {
    func number32(_ reader: inout ByteReader) throws(FormatError) -> UInt32 { UInt32(try reader.count(atMost: Int(UInt32.max))) }
    number = try number32(&reader)
    level = try reader.byte()
    let first = try number32(&reader)
    let count = try number32(&reader)
    guard count <= UInt32.max - first else { throw FormatError("a run of the index covers too many entries") }
    entries = first..<first + count
    let keyBits = try reader.byte()
    let distanceBits = try reader.byte()
    guard (1...32).contains(keyBits), distanceBits < keyBits else { throw FormatError("a run of the index has an unknown coding") }
    coding = IndexCoding(entries: entries, keyBits: keyBits, distanceBits: distanceBits)
    rowCount = try number32(&reader)
    keyCount = try number32(&reader)
    filterWordCount = try number32(&reader)
    switch try reader.byte() {
    case 0: extent = .whole
    case 1: extent = .before(IndexRow(rawValue: try reader.littleEndian(UInt64.self)))
    case 2: extent = .from(IndexRow(rawValue: try reader.littleEndian(UInt64.self)))
    default: throw FormatError("a run of the index has an unknown extent")
    }
  }
}

/// How the rows of a run are packed (`Schemas/journal-format.md`, "Index runs").
struct IndexCoding: Hashable, Sendable {
  /// The upper bits of its keys that a run keeps.
  let keyBits: UInt8
  /// How many lower bits of the distance from key to key are written as they are.
  let distanceBits: UInt8
  let firstEntry: UInt32
  /// Bits that an entry's distance to the first one takes.
  let entryBits: Int

  init(entries: Range<UInt32>, keyBits: UInt8, distanceBits: UInt8) {
    self.keyBits = keyBits
    self.distanceBits = distanceBits
    firstEntry = entries.lowerBound
    entryBits = UInt32.bitWidth - UInt32(max(entries.count, 1) - 1).leadingZeroBitCount
  }

  /// Keys are spread evenly, so their distances are about the range of keys by their number; Rice's code is shortest with its logarithm.
  init(entries: Range<UInt32>, keyBits: UInt8, expectedKeyCount: Int) {
    let distance = (1 << Int(keyBits)) / max(expectedKeyCount, 1)
    let bits = max(0, Int.bitWidth - 1 - max(distance, 1).leadingZeroBitCount)
    self.init(entries: entries, keyBits: keyBits, distanceBits: UInt8(min(bits, Int(keyBits) - 1)))
  }

  /// Sixty-fourfold room: of 64 keys that a run does not have, one looks like one that it has.
  static func sufficientKeyBits(keyCount: Int) -> UInt8 {
    UInt8(min(32, Int.bitWidth - max(keyCount, 1).leadingZeroBitCount + 6))
  }

  var keyShift: UInt32 { 32 - UInt32(keyBits) }

  /// What the run keeps of a row.
  func kept(_ row: IndexRow) -> IndexRow { IndexRow(kept(row.key), row.entry) }

  /// What the run keeps of a key.
  func kept(_ key: IndexKey) -> IndexKey { IndexKey(rawValue: (key.rawValue >> keyShift) << keyShift) }
}
