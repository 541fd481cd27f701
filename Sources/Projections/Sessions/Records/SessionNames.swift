internal import EMIP
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

  /// What the spellings of one id have in common; what is too long for a key is cut off.
  ///
  ///     operator = compact
  ///     EVSE     = compact [0 *separator]      ; where its inner separators stand (``IdentifierSpelling``), as other places are another EVSE
  private static func key(_ text: String, _ kind: Kind) -> [UInt8] {
    guard kind == .evse else { return Array(TermComparison.compact.normalized(text.utf8).prefix(400)) }
    let spelling = IdentifierSpelling(text)
    let compact = Array(spelling.compact.prefix(400))
    return spelling.separators.isEmpty ? compact : compact + [0] + spelling.separators.prefix(60)
  }

  /// The EVSEs that an id may be, in any spelling: where it does not say where separators stand, all that do.
  func evses(_ text: String, in rows: any ModelRows) throws(JournalError) -> EVSEs {
    let spelling = IdentifierSpelling(text)
    let compact = [Kind.evse.rawValue] + spelling.compact.prefix(400)
    var found = EVSEs(unseparated: try rows.value(of: compact, in: numbers).map { UInt32(bigEndian: $0) })
    guard spelling.separators.isEmpty else {
      if let number = try known(text, .evse, in: rows) { found.separated.insert(number) }
      return found
    }
    var next = compact + [0]
    while let row = try rows.first(from: next, beginningWith: compact + [0], in: numbers) {
      found.separated.insert(UInt32(bigEndian: row.value))
      next = row.key + [0]
    }
    return found
  }

  /// The numbers of EVSEs that an id may be.
  struct EVSEs {
    /// The number of the id without separators.
    var unseparated: UInt32?
    var separated: Set<UInt32> = []

    /// Whether a session is at one of them: it may have been named without separators too.
    func include(_ session: SessionFacts) -> Bool {
      let named = session.namings.filter { $0.party == .evse }.map(\.number)
      if named.contains(where: separated.contains) { return true }
      return unseparated.map { number in !named.isEmpty && named.allSatisfy { $0 == number } } ?? false
    }
  }

  /// The number of a text, made where it has none yet.
  func number(_ text: String, _ kind: Kind, in rows: ModelTransaction) throws(JournalError) -> UInt32 {
    if let known = try known(text, kind, in: rows) { return known }
    return try numbered(kind).add(Self.key(text, kind), as: Array(text.utf8.prefix(400)), in: rows)
  }

  /// The number of a text; nil where no record names it.
  func known(_ text: String, _ kind: Kind, in rows: any ModelRows) throws(JournalError) -> UInt32? {
    try numbered(kind).number(of: Self.key(text, kind), in: rows)
  }

  /// The text of a number, as it was written first.
  func text(_ number: UInt32, _ kind: Kind, in rows: any ModelRows) throws(JournalError) -> String? {
    try numbered(kind).text(of: number, in: rows).map { String(decoding: $0, as: UTF8.self) }
  }
}
