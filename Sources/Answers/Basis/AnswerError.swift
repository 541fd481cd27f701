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
}

extension JournalError {
  /// The error for a person, with the code that `Schemas/errors.md` explains.
  public var sentence: String { "\(self) (\(code.rawValue))" }
}
