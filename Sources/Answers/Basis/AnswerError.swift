internal import JournalFormat
public import JournalStore

/// Why a question has no answer, or not a whole one: what happened, and what to do. Damage and failures of the journal itself are ``JournalError``s.
public struct AnswerError: Error, Sendable, CustomStringConvertible {
  /// The kind of trouble. `Schemas/errors.md` says what to do about each.
  public enum Code: String, Sendable, CaseIterable {
    /// Nothing is known of what was asked for.
    case notFound = "answer.none"
    /// Damaged records were passed over: what they say is missing in the answer.
    case incomplete = "answer.incomplete"
    /// What was asked for is there, and part of it cannot be read.
    case unreadable = "answer.unreadable"
    /// The answer shows personal values, and the record of that could not be made: nothing was shown.
    case unrecorded = "access.unrecorded"
  }

  /// The kind of trouble.
  public let code: Code
  /// A sentence or two for a person, without any personal value.
  public let message: String
  /// What the journal said, where that is the reason.
  public let cause: JournalError?

  /// Makes an error.
  public init(_ code: Code, _ message: String, cause: JournalError? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// The message alone.
  public var description: String { message }

  /// Tells of records that were damaged.
  /// - Parameter fate: what became of them, for instance `left out`.
  public static func damaged(_ count: UInt64, _ fate: String) -> AnswerError {
    let records = Figure.count(count, "damaged record was", "damaged records were")
    return AnswerError(.incomplete, "\(records) \(fate). Run `emip-journal verify`.")
  }

  /// Tells of entries that were asked for, or may have been meant, and could not be read.
  /// - Parameter damage: what was met; not empty.
  /// - Returns: the error, which names their positions.
  public static func unreadable(_ damage: DamageLog) -> AnswerError {
    let positions = damage.positions
    let listed = positions.prefix(listedPositionCount).map { Figure.count($0.rawValue) }.joined(separator: ", ")
    let more = positions.count > listedPositionCount ? " and \(Figure.count(positions.count - listedPositionCount)) more" : ""
    let cause = positions.first.flatMap { damage.error(at: $0) }
    let reason = cause.map { " (\($0.message.trimmingEnd))" } ?? ""
    return AnswerError(
      .incomplete,
      "position\(positions.count == 1 ? "" : "s") \(listed)\(more) cannot be read\(reason): the answer lacks what is said there, and what was "
        + "asked for could be among it. Run `emip-journal verify`.", cause: cause)
  }

  private static let listedPositionCount = 10
}

extension String {
  /// Without the full stop at its end.
  fileprivate var trimmingEnd: Substring { hasSuffix(".") ? dropLast() : self[...] }
}

extension JournalError {
  /// The error for a person, with the code that `Schemas/errors.md` explains.
  public var sentence: String { "\(self) (\(code.rawValue))" }
}
