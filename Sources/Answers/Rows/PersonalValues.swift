internal import EMIP
public import JournalFormat
public import JournalStore

/// The personal values of an exchange, and what stands in their place in text. The mask does not tell how long they are.
///
/// Beside what was marked when it was recorded, what would be marked now is masked: an earlier version may have marked less. Secrets are masked even where
/// personal values are revealed.
public struct PersonalValues {
  /// The mask.
  public static let mask = "••••"
  /// A shorter value is masked where it is marked only: elsewhere it may be anything.
  private static let shortestSoughtBytes = 6

  private let isRevealed: Bool
  /// Longest first, so that a value that holds another goes as a whole.
  private let sought: [[UInt8]]
  /// Identifiers that are personal by declaration, or by where they stand, whatever their kind.
  private var declared: Set<[UInt8]> = []
  /// What is hidden of each body, by position.
  private var hidden: [JournalPosition: [Range<Int>]] = [:]

  /// Collects the values of an exchange.
  public init(_ exchange: Exchange, isRevealed: Bool) {
    self.isRevealed = isRevealed
    var texts: Set<[UInt8]> = []
    let reader = MessageReader()
    for entry in exchange.entries {
      let payload = entry.content.payload
      let secrets = Secrets.ranges(in: payload)
      let marks = isRevealed ? [] : Self.personalMarks(entry, reader)
      if !isRevealed { declared.formUnion(entry.content.declaredPersonal) }
      hidden[entry.position] = secrets + marks.map(\.range).filter { !$0.isEmpty }
      for text in secrets.map({ Array(payload[$0]) }) + marks.map({ $0.text(in: payload) }) where text.count >= Self.shortestSoughtBytes {
        texts.insert(text)
      }
    }
    sought = texts.sorted { ($1.count, $0.description) < ($0.count, $1.description) }
  }

  private static func personalMarks(_ entry: Entry, _ reader: MessageReader) -> [Mark] {
    var marks = entry.content.marks
    if entry.kind != .refusal, case .message(let facts) = reader.read(entry.content.payload) { marks += facts.marks }
    return marks.filter { $0.kind.isPersonal }
  }

  /// A text of an entry's fields as a line of output: values that it quotes are masked.
  public func line(_ text: String) -> String {
    pieces(Array(text.utf8), hidden: []).map { $0.map { SafeText.line(Array($0)) } ?? Self.mask }.joined()
  }

  /// A value of an identifier.
  public func identifier(_ text: [UInt8], of kind: TermKind) -> String {
    kind.isPersonal && !isRevealed || declared.contains(text) ? Self.mask : SafeText.line(text)
  }

  /// The body of an entry. What was refused has not been read, so that nothing tells which of it is personal: it is withheld as a whole.
  public func body(_ entry: Entry) -> String {
    let payload = entry.content.payload
    guard isRevealed || entry.kind != .refusal else {
      return "\(Self.mask) (not read, so that nothing tells what is personal in it: see it with --reveal)"
    }
    let text = pieces(payload, hidden: hidden[entry.position] ?? []).map { $0.map { SafeText.body($0) } ?? Self.mask }.joined()
    // The line that it is part of brings its own end.
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  /// The parts of some bytes that may be shown, with nil where something is hidden.
  private func pieces(_ bytes: [UInt8], hidden: [Range<Int>]) -> [ArraySlice<UInt8>?] {
    var pieces: [ArraySlice<UInt8>?] = []
    var start = 0
    for range in (hidden + quotations(in: bytes)).sorted(by: { $0.lowerBound < $1.lowerBound }) where range.upperBound > start {
      if range.lowerBound > start { pieces.append(bytes[start..<range.lowerBound]) }
      // What touches what was hidden before is one mask with it.
      if range.lowerBound >= start { pieces.append(nil) }
      start = range.upperBound
    }
    if start < bytes.count { pieces.append(bytes[start...]) }
    return pieces
  }

  /// Where the values stand without a mark, in a fault's reason for instance.
  private func quotations(in bytes: [UInt8]) -> [Range<Int>] {
    guard !sought.isEmpty else { return [] }
    return sought.flatMap { text in bytes.ranges(of: text) }
  }
}

extension EntryContent {
  /// The texts of identifiers that are personal though their kinds are not: where both marks stand on one place.
  public var declaredPersonal: Set<[UInt8]> {
    let personal = Set(marks.filter { $0.kind == .personalText }.map(\.range))
    guard !personal.isEmpty else { return [] }
    return Set(marks.filter { !$0.kind.isPersonal && personal.contains($0.range) }.map { $0.text(in: payload) })
  }
}
