public import JournalFormat
public import JournalStore

/// Questions to the read model of messages.
public struct MessageQuestions: ModelQuestions {
  private let rows: any ModelRows
  /// The position that all answers are as of; nil for now.
  public let asOf: JournalPosition?

  /// The read models that the answers come from.
  public static let projections: [any Projection.Type] = [MessageProjection.self]

  /// Asks the read model of messages as it is at this moment.
  /// - Parameters:
  ///   - models: those of ``projections`` at least.
  ///   - position: what became known behind it does not count; nil for now.
  /// - Throws: ``JournalError`` where a file cannot be read.
  public init(_ models: ReadModels, asOf position: JournalPosition?) throws(JournalError) {
    rows = try models.model(MessageProjection.self).snapshot()
    asOf = position
  }

  /// How many messages of some operations could not be read, those that may be of any among them: what they say is in no answer.
  /// - Parameters:
  ///   - operations: as the journal names them.
  ///   - since: observed at this moment or later; nil for all.
  ///   - until: observed before this moment; nil for all.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func unreadCount(of operations: Set<String>, since: Timestamp? = nil, until: Timestamp? = nil) throws -> UInt64 {
    var count: UInt64 = 0
    try MessageTables.unread.forEach(asOf: asOf, in: rows) { _, message in
      guard message.operation.isEmpty || operations.contains(message.operation) else { return }
      if let since, message.observedAt < since { return }
      if let until, message.observedAt >= until { return }
      count += 1
    }
    return count
  }

  /// What is wrong with messages, in the order in which it became known.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func findings() throws -> [ReportedFinding] {
    var found: [ReportedFinding] = []
    try MessageTables.unread.forEach(asOf: asOf, in: rows) { found.append(MessageRules.reported($1, at: $0)) }
    try MessageTables.findings.forEach(asOf: asOf, in: rows) { stored in
      if let finding = try MessageRules.reported(stored) { found.append(finding) }
      return true
    }
    return found.sorted { $0.position < $1.position }
  }
}
