public import JournalStore
internal import Recording

/// The answer to a question by an id: every exchange that holds it, and of a session's id the sessions.
public struct LookupDocument: Encodable, Sendable {
  private let question: LookupQuestion
  private let exchanges: [ExchangeDocument]
  private let sessions: [SessionDocument]?

  /// Describes an answer.
  /// - Parameter sessions: of a session's id: mostly one; several where several operators use it. Nil where sessions were not asked.
  public init(_ question: LookupQuestion, _ exchanges: [Exchange], sessions: [SessionDocument]? = nil) {
    self.question = question
    self.exchanges = exchanges.map { ExchangeDocument($0, includesBody: true) }
    self.sessions = sessions
  }

  private enum Key: String, CodingKey {
    case transactionId, sessionId, id, exchanges, session, otherSessions
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(question.id, forKey: Key(rawValue: question.kind.rawValue)!)
    try container.encode(exchanges, forKey: .exchanges)
    guard let sessions else { return }
    try container.encode(sessions.first, forKey: .session)
    try container.encode(Array(sessions.dropFirst()), forKey: .otherSessions)
  }
}
