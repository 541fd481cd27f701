public import Projections

/// Asks for charge detail records, a list of sessions with theirs, or for their sums.
public struct CDRsQuestion: Sendable {
  /// Which sessions are meant.
  public var filter: CDRFilter

  /// The rules that a filter can name.
  public static let rules = CDRRules.all + CDRRules.ofAuthorisation

  /// Asks for the sessions of a filter.
  public init(_ filter: CDRFilter = CDRFilter()) { self.filter = filter }

  /// The read models that are asked.
  public var projections: [any Projection.Type] {
    // What was authorised the read model of sessions knows.
    let isOfSessions = CDRRules.ofAuthorisation.contains { $0.id == filter.findingRule }
    return [CDRProjection.self, MessageProjection.self] + (isOfSessions ? SessionQuestions.projections : [])
  }

  /// The read models that sums are asked of: errors of a record may be the read model of sessions' to find.
  public static let projectionsOfTotals: [any Projection.Type] =
    [CDRProjection.self, MessageProjection.self] + SessionQuestions.projections

  /// Shows the sessions one after the other, in the order in which their first records came: there may be millions.
  /// - Parameters:
  ///   - basis: of ``projections``, at least.
  ///   - body: returns false when it has had enough.
  /// - Throws: what `body` throws; `JournalError` where the read model or the journal cannot be read.
  /// - Returns: how many were sent in the time that was asked for and are not shown, as their own times cannot be read, or cannot be.
  @discardableResult
  public func forEachSession(_ basis: AnswerBasis, _ body: (CDRSession) throws -> Bool) throws -> Int {
    try CDRQuestions(basis.models, asOf: basis.asOf).forEachSession(filter, body)
  }

  /// The sums of the final records in force, by counterpart. Intermediate records are counted apart and never summed.
  /// - Parameter basis: of ``projectionsOfTotals``, at least.
  /// - Throws: `JournalError` where the read model cannot be read.
  public func totals(_ basis: AnswerBasis) throws -> [CDRTotalsDocument] {
    try CDRQuestions(basis.models, asOf: basis.asOf).totals(filter).map { CDRTotalsDocument($0, by: filter.by) }
  }

  /// How many sessions were sent in the time that was asked for and belong to none, as their own times cannot be read, or cannot be.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: `JournalError` where the read model cannot be read.
  public func misdatedCount(_ basis: AnswerBasis) throws -> Int {
    try CDRQuestions(basis.models, asOf: basis.asOf).misdatedCount(filter)
  }
}

extension CDRsQuestion {
  /// How many messages with records, or answers to them, could not be read: what they say is in no answer. Those of the time that is asked for, and later ones
  /// unless it goes by when records were sent, as one may be sent long after its charge.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: `JournalError` where the read model cannot be read.
  public func unreadCount(_ basis: AnswerBasis) throws -> UInt64 {
    try basis.unreadCount(
      of: CDRQuestions.operations, since: filter.since, until: filter.by == .sent ? filter.until : nil)
  }
}

/// Asks for every version of a session's charge detail record, by any of its ids.
public struct CDRQuestion: Hashable, Sendable {
  /// The id, as the message has it.
  public var id: String
  /// A version that there must be, from 1 on each side; nil for any.
  public var version: Int?

  /// The read models that are asked.
  public static let projections: [any Projection.Type] =
    [CDRProjection.self, MessageProjection.self] + SessionQuestions.projections

  /// Asks for an id.
  public init(_ id: String, version: Int? = nil) {
    self.id = id
    self.version = version
  }

  /// The sessions that have the id: mostly one; several where several operators use it.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: ``AnswerError`` where no record has the id, or none the version; `JournalError` where the read model or the journal cannot be
  ///   read.
  public func sessions(_ basis: AnswerBasis) throws -> [CDRSession] {
    let sessions = try CDRQuestions(basis.models, asOf: basis.asOf).sessions(of: id)
    guard !sessions.isEmpty else {
      let asOf = basis.asOf.map { " as of position \($0)" } ?? ""
      throw AnswerError(
        .notFound, "no charge detail record has the session id \(id)\(asOf)\(try basis.unreadHint(CDRQuestions.operations)).")
    }
    if let version, !sessions.contains(where: { ($0.versions + $0.otherSide).contains { $0.number == version } }) {
      throw AnswerError(.notFound, "the record of \(id) has no version \(version).")
    }
    return sessions
  }
}
