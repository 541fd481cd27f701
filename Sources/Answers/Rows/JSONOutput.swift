internal import Foundation
internal import JournalFormat

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
    escaped(Array(try (isPretty ? pretty : plain).encode(document))) { scalar in escapedRanges.contains { $0.contains(scalar.value) } }
  }

  /// A document as one line in which nothing hides from people: what ``SafeText`` would show as an escape is one of JSON's, and means the same.
  /// - Throws: `EncodingError` for a number that JSON does not have.
  static func visible(_ document: some Encodable) throws -> [UInt8] {
    escaped(Array(try plain.encode(document))) { !SafeText.isHarmless($0) }
  }

  /// What RFC 8259 lets stand in a string and could act on a terminal; `Schemas/journal-format.md` has the same ranges ("Export").
  private static let escapedRanges: [ClosedRange<UInt32>] = [
    0x7f...0x9f, 0x61c...0x61c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff...0xfeff,
  ]

  /// Writes scalars as escapes. Those that are looked at stand in strings only.
  private static func escaped(_ json: [UInt8], where isEscaped: (Unicode.Scalar) -> Bool) -> [UInt8] {
    guard json.contains(where: { $0 >= 0x7f }) else { return json }
    var output: [UInt8] = []
    output.reserveCapacity(json.count)
    // The encoder writes valid UTF-8 only.
    for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
      if scalar.value < 0x7f || !isEscaped(scalar) {
        output.append(contentsOf: UTF8.encode(scalar)!)
        continue
      }
      // A scalar beyond U+FFFF is a pair of surrogates (RFC 8259, 7).
      for unit in UTF16.encode(scalar)! {
        let digits = String(unit, radix: 16)
        output += Array("\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8)
      }
    }
    return output
  }
}
