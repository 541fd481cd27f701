internal import JournalFormat
public import JournalStore

/// The sessions: which exchanges belong to one, across the CPO's and the eMSP's side and whichever of its three ids each names, and what
/// is odd about them.
public struct SessionsProjection: Projection {
  public static let name = "sessions"
  public static let version: UInt32 = 1

  /// Keyed hash of an id and of whose it is → number. Of a request without an id: its position, until it is answered.
  static let ids = ModelTable("ids", 0)
  static let log = HistoryTable(ModelTable("log", 1))
  /// When it was authorised, number → nothing: whose final record may become overdue.
  static let open = ModelTable("open", 2)
  /// Keyed hash of CPO, EVSE and user → number, and when it was asked for: sessions that the platform has not named yet.
  static let unnamed = ModelTable("unnamed", 3)
  /// Number → the session that it turned out to be, and since when.
  static let alias = ModelTable("alias", 4)
  static let names = SessionNames(numbers: ModelTable("names", 5), texts: ModelTable("texts", 6))
  public static let findings = FindingTable(ModelTable("findings", 7))
  public static let tables = [ids, log.table, open, unnamed, alias, names.numbers, names.texts, findings.table]

  public init() {}

  /// See ``Projection``.
  public func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    if entry.kind == .request { try SessionRules.findOverdue(at: entry.position, in: rows) }
    guard entry.kind.isMessage, SessionMention.isAboutSessions(entry.context) else { return }
    if entry.kind == .request {
      try SessionWriter(entry, rows).takeRequest()
    } else if let request = entry.request, RequestOutcome(entry.entry) != nil {
      try SessionWriter(entry, rows).takeAnswer(to: request)
    }
  }

  // MARK: Numbers

  /// The session that another has turned out to be by a position, or itself.
  static func current(_ number: UInt32, asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> UInt32 {
    var number = number
    // Each leads to a lower one.
    while let value = try rows.value(of: bigEndianBytes(number), in: alias) {
      let since = JournalPosition(value[4...].reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
      if let position, since > position { break }
      number = UInt32(bigEndian: value[..<4])
    }
    return number
  }

  /// Of an id's row; nil for an id that no message has named.
  static func number(_ key: [UInt8], asOf position: JournalPosition? = nil, in rows: any ModelRows) throws(JournalError) -> UInt32? {
    guard let value = try rows.value(of: key, in: ids) else { return nil }
    return try current(UInt32(bigEndian: value[...]), asOf: position, in: rows)
  }

  static func nextNumber(_ rows: any ModelRows) throws(JournalError) -> UInt32 {
    let last = try rows.last(upTo: Array(repeating: 0xff, count: 10), beginningWith: [], in: log.table)
    return last.map { UInt32(bigEndian: $0.key[..<4]) + 1 } ?? 0
  }
}
