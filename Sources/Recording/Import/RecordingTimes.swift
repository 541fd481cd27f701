internal import JournalFormat

/// Decides at which time what is imported counts as recorded. One line decides for all: where it is not older than the journal's end, the import is a
/// history, and each line counts as recorded at its own time; else all of it is recorded now.
struct RecordingTimes {
  private let journalEnd: Timestamp?
  private var isHistory: Bool?

  /// - Parameter journalEnd: when the journal's last entry was recorded; nil where it has none.
  init(journalEnd: Timestamp?) { self.journalEnd = journalEnd }

  /// Decides by the time of a line, unless one was decided by before.
  mutating func decide(by time: Timestamp) {
    if isHistory == nil { isHistory = journalEnd.map { time >= $0 } ?? true }
  }

  /// When an entry of a time counts as recorded; nil for now. Only once it was decided.
  func recordedAt(_ time: Timestamp) -> Timestamp? { isHistory! ? time : nil }
}
