/// Bytes that are not of the format they should be of.
public struct FormatError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being read, and what is wrong with it.
  public let message: String

  /// Says what was being read, and what is wrong with it.
  public init(_ message: String) { self.message = message }

  public var description: String { message }
}

/// Appends integers and byte strings in the journal's encoding: little-endian, and LEB128 for what is mostly small.
extension [UInt8] {
  /// LEB128, at most ten bytes.
  public mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  /// LEB128 of a number that is not negative.
  public mutating func appendVarint(_ value: Int) { appendVarint(UInt64(value)) }

  /// Zigzag, so that small negative numbers are short too.
  public mutating func appendSignedVarint(_ value: Int64) { appendVarint(UInt64(bitPattern: value << 1 ^ value >> 63)) }

  /// All bytes of a number, the lowest first.
  public mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  /// All bytes of a number, the highest first.
  public mutating func appendBigEndian(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  /// Its length as a varint, then the bytes.
  public mutating func appendCounted(_ bytes: some Collection<UInt8>) {
    appendVarint(bytes.count)
    append(contentsOf: bytes)
  }
}

/// Reads the journal's encoding from borrowed bytes, with every bound checked. It must not outlive the bytes.
public struct ByteReader {
  // Inlinable, all that is short: it stands in the innermost loops of who reads.
  @usableFromInline let bytes: UnsafeRawBufferPointer
  @usableFromInline var next = 0

  /// Begins at the first of the bytes, which the caller keeps alive.
  @inlinable
  public init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// How many bytes were read.
  @inlinable public var offset: Int { next }
  /// How many bytes are left.
  @inlinable public var remainingCount: Int { bytes.count - next }
  /// Whether no byte is left.
  @inlinable public var isAtEnd: Bool { next == bytes.count }

  /// The next byte.
  /// - Throws: `FormatError` at the end.
  @inlinable @inline(__always)
  public mutating func byte() throws(FormatError) -> UInt8 {
    guard next < bytes.count else { throw endError() }
    defer { next += 1 }
    return bytes[next]
  }

  /// LEB128 of at most 64 bits.
  /// - Throws: `FormatError` where the bytes end before, or the number has more than 64 bits.
  @inlinable @inline(__always)
  public mutating func varint() throws(FormatError) -> UInt64 {
    let first = try byte()
    return first < 0x80 ? UInt64(first) : try longVarint(first)
  }

  @usableFromInline
  mutating func longVarint(_ first: UInt8) throws(FormatError) -> UInt64 {
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

  /// LEB128 of a zigzag number.
  /// - Throws: `FormatError` where the bytes end before, or the number has more than 64 bits.
  @inlinable @inline(__always)
  public mutating func signedVarint() throws(FormatError) -> Int64 {
    let value = try varint()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A varint that must fit an `Int` no larger than `maximum`.
  /// - Throws: `FormatError` where the bytes end before, or the number is larger.
  @inlinable @inline(__always)
  public mutating func count(atMost maximum: Int) throws(FormatError) -> Int {
    let value = try varint()
    guard value <= UInt64(maximum) else { throw countError() }
    return Int(value)
  }

  /// A number of fixed size, its lowest byte first.
  /// - Throws: `FormatError` where the bytes end before.
  @inlinable
  public mutating func littleEndian<Value: FixedWidthInteger>(_ type: Value.Type) throws(FormatError) -> Value {
    let size = MemoryLayout<Value>.size
    let slice = try take(size)
    return Value(littleEndian: slice.loadUnaligned(as: Value.self))
  }

  /// The next `count` bytes, lent.
  /// - Throws: `FormatError` where the bytes end before.
  @inlinable @inline(__always)
  public mutating func take(_ count: Int) throws(FormatError) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remainingCount else { throw endError(wanting: count) }
    defer { next += count }
    return UnsafeRawBufferPointer(rebasing: bytes[next..<next + count])
  }

  /// A length as a varint, then that many bytes, lent.
  /// - Throws: `FormatError` where the bytes end before.
  @inlinable @inline(__always)
  public mutating func counted() throws(FormatError) -> UnsafeRawBufferPointer { try take(try count(atMost: remainingCount)) }

  /// The next `count` bytes as a text, lent.
  /// - Throws: `FormatError` where the bytes end before.
  @inlinable @inline(__always)
  public mutating func text(_ count: Int) throws(FormatError) -> UnsafeBufferPointer<UInt8> {
    try take(count).assumingMemoryBound(to: UInt8.self)
  }

  /// A length as a varint, then that many bytes as a text, lent.
  /// - Throws: `FormatError` where the bytes end before.
  @inlinable @inline(__always)
  public mutating func countedText() throws(FormatError) -> UnsafeBufferPointer<UInt8> { try counted().assumingMemoryBound(to: UInt8.self) }

  /// An integer of `count` bytes, at most eight, the lowest first.
  /// - Throws: `FormatError` where the bytes end before.
  @inlinable
  public mutating func integer(bytes count: Int) throws(FormatError) -> UInt64 {
    let bytes = try take(count)
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[index]) << UInt64(8 * index) }
    return value
  }

  /// A length as a varint, then that many bytes of UTF-8; what is not UTF-8 is repaired.
  /// - Throws: `FormatError` where the bytes end before.
  public mutating func string() throws(FormatError) -> String { String(decoding: try counted(), as: UTF8.self) }

  @usableFromInline
  func endError() -> FormatError { FormatError("ends at byte \(offset), in the middle of a value") }

  @usableFromInline
  func endError(wanting count: Int) -> FormatError {
    FormatError("ends at byte \(bytes.count), \(count) bytes wanted at \(offset)")
  }

  @usableFromInline
  func countError() -> FormatError { FormatError("a count at byte \(offset) is too large") }
}

extension UInt64 {
  /// The bytes of its varint.
  @inlinable public var varintCount: Int { self == 0 ? 1 : (64 - leadingZeroBitCount + 6) / 7 }
}

extension [UInt8] {
  /// Lends the bytes: `withUnsafeBytes` that keeps the type of what is thrown.
  /// - Throws: what `body` throws.
  @inlinable @inline(__always)
  public func withRawBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try span.bytes.withUnsafeBytes(body)
  }
}
