internal import JournalFormat
internal import JournalStore

/// The tables of the read model of sessions.
enum SessionTables {
  /// Keyed hash of an id → the sessions that have it.
  static let ids = SessionIds(table: ModelTable("ids", 0))
  /// Number → ``SessionRecord``s; a session that turned out to be another says so in its last one.
  static let log = HistoryTable(ModelTable("log", 1))
  static let awaited = AwaitedSessions(table: ModelTable("awaited", 2))
  static let unnamed = UnnamedSessions(table: ModelTable("unnamed", 3))
  static let names = SessionNames(numbers: ModelTable("names", 4), texts: ModelTable("texts", 5))
  static let findings = FindingTable(ModelTable("findings", 6))
  /// The sessions of which a stop was accepted, by the position of the answer.
  static let stops = AwaitedSessions(table: ModelTable("stops", 7))

  /// In the order of their numbers.
  static let all = [ids.table, log.table, awaited.table, unnamed.table, names.numbers, names.texts, findings.table, stops.table]

  // MARK: Numbers

  /// The session that another has turned out to be by a position, or itself.
  static func current(_ number: UInt32, asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> UInt32 {
    var number = number
    // Each leads to a lower one.
    while let other = try successor(of: number, asOf: position, in: rows) { number = other }
    return number
  }

  private static func successor(of number: UInt32, asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> UInt32?
  {
    guard let last = try log.chunk(of: bigEndianBytes(number), asOf: position, in: rows)?.records.last else { return nil }
    return try log.table.decoding { () throws(FormatError) in try SessionRecord.successor(last) }
  }

  /// The number of the next new session.
  static func nextNumber(_ rows: any ModelRows) throws(JournalError) -> UInt32 {
    let last = try rows.last(upTo: Array(repeating: 0xff, count: 10), beginningWith: [], in: log.table)
    return last.map { UInt32(bigEndian: $0.key[..<4]) + 1 } ?? 0
  }
}
