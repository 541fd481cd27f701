internal import JournalFormat
internal import JournalStore

/// Short numbers of texts that stand in many records and are not personal, by first appearance.
struct SessionNames {
  let numbers: ModelTable
  let texts: ModelTable

  /// What a text names. The numbers are on disk.
  enum Kind: UInt8 {
    case `operator` = 1
    case evse = 2
  }

  private func numbered(_ kind: Kind) -> NumberedNames<UInt32> {
    NumberedNames(byName: .init(numbers, tag: kind.rawValue), byNumber: .init(texts, tag: kind.rawValue), first: 0)
  }

  /// How two spellings of one id compare; what is too long for a key is cut off.
  static func compact(_ text: String) -> [UInt8] { Array(TermComparison.compact.normalized(text.utf8).prefix(400)) }

  /// The number of a text, made where it has none yet.
  func number(_ text: String, _ kind: Kind, in rows: ModelTransaction) throws(JournalError) -> UInt32 {
    if let known = try known(text, kind, in: rows) { return known }
    return try numbered(kind).add(Self.compact(text), as: Array(text.utf8.prefix(400)), in: rows)
  }

  /// The number of a text; nil where no record names it.
  func known(_ text: String, _ kind: Kind, in rows: any ModelRows) throws(JournalError) -> UInt32? {
    try numbered(kind).number(of: Self.compact(text), in: rows)
  }

  /// The text of a number, as it was written first.
  func text(_ number: UInt32, _ kind: Kind, in rows: any ModelRows) throws(JournalError) -> String? {
    try numbered(kind).text(of: number, in: rows).map { String(decoding: $0, as: UTF8.self) }
  }
}
