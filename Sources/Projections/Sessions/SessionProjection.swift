public import JournalFormat
public import JournalStore

/// The sessions: which exchanges belong to one, across the CPO's and the eMSP's side and whichever of its three ids each names, and what
/// is odd about them.
public final class SessionProjection: Projection {
  /// Its name in file names and commands, the version of its rows, its tables and the rules that it judges by.
  public static let name = "sessions"
  public static let version: UInt32 = 3
  public static let tables = SessionTables.all
  public static let rules = SessionRules.all

  private var memory = SessionMemory()

  /// Begins with nothing remembered: all that it knows stands in the rows.
  public init() {}

  /// Whether an entry of this context can change anything.
  public static func isConcerned(by context: EntryContext) -> Bool { context.kind.isMessage && SessionMention.isAboutSessions(context) }

  /// Looks for sessions whose final record is overdue, or that go on after a stop.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  public func passTime(at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    let tables = SessionRows(rows: rows, memory: memory, position: position)
    try SessionRules.findOverdue(tables)
    try SessionRules.findUnheeded(tables)
  }

  /// Takes a request that is about a session, or the answer to one.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  public func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    let tables = SessionRows(rows: rows, memory: memory, position: entry.position)
    if entry.kind == .request {
      try SessionWriter(entry, tables).takeRequest()
    } else if let request = entry.request, RequestOutcome(entry.entry) != nil {
      try SessionWriter(entry, tables).takeAnswer(to: request)
    }
  }

  // MARK: Findings

  /// Tells what is odd about sessions, in the order in which it became known, but for charges that a white list clears.
  /// - Parameter position: nil for now.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows and messages throws.
  public static func findings(_ models: ReadModels, asOf position: JournalPosition?) throws -> [ReportedFinding] {
    try SessionQuestions(models, asOf: position).findings()
  }

  // MARK: The purge horizon

  /// Leaves of what came before the horizon only what must outlive its messages.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged. Also what reading the
  ///   journal throws.
  public func condense(_ rows: ModelTransaction, horizon: JournalPosition, from journal: JournalReader) throws(JournalError) {
    try SessionOpening(rows: rows, horizon: horizon, journal: journal).condense()
    // All must be read from the rows again.
    memory = SessionMemory()
  }
}
