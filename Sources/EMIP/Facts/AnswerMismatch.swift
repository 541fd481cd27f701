public import JournalFormat

/// That an answer is about something else than its request.
///
/// A request without a `transactionId` gets one from whoever answers (guide 5.4.1), and an answer need not repeat the session: only what both say can
/// differ.
public enum AnswerMismatch: Hashable, Sendable {
  /// The answer has another `transactionId`.
  case transactionId(asked: String, answered: String)
  /// The answer is about another session of the platform's than any that the request names.
  case serviceSessionId(asked: String, answered: String)

  /// Tells how an answer does not fit the request that it answers; nil where it does, as far as the marks of both tell. An id that is personal by
  /// declaration, or by where it stands, is empty here.
  public init?(_ answer: EntryContent, to request: EntryContent) {
    guard answer.context.kind == .response, request.context.kind == .request else { return nil }
    if let asked = request.first(.transactionId), let answered = answer.first(.transactionId),
      !asked.bytes(in: request.payload).isSameId(as: answered.bytes(in: answer.payload))
    {
      self = .transactionId(asked: request.shown(asked), answered: answer.shown(answered))
      return
    }
    guard let asked = request.first(.serviceSessionId) else { return nil }
    for mark in answer.marks where mark.kind == .serviceSessionId {
      let answered = mark.bytes(in: answer.payload)
      let isAsked = request.marks.contains { $0.kind == .serviceSessionId && $0.bytes(in: request.payload).isSameId(as: answered) }
      guard !isAsked else { continue }
      self = .serviceSessionId(asked: request.shown(asked), answered: answer.shown(mark))
      return
    }
    return nil
  }

  /// In one sentence.
  public var sentence: String {
    switch self {
    case .transactionId(let asked, let answered):
      asked.isEmpty || answered.isEmpty
        ? "The answer has another transactionId than its request."
        : "The answer has the transactionId \(answered), and its request \(asked)."
    case .serviceSessionId(let asked, let answered):
      asked.isEmpty || answered.isEmpty
        ? "The answer is about another session than its request."
        : "The answer is about the session \(answered), and its request about \(asked)."
    }
  }
}

extension ArraySlice<UInt8> {
  /// Whether both are one id. Ids are made of UUIDs, and these are the same in any case (RFC 9562, section 4).
  fileprivate func isSameId(as other: ArraySlice<UInt8>) -> Bool {
    count == other.count && zip(self, other).allSatisfy { $0.asciiUppercased == $1.asciiUppercased }
  }
}

extension EntryContent {
  fileprivate func first(_ kind: TermKind) -> Mark? { marks.first { $0.kind == kind } }

  /// The text of an id; empty where it is personal.
  fileprivate func shown(_ id: Mark) -> String {
    let isPersonal = marks.contains { $0.kind == .personalText && $0.range == id.range }
    return isPersonal ? "" : String(decoding: id.bytes(in: payload), as: UTF8.self)
  }
}

extension Mark {
  /// The value as written, without a copy.
  fileprivate func bytes(in payload: [UInt8]) -> ArraySlice<UInt8> { inlineText?[...] ?? payload[range] }
}
