internal import JournalFormat

extension ByteReader {
  /// The next `count` bytes as a text, lent.
  @inline(__always)
  mutating func text(_ count: Int) throws(FormatError) -> UnsafeBufferPointer<UInt8> {
    try take(count).assumingMemoryBound(to: UInt8.self)
  }

  /// A length as a varint, then that many bytes as a text, lent.
  @inline(__always)
  mutating func countedText() throws(FormatError) -> UnsafeBufferPointer<UInt8> { try counted().assumingMemoryBound(to: UInt8.self) }

  /// An integer of `count` bytes, at most eight, the lowest first.
  mutating func integer(bytes count: Int) throws(FormatError) -> UInt64 {
    let bytes = try take(count)
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[index]) << UInt64(8 * index) }
    return value
  }
}
