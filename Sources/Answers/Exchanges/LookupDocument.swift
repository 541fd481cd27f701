internal import JournalFormat
internal import JournalStore
internal import Projections
internal import Recording

/// The answer to a question by an id or a position: every exchange that holds it, and of a session's id the session.
public struct LookupDocument: Encodable, Sendable {
  private let answer: LookupAnswer
  private let exchanges: [ExchangeDocument]
  private let sessions: [SessionDocument]?

  /// Describes an answer.
  /// - Parameter sessions: of a session's id: mostly one; several where several operators use it. Nil where sessions were not asked.
  public init(_ answer: LookupAnswer, sessions: [SessionDocument]? = nil) {
    self.init(answer, answer.exchanges, sessions: sessions)
  }

  private init(_ answer: LookupAnswer, _ exchanges: [Exchange], sessions: [SessionDocument]?) {
    self.answer = answer
    self.exchanges = exchanges.map { ExchangeDocument($0, includesBody: true) }
    self.sessions = sessions
  }

  /// A document for each of several sessions with one id, each with its own exchanges. Exchanges that hold the id and belong to none of them stand in a last
  /// one, whose session is null.
  public static func several(_ answer: LookupAnswer, _ sessions: [SessionDocument]) -> [LookupDocument] {
    var rest = answer.exchanges
    var documents = sessions.map { session in
      let own = Set(session.view.steps.map(\.exchange.head.position))
      let exchanges = rest.filter { own.contains($0.head.position) }
      rest.removeAll { own.contains($0.head.position) }
      return LookupDocument(answer, exchanges, sessions: [session])
    }
    if !rest.isEmpty { documents.append(LookupDocument(answer, rest, sessions: [])) }
    return documents
  }

  private enum Key: String, CodingKey {
    case transactionId, sessionId, id, position, exchanges, session, otherSessions, found, repetitions, findings
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    let question = answer.question
    if question.kind == .position, let position = LookupQuestion.position(question.id) {
      try container.encode(position.rawValue, forKey: .position)
    } else {
      try container.encode(question.id, forKey: Key(rawValue: question.kind.rawValue)!)
    }
    try container.encode(exchanges, forKey: .exchanges)
    if !answer.spellings.isEmpty { try container.encode(answer.spellings.map(SpellingDocument.init), forKey: .found) }
    if !answer.repetitions.isEmpty { try container.encode(answer.repetitions.map(RepetitionDocument.init), forKey: .repetitions) }
    if !answer.findings.isEmpty {
      try container.encode(answer.findings.map { FindingDocument($0, model: PartnerProjection.name) }, forKey: .findings)
    }
    guard let sessions else { return }
    try container.encode(sessions.first, forKey: .session)
    try container.encode(Array(sessions.dropFirst()), forKey: .otherSessions)
  }

  private struct SpellingDocument: Encodable {
    let kind: String
    let text: String
    let exchangeCount: Int

    init(_ spelling: LookupAnswer.Spelling) { (kind, text, exchangeCount) = (spelling.kind, spelling.text, spelling.exchangeCount) }
  }

  private struct RepetitionDocument: Encodable {
    let position: UInt64
    let of: UInt64

    init(_ repetition: LookupAnswer.Repetition) { (position, of) = (repetition.position.rawValue, repetition.earlier.rawValue) }
  }
}
