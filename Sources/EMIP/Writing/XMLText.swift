/// Text as it stands in an element of a message that is written here.
public enum XMLText {
  /// A text with its markup as entities, and carriage returns as references: a reader takes those for line feeds otherwise (XML 1.0, 2.4 and 2.11). Byte
  /// by byte: a `<` before a combining mark is one `Character` with it, and is markup all the same.
  public static func escaped(_ text: some StringProtocol) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): output += Array("&amp;".utf8)
      case UInt8(ascii: "<"): output += Array("&lt;".utf8)
      case UInt8(ascii: ">"): output += Array("&gt;".utf8)
      case UInt8(ascii: "\r"): output += Array("&#13;".utf8)
      default: output.append(byte)
      }
    }
    return String(decoding: output, as: UTF8.self)
  }
}
