internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What EVSE statuses are held against. Numbers 70 to 79 are theirs.
public enum EVSERules {
  /// What is out of order or deleted serves nobody: one of the two reports is wrong.
  public static let contradiction = FindingRule(
    70, "evse-contradiction", .warning, "An element is reported busy while it is reported out of order or deleted.")

  /// Clocks differ by seconds. A status that is further ahead would, by its date, rule over all that comes in the meantime.
  public static let ahead = FindingRule(
    71, "status-ahead", .warning,
    "A status is dated more than 5 minutes ahead of the message that tells it, and counts from then; told once, until one is not.")
  /// What cannot be read was reported all the same: the status of before does not hold any more.
  public static let unreadable = FindingRule(
    72, "status-value-unreadable", .error,
    "A status, or one of its dates, is there and cannot be read; told once, until one can be.")

  /// An operator's own separators tell elements apart.
  public static let spellingAmbiguous = FindingRule(
    75, "evse-spelling-ambiguous", .warning,
    "An id without separators may be that of several elements, which only their separators tell apart.")

  /// In the order of their numbers.
  public static let all = [contradiction, ahead, unreadable, spellingAmbiguous]

  /// What is further ahead is found. The guide says nothing of it; clocks that are kept at all differ by less.
  static let aheadMilliseconds: Int64 = 300_000

  /// The field of a part in answers: `busyStatus` for the `status` of the busy one.
  static func fieldName(_ name: String, _ part: StatusPart) -> String {
    (part == .busy ? "busy" : "availability") + name.prefix(1).uppercased() + name.dropFirst()
  }

  static func noteAmbiguous(
    _ element: StatusReport.Element, _ identifier: IdentifierSpelling, at position: JournalPosition, in rows: ModelTransaction
  ) throws(JournalError) {
    let unseparated = IdentifierSpelling(utf8: identifier.compact)
    try EVSETables.findings.add(
      spellingAmbiguous, at: position, subject: EVSEElementTable.key(element, unseparated, rows.hash),
      detail: Array(identifier.compact.prefix(200)), in: rows)
  }

  /// What could not be read, since the first of the two statuses, may have ended one of them.
  static func isDoubtful(_ finding: FindingTable.Stored, _ rows: any ModelRows) throws(JournalError) -> Bool {
    guard finding.rule == contradiction.number else { return false }
    let first = try EVSETables.findings.table.reading(finding.detail) { (reader) throws(FormatError) in
      min(JournalPosition(try reader.varint()), JournalPosition(try reader.varint()))
    }
    return rows.gaps.count(after: first, before: finding.position) > 0
  }

  /// The number of the element that a contradiction is of.
  static func number(_ stored: FindingTable.Stored) throws(JournalError) -> UInt32 {
    try EVSETables.findings.table.reading(stored.detail) { (reader) throws(FormatError) in
      for _ in 0..<3 { _ = try reader.varint() }
      return try reader.number()
    }
  }

  /// One sentence on an element, with the figures of a finding.
  static func sentence(_ id: String, _ stored: FindingTable.Stored) throws(JournalError) -> String {
    switch stored.rule {
    case ahead.number:
      let (date, milliseconds) = try EVSETables.findings.table.reading(stored.detail) { (reader) throws(FormatError) in
        (Timestamp(rawValue: try reader.signedVarint()), try reader.varint())
      }
      return "A status of \(id) is dated \(date), \(spelled(milliseconds: milliseconds)) ahead of its message."
    case unreadable.number:
      let values = try EVSETables.findings.table.reading(stored.detail) { (reader) throws(FormatError) in
        var values: [String] = []
        while !reader.isAtEnd { values.append("\(try reader.string()) \"\(try reader.string())\"") }
        return values
      }
      return "What was reported of \(id) cannot be read: \(values.joined(separator: ", "))."
    default: return try contradictionSentence(id, stored)
    }
  }

  /// In days from two of them on, in hours from two of them on, else in minutes: rounded down.
  private static func spelled(milliseconds: UInt64) -> String {
    let minutes = milliseconds / 60_000
    return minutes >= 2_880 ? "\(minutes / 1_440) d" : minutes >= 120 ? "\(minutes / 60) h" : "\(minutes) min"
  }

  private static func contradictionSentence(_ id: String, _ stored: FindingTable.Stored) throws(JournalError) -> String {
    let (busy, availability, status) = try EVSETables.findings.table.reading(stored.detail) { (reader) throws(FormatError) in
      (try reader.varint(), try reader.varint(), try reader.varint())
    }
    let state = status == UInt64(AvailabilityStatus.deleted.rawValue) ? "deleted" : "out of order"
    return "\(id) is reported busy (position \(busy)) while it is \(state) (position \(availability))."
  }
}
