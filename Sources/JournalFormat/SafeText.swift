/// Text from messages, made harmless for a terminal: whatever could move the cursor, colour, hide or turn text round is shown as an escape.
///
/// It looks at scalars: a quotation mark before a combining mark, or a line feed behind a carriage return, is another `Character`, and acts.
public enum SafeText {
  /// Text for one line: line ends and tabs are escaped too.
  public static func line(_ text: some StringProtocol) -> String { safe(Array(text.utf8), keepsLayout: false) }

  /// Bytes for one line. What is not UTF-8 is shown byte by byte.
  public static func line(_ bytes: [UInt8]) -> String { safe(bytes, keepsLayout: false) }

  /// Bytes of a body: line feeds, also after a carriage return, and tabs stay.
  public static func body(_ bytes: some Sequence<UInt8>) -> String { safe(Array(bytes), keepsLayout: true) }

  private static func safe(_ bytes: [UInt8], keepsLayout: Bool) -> String {
    if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return String(decoding: bytes, as: UTF8.self) }
    var output = String.UnicodeScalarView()
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var index = 0
    while true {
      switch parser.parseScalar(from: &iterator) {
      case .emptyInput: return String(output)
      case .error(let length):
        for byte in bytes[index..<index + length] { output.append(contentsOf: escape(byte).unicodeScalars) }
        index += length
      case .valid(let encoded):
        index += encoded.count
        let scalar = Unicode.UTF8.decode(encoded)
        let isLineEnd = scalar == "\r" && index < bytes.count && bytes[index] == UInt8(ascii: "\n")
        if keepsLayout && (scalar == "\n" || scalar == "\t") {
          output.append(scalar)
        } else if keepsLayout && isLineEnd {
          continue
        } else if isHarmless(scalar) {
          output.append(scalar)
        } else {
          output.append(contentsOf: escape(scalar).unicodeScalars)
        }
      }
    }
  }

  /// Whether a scalar can be shown as it is. Control characters cannot, nor can formatting (bidirectional overrides, zero-width, tags), line and
  /// paragraph separators, and what else a terminal may leave out (Unicode's Default_Ignorable_Code_Point, such as variation selectors).
  public static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7f }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return false
    default: return !scalar.properties.isDefaultIgnorableCodePoint
    }
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    case _ where scalar.isASCII: escape(UInt8(scalar.value))
    default: "\\u{\(String(scalar.value, radix: 16))}"
    }
  }

  private static func escape(_ byte: UInt8) -> String { (byte < 0x10 ? "\\x0" : "\\x") + String(byte, radix: 16) }
}
