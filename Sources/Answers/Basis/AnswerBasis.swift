public import JournalFormat
public import JournalStore
public import Projections

/// What an answer rests on: read models, and the position as of which they are asked. Not for several threads at a time.
public struct AnswerBasis {
  /// The read models.
  public let models: ReadModels
  /// The last position that counts; nil for now.
  public let asOf: JournalPosition?

  /// Asks read models that are open.
  /// - Throws: ``AnswerError`` where nothing had been recorded by then; `JournalError` where the journal cannot be read.
  public init(_ models: ReadModels, asOf: JournalMoment?) throws {
    self.models = models
    self.asOf = try asOf.map { try $0.position(in: models.reader) }
  }

  /// Opens the read models of some projections, up to date.
  /// - Parameter tell: told how far they have come, where they must catch up.
  /// - Throws: as ``init(_:asOf:)``; `JournalError` also where the read models cannot be brought up to date.
  public init(
    _ journal: JournalDirectory, _ projections: [any Projection.Type], asOf: JournalMoment?,
    _ tell: (ProjectionRunner.Progress) -> Void = { _ in }
  ) throws {
    try self.init(try ReadModels(journal, projections, tell), asOf: asOf)
  }

  /// How far the answer goes, and what it lacks.
  /// - Throws: `JournalError` where that cannot be read.
  public func extent() throws -> AnswerExtent {
    let states = try models.models.map { try $0.state() }
    let seen = states.map { $0.next.rawValue - 1 }.min() ?? 0
    let position = min(asOf?.rawValue ?? seen, seen)
    var gaps: [AnswerExtent.Gap] = []
    for (model, state) in zip(models.models, states) where state.skippedCount > 0 {
      guard let first = try model.skippedEntries(limit: 1).first else { continue }
      gaps.append(
        AnswerExtent.Gap(
          model: model.projection.name, position: first.position.rawValue, reason: first.reason, entries: state.skippedCount))
    }
    return AnswerExtent(
      position: position, recordedAt: try position > 0 ? models.reader.recordedAt(JournalPosition(position)) : nil,
      lagEntries: try models.models.map { try models.lag($0) }.max() ?? 0, gaps: gaps,
      unreadable: models.reader.damage.positions.map(\.rawValue))
  }

  /// How many messages of some operations could not be read: what they say is in no answer.
  /// - Parameters:
  ///   - operations: as the journal names them.
  ///   - since: observed at this moment or later; nil for all.
  ///   - until: observed before this moment; nil for all.
  /// - Throws: `JournalError` where the read model of messages, which must be one of these, cannot be read.
  public func unreadCount(of operations: Set<String>, since: Timestamp? = nil, until: Timestamp? = nil) throws -> UInt64 {
    try MessageQuestions(models, asOf: asOf).unreadCount(of: operations, since: since, until: until)
  }

  /// What is added to the sentence that nothing was found, where it may be in messages that could not be read.
  func unreadHint(_ operations: Set<String>) throws -> String {
    let count = try unreadCount(of: operations)
    guard count > 0 else { return "" }
    return
      "; it may be in \(Figure.count(count, "message", "messages")) that could not be read: emip-journal findings --rule message-refused"
  }

  /// Refuses to be taken for whole where it is not.
  /// - Throws: ``AnswerError`` where something could not be read, by the read models when they were made or for the answer: that is lacking in it.
  public func requireWhole() throws {
    try models.requireUnwritten()
    guard models.reader.damage.isEmpty else { throw AnswerError.unreadable(models.reader.damage) }
    for model in models.models where try model.state().skippedCount > 0 {
      let positions = try model.skippedEntries(limit: 10).map { Figure.count($0.position.rawValue) }.joined(separator: ", ")
      throw AnswerError(
        .incomplete,
        "the read model is not complete: the journal is damaged at position \(positions). Run `emip-journal verify`.")
    }
  }
}
