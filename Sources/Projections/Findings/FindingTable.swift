public import JournalFormat
public import JournalStore

/// How much a finding matters.
public enum FindingSeverity: String, Sendable, CaseIterable {
  /// What is wrong, what probably is, and what is worth knowing.
  case error, warning, notice
}

/// A rule that a read model holds what it sees against.
public struct FindingRule: Hashable, Sendable {
  /// On disk: never used again for another.
  public let number: UInt8
  /// Lower-case words joined by hyphens.
  public let id: String
  /// How much what it finds matters.
  public let severity: FindingSeverity
  /// Rises when the same facts would be judged otherwise.
  public let version: Int
  /// What it says, in one sentence.
  public let explanation: String

  /// Makes a rule, of version 1 unless told otherwise.
  public init(_ number: UInt8, _ id: String, _ severity: FindingSeverity, version: Int = 1, _ explanation: String) {
    self.number = number
    self.id = id
    self.severity = severity
    self.version = version
    self.explanation = explanation
  }
}

/// What a read model found wrong or odd, and when. In the order of the positions at which it became known.
public struct FindingTable: Sendable {
  /// Where the findings stand.
  public let table: ModelTable

  /// How long a finding's key is.
  static let keyBytes = 11

  /// Whether a finding may have been made of what could not be read; asked where there is such a gap.
  typealias Doubt = @Sendable (Stored, any ModelRows) throws(JournalError) -> Bool
  private let isDoubtful: Doubt?

  /// Keeps findings in a table that holds nothing else.
  public init(_ table: ModelTable) { self.init(table, isDoubtful: nil) }

  /// As ``init(_:)``, where some of the rules find what an entry that could not be read may have ended: such findings are held back.
  init(_ table: ModelTable, isDoubtful: Doubt?) {
    self.table = table
    self.isDoubtful = isDoubtful
  }

  /// A finding as it is stored.
  public struct Stored: Hashable, Sendable {
    /// Names it for ``FindingTable/resolve(_:at:in:)``.
    public let key: [UInt8]
    /// The number of its rule; a later version of the program may have others.
    public let rule: UInt8
    /// The position of the entry with which it became known.
    public let position: JournalPosition
    /// The position of the entry that made an end of it; nil while it holds.
    public let resolvedAt: JournalPosition?
    /// What it is about, in its read model's own terms; never personal.
    public let subject: [UInt8]
    /// In its rule's own terms; never personal.
    public let detail: [UInt8]
  }

  /// Stores a finding.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  /// - Returns: its key.
  @discardableResult
  public func add(
    _ rule: FindingRule, at position: JournalPosition, subject: [UInt8], detail: [UInt8] = [], in rows: ModelTransaction
  ) throws(JournalError) -> [UInt8] {
    var prefix: [UInt8] = bigEndianBytes(position.rawValue)
    prefix.append(rule.number)
    let last = try rows.last(upTo: prefix + [0xff, 0xff], beginningWith: prefix, in: table)
    // One entry, a long list, may lead to many.
    let number = last.map { UInt16($0.key[9]) << 8 | UInt16($0.key[10]) + 1 } ?? 0
    let key = prefix + bigEndianBytes(number)
    try rows.put(Self.value(resolvedAt: nil, subject, detail), for: key, in: table)
    return key
  }

  /// Notes that a finding holds no longer; one that is gone, or ended before, stays as it is.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  public func resolve(_ key: [UInt8], at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    guard let value = try rows.value(of: key, in: table) else { return }
    let stored = try decoded(ModelRow(key: key, value: value))
    guard stored.resolvedAt == nil else { return }
    try rows.put(Self.value(resolvedAt: position, stored.subject, stored.detail), for: key, in: table)
  }

  /// Shows the findings that were known as of a position, in order, until `body` returns false.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws. Also what `body` throws.
  public func forEach(asOf position: JournalPosition?, in rows: any ModelRows, _ body: (Stored) throws -> Bool) throws {
    try rows.forEach(in: table) { row in
      var stored = try decoded(row)
      if let position {
        guard stored.position <= position else { return false }
        if let resolvedAt = stored.resolvedAt, resolvedAt > position { stored = stored.unresolved }
      }
      return try isHeldBack(stored, rows) || body(stored)
    }
  }

  /// A finding as it was known as of a position; nil where it was not made yet.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func finding(_ key: [UInt8], asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> Stored? {
    guard let value = try rows.value(of: key, in: table) else { return nil }
    let stored = try decoded(ModelRow(key: key, value: value))
    guard try !isHeldBack(stored, rows) else { return nil }
    guard let position else { return stored }
    guard stored.position <= position else { return nil }
    return stored.resolvedAt.map { $0 > position } ?? false ? stored.unresolved : stored
  }

  private func isHeldBack(_ stored: Stored, _ rows: any ModelRows) throws(JournalError) -> Bool {
    guard let isDoubtful, !rows.gaps.isEmpty else { return false }
    return try isDoubtful(stored, rows)
  }

  private static func value(resolvedAt: JournalPosition?, _ subject: [UInt8], _ detail: [UInt8]) -> [UInt8] {
    var value: [UInt8] = []
    value.appendVarint(resolvedAt?.rawValue ?? 0)
    value.appendCounted(subject)
    value.append(contentsOf: detail)
    return value
  }

  private func decoded(_ row: ModelRow) throws(JournalError) -> Stored {
    try table.decoding { () throws(FormatError) in
      guard row.key.count == Self.keyBytes else { throw FormatError("the key of a finding has the wrong length") }
      return try row.value.reading { (reader) throws(FormatError) in
        let resolvedAt = try reader.varint()
        let subject = Array(try reader.counted())
        return Stored(
          key: row.key, rule: row.key[8], position: JournalPosition(UInt64(bigEndian: row.key[..<8])),
          resolvedAt: resolvedAt == 0 ? nil : JournalPosition(resolvedAt), subject: subject,
          detail: Array(try reader.take(reader.remainingCount)))
      }
    }
  }
}

extension FindingTable.Stored {
  fileprivate var unresolved: Self {
    Self(key: key, rule: rule, position: position, resolvedAt: nil, subject: subject, detail: detail)
  }
}

/// A finding as it is told to people and machines.
public struct ReportedFinding: Hashable, Sendable {
  /// The rule that was broken.
  public var rule: FindingRule
  /// The position of the entry with which it became known.
  public var position: JournalPosition
  /// The position of the entry that made an end of it; nil while it holds.
  public var resolvedAt: JournalPosition?
  /// The ids that it is about; never personal.
  public var subject: String
  /// One sentence, with its figures; never personal.
  public var sentence: String

  /// Tells a finding.
  public init(rule: FindingRule, position: JournalPosition, resolvedAt: JournalPosition?, subject: String, sentence: String) {
    self.rule = rule
    self.position = position
    self.resolvedAt = resolvedAt
    self.subject = subject
    self.sentence = sentence
  }
}
