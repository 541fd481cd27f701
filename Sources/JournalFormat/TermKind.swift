/// The kind of an index term: a number, how its text is made comparable, and whether it is personal, in one byte.
///
///     bit  7      personal: the index holds a keyed pseudonym, text output masks it
///     bits 6..5   comparison (`TermComparison`)
///     bits 4..0   number, given by the protocol; 0 is reserved
///
/// The numbers belong to the protocol that writes them; this module knows none.
public struct TermKind: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// - Parameter number: 1 to 31.
  public init(number: UInt8, comparison: TermComparison, isPersonal: Bool = false) {
    precondition((1...31).contains(number), "a term kind's number is 1 to 31")
    rawValue = number | comparison.rawValue << 5 | (isPersonal ? 0x80 : 0)
  }

  /// The number that its protocol gave it, 1 to 31.
  public var number: UInt8 { rawValue & 0x1f }
  /// How its values are made comparable.
  public var comparison: TermComparison { TermComparison(rawValue: rawValue >> 5 & 0x3)! }
  /// Whether its values are personal.
  public var isPersonal: Bool { rawValue & 0x80 != 0 }
}

/// How the text of a message becomes the comparable value of a term.
public enum TermComparison: UInt8, Sendable {
  /// As written.
  case exact = 0
  /// ASCII letters upper-cased; `*`, `-` and blanks removed: `fr*a23*e45b` is `FRA23E45B`.
  case compact = 1
  /// ASCII letters upper-cased and zeros put before it up to 8 digits, or up to 14 when it is longer than 8.
  case hexPadded = 2
  /// Marked (a personal text, say) and not indexed.
  case unindexed = 3

  /// The comparable value of a text. Never fails: a text that is not hexadecimal is only upper-cased and padded.
  public func normalized(_ text: some Sequence<UInt8>) -> [UInt8] {
    var value: [UInt8] = []
    append(text, to: &value)
    return value
  }

  /// Appends the comparable value of a text.
  public func append(_ text: some Sequence<UInt8>, to value: inout [UInt8]) {
    let start = value.count
    switch self {
    case .exact, .unindexed:
      value += text
    case .compact:
      for byte in text where byte != UInt8(ascii: "*") && byte != UInt8(ascii: "-") && byte != UInt8(ascii: " ") {
        value.append(byte.asciiUppercased)
      }
    case .hexPadded:
      for byte in text { value.append(byte.asciiUppercased) }
      let count = value.count - start
      value.insert(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, (count <= 8 ? 8 : 14) - count)), at: start)
    }
  }
}

extension UInt8 {
  /// An ASCII letter in upper case; any other byte as it is.
  public var asciiUppercased: UInt8 { self >= 0x61 && self <= 0x7a ? self & 0xdf : self }
}

/// What the indexes find entries by: a kind and a comparable value.
public struct IndexTerm: Hashable, Sendable {
  /// The kind of the value.
  public let kind: TermKind
  /// Already brought into what the kind compares.
  public let value: [UInt8]

  /// - Parameter text: as a message or a person writes it; it is brought into what the kind compares.
  public init(_ kind: TermKind, text: some Sequence<UInt8>) {
    self.kind = kind
    value = kind.comparison.normalized(text)
  }

  /// The term of a text, as written.
  public init(_ kind: TermKind, _ text: String) { self.init(kind, text: text.utf8) }
}
