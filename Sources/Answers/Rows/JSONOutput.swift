internal import Foundation

/// Writes JSON with its keys sorted. Exact, and still harmless on a terminal: what could act on one is written as a JSON escape.
public enum JSONOutput {
  // Made once, not for each row; encoding does not change them.
  private static let plain = encoder([.sortedKeys, .withoutEscapingSlashes])
  private static let pretty = encoder([.sortedKeys, .withoutEscapingSlashes, .prettyPrinted])

  private static func encoder(_ formatting: JSONEncoder.OutputFormatting) -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting
    return encoder
  }

  /// A document over several lines, or as one.
  /// - Throws: `EncodingError` for a number that JSON does not have.
  public static func bytes(_ document: some Encodable, isPretty: Bool) throws -> [UInt8] {
    return escaped(Array(try (isPretty ? pretty : plain).encode(document)))
  }

  /// RFC 8259 lets DEL, C1 controls and bidirectional overrides stand in a string as they are; escapes mean the same.
  private static func escaped(_ json: [UInt8]) -> [UInt8] {
    guard json.contains(where: { $0 >= 0x7f }) else { return json }
    var output: [UInt8] = []
    output.reserveCapacity(json.count)
    var index = 0
    while index < json.count {
      if json[index] == 0x7f {
        output += Array("\\u007f".utf8)
        index += 1
      } else if let (number, length) = unsafeScalar(json, at: index) {
        let digits = String(number, radix: 16)
        output += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
        index += length
      } else {
        output.append(json[index])
        index += 1
      }
    }
    return output
  }

  /// U+0080 to U+009F, U+061C, U+200B to U+200F, U+2028 to U+202E, U+2060 to U+206F, U+FEFF: none outside a string.
  private static func unsafeScalar(_ json: [UInt8], at index: Int) -> (number: Int, length: Int)? {
    func byte(_ offset: Int) -> Int { index + offset < json.count ? Int(json[index + offset]) : 0 }
    switch byte(0) {
    case 0xc2 where byte(1) < 0xa0: return (byte(1), 2)
    case 0xd8 where byte(1) == 0x9c: return (0x61c, 2)
    case 0xe2 where byte(1) == 0x80 || byte(1) == 0x81:
      let number = 0x2000 | (byte(1) & 0x3f) << 6 | byte(2) & 0x3f
      let isUnsafe = (0x200b...0x200f).contains(number) || (0x2028...0x202e).contains(number) || (0x2060...0x206f).contains(number)
      return isUnsafe ? (number, 3) : nil
    case 0xef where byte(1) == 0xbb && byte(2) == 0xbf: return (0xfeff, 3)
    default: return nil
    }
  }
}
