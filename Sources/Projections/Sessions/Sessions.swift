internal import EMIP
public import JournalFormat
public import JournalStore

/// What is known of sessions: questions to the read model. Not for several threads at a time.
public final class Sessions {
  private let rows: ModelSnapshot
  private let reader: JournalReader
  private let messages = MessageReader()

  private let whiteLists: WhiteListJudgement?

  /// What they are judged with (guide 6.4.2).
  public static let projections: [any Projection.Type] = [SessionsProjection.self, WhiteListProjection.self]

  /// - Parameter models: those of ``projections``, at least.
  public convenience init(_ models: ReadModels) throws(JournalError) {
    self.init(
      try models.model(SessionsProjection.self).snapshot(), models.reader,
      whiteLists: WhiteListJudgement(try models.model(WhiteListProjection.self).snapshot(), models.reader))
  }

  /// - Parameters:
  ///   - rows: of ``SessionsProjection``.
  ///   - whiteLists: where they are not given, every record that no message authorised is told.
  init(_ rows: ModelSnapshot, _ reader: JournalReader, whiteLists: WhiteListJudgement? = nil) {
    self.rows = rows
    self.reader = reader
    self.whiteLists = whiteLists
  }

  // MARK: One session

  /// The sessions that have an id, of whichever party; mostly one.
  /// - Parameter position: nil for now.
  public func sessions(withId id: String, asOf position: JournalPosition? = nil) throws -> [SessionView] {
    var views: [SessionView] = []
    for number in try numbers(withId: id, asOf: position) {
      guard let facts = try SessionFacts(number, asOf: position, in: rows) else { continue }
      let texts = try facts.ids.compactMap { try text($0) }
      guard texts.contains(id) else { continue }
      views.append(try view(facts, asOf: position))
    }
    return views
  }

  private func numbers(withId id: String, asOf position: JournalPosition?) throws -> [UInt32] {
    var keys = [rows.hash.sessionKey(.service, id, of: [])]
    for name in try SessionsProjection.names.all(.operator, in: rows) {
      keys += [rows.hash.sessionKey(.exec, id, of: name), rows.hash.sessionKey(.sale, id, of: name)]
    }
    let numbers = try keys.compactMap { try SessionsProjection.number($0, asOf: position, in: rows) }
    return Set(numbers).sorted()
  }

  private func view(_ facts: SessionFacts, asOf position: JournalPosition?) throws -> SessionView {
    var steps: [SessionView.Step] = []
    var user: UserIdentity?
    var authorisation: SessionView.Authorisation?
    let decision = facts.decision
    var latestDate: Timestamp?
    for step in facts.steps {
      guard let (exchange, mention) = try read(step, asOf: position) else { continue }
      if user?.userId == nil { user = mention.user ?? user }
      let content: SessionView.Step.Content
      switch mention.content {
      case .get: content = .authorisationAsked
      case .set: content = .authorisationOrdered
      case .record(let record): content = .record(record, record.nature.map(CDRNature.Interpretation.standard.nature(of:)))
      case .event(let event):
        let date = event.dateTime?.value
        content = .event(event, isLate: date.flatMap { date in latestDate.map { date < $0 } } ?? false)
        if let date { latestDate = max(latestDate ?? date, date) }
      case .action(let action): content = .action(action)
      }
      if step == decision?.step { authorisation = self.authorisation(decision!, exchange, mention) }
      let gap = steps.last.map { exchange.head.content.observedAt.milliseconds(since: $0.exchange.head.content.observedAt) }
      steps.append(SessionView.Step(exchange: exchange, content: content, isInferred: step.isInferred, gapMilliseconds: gap))
    }
    let events = facts.events
    var view = SessionView(summary: try summary(facts, asOf: position), user: user, authorisation: authorisation, steps: steps)
    view.startedAt = events.first { $0.nature == 3 || $0.nature == 11 }?.date
    view.endedAt =
      facts.state == .ended || facts.state == .finalCDRReceived
      ? events.last { $0.nature == 0 || $0.nature == 1 || $0.nature == 12 }?.date : nil
    view.asOf = position
    return view
  }

  private func authorisation(_ decision: SessionFacts.Decision, _ exchange: Exchange, _ mention: SessionMention)
    -> SessionView.Authorisation
  {
    let answer = exchange.response.flatMap(facts)
    let said: ServiceAuthorisation? = if case .set(let order) = mention.content { order } else { answer?.serviceAuthorisation }
    return SessionView.Authorisation(
      result: decision.result, position: decision.step.position, authorisationValue: said?.authorisationValue?.value?.rawValue,
      requestStatus: exchange.ending?.content.context.outcome.requestStatus, answeredAt: exchange.ending?.content.observedAt,
      intermediateCDRRequested: decision.terms?.wantsIntermediateRecords ?? false, meterLimits: said?.meterLimits ?? [],
      latencyMilliseconds: exchange.latencyMilliseconds)
  }

  /// Nil where the message is gone.
  private func read(_ step: SessionFacts.Step, asOf position: JournalPosition?) throws -> (Exchange, SessionMention)? {
    guard let entry = try entry(at: step.position) else { return nil }
    let item: UInt32 = step.chargeRecord?.item ?? 0
    guard let mention = SessionMention.mentions(ProjectedMessage(entry: entry, facts: facts(entry))).first(where: { $0.item == item })
    else {
      return nil
    }
    if step.isDownload {
      let request = try entry.exchange.flatMap { try self.entry(at: $0) }
      return (Exchange(request: request, answers: [entry]), mention)
    }
    let answers = try reader.answers(to: step.position).filter { answer in position.map { answer.position <= $0 } ?? true }
    return (Exchange(request: entry, answers: answers), mention)
  }

  // MARK: Many

  /// Shows the sessions that a filter lets through, in the order of their first appearance, until `body` returns false.
  /// - Parameter position: nil for now.
  public func forEach(_ filter: SessionFilter, asOf position: JournalPosition? = nil, _ body: (SessionSummary) throws -> Bool) throws {
    let named = try filter.operator.map { try SessionsProjection.names.known($0, .operator, in: rows) }
    let evse = try filter.evse.map { try SessionsProjection.names.known($0, .evse, in: rows) }
    // What no session has ever named, none has.
    if case .some(.none) = named { return }
    if case .some(.none) = evse { return }
    let numbers = try filter.user.map { try self.numbers(ofUser: $0, asOf: position) }
    try forEachNumber(numbers, filter, asOf: position) { number in
      guard let facts = try SessionFacts(number, asOf: position, in: rows) else { return true }
      // A session that is probably another one is shown with the one that began first.
      if facts.twins.contains(where: { $0 < number }) { return true }
      if let since = filter.since, facts.opened < since { return true }
      if let until = filter.until, facts.opened >= until { return true }
      if case .some(let name) = named, facts.exec != name && facts.sale != name { return true }
      if case .some(let name) = evse, facts.evse != name { return true }
      if let state = filter.state, facts.state != state { return true }
      if let rule = filter.finding, !facts.findings.contains(where: { SessionRules.rule($0.rule)?.id == rule }) { return true }
      let summary = try summary(facts, asOf: position)
      if let rule = filter.finding, !summary.findings.contains(where: { $0.rule.id == rule }) { return true }
      return try body(summary)
    }
  }

  private func forEachNumber(
    _ numbers: [UInt32]?, _ filter: SessionFilter, asOf position: JournalPosition?, _ body: (UInt32) throws -> Bool
  ) throws {
    if let numbers {
      for number in filter.isReversed ? numbers.reversed() : numbers {
        guard try body(number) else { return }
      }
      return
    }
    let end = try SessionsProjection.nextNumber(rows)
    for step in 0..<end {
      let number = filter.isReversed ? end - 1 - step : step
      guard try SessionsProjection.current(number, asOf: position, in: rows) == number else { continue }
      guard try body(number) else { return }
    }
  }

  private func numbers(ofUser user: String, asOf position: JournalPosition?) throws -> [UInt32] {
    var numbers: Set<UInt32> = []
    for exchange in try reader.exchanges(holding: SearchTerms.userTerms(user)) {
      guard SessionMention.isAboutSessions(exchange.head.content.context) else { continue }
      for entry in exchange.entries {
        for mention in try mentions(of: entry) {
          for kind in SessionIdKind.allCases {
            guard let key = mention.key(kind, rows.hash), let number = try SessionsProjection.number(key, asOf: position, in: rows) else {
              continue
            }
            numbers.insert(number)
          }
        }
      }
    }
    return numbers.sorted()
  }

  // MARK: Findings

  /// A finding in words; nil where it is of no rule of sessions, or a white list clears it.
  public func reported(_ stored: FindingTable.Stored, asOf position: JournalPosition? = nil) throws -> ReportedFinding? {
    guard let number = Self.figures(stored.subject, isSigned: false).first else { return nil }
    let current = try SessionsProjection.current(UInt32(truncatingIfNeeded: number), asOf: position, in: rows)
    guard let facts = try SessionFacts(current, asOf: position, in: rows) else { return nil }
    return try reported(stored, facts, asOf: position)
  }

  private func reported(
    _ stored: FindingTable.Stored, _ facts: SessionFacts, asOf position: JournalPosition?
  ) throws -> ReportedFinding? {
    guard let rule = SessionRules.rule(stored.rule) else { return nil }
    var finding = ReportedFinding(
      rule: rule, position: stored.position, resolvedAt: stored.resolvedAt,
      subject: try ids(facts).first ?? "session at position \(facts.firstPosition)", sentence: try sentence(rule, stored))
    if rule == SessionRules.withoutAuthorisation, let whiteLists, let record = try record(at: stored.position, facts) {
      guard let verdict = try whiteLists.verdict(on: record, exec: name(facts.exec), sale: name(facts.sale), asOf: position) else { return nil }
      finding.sentence += " " + verdict
    }
    return finding
  }

  /// Of an operator.
  private func name(_ number: UInt32?) throws -> String? { try number.flatMap { try SessionsProjection.names.text($0, .operator, in: rows) } }

  private func ids(_ facts: SessionFacts) throws -> [String] {
    try SessionIdKind.allCases.compactMap { kind in try facts.ids.first { $0.kind == kind && !$0.isInferred }.flatMap { try text($0) } }
  }

  private func findings(_ facts: SessionFacts, asOf position: JournalPosition?) throws -> [ReportedFinding] {
    try facts.findings.compactMap { mark in
      guard let stored = try SessionsProjection.findings.finding(mark.key, asOf: position, in: rows), stored.resolvedAt == nil else {
        return nil
      }
      return try reported(stored, facts, asOf: position)
    }
  }

  private func record(at position: JournalPosition, _ facts: SessionFacts) throws -> ChargeDetailRecord? {
    guard let step = facts.steps.first(where: { $0.position == position && $0.chargeRecord != nil }),
      case .record(let record)? = try read(step, asOf: position)?.1.content
    else { return nil }
    return record
  }

  private func sentence(_ rule: FindingRule, _ stored: FindingTable.Stored) throws -> String {
    let figures = Self.figures(stored.detail, isSigned: true)
    func figure(_ index: Int) -> Int64 { index < figures.count ? figures[index] : 0 }
    func name(_ index: Int, _ kind: SessionNames.Kind) throws -> String {
      try SessionsProjection.names.text(UInt32(truncatingIfNeeded: figure(index)), kind, in: rows) ?? "?"
    }
    switch rule {
    case SessionRules.idConflict:
      let whose = figure(0) == 1 ? "platform's" : figure(0) == 2 ? "CPO's" : "eMSP's"
      let other = try SessionFacts(UInt32(truncatingIfNeeded: figure(1)), asOf: stored.position, in: rows)
      let named = try other.map { try ids($0).first ?? "the session at position \($0.firstPosition)" } ?? "another session"
      return "The \(whose) id in this message contradicts what \(named) had before."
    case SessionRules.factsConflict:
      let kind: SessionNames.Kind = figure(0) == 0 ? .evse : .operator
      let word = figure(0) == 0 ? "EVSE" : figure(0) == 1 ? "CPO" : "eMSP"
      return "This message names the \(word) \(try name(2, kind)), and an earlier one of the session \(try name(1, kind))."
    case SessionRules.withoutRecord:
      return "Authorised \((figure(1) - figure(0)) / 3_600_000) h before this message, and no final record had come."
    case SessionRules.withoutAuthorisation:
      return figure(0) == 0
        ? "No authorisation message belongs to this final record." : "The authorisation of this session was asked for and not obtained."
    case SessionRules.refusedAuthorisation:
      return "The authorisation asked for at position \(figure(0)) was refused, and the CPO reports a charge."
    case SessionRules.intermediateMissing:
      return "Intermediate records were asked for; the session of \(figure(0) / 60_000) min had none before its final one."
    case SessionRules.limitExceeded:
      let unit = figure(0) == 1 ? "min" : "Wh"
      return "\(Self.decimal(figure(1))) \(unit) were charged; the limit was \(Self.decimal(figure(2))) \(unit)."
    default: return rule.explanation
    }
  }

  private static func decimal(_ thousandths: Int64) -> String {
    let rest = thousandths % 1_000
    guard rest != 0 else { return "\(thousandths / 1_000)" }
    var digits = String(rest)
    digits = String(repeating: "0", count: 3 - digits.count) + digits
    while digits.hasSuffix("0") { digits.removeLast() }
    return "\(thousandths / 1_000).\(digits)"
  }

  private static func figures(_ bytes: [UInt8], isSigned: Bool) -> [Int64] {
    let read = try? bytes.reading { (reader) throws(FormatError) in
      var figures: [Int64] = []
      while !reader.isAtEnd { figures.append(isSigned ? try reader.signedVarint() : Int64(truncatingIfNeeded: try reader.varint())) }
      return figures
    }
    return read ?? []
  }

  // MARK: Texts

  private func summary(_ facts: SessionFacts, asOf position: JournalPosition?) throws -> SessionSummary {
    func id(_ kind: SessionIdKind) throws -> String? {
      try (facts.ids.first { $0.kind == kind && !$0.isInferred } ?? facts.ids.first { $0.kind == kind }).flatMap { try text($0) }
    }
    let evse = try facts.evse.flatMap { try SessionsProjection.names.text($0, .evse, in: rows) }
    return SessionSummary(
      number: facts.number, serviceSessionId: try id(.service), execPartnerSessionId: try id(.exec), salePartnerSessionId: try id(.sale),
      execOperatorId: try name(facts.exec), saleOperatorId: try name(facts.sale), evseId: evse,
      state: facts.state, start: facts.start, openedAt: facts.opened, position: facts.firstPosition,
      findings: try findings(facts, asOf: position))
  }

  /// Nil where the message is gone.
  private func text(_ source: SessionFacts.IdSource) throws -> String? {
    guard let entry = try entry(at: source.position) else { return nil }
    let mentions = try mentions(of: entry)
    return (mentions.first { $0.item == source.item } ?? mentions.first)?.id(source.kind)
  }

  /// Of an answer with what its request said.
  private func mentions(of entry: Entry) throws -> [SessionMention] {
    let facts = facts(entry)
    let own = SessionMention.mentions(ProjectedMessage(entry: entry, facts: facts))
    let isDownload = entry.content.context.operation?.hasPrefix("GetChargeDetailRecord") ?? false
    guard let head = entry.exchange, !isDownload else { return own }
    guard let facts, let request = try self.entry(at: head) else { return [] }
    var mentions = SessionMention.mentions(ProjectedMessage(entry: request, facts: self.facts(request)))
    guard mentions.count == 1, !facts.isFault else { return mentions }
    mentions[0].add(facts, isFromIOP: entry.content.context.direction == .fromIOP)
    return mentions
  }

  private func entry(at position: JournalPosition) throws -> Entry? {
    do throws(JournalError) { return try reader.entry(at: position) } catch {
      guard error.code == .recordDamaged else { throw error }
      return nil
    }
  }

  private func facts(_ entry: Entry) -> MessageFacts? {
    guard !entry.content.payload.isEmpty, case .message(let facts) = messages.read(entry.content) else { return nil }
    return facts
  }
}

extension SessionRules {
  static func rule(_ number: UInt8) -> FindingRule? { all.first { $0.number == number } }
}
