public import JournalFormat
public import JournalStore

/// A point in the journal's history, by position or by time.
public enum JournalMoment: Hashable, Sendable {
  /// What had been recorded with this position and before.
  case position(JournalPosition)
  /// What had been recorded by this moment.
  case time(Timestamp)

  /// The position that it means: the last that had been recorded by then.
  /// - Throws: ``AnswerError`` where nothing had been; `JournalError` where the journal cannot be read.
  public func position(in reader: JournalReader) throws -> JournalPosition {
    switch self {
    case .position(let position): return position
    case .time(let time):
      guard let position = try reader.lastPosition(recordedBy: time) else {
        throw AnswerError(.notFound, "nothing had been recorded by \(Figure.time(time)).")
      }
      return position
    }
  }
}
