internal import EMIP
public import JournalFormat
public import JournalStore

/// Questions to the read model of sessions. Texts are read from the journal, each message once.
public struct SessionQuestions: ModelQuestions {
  let rows: any ModelRows
  let messages: SessionMessages
  let whiteLists: WhiteListJudgement?
  /// The position that all answers are as of; nil for now.
  public private(set) var asOf: JournalPosition?

  /// The read models that the answers come from. A charge that no message authorised is judged by the white list (guide 6.4.2).
  public static let projections: [any Projection.Type] = [SessionProjection.self, WhiteListProjection.self]
  /// The operations that are about sessions.
  public static let operations = SessionMention.operations

  /// Asks the read models of sessions and of white lists as they are at this moment.
  /// - Parameters:
  ///   - models: those of ``projections`` at least.
  ///   - position: what became known behind it does not count; nil for now.
  /// - Throws: ``JournalError`` where a file cannot be read.
  public init(_ models: ReadModels, asOf position: JournalPosition?) throws(JournalError) {
    self.init(
      try models.model(SessionProjection.self).snapshot(), models.reader, asOf: position,
      whiteLists: WhiteListJudgement(try models.model(WhiteListProjection.self).snapshot(), models.reader))
  }

  /// - Parameters:
  ///   - rows: of ``SessionProjection``.
  ///   - whiteLists: where they are not given, every record that no message authorised is told.
  init(_ rows: any ModelRows, _ journal: JournalReader, asOf position: JournalPosition?, whiteLists: WhiteListJudgement? = nil) {
    self.rows = rows
    messages = SessionMessages(journal)
    asOf = position
    self.whiteLists = whiteLists
  }

  /// The same questions as of another position; what was read of messages need not be read again.
  public func asked(asOf position: JournalPosition?) -> SessionQuestions {
    var questions = self
    questions.asOf = position
    return questions
  }

  // MARK: One session

  /// The sessions that have an id, of whichever party, in the order in which they began: mostly one; several where an operator uses its ids again, or
  /// where several operators use it.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows and messages throws.
  public func sessions(withId id: String) throws -> [SessionView] {
    var views: [SessionView] = []
    let entries = try SessionTables.ids.entries(SessionIds.key(id, rows.hash), in: rows)
    let numbers = try currentNumbers(entries.map(\.number))
    for number in numbers {
      guard let facts = try facts(number, asOf: asOf) else { continue }
      // A session that is probably another one is shown with that.
      if facts.inferred.contains(where: { $0 < number && numbers.contains($0) }) { continue }
      // The hash may be another id's, and a session may have got the id later. Where a message cannot be read, the hash must do.
      let mark = messages.journal.damage.mark
      guard try has(id, facts) || !messages.journal.damage.positions(since: mark).isEmpty else { continue }
      views.append(try view(facts))
    }
    return views.sorted { ($0.summary.openedAt, $0.summary.number) < ($1.summary.openedAt, $1.summary.number) }
  }

  private func has(_ id: String, _ facts: SessionFacts) throws -> Bool {
    for source in facts.ids { if try text(source, facts, asOf: asOf)?.lowercased() == id.lowercased() { return true } }
    return false
  }

  func currentNumbers(_ numbers: [UInt32]) throws(JournalError) -> [UInt32] {
    var current: Set<UInt32> = []
    for number in numbers { current.insert(try SessionTables.current(number, asOf: asOf, in: rows)) }
    return current.sorted()
  }

  /// Nil where there was no such session then, or none of its own any more.
  func facts(_ number: UInt32, asOf position: JournalPosition?) throws(JournalError) -> SessionFacts? {
    guard let facts = try SessionFacts(number, asOf: position, in: rows), facts.mergedInto == nil else { return nil }
    return try facts.withTwins(asOf: position, in: rows)
  }

  private func view(_ facts: SessionFacts) throws -> SessionView {
    let mark = messages.journal.damage.mark
    var view = SessionView(summary: try summary(facts), authorisation: facts.decision.map(SessionView.Authorisation.init))
    let decided = view.authorisation?.position
    var latestDate: Timestamp?
    for step in facts.steps {
      guard let (exchange, message) = try messages.exchange(step), let content = content(step, message, &latestDate) else {
        view.goneCount += 1
        continue
      }
      if view.user?.userId == nil { view.user = messages.mention(step, message)?.user ?? view.user }
      if step.position == decided { view.authorisation?.add(exchange, message.facts, messages.facts(exchange.response)) }
      let gap = view.steps.last.map { exchange.head.content.observedAt.milliseconds(since: $0.exchange.head.content.observedAt) }
      view.steps.append(SessionView.Step(exchange: exchange, content: content, isInferred: step.isInferred, gapMilliseconds: gap))
    }
    let events = facts.events
    view.startedAt = events.first { $0.nature == 3 || $0.nature == 11 }?.date
    view.endedAt =
      facts.state == .ended || facts.state == .finalCDRReceived
      ? events.last { $0.nature == 0 || $0.nature == 1 || $0.nature == 12 }?.date : nil
    view.asOf = asOf
    view.summary.unreadable = messages.journal.damage.positions(since: mark)
    return view
  }

  private func content(_ step: SessionFacts.Step, _ message: ProjectedMessage, _ latestDate: inout Timestamp?) -> SessionView.Step.Content?
  {
    switch step.content {
    case .get: return .authorisationAsked
    case .set: return .authorisationOrdered
    case .record(let place):
      guard let record = message.facts?.chargeDetailRecord(at: Int(place.item) - 1) else { return nil }
      return .record(record, record.nature.map(CDRNature.Interpretation.standard.nature(of:)))
    case .event:
      guard let event = message.facts?.sessionEvent else { return nil }
      // One that is dated ahead counts from when it was sent, as in what the session is.
      let date = event.dateTime?.value.map { min($0, message.entry.content.observedAt) }
      let isLate = date.flatMap { date in latestDate.map { date < $0 } } ?? false
      if let date { latestDate = max(latestDate ?? date, date) }
      return .event(event, isLate: isLate)
    case .action: return message.facts?.sessionAction.map { .action($0) }
    default: return nil
    }
  }

  // MARK: Texts

  func summary(_ facts: SessionFacts) throws -> SessionSummary {
    let mark = messages.journal.damage.mark
    func id(_ kind: SessionIdKind) throws -> String? {
      let source = facts.ids.first { $0.kind == kind && !$0.isInferred } ?? facts.ids.first { $0.kind == kind }
      return try source.flatMap { try text($0, facts, asOf: asOf) }
    }
    var summary = SessionSummary(
      number: facts.number, serviceSessionId: try id(.service), execPartnerSessionId: try id(.exec), salePartnerSessionId: try id(.sale),
      execOperatorId: try name(facts.exec), saleOperatorId: try name(facts.sale), evseId: try name(facts.evse),
      state: facts.state, start: facts.start, openedAt: facts.opened, position: facts.firstPosition,
      findings: try findings(of: facts))
    summary.unreadable = messages.journal.damage.positions(since: mark)
    return summary
  }

  /// The id of an operator or EVSE as its message has it; where that is gone, as the first of all messages had it.
  func name(_ naming: SessionFacts.Naming?) throws -> String? {
    guard let naming else { return nil }
    return try messages.text(naming) ?? SessionTables.names.text(naming.number, naming.party.names, in: rows)
  }

  /// Nil where the message is gone, and nothing was kept of it.
  func text(_ source: SessionFacts.IdSource, _ facts: SessionFacts, asOf position: JournalPosition?) throws -> String? {
    try messages.text(source) ?? facts.keptText(source, asOf: position, in: rows)
  }
}
