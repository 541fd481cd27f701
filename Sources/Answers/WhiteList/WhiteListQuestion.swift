public import EMIP
public import JournalFormat
public import Projections

/// Asks for the entries of the white lists.
public struct WhiteListQuestion: Sendable {
  /// Whose lists, and which user.
  public var filter: WhiteListFilter
  /// Whether who was deleted, and whom only a lost upload named, is meant too.
  public var includesAll: Bool

  /// The read models that are asked.
  public static let projections: [any Projection.Type] = [WhiteListProjection.self, MessageProjection.self]

  /// Asks for the entries of a filter.
  public init(_ filter: WhiteListFilter = WhiteListFilter(), includesAll: Bool = false) {
    self.filter = filter
    self.includesAll = includesAll
  }

  /// The entries, by operator, kind of id and user.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: `JournalError` where the read model or the journal cannot be read.
  public func entries(_ basis: AnswerBasis) throws -> [WhiteListRow] {
    let questions = try WhiteListQuestions(basis.models, asOf: basis.asOf)
    return try questions.entries(filter, includesAll: includesAll).map {
      WhiteListRow(entry: $0.entry, details: $0.details, unreadablePosition: questions.unreadable($0.entry))
    }
  }

  /// The lists that the filter means.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: `JournalError` where the read model cannot be read.
  public func lists(_ basis: AnswerBasis) throws -> [WhiteListSummary] {
    try WhiteListQuestions(basis.models, asOf: basis.asOf).lists(filter)
  }

  /// How many messages that bring lists could not be read: what they say is in no answer.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: `JournalError` where the read model cannot be read.
  public static func unreadCount(_ basis: AnswerBasis) throws -> UInt64 { try basis.unreadCount(of: WhiteListQuestions.operations) }
}

/// Asks for all that happened to a user on the white lists.
public struct WhiteListHistoryQuestion: Sendable {
  /// The user.
  public var user: UserKey
  /// Whose lists.
  public var filter: WhiteListFilter

  /// The read models that are asked.
  public static let projections = WhiteListQuestion.projections

  /// Asks about a user.
  public init(_ user: UserKey, _ filter: WhiteListFilter = WhiteListFilter()) {
    self.user = user
    self.filter = filter
  }

  /// What happened, in the order in which it took effect.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: ``AnswerError`` where the user never was on a list; `JournalError` where the read model or the journal cannot be read.
  public func entries(_ basis: AnswerBasis) throws -> [WhiteListRow] {
    let questions = try WhiteListQuestions(basis.models, asOf: basis.asOf)
    let found = try questions.history(user, filter)
    guard !found.isEmpty else {
      throw AnswerError(.notFound, "the user is on no white list, and never was\(try basis.unreadHint(WhiteListQuestions.operations)).")
    }
    return found.map {
      WhiteListRow(entry: $0.entry, details: $0.details, unreadablePosition: questions.unreadable($0.entry), isHistory: true)
    }
  }
}

/// Asks whether a user might charge at a time, by the white lists.
public struct WhiteListCheckQuestion: Sendable {
  /// The user.
  public var user: UserKey
  /// The service; 1 is a generic charge.
  public var service: UInt32
  /// The time that is asked about.
  public var at: Timestamp
  /// Whose lists.
  public var filter: WhiteListFilter

  /// The read models that are asked.
  public static let projections = WhiteListQuestion.projections

  /// Asks about a user.
  public init(_ user: UserKey, service: UInt32 = 1, at: Timestamp, _ filter: WhiteListFilter = WhiteListFilter()) {
    self.user = user
    self.service = service
    self.at = at
    self.filter = filter
  }

  /// The answer, of all lists and of each. To be asked as of the time that it is about, unless what was learnt later counts as well.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: `JournalError` where the read model or the journal cannot be read.
  public func check(_ basis: AnswerBasis) throws -> WhiteListCheck {
    try WhiteListQuestions(basis.models, asOf: basis.asOf).check(user, service: service, at: at, filter)
  }
}
