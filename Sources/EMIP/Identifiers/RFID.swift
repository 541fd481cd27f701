internal import JournalFormat

/// The UID of a badge, of 4 or 7 bytes (guide 6.4.3): written in upper case with leading zeros up to 8 or 14 digits, read in any case and
/// without them.
///
/// Up to 8 digits are taken for a UID of 4 bytes. A UID of 7 bytes begins with its maker's number, which is never 0, so that three
/// leading zero bytes are not to be expected.
public struct RFID: Hashable, Sendable, CustomStringConvertible {
  /// 8 or 14 upper-case hexadecimal digits.
  public let digits: String

  /// - Throws: ``EMIPError`` where the text is empty, has a character that is no hexadecimal digit, or more than 14 of them.
  public init(_ text: some StringProtocol) throws(EMIPError) {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty else { throw EMIPError(.rfid, "the UID is empty") }
    // The text itself is personal and stays out of the message.
    if let index = bytes.firstIndex(where: { !$0.isHexadecimalDigit }) {
      throw EMIPError(.rfid, "character \(index + 1) of the UID is no hexadecimal digit")
    }
    guard bytes.count <= 14 else { throw EMIPError(.rfid, "a UID has at most 14 digits, not \(bytes.count)") }
    let padding = String(repeating: "0", count: (bytes.count <= 8 ? 8 : 14) - bytes.count)
    digits = padding + text.uppercased()
  }

  public var description: String { digits }

  /// Whether a text is written as the UID of a badge is to be: in hexadecimal digits alone, up to 14 of them. What has 9 to 12 digits and no letter is
  /// taken for a decimal number: no UID has so many bytes.
  /// - Parameter text: UTF-8.
  public static func isHexadecimal(_ text: some Collection<UInt8>) -> Bool {
    guard text.count <= 14, text.allSatisfy(\.isHexadecimalDigit) else { return false }
    return !(9...12).contains(text.count) || !text.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
  }
}

extension RFID {
  /// What the spellings of one badge have in common: upper case, leading zeros, and no separators between its bytes. Personal.
  /// - Parameter text: whatever stands for a UID in a message.
  public static func comparable(_ text: some Sequence<UInt8>) -> [UInt8] {
    let separators: [UInt8] = [UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: " ")]
    return TermComparison.hexPadded.normalized(text.lazy.filter { !separators.contains($0) })
  }
}

extension UInt8 {
  var isHexadecimalDigit: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
    default: false
    }
  }
}
