public import JournalStore

/// The record of who is about to see personal values, in answer to what, and why. It stands in the journal before anything is shown.
public struct AccessRecord: Hashable, Sendable {
  /// What was asked, without any personal value.
  public var question: String
  /// Why, in the words of whoever asks; nil where no reason was given.
  public var reason: String?
  /// Who asks.
  public var user: String

  /// Describes an access that has not happened yet.
  public init(question: String, reason: String?, user: String) {
    self.question = question
    self.reason = reason
    self.user = user
  }

  /// Appends the record to a journal, whoever holds it. A reader that this process has open must have ended: a segment is open once in a process.
  /// - Parameter purpose: what the journal's lock says of this process meanwhile.
  /// - Throws: ``AnswerError`` where it cannot be recorded: then nothing may be shown.
  public func append(to directory: JournalDirectory, purpose: String) async throws(AnswerError) {
    do throws(JournalError) {
      let appender = try directory.openAppender(purpose: purpose)
      try await appender.recordAccess("reveal: \(question): \(reason ?? "no reason given") (user \(user))")
    } catch {
      throw AnswerError(
        .unrecorded, "personal values are revealed only when that can be recorded, and it cannot: \(error.sentence)", cause: error)
    }
  }
}
