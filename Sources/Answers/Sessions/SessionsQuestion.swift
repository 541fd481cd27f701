public import Projections

/// Asks for sessions, a list of them.
public struct SessionsQuestion: Sendable {
  /// Which sessions are meant, and in which order.
  public var filter: SessionFilter
  /// How many at most; nil for all.
  public var limit: Int?

  /// The read models that are asked.
  public static let projections: [any Projection.Type] = SessionQuestions.projections + [MessageProjection.self]
  /// The rules that a filter can name.
  public static let rules = SessionRules.all

  /// Asks for the sessions of a filter.
  public init(_ filter: SessionFilter = SessionFilter(), limit: Int? = nil) {
    self.filter = filter
    self.limit = limit
  }

  /// The sessions, in the order in which they began.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: `JournalError` where the read model or the journal cannot be read.
  public func sessions(_ basis: AnswerBasis) throws -> [SessionSummary] {
    var found: [SessionSummary] = []
    try SessionQuestions(basis.models, asOf: basis.asOf).forEach(filter) { session in
      found.append(session)
      return limit.map { found.count < $0 } ?? true
    }
    return found
  }
}

extension SessionsQuestion {
  /// How many messages of sessions could not be read in the time that is asked for: what they say is in no answer.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: `JournalError` where the read model cannot be read.
  public func unreadCount(_ basis: AnswerBasis) throws -> UInt64 {
    try basis.unreadCount(of: SessionQuestions.operations, since: filter.since, until: filter.until)
  }
}

/// Asks for one session, by any of its ids.
public struct SessionQuestion: Hashable, Sendable {
  /// The id, as the message has it.
  public var id: String

  /// The read models that are asked.
  public static let projections = SessionQuestions.projections

  /// Asks for an id.
  public init(_ id: String) { self.id = id }

  /// The sessions that have the id: mostly one; several where several operators use it; none where no session has it.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: `JournalError` where the read model or the journal cannot be read.
  public func sessions(_ basis: AnswerBasis) throws -> [SessionView] {
    try SessionQuestions(basis.models, asOf: basis.asOf).sessions(withId: id)
  }
}
