internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Reads messages of a journal as projections see them. Not for several threads at a time.
final class JournalMessages {
  let journal: JournalReader
  private let reader = MessageReader()

  init(_ journal: JournalReader) { self.journal = journal }

  /// An entry, with what its message says.
  func message(_ entry: Entry) -> ProjectedMessage {
    guard !entry.content.payload.isEmpty, case .message(let facts) = reader.read(entry.content) else {
      return ProjectedMessage(entry: entry, facts: nil)
    }
    return ProjectedMessage(entry: entry, facts: facts)
  }

  /// The message at a position; nil where it is gone, or damaged, which the journal's log of damage tells.
  func message(at position: JournalPosition) throws(JournalError) -> ProjectedMessage? {
    try journal.readableEntry(at: position).map(message)
  }

  /// What the message at a position says; nil where it is gone or damaged, or says nothing that can be read.
  func facts(at position: JournalPosition) throws(JournalError) -> MessageFacts? { try message(at: position)?.facts }
}
