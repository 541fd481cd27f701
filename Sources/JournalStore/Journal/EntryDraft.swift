public import JournalFormat

/// An entry on its way into the journal, which gives it its position and time.
public struct EntryDraft: Hashable, Sendable {
  /// What is recorded.
  public var content: EntryContent
  /// The request that it answers, if it is an answer.
  public var request: RequestReference
  /// When it counts as recorded; nil for now. The journal moves it up to the time of the entry before, never down.
  public var recordedAt: Timestamp?

  /// Which request an answer answers.
  public enum RequestReference: Hashable, Sendable {
    /// It answers nothing.
    case none
    /// The entry that stands this many places before it in the same call; 1 is the one right before.
    case behind(Int)
    /// The entry at a position of the journal.
    case position(JournalPosition)
  }

  /// A request or anything else that answers nothing, or an answer.
  public init(_ content: EntryContent, request: RequestReference = .none, recordedAt: Timestamp? = nil) {
    self.content = content
    self.request = request
    self.recordedAt = recordedAt
  }
}
