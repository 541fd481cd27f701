/// Text as it stands in a message that is written here.
public enum XMLText {
  /// A text with its markup as entities, and carriage returns as references: a reader takes those for line feeds otherwise (XML 1.0, 2.4 and 2.11). Byte
  /// by byte: a `<` before a combining mark is one `Character` with it, and is markup all the same.
  public static func escaped(_ text: some StringProtocol) -> String {
    escaped(text) { byte in
      switch byte {
      case UInt8(ascii: "&"): "&amp;"
      case UInt8(ascii: "<"): "&lt;"
      case UInt8(ascii: ">"): "&gt;"
      case UInt8(ascii: "\r"): "&#13;"
      default: nil
      }
    }
  }

  /// A text as it stands between the double quotes of an attribute, where a reader takes any white space for a blank otherwise (XML 1.0, 3.3.3).
  public static func escapedAttribute(_ text: some StringProtocol) -> String {
    escaped(escaped(text)) { byte in
      switch byte {
      case UInt8(ascii: "\""): "&quot;"
      case UInt8(ascii: "\n"): "&#10;"
      case UInt8(ascii: "\t"): "&#9;"
      default: nil
      }
    }
  }

  private static func escaped(_ text: some StringProtocol, _ reference: (UInt8) -> StaticString?) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      if let reference = reference(byte) {
        reference.withUTF8Buffer { output += $0 }
      } else {
        output.append(byte)
      }
    }
    return String(decoding: output, as: UTF8.self)
  }
}
