internal import JournalFormat

/// A filter that says for most keys which a run does not have that it does not: a Bloom filter in words of 64 bits, a key in one word
/// (`Schemas/journal-format.md`, "Index filters"). Words ascend with keys, so that a sorted run fills one after the other.
enum IndexFilter {
  static let bitsPerKey = 8
  /// A part and its checksum fill four pages but for the header of the first.
  static let wordsPerPart = 2_045
  static let checksumBytes = 4

  static func wordCount(keyCount: UInt32) -> UInt32 { max(1, UInt32(clamping: (Int(keyCount) * bitsPerKey + 63) / 64)) }

  /// The number of a key's word.
  @inline(__always)
  static func word(_ key: IndexKey, of wordCount: UInt32) -> UInt32 { UInt32((UInt64(key.rawValue) * UInt64(wordCount)) >> 32) }

  /// A key's bits in its word.
  @inline(__always)
  static func bits(_ key: IndexKey) -> UInt64 {
    // The key's upper bits chose the word; a product carries the lower ones up.
    let hash = UInt64(key.rawValue) &* 0x9e37_79b9_7f4a_7c15
    return 1 << (hash >> 58) | 1 << (hash >> 52 & 63) | 1 << (hash >> 46 & 63) | 1 << (hash >> 40 & 63)
  }

  static func key(_ run: UInt32, _ part: UInt32) -> [UInt8] { bigEndianBytes(run) + bigEndianBytes(part) }
}

/// Makes a run's filter from its keys, as they come in order.
struct IndexFilterWriter {
  private let wordCount: UInt32
  private var words: [UInt64] = []
  private var part: UInt32 = 0
  /// Parts that are full: number and value.
  private(set) var finished: [(part: UInt32, value: [UInt8])] = []

  init(keyCount: UInt32) {
    wordCount = IndexFilter.wordCount(keyCount: keyCount)
    beginPart()
  }

  mutating func add(_ key: IndexKey) {
    let word = Int(IndexFilter.word(key, of: wordCount))
    while word / IndexFilter.wordsPerPart > Int(part) { endPart() }
    words[word % IndexFilter.wordsPerPart] |= IndexFilter.bits(key)
  }

  /// Takes the parts that are full.
  mutating func takeFinished() -> [(part: UInt32, value: [UInt8])] {
    defer { finished = [] }
    return finished
  }

  /// The parts that are left, the last one too.
  consuming func end() -> [(part: UInt32, value: [UInt8])] {
    while !words.isEmpty { endPart() }
    return finished
  }

  private mutating func beginPart() {
    let rest = Int(wordCount) - Int(part) * IndexFilter.wordsPerPart
    words = [UInt64](repeating: 0, count: max(0, min(rest, IndexFilter.wordsPerPart)))
  }

  private mutating func endPart() {
    var value: [UInt8] = []
    value.reserveCapacity(words.count * 8 + IndexFilter.checksumBytes)
    for word in words { value.appendLittleEndian(word) }
    finished.append((part, withChecksum(value)))
    part += 1
    beginPart()
  }
}
