public import JournalFormat

/// An entry on its way into the journal, which gives it its position and time.
public struct EntryDraft: Hashable, Sendable {
  /// What is recorded.
  public var content: EntryContent
  /// The request that it answers, if it is an answer.
  public var request: RequestReference
  /// When it counts as recorded, for what is history; nil for now. The journal moves it up to the time of the entry before, and down to the present:
  /// nothing is recorded at a time that is still to come.
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

extension EntryDraft {
  /// Says that somebody is about to see personal values.
  /// - Parameter reason: who asks, what for and why.
  static func access(_ reason: String, by clock: JournalClock.Source) -> EntryDraft {
    var context = EntryContext(kind: .access, author: .gateway)
    context.reason = reason
    return EntryDraft(EntryContent(observedAt: Timestamp(milliseconds: clock.wall()), context: context))
  }
}

extension EntryContent {
  /// Why this cannot come from a file or another process, in a sentence without a full stop; nil where it can. Messages of peers do, that no answer
  /// came, and notes. What the journal or its gateway did is stated by whoever did it: else anybody's file could hold, release, settle or erase.
  public var reasonToStateItself: String? {
    switch context.kind {
    case .request, .response, .refusal:
      context.author == .peer ? nil : "the gateway is named as the author of this \(context.kind), and it records itself what it says"
    // What the gateway says where no answer came has no message.
    case .failure:
      context.author == .peer || payload.isEmpty
        ? nil : "the gateway is named as the author of this failure's message, and it records itself what it says"
    case .note: nil
    case .settlement, .hold, .release, .erasure, .purge, .configuration, .access:
      "«\(context.kind)» is an act of the journal's own life, which only the command records that does it"
    }
  }
}
