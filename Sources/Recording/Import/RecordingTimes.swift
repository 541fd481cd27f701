import JournalFormat

/// Decides at which times what a source brings counts as recorded. Its first line that the journal does not have decides for all: where the source has
/// come to the journal's end by then, it is history, and each line counts as recorded at its own time; else all of it is recorded now.
///
/// An import that was cut off and is run again so goes on as it began: the lines that the journal has lead to the journal's end, which is the latest time
/// among them.
struct RecordingTimes {
  /// Lines are written when an answer came, or was given up: what was asked first may stand behind what was asked later, and so may the end of one file
  /// and the beginning of the next.
  static let slackMilliseconds: Int64 = 300_000

  /// When the journal's last entry was recorded; nil where it has none.
  let journalEnd: Timestamp?
  /// The latest time of a line so far.
  private var latest: Timestamp?
  /// Nil until a line decides.
  private(set) var isHistory: Bool?

  /// - Parameter journalEnd: when the journal's last entry was recorded; nil where it has none.
  init(journalEnd: Timestamp?) { self.journalEnd = journalEnd }

  /// Notes the time of something that the journal has.
  mutating func note(_ time: Timestamp) { latest = latest.map { max($0, time) } ?? time }

  /// What becomes of a line that the journal does not have.
  enum Line {
    /// It counts as recorded at its own time, as far as what stands before it allows.
    case inOrder
    /// Part of a history, but behind lines that are later: it counts as recorded at their time.
    case behindLater
    /// It counts as recorded now.
    case now
  }

  /// Decides what becomes of a line that the journal does not have.
  mutating func place(_ time: Timestamp) -> Line {
    let before = latest
    note(time)
    if isHistory == nil { isHistory = journalEnd.map { isAtLeast(latest!, $0) } ?? true }
    guard isHistory! else { return .now }
    return before.map { isAtLeast(time, $0) } ?? true ? .inOrder : .behindLater
  }

  /// When an entry of a time counts as recorded; nil for now. Only of a line that was placed.
  func recordedAt(_ time: Timestamp) -> Timestamp? { isHistory! ? time : nil }

  private func isAtLeast(_ time: Timestamp, _ other: Timestamp) -> Bool { other.milliseconds(since: time) <= Self.slackMilliseconds }
}
