internal import JournalFormat

/// How the id of a charging pool, station, point or connector is spelled: what it has in common with all its spellings, and where separators stand in it.
///
/// The separators of the grammar, between country, operator and type, are optional and tell nothing (``EVCIIdentifier``). Those within the instance are
/// the operator's own: `FR*C01*E1*11` and `FR*C01*E11*1` are two EVSEs, and `FRC01E111` may be either. Of ids that are none of eMI3's, all separators
/// count.
public struct IdentifierSpelling: Hashable, Sendable {
  /// In upper case, without any separator.
  public let compact: [UInt8]
  /// The places in ``compact`` that have a separator of the operator's own before them, ascending; empty where there is none.
  public let separators: [UInt8]

  /// Reads an id as a message or a person writes it; any text is one.
  public init(_ text: some StringProtocol) { self.init(utf8: text.utf8) }

  /// As ``init(_:)``, of the bytes of the text.
  public init(utf8 text: some Sequence<UInt8>) {
    var compact: [UInt8] = []
    var separators: [UInt8] = []
    var isBehindSeparator = false
    for byte in text {
      if byte == UInt8(ascii: "*") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: " ") {
        isBehindSeparator = !compact.isEmpty
        continue
      }
      if isBehindSeparator { separators.append(UInt8(min(compact.count, Int(UInt8.max)))) }
      isBehindSeparator = false
      compact.append(byte.asciiUppercased)
    }
    self.compact = compact
    let headCount = Self.headCount(compact)
    self.separators = separators.filter { $0 > headCount }
  }

  /// Whether two ids may be one: they have the same characters, and separators in the same places, or one of them has none.
  public func canBe(_ other: IdentifierSpelling) -> Bool {
    compact == other.compact && (separators.isEmpty || other.separators.isEmpty || separators == other.separators)
  }

  /// Whether it has a country, an operator, a type and an instance, as an eMI3 id does.
  public var isOfGrammar: Bool { Self.headCount(compact) > 0 }

  /// How many characters stand before the instance: country, operator and type of an eMI3 id; none of any other.
  private static func headCount(_ compact: [UInt8]) -> Int {
    guard compact.count > 6, compact[..<2].allSatisfy({ $0 >= 0x41 && $0 <= 0x5a }), "PSEX".utf8.contains(compact[5]),
      compact[2..<5].allSatisfy({ $0.isASCIIDigit || $0 >= 0x41 && $0 <= 0x5a })
    else { return 0 }
    return 6
  }
}
