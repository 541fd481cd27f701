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
    return escaped(Array(try (isPretty ? pretty : plain).encode(document)))
  }

  /// RFC 8259 lets DEL, C1 controls and what is invisible stand in a string as they are; escapes mean the same. None is outside a string.
  private static func escaped(_ json: [UInt8]) -> [UInt8] {
    guard json.contains(where: { $0 >= 0x7f }) else { return json }
    var output: [UInt8] = []
    output.reserveCapacity(json.count)
    // The encoder writes valid UTF-8 only.
    for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
      if scalar == "\n" || SafeText.isHarmless(scalar) {
        output.append(contentsOf: UTF8.encode(scalar)!)
      } else {
        // A scalar beyond U+FFFF is a pair of surrogates (RFC 8259, 7).
        for unit in UTF16.encode(scalar)! {
          let digits = String(unit, radix: 16)
          output += Array("\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8)
        }
      }
    }
    return output
  }
}
