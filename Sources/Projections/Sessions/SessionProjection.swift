public import JournalFormat
public import JournalStore

/// The sessions: which exchanges belong to one, across the CPO's and the eMSP's side and whichever of its three ids each names, and what
/// is odd about them.
public final class SessionsProjection: Projection {
  public static let name = "sessions"
  public static let version: UInt32 = 1

  /// Keyed hash of an id → the sessions that have it.
  static let ids = SessionIds(table: ModelTable("ids", 0))
  /// Number → ``SessionRecord``s; a session that turned out to be another says so in its last one.
  static let log = HistoryTable(ModelTable("log", 1))
  static let awaited = SessionsAwaited(table: ModelTable("awaited", 2))
  static let unnamed = UnnamedSessions(table: ModelTable("unnamed", 3))
  static let names = SessionNames(numbers: ModelTable("names", 4), texts: ModelTable("texts", 5))
  public static let findings = FindingTable(ModelTable("findings", 6))
  public static let tables = [ids.table, log.table, awaited.table, unnamed.table, names.numbers, names.texts, findings.table]

  private var memory = SessionMemory()

  public init() {}

  /// See ``Projection``.
  public static func isConcerned(by context: EntryContext) -> Bool { context.kind.isMessage && SessionMention.isAboutSessions(context) }

  /// See ``Projection``.
  public func passTime(at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    try SessionRules.findOverdue(SessionTables(rows: rows, memory: memory, position: position))
  }

  /// See ``Projection``.
  public func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    let tables = SessionTables(rows: rows, memory: memory, position: entry.position)
    if entry.kind == .request {
      try SessionWriter(entry, tables).takeRequest()
    } else if let request = entry.request, RequestOutcome(entry.entry) != nil {
      try SessionWriter(entry, tables).takeAnswer(to: request)
    }
  }

  /// All must be read from the rows again.
  func forget() { memory = SessionMemory() }

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
    do throws(FormatError) { return try SessionRecord.successor(last) } catch { throw .damagedModel(error, log.table) }
  }

  static func nextNumber(_ rows: any ModelRows) throws(JournalError) -> UInt32 {
    let last = try rows.last(upTo: Array(repeating: 0xff, count: 10), beginningWith: [], in: log.table)
    return last.map { UInt32(bigEndian: $0.key[..<4]) + 1 } ?? 0
  }
}
