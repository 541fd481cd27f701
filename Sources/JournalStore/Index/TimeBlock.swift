internal import JournalFormat

/// The span of observedAt of the entries in a row, so that a search by time skips what it need not read.
struct TimeBlock: Hashable, Sendable {
  private(set) var entries: Range<UInt32>
  private(set) var earliest: Timestamp
  private(set) var latest: Timestamp

  /// A run of level 0 has so many of these, a shorter one at a segment's end fewer.
  static let countInRun: UInt32 = 32

  /// Takes the next entry; one that cannot be read has no time.
  mutating func add(_ time: Timestamp?) {
    entries = entries.lowerBound..<entries.upperBound + 1
    guard let time else { return }
    earliest = min(earliest, time)
    latest = max(latest, time)
  }

  mutating func begin(at start: UInt32) { entries = start..<entries.upperBound }

  /// Entries of a block that is full, where a run of level 0 has so many.
  static func size(runEntryCount: UInt32) -> UInt32 { runEntryCount / countInRun }

  // MARK: The blocks of one run of level 0

  /// Each as its earliest less that of the one before, and its length.
  static func encoded(_ blocks: [TimeBlock]) -> [UInt8] {
    var value: [UInt8] = []
    value.appendVarint(UInt64(blocks.reduce(0) { $0 + $1.entries.count }))
    var previous: Int64 = 0
    for block in blocks {
      value.appendSignedVarint(block.earliest.rawValue &- previous)
      value.appendVarint(UInt64(bitPattern: block.latest.rawValue &- block.earliest.rawValue))
      previous = block.earliest.rawValue
    }
    return withChecksum(value)
  }

  /// Reads what ``encoded(_:)`` made of the run that begins with an entry.
  /// - Throws: `FormatError` for bytes that are no such blocks.
  static func decode(_ bytes: UnsafeRawBufferPointer, from start: UInt32, runEntryCount: UInt32) throws(FormatError) -> [TimeBlock] {
    guard let content = checked(bytes) else { throw FormatError("the checksum of the table of times does not fit") }
    var reader = ByteReader(content)
    let count = UInt32(try reader.count(atMost: Int(min(runEntryCount, UInt32.max - start))))
    var blocks: [TimeBlock] = []
    var previous: Int64 = 0
    let size = size(runEntryCount: runEntryCount)
    var next = start
    while next < start + count {
      let entries = next..<min((next / size + 1) * size, start + count)
      next = entries.upperBound
      previous &+= try reader.signedVarint()
      let length = Int64(bitPattern: try reader.varint())
      blocks.append(
        TimeBlock(entries: entries, earliest: Timestamp(rawValue: previous), latest: Timestamp(rawValue: previous &+ length)))
    }
    guard reader.isAtEnd else { throw FormatError("the table of times has the wrong size") }
    return blocks
  }
}

/// Makes the blocks of entries that are shown to it one after the other. A block ends at a multiple of its size.
struct TimeBlockMaker {
  private(set) var blocks: [TimeBlock] = []
  private let size: UInt32
  /// What a block begins with whose first entry cannot be read, where there is no block before it.
  private let baseTime: Timestamp

  init(_ header: SegmentHeader, runEntryCount: UInt32) {
    size = TimeBlock.size(runEntryCount: runEntryCount)
    baseTime = header.baseTime
  }

  /// Takes the entry at a place; one that cannot be read has no time.
  mutating func add(_ time: Timestamp?, at place: UInt32) {
    if place % size == 0 || blocks.isEmpty {
      let time = time ?? blocks.last?.latest ?? baseTime
      blocks.append(TimeBlock(entries: place..<place + 1, earliest: time, latest: time))
    } else {
      blocks[blocks.count - 1].add(time)
    }
  }

  /// Forgets the entries before one; a block that it lies in keeps its span.
  mutating func drop(before start: UInt32) {
    blocks.removeAll { $0.entries.upperBound <= start }
    if let first = blocks.first { blocks[0].begin(at: max(start, first.entries.lowerBound)) }
  }
}
