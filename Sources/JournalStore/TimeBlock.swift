internal import JournalFormat

/// The span of observedAt of a run of entries, so that a search by time skips what it need not read.
struct TimeBlock: Hashable, Sendable {
  /// The run: index in the segment divided by ``SegmentWriter/blockEntryCount``.
  let number: UInt32
  let earliest: Timestamp
  let latest: Timestamp

  func encoded() -> [UInt8] {
    var value: [UInt8] = []
    value.appendLittleEndian(earliest.rawValue)
    value.appendLittleEndian(latest.rawValue)
    return value
  }

  init(number: UInt32, earliest: Timestamp, latest: Timestamp) {
    self.number = number
    self.earliest = earliest
    self.latest = latest
  }

  init(number: UInt32, _ bytes: UnsafeRawBufferPointer) throws(FormatError) {
    var reader = ByteReader(bytes)
    self.number = number
    earliest = Timestamp(rawValue: try reader.littleEndian(Int64.self))
    latest = Timestamp(rawValue: try reader.littleEndian(Int64.self))
    guard reader.isAtEnd else { throw FormatError("a span of time has the wrong size") }
  }
}
