public import JournalFormat
public import JournalStore

/// The sessions: which exchanges belong to one, across the CPO's and the eMSP's side and whichever of its three ids each names, and what
/// is odd about them.
public final class SessionProjection: Projection {
  public static let name = "sessions"
  public static let version: UInt32 = 1
  public static let tables = SessionTables.all
  public static let rules = SessionRules.all

  private var memory = SessionMemory()

  public init() {}

  /// See ``Projection``.
  public static func isConcerned(by context: EntryContext) -> Bool { context.kind.isMessage && SessionMention.isAboutSessions(context) }

  /// See ``Projection``.
  public func passTime(at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    try SessionRules.findOverdue(SessionRows(rows: rows, memory: memory, position: position))
  }

  /// See ``Projection``.
  public func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    let tables = SessionRows(rows: rows, memory: memory, position: entry.position)
    if entry.kind == .request {
      try SessionWriter(entry, tables).takeRequest()
    } else if let request = entry.request, RequestOutcome(entry.entry) != nil {
      try SessionWriter(entry, tables).takeAnswer(to: request)
    }
  }

  // MARK: Findings

  /// See ``Projection``.
  public static func findings(_ models: ReadModels, asOf position: JournalPosition?) throws -> [ReportedFinding] {
    try SessionQuestions(models, asOf: position).findings()
  }

  // MARK: The purge horizon

  /// See ``Projection``.
  public func condense(_ rows: ModelTransaction, horizon: JournalPosition, from journal: JournalReader) throws(JournalError) {
    try SessionOpening(rows: rows, horizon: horizon, journal: journal).condense()
    // All must be read from the rows again.
    memory = SessionMemory()
  }
}
