public import EMIP
internal import JournalFormat
public import JournalStore

extension Exchange {
  /// How the answer does not fit its request; nil where it does, as far as both tell.
  public var answerMismatch: AnswerMismatch? {
    guard let request, let response else { return nil }
    return AnswerMismatch(response.content, to: request.content)
  }
}
