import JournalFormat

/// Bytes that are read from front to back, with a line for each field: where it stands, its bytes in hexadecimal, and what it says.
struct ByteListing {
  let bytes: [UInt8]
  private(set) var offset: Int
  private(set) var lines: [String] = []

  init(_ bytes: [UInt8], from offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
  }

  var isAtEnd: Bool { offset == bytes.count }

  /// Adds a line that no byte stands for.
  mutating func say(_ text: String) { lines.append("\(Self.blank(Self.offsetColumns + Self.byteColumns + 4))\(text)") }

  /// Goes on elsewhere; a line says what was left out.
  mutating func skip(to target: Int, _ text: String) {
    lines.append("\(Self.right("…", Self.offsetColumns))\(Self.blank(Self.byteColumns + 4))\(text)")
    offset = target
  }

  /// The next bytes.
  @discardableResult
  mutating func take(_ count: Int, _ meaning: ([UInt8]) throws -> String) throws -> [UInt8] {
    try field({ reader in Array(try reader.take(count)) }, meaning)
  }

  @discardableResult
  mutating func fixed<Value: FixedWidthInteger>(_ type: Value.Type, _ meaning: (Value) throws -> String) throws -> Value {
    try field({ reader in try reader.littleEndian(type) }, meaning)
  }

  @discardableResult
  mutating func varint(_ meaning: (UInt64) throws -> String) throws -> UInt64 { try field({ reader in try reader.varint() }, meaning) }

  @discardableResult
  mutating func signedVarint(_ meaning: (Int64) throws -> String) throws -> Int64 {
    try field({ reader in try reader.signedVarint() }, meaning)
  }

  /// A counted text.
  @discardableResult
  mutating func text(_ meaning: (String) throws -> String) throws -> String {
    try field({ reader in String(decoding: try reader.counted(), as: UTF8.self) }, meaning)
  }

  /// The CRC over all before it, at the end.
  mutating func checksum() throws {
    let expected = CRC32C.of(Array(bytes[..<offset]))
    let isLast = offset + 4 == bytes.count
    try fixed(UInt32.self) { crc in
      guard crc == expected, isLast else { throw FormatError("the checksum does not fit") }
      return "CRC"
    }
  }

  private mutating func field<Value>(
    _ read: (inout ByteReader) throws -> Value, _ meaning: (Value) throws -> String
  ) throws -> Value {
    let start = offset
    let (value, count) = try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[start...]))
      return (try read(&reader), reader.offset)
    }
    offset += count
    let place = Self.right(String(start), Self.offsetColumns)
    lines.append("\(place)  \(Self.hexadecimal(bytes[start..<offset]))  \(try meaning(value))")
    return value
  }

  private static let offsetColumns = 5
  private static let byteColumns = 33

  /// As many bytes as the column takes, and a sign where there are more.
  private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
    let shown = bytes.prefix(bytes.count > 16 ? 15 : 16).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    let text = shown + (bytes.count > 16 ? "…" : "")
    return text + blank(byteColumns - text.count)
  }

  private static func right(_ text: String, _ columns: Int) -> String { blank(columns - text.count) + text }
  private static func blank(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}
