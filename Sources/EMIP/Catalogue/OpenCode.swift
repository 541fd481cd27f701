import JournalFormat

/// A number from one of eMIP's catalogues. They are open: a number without a name is as good as any other and is kept.
public protocol OpenCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible where RawValue == UInt32 {
  init(rawValue: UInt32)
  /// The names of the numbers that are known.
  static var names: [UInt32: String] { get }
  /// In a few words; nil where the number has no known meaning.
  var name: String? { get }
}

extension OpenCode {
  /// Reads decimal digits, as `xs:int` writes them; white space around them is allowed. Nil where it is anything else, or over
  /// 4,294,967,295.
  public init?(utf8 text: some RandomAccessCollection<UInt8>) {
    var digits = text[...]
    while let byte = digits.first, byte.isXMLWhiteSpace { digits.removeFirst() }
    while let byte = digits.last, byte.isXMLWhiteSpace { digits.removeLast() }
    guard !digits.isEmpty else { return nil }
    var value: UInt64 = 0
    for digit in digits {
      guard digit.isASCIIDigit else { return nil }
      value = value * 10 + UInt64(digit - 0x30)
      guard value <= UInt32.max else { return nil }
    }
    self.init(rawValue: UInt32(value))
  }

  /// See ``init(utf8:)``.
  public init?(_ text: some StringProtocol) { self.init(utf8: Array(text.utf8)) }

  /// In a few words; nil where the number has no known meaning.
  public var name: String? { Self.names[rawValue] }

  /// The number, with its name where it has one: `3 (started)`.
  public var description: String { name.map { "\(rawValue) (\($0))" } ?? String(rawValue) }
}
