/// Reads one JSON object (RFC 8259) whose values are strings, numbers, `true`, `false` and `null`, member by member and without copying.
///
/// As strict as the grammar: lone surrogates, raw control characters, ill-formed UTF-8, leading zeros and anything after the object are
/// errors. Only a byte order mark before the object is let pass. An object or array as a value ends the scan with an error that says so
/// (``FlatObjectError/isNested``), and the line is one for `JSONDecoder`. Members may repeat a name: the caller decides what that means.
///
/// The borrowed bytes must outlive the scanner.
struct FlatObjectScanner {
  /// A name and its value, as ranges of the line.
  struct Member {
    var name: Text
    var value: Value
  }

  /// A string between its quotes, checked but not decoded.
  struct Text {
    var range: Range<Int>
    /// Whether the bytes of `range` are not yet the text.
    var hasEscapes: Bool
  }

  enum Value {
    case string(Text)
    /// Checked to be a number by the grammar.
    case number(Range<Int>)
    case bool(Bool)
    case null
  }

  let bytes: UnsafeBufferPointer<UInt8>
  private var index = 0
  private var state = State.start

  private enum State { case start, members, end }

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// The next member; nil after the last, when nothing but white space follows the object.
  /// - Throws: ``FlatObjectError`` where it is no flat object.
  mutating func next() throws(FlatObjectError) -> Member? {
    guard state != .end else { return nil }
    let isFirst = state == .start
    if isFirst { try open() }
    skipWhiteSpace()
    if take(UInt8(ascii: "}")) { return try close() }
    if !isFirst {
      guard take(UInt8(ascii: ",")) else { throw error("expected , or }") }
      skipWhiteSpace()
    }
    guard take(UInt8(ascii: "\"")) else { throw error(isFirst ? "expected a name in quotes or }" : "expected a name in quotes") }
    let name = try text()
    skipWhiteSpace()
    guard take(UInt8(ascii: ":")) else { throw error("expected : after the name") }
    skipWhiteSpace()
    return Member(name: name, value: try value())
  }

  private mutating func open() throws(FlatObjectError) {
    if bytes.count >= 3, bytes[0] == 0xef, bytes[1] == 0xbb, bytes[2] == 0xbf { index = 3 }
    skipWhiteSpace()
    guard take(UInt8(ascii: "{")) else { throw error("expected {") }
    state = .members
  }

  private mutating func close() throws(FlatObjectError) -> Member? {
    skipWhiteSpace()
    guard index == bytes.count else { throw error("nothing may follow the object") }
    state = .end
    return nil
  }

  private mutating func value() throws(FlatObjectError) -> Value {
    guard index < bytes.count else { throw error("the line ends where a value is expected") }
    switch bytes[index] {
    case UInt8(ascii: "\""):
      index += 1
      return .string(try text())
    case UInt8(ascii: "-"), 0x30...0x39: return .number(try number())
    case UInt8(ascii: "t"): return .bool(try word("true", true))
    case UInt8(ascii: "f"): return .bool(try word("false", false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "{"), UInt8(ascii: "["): throw FlatObjectError(column: index + 1, reason: "a value within a value", isNested: true)
    default: throw error("expected a value")
    }
  }

  private mutating func word<Result>(_ word: StaticString, _ result: Result) throws(FlatObjectError) -> Result {
    let end = index + word.utf8CodeUnitCount
    guard end <= bytes.count, word.withUTF8Buffer({ bytes[index..<end].elementsEqual($0) }) else { throw error("expected a value") }
    index = end
    return result
  }

  /// RFC 8259, section 6: `[ minus ] int [ frac ] [ exp ]`.
  private mutating func number() throws(FlatObjectError) -> Range<Int> {
    let start = index
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    return start..<index
  }

  private mutating func digits() throws(FlatObjectError) {
    let start = index
    while index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 { index += 1 }
    guard index > start else { throw error("expected a digit") }
  }

  /// From behind the opening quote to behind the closing one.
  private mutating func text() throws(FlatObjectError) -> Text {
    let start = index
    var hasEscapes = false
    while true {
      index = JSONText.plainEnd(bytes, from: index)
      guard index < bytes.count else { throw error("the line ends within a string") }
      switch bytes[index] {
      case UInt8(ascii: "\""):
        index += 1
        return Text(range: start..<index - 1, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        // Quotes and line ends of XML are by far the most frequent.
        if index + 1 < bytes.count, JSONText.isSimpleEscape(bytes[index + 1]) { index += 2 } else { try skipUnicodeEscape() }
      case 0..<0x20: throw error("a control character that is not escaped")
      default:
        let length = JSONText.scalarLength(bytes, at: index)
        guard length > 0 else { throw error("bytes that are not UTF-8") }
        index += length
      }
    }
  }

  private mutating func skipUnicodeEscape() throws(FlatObjectError) {
    guard index + 1 < bytes.count else { throw error("the line ends within a string") }
    guard bytes[index + 1] == UInt8(ascii: "u") else { throw error("an escape that JSON does not have") }
    let unit = try codeUnit()
    switch unit {
    case 0xd800..<0xdc00:
      guard index + 6 < bytes.count, bytes[index + 6] == UInt8(ascii: "\\"), index + 7 < bytes.count,
        bytes[index + 7] == UInt8(ascii: "u")
      else { throw error("half of a surrogate pair") }
      let first = index
      index += 6
      guard (0xdc00..<0xe000).contains(try codeUnit()) else {
        index = first
        throw error("half of a surrogate pair")
      }
    case 0xdc00..<0xe000: throw error("half of a surrogate pair")
    default: break
    }
    index += 6
  }

  private func codeUnit() throws(FlatObjectError) -> UInt32 {
    guard let unit = JSONText.codeUnit(bytes, at: index + 2) else { throw error("expected four hexadecimal digits after \\u") }
    return unit
  }

  @inline(__always)
  private mutating func skipWhiteSpace() {
    while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 || bytes[index] == 0x0a || bytes[index] == 0x0d { index += 1 }
  }

  @inline(__always)
  private mutating func take(_ byte: UInt8) -> Bool {
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
  }

  private func error(_ reason: StaticString) -> FlatObjectError { FlatObjectError(column: index + 1, reason: reason, isNested: false) }
}

/// Where a line is no flat JSON object.
struct FlatObjectError: Error, Equatable, CustomStringConvertible {
  /// In bytes, from 1.
  let column: Int
  private let words: String
  /// Whether it is the scanner's limit and not the line's fault.
  let isNested: Bool

  init(column: Int, reason: StaticString, isNested: Bool) {
    self.column = column
    words = "\(reason)"
    self.isNested = isNested
  }

  var description: String { "not JSON at byte \(column): \(words)" }
}
