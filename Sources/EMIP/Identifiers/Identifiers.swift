public import JournalFormat

/// The id of an operator (guide 3.3.1), whose letters count in any case and whose separator is optional.
///
///     operator = 2ALPHA ["*"] 3(ALPHA / DIGIT)
public struct OperatorIdentifier: Hashable, Sendable, CustomStringConvertible {
  /// Two letters as in ISO 3166-1; not compared with that list.
  public let country: String
  /// Three letters or digits.
  public let code: String

  /// - Throws: ``EMIPError`` with what is wrong. White space around the id is wrong, too.
  public init(_ text: some StringProtocol) throws(EMIPError) {
    var scanner = IdentifierScanner(text, separator: "*", code: .identifier)
    try self.init(&scanner)
    guard scanner.isAtEnd else { throw scanner.error("nothing may follow the operator's three characters") }
  }

  /// Upper case, with the separator: `FR*A23`.
  public var description: String { "\(country)*\(code)" }

  /// As the indexes hold it: `FRA23`.
  public var compact: String { country + code }

  init(_ scanner: inout IdentifierScanner) throws(EMIPError) {
    guard let country = scanner.letters(2) else { throw scanner.error("a country code of two letters is expected") }
    scanner.skipSeparator()
    guard let code = scanner.alphanumerics(3) else { throw scanner.error("three letters or digits of the operator are expected") }
    self.country = country
    self.code = code
  }
}

/// The id of a charging pool, station, point or connector (guide 3.3.2 to 3.3.5), whose letters count in any case and whose separators are
/// optional.
///
///     id       = operator ["*"] type instance
///     type     = "P" / "S" / "E" / "X"
///     instance = (ALPHA / DIGIT) 0*30(ALPHA / DIGIT / "*")
///
/// As `*` may stand or not stand anywhere in the instance, it tells no two ids apart: the canonical spelling has none there.
public struct EVCIIdentifier: Hashable, Sendable, CustomStringConvertible {
  /// What the id names, by its type letter.
  public enum Element: Character, Sendable, CaseIterable {
    /// A charging pool.
    case pool = "P"
    /// A charging station.
    case station = "S"
    /// An EVSE.
    case evse = "E"
    /// A connector.
    case connector = "X"

    /// Where the indexes hold such ids.
    public var termKind: TermKind {
      switch self {
      case .pool: .chargingPoolId
      case .station: .chargingStationId
      case .evse: .evseId
      case .connector: .chargingConnectorId
      }
    }
  }

  /// Which level it names.
  public let element: Element
  /// The operator that gave it.
  public let `operator`: OperatorIdentifier
  /// 1 to 31 upper-case letters and digits.
  public let instance: String

  /// - Throws: ``EMIPError`` with what is wrong. White space around the id is wrong, too.
  public init(_ text: some StringProtocol) throws(EMIPError) {
    var scanner = IdentifierScanner(text, separator: "*", code: .identifier)
    `operator` = try OperatorIdentifier(&scanner)
    scanner.skipSeparator()
    guard let element = scanner.character(where: Element.init(rawValue:)) else {
      throw scanner.error("one of the letters P, S, E and X is expected after the operator")
    }
    self.element = element
    instance = try EVCIIdentifier.instance(&scanner)
  }

  /// Upper case, separators between country, operator and type only: `FR*A23*E45B78C`.
  public var description: String { "\(`operator`)*\(element.rawValue)\(instance)" }

  /// As the indexes hold it: `FRA23E45B78C`.
  public var compact: String { "\(`operator`.compact)\(element.rawValue)\(instance)" }

  private static func instance(_ scanner: inout IdentifierScanner) throws(EMIPError) -> String {
    let count = scanner.remainingCount
    guard let first = scanner.alphanumerics(1) else { throw scanner.error("a letter or digit is expected after the type") }
    guard count <= 31 else { throw scanner.error("at most 31 characters may follow the type, not \(count)") }
    var instance = first
    while !scanner.isAtEnd {
      if scanner.skipSeparator() { continue }
      guard let next = scanner.alphanumerics(1) else { throw scanner.error("only letters, digits and * may follow the type") }
      instance += next
    }
    return instance
  }
}

/// Takes ids apart from left to right, upper-casing ASCII letters.
struct IdentifierScanner {
  private let text: [UInt8]
  private let separator: UInt8
  private let code: EMIPError.Code
  private var index = 0

  init(_ text: some StringProtocol, separator: Unicode.Scalar, code: EMIPError.Code) {
    self.text = Array(text.utf8)
    self.separator = UInt8(ascii: separator)
    self.code = code
  }

  var isAtEnd: Bool { index == text.count }
  var remainingCount: Int { text.count - index }

  @discardableResult
  mutating func skipSeparator() -> Bool {
    guard index < text.count, text[index] == separator else { return false }
    index += 1
    return true
  }

  mutating func letters(_ count: Int) -> String? { take(count) { $0 >= 0x41 && $0 <= 0x5a } }

  mutating func alphanumerics(_ count: Int) -> String? { take(count) { $0.isASCIIDigit || $0 >= 0x41 && $0 <= 0x5a } }

  /// Takes the next character where it means something.
  mutating func character<Meaning>(where meaning: (Character) -> Meaning?) -> Meaning? {
    guard index < text.count, let found = meaning(Character(Unicode.Scalar(text[index].asciiUppercased))) else { return nil }
    index += 1
    return found
  }

  func error(_ expectation: String) -> EMIPError {
    EMIPError(code, "\"\(String(decoding: text, as: UTF8.self))\", at character \(index + 1): \(expectation)")
  }

  private mutating func take(_ count: Int, where isWanted: (UInt8) -> Bool) -> String? {
    guard remainingCount >= count else { return nil }
    let taken = text[index..<index + count].map(\.asciiUppercased)
    guard taken.allSatisfy(isWanted) else { return nil }
    index += count
    return String(decoding: taken, as: UTF8.self)
  }
}
