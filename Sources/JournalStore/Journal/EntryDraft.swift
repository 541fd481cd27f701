public import JournalFormat

/// An entry on its way into the journal, which gives it its position and time.
public struct EntryDraft: Hashable, Sendable {
  public var content: EntryContent
  public var exchange: ExchangeReference
  /// When it counts as recorded; nil for now. The journal moves it up to the time of the entry before, never down.
  public var recordedAt: Timestamp?

  /// Which request an answer belongs to.
  public enum ExchangeReference: Hashable, Sendable {
    case none
    /// The entry that stands this many places before it in the same call; 1 is the one right before.
    case behind(Int)
    case position(JournalPosition)
  }

  /// A request or anything else that answers nothing, or an answer.
  public init(_ content: EntryContent, exchange: ExchangeReference = .none, recordedAt: Timestamp? = nil) {
    self.content = content
    self.exchange = exchange
    self.recordedAt = recordedAt
  }
}
