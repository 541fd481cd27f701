internal import EMIP
public import JournalFormat
public import JournalStore

/// What is wrong with messages as such, whatever they are about: those that could not be read, those that declare another encoding than they are in, and
/// answers to something else. See ``MessageQuestions``.
public final class MessageProjection: Projection {
  /// Its name in file names and commands, the version of its rows, its tables and the rules that it judges by.
  public static let name = "messages"
  public static let version: UInt32 = 2
  public static let tables = MessageTables.all
  public static let rules = MessageRules.all

  /// Remembers nothing: all that it knows stands in the rows.
  public init() {}

  /// Whether an entry of this context can change anything.
  public static func isConcerned(by context: EntryContext) -> Bool { context.kind.isMessage && context.protocolName == "eMIP" }

  /// Looks at a message, and at how it fits its request.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  public func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    let message = entry.message
    if message.kind == .refusal, let unread = UnreadMessage(entry) { try MessageTables.unread.put(unread, at: message.position, in: rows) }
    // A message without any finding of its own has none in its declaration either.
    if !message.entry.content.findings.isEmpty, let remark = MessageReader.declarationRemark(message.entry.content.payload) {
      try MessageRules.add(MessageRules.encoding, entry, Array(remark.utf8), in: rows)
    }
    guard let request = entry.request else { return }
    if let mismatch = entry.mismatch { try MessageRules.add(MessageRules.mismatch, entry, mismatch.detail, in: rows) }
    if request.kind == .refusal { try MessageTables.unread.noteAnswer(entry, to: request.position, in: rows) }
  }

  // MARK: Findings

  /// Tells what is wrong with messages, in the order in which it became known.
  /// - Parameter position: nil for now.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public static func findings(_ models: ReadModels, asOf position: JournalPosition?) throws -> [ReportedFinding] {
    try MessageQuestions(models, asOf: position).findings()
  }
}
