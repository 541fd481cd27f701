public import EMIP
internal import JournalFormat
internal import JournalStore
public import Projections

/// Asks for the statuses of charging pools, stations, EVSEs and connectors: of when, by whose knowledge, of whom.
public struct StatusQuestion: Sendable {
  /// The time of the events that is asked about; a position says what was known, and so what time it was. Nil for the time of the journal's last
  /// entries.
  public var asOf: JournalMoment?
  /// What the journal knew then; nil for now, or as ``asOf`` says where that is a position.
  public var knownAt: JournalMoment?
  /// A status is unknown when nothing was heard for so long.
  public var unknownAfterMilliseconds = StatusMoment.defaultUnknownAfterMilliseconds
  /// The operator whose elements are meant, in any spelling; nil for all.
  public var operatorId: String?
  /// The level that is meant; nil for all.
  public var level: StatusReport.Element?

  /// The read models that are asked.
  public static let projections: [any Projection.Type] = [EVSEProjection.self, MessageProjection.self]

  /// All elements, now.
  public init() {}

  /// As of what the read models are asked.
  public var basisMoment: JournalMoment? {
    if case .position(let position)? = asOf { return .position(position) }
    return knownAt
  }

  /// Whether an element is asked for.
  func includes(_ status: ElementStatus) -> Bool {
    if let level, level != status.element { return false }
    guard let operatorId else { return true }
    return TermComparison.compact.normalized(status.id.utf8).starts(with: TermComparison.compact.normalized(operatorId.utf8))
  }
}

/// The statuses that a question means, as they were at its moment. Not for several threads at a time.
public struct StatusAnswer {
  /// The moment that is asked about, and what was known.
  public let moment: StatusMoment
  private let question: StatusQuestion
  private let basis: AnswerBasis
  private let statuses: EVSEQuestions

  /// Asks the read model.
  /// - Parameter basis: of ``StatusQuestion/projections``, at least, as of ``StatusQuestion/basisMoment``.
  /// - Throws: `JournalError` where the read model or the journal cannot be read.
  public init(_ question: StatusQuestion, _ basis: AnswerBasis) throws {
    self.question = question
    self.basis = basis
    statuses = try EVSEQuestions(basis.models, asOf: basis.asOf)
    var time: Timestamp?
    if case .time(let moment)? = question.asOf { time = moment }
    moment = StatusMoment(
      time: try time ?? Self.now(basis, statuses), toleranceMilliseconds: time == nil ? StatusMoment.clockToleranceMilliseconds : 0,
      unknownAfterMilliseconds: question.unknownAfterMilliseconds)
  }

  /// A journal at rest stands at the time of its last entries, not at that of the wall.
  private static func now(_ basis: AnswerBasis, _ statuses: EVSEQuestions) throws -> Timestamp {
    let reader = basis.models.reader
    guard let last = try reader.lastPosition() else { return .now }
    let position = min(basis.asOf ?? last, last)
    let observedAt = try reader.readableEntry(at: position)?.content.observedAt
    return try statuses.time(observedAt: observedAt ?? Timestamp(rawValue: 0))
  }

  /// How many messages that tell statuses could not be read: what they say is in no answer.
  /// - Throws: `JournalError` where the read model cannot be read.
  public func unreadCount() throws -> UInt64 { try basis.unreadCount(of: EVSEQuestions.operations) }

  // MARK: Statuses

  /// The statuses of all elements that a filter lets through.
  /// - Throws: `JournalError` where the read model cannot be read.
  public func all(_ filter: StatusFilter? = nil) throws -> [ElementStatusRow] {
    let findings = try openFindings()
    var found: [ElementStatusRow] = []
    try statuses.forEach(moment) { element in
      if question.includes(element), filter?.includes(element) ?? true { found.append(row(element, findings)) }
      return true
    }
    return found
  }

  /// The statuses of the elements with an id, in any spelling: mostly one.
  /// - Throws: ``AnswerError`` where nothing was ever reported of it; `JournalError` where the read model cannot be read.
  public func elements(_ id: String) throws -> [ElementStatusRow] {
    let found = try statuses.statuses(of: id, moment).filter(question.includes)
    guard !found.isEmpty else {
      let hint = try basis.unreadHint(EVSEQuestions.operations)
      throw AnswerError(.notFound, "nothing was reported of \(id) in \(basis.models.reader.directory.path)\(hint).")
    }
    let findings = try openFindings()
    return found.map { row($0, findings) }
  }

  private func row(_ element: ElementStatus, _ findings: [String: [ReportedFinding]]) -> ElementStatusRow {
    ElementStatusRow(element, findings: findings[Self.key(element.element, element.id)] ?? [])
  }

  /// The findings that hold, by element.
  private func openFindings() throws -> [String: [ReportedFinding]] {
    let found = try statuses.elementFindings().filter { $0.finding.resolvedAt == nil }
    return Dictionary(grouping: found, by: { Self.key($0.element, $0.finding.subject) }).mapValues { $0.map(\.finding) }
  }

  private static func key(_ element: StatusReport.Element, _ id: String) -> String { "\(element.level) \(id)" }

  // MARK: History

  /// All that was reported of some elements, of all levels and parts, in the order of the events; up to the time that is asked about, where one is.
  /// - Throws: `JournalError` where the read model cannot be read.
  public func history(_ found: [ElementStatusRow]) throws -> [StatusEventRow] {
    var events: [StatusEventRow] = []
    let end = question.asOf == nil ? nil : moment.time
    for element in found.map(\.status) {
      for part in StatusPart.allCases {
        let history = try statuses.history(of: element.id, element.element, part)
        for event in history where end.map({ event.time <= $0 }) ?? true {
          let recordedAt = try basis.models.reader.readableEntry(at: event.position)?.recordedAt
          events.append(StatusEventRow(id: element.id, element: element.element, part: part, event: event, recordedAt: recordedAt))
        }
      }
    }
    return events.sorted { ($0.event.time, $0.event.position, $0.part.rawValue) < ($1.event.time, $1.event.position, $1.part.rawValue) }
  }

  // MARK: Messages

  /// Shows a message for each current status, ready to be sent to the platform (guide 6.2.4).
  /// - Parameter makeTransactionId: makes a new id for each.
  /// - Throws: ``AnswerError`` where no status is known, or, behind the others, where one cannot be read, so that there is no message of it; what
  ///   `body` throws; `JournalError` where the read model or the journal cannot be read.
  public func forEachMessage(_ makeTransactionId: @escaping () -> String, _ body: (StatusMessageRow) throws -> Void) throws {
    let reinitialisation = StatusReinitialisation(statuses, reader: basis.models.reader, makeTransactionId: makeTransactionId)
    var count = 0
    let untold = try reinitialisation.forEach(moment, where: question.includes) { message in
      try body(StatusMessageRow(message))
      count += 1
    }
    guard untold.isEmpty else {
      let named = untold.prefix(10).map { "\($0.id) (position \($0.position))" }.joined(separator: ", ")
      let more = untold.count > 10 ? ", and \(Figure.count(untold.count - 10)) more" : ""
      let what = Figure.count(
        untold.count, "current status cannot be read, and no message was made of it",
        "current statuses cannot be read, and no messages were made of them")
      throw AnswerError(.unreadable, "\(what): \(named)\(more).")
    }
    guard count > 0 else { throw AnswerError(.notFound, "no current status is known: there is nothing to send.") }
  }
}
