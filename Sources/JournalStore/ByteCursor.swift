internal import JournalFormat

/// Reads the journal's integers from borrowed bytes, with every bound checked: what `ByteReader` does, inside this module, where it is inlined into
/// the loop over a message's values. It must not outlive the bytes.
struct ByteCursor {
  private let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count }

  @inline(__always)
  mutating func byte() throws(FormatError) -> UInt8 {
    guard offset < bytes.count else { throw FormatError("ends at byte \(offset), in the middle of a value") }
    defer { offset += 1 }
    return bytes[offset]
  }

  @inline(__always)
  mutating func varint() throws(FormatError) -> UInt64 {
    let first = try byte()
    return first < 0x80 ? UInt64(first) : try longVarint(first)
  }

  private mutating func longVarint(_ first: UInt8) throws(FormatError) -> UInt64 {
    var value = UInt64(first & 0x7f)
    var shift: UInt64 = 7
    while true {
      let byte = try self.byte()
      guard shift < 63 || byte <= 1 else { throw FormatError("a number at byte \(offset) is too large") }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  mutating func signedVarint() throws(FormatError) -> Int64 {
    let value = try varint()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A varint that must not be larger than `maximum`.
  mutating func count(atMost maximum: Int) throws(FormatError) -> Int {
    let value = try varint()
    guard value <= UInt64(maximum) else { throw FormatError("a count at byte \(offset) is too large") }
    return Int(value)
  }

  /// The next `count` bytes, lent.
  mutating func take(_ count: Int) throws(FormatError) -> UnsafeBufferPointer<UInt8> {
    guard count >= 0, count <= bytes.count - offset else {
      throw FormatError("ends at byte \(bytes.count), \(count) bytes wanted at \(offset)")
    }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]).assumingMemoryBound(to: UInt8.self)
  }

  mutating func counted() throws(FormatError) -> UnsafeBufferPointer<UInt8> { try take(try count(atMost: bytes.count)) }

  /// An integer of `count` bytes, at most eight, the lowest first.
  mutating func integer(bytes count: Int) throws(FormatError) -> UInt64 {
    let bytes = try take(count)
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[index]) << UInt64(8 * index) }
    return value
  }
}
