/// The id of a contract, an eMAID (ISO 15118-1 Annex H, ISO 15118-2), whose letters count in any case and whose separators are optional.
///
///     eMAID = 2ALPHA ["-"] 3(ALPHA / DIGIT) ["-"] 9(ALPHA / DIGIT) [["-"] (ALPHA / DIGIT)]
///
/// The last character, the check digit, may be absent. A wrong one is reported and not refused: a contract with a wrong check digit is
/// still the one that a message named.
public struct ContractIdentifier: Hashable, Sendable, CustomStringConvertible {
  /// What the check digit says.
  public enum CheckDigit: Hashable, Sendable {
    /// It has none.
    case absent
    /// It fits.
    case valid
    /// It does not fit.
    case invalid(found: Character, expected: Character)
  }

  /// Two letters as in ISO 3166-1; not compared with that list.
  public let country: String
  /// Three letters or digits.
  public let provider: String
  /// Nine letters or digits; with eMI3 the first is `C`.
  public let instance: String
  /// As written; nil where there is none.
  public let writtenCheckDigit: Character?

  /// - Throws: ``EMIPError`` with what is wrong; never because of a wrong check digit. White space around the id is wrong.
  public init(_ text: some StringProtocol) throws(EMIPError) {
    var scanner = IdentifierScanner(text, separator: "-", code: .contractIdentifier)
    guard let country = scanner.letters(2) else { throw scanner.error("a country code of two letters is expected") }
    scanner.skipSeparator()
    guard let provider = scanner.alphanumerics(3) else { throw scanner.error("three letters or digits of the provider are expected") }
    scanner.skipSeparator()
    guard let instance = scanner.alphanumerics(9) else { throw scanner.error("nine letters or digits of the contract are expected") }
    self.country = country
    self.provider = provider
    self.instance = instance
    guard !scanner.isAtEnd else {
      writtenCheckDigit = nil
      return
    }
    scanner.skipSeparator()
    guard let digit = scanner.alphanumerics(1) else { throw scanner.error("a check digit, a letter or digit, is expected") }
    guard scanner.isAtEnd else { throw scanner.error("nothing may follow the check digit") }
    writtenCheckDigit = digit.first
  }

  /// Whether the check digit is there and right.
  public var checkDigit: CheckDigit {
    guard let writtenCheckDigit else { return .absent }
    let expected = expectedCheckDigit
    return writtenCheckDigit == expected ? .valid : .invalid(found: writtenCheckDigit, expected: expected)
  }

  /// The digit that the id should end in.
  public var expectedCheckDigit: Character { EMAIDCheckDigit.digit(of: Array(stem.utf8)) }

  /// Upper case, with separators, and with the check digit where one was written: `NN-123-ABCDEFGHI-T`.
  public var description: String {
    "\(country)-\(provider)-\(instance)" + (writtenCheckDigit.map { "-\($0)" } ?? "")
  }

  /// As the indexes hold it: `NN123ABCDEFGHIT`.
  public var compact: String { stem + (writtenCheckDigit.map(String.init) ?? "") }

  /// Country, provider and instance without separators: what two spellings of one contract have in common.
  public var stem: String { country + provider + instance }
}

/// The check digit of ISO 15118-1 Annex H.
///
/// Each character 0…9, A…Z has the number n = 0…35 and stands for two vectors: (n/9 div 2, n/9 mod 2) over GF(2), and (n mod 9 div 3, n
/// mod 3) over GF(3). With the matrices P2 = [0 1; 1 1] and P3 = [0 1; 1 2], the sum of vector(i) · P^i over the fifteen characters, i
/// from 1, is zero in both fields. The standard is not public; this was checked against the eight examples that published implementations
/// agree on.
enum EMAIDCheckDigit {
  /// - Parameter stem: fourteen upper-case letters and digits.
  static func digit(of stem: [UInt8]) -> Character {
    precondition(stem.count == 14, "an eMAID has fourteen characters before its check digit")
    var binary = Vector(0, 0)
    var ternary = Vector(0, 0)
    for character in stem.reversed() {
      let value = number(of: character)
      binary = (binary + Vector(value / 9 / 2, value / 9 % 2)).timesP(1, modulo: 2)
      ternary = (ternary + Vector(value % 9 / 3, value % 3)).timesP(2, modulo: 3)
    }
    // The digit's vector is -sum · P^-15: with P2³ = 1 that is the sum itself, with P3⁸ = 1 the negated sum · P3.
    ternary = Vector(2 * ternary.first, 2 * ternary.second).timesP(2, modulo: 3)
    let value = (binary.first * 2 + binary.second) * 9 + ternary.first * 3 + ternary.second
    return Character(Unicode.Scalar(UInt8(value < 10 ? 0x30 + value : 0x41 + value - 10)))
  }

  private static func number(of character: UInt8) -> Int { Int(character) - (character < 0x41 ? 0x30 : 0x41 - 10) }

  private struct Vector {
    var first: Int
    var second: Int

    init(_ first: Int, _ second: Int) {
      self.first = first
      self.second = second
    }

    static func + (left: Vector, right: Vector) -> Vector { Vector(left.first + right.first, left.second + right.second) }

    /// This vector times [0 1; 1 corner].
    func timesP(_ corner: Int, modulo: Int) -> Vector { Vector(second % modulo, (first + corner * second) % modulo) }
  }
}
