internal import EMIP
internal import JournalFormat
internal import JournalStore

extension SessionQuestions {
  /// Shows the sessions that a filter lets through, in the order of their first appearance, until `body` returns false.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, what reading rows and messages throws, and what `body` throws.
  public func forEach(_ filter: SessionFilter, _ body: (SessionSummary) throws -> Bool) throws {
    let named = try filter.operator.map { try SessionTables.names.known($0, .operator, in: rows) }
    let evses = try filter.evse.map { try SessionTables.names.evses($0, in: rows) }
    // What no session has ever named, none has.
    if case .some(.none) = named { return }
    try forEachNumber(filter) { number in
      guard let facts = try facts(number, asOf: asOf) else { return true }
      // A session that is probably another one is shown with the one that began first.
      if facts.inferred.contains(where: { $0 < number }) { return true }
      if let since = filter.since, facts.opened < since { return true }
      if let until = filter.until, facts.opened >= until { return true }
      if case .some(let name) = named, facts.exec?.number != name && facts.sale?.number != name { return true }
      if let evses, !evses.include(facts) { return true }
      if let state = filter.state, facts.state != state { return true }
      if let rule = filter.finding, !facts.findings.contains(where: { SessionProjection.rule($0.rule)?.id == rule }) { return true }
      let summary = try summary(facts)
      if let rule = filter.finding, !summary.findings.contains(where: { $0.rule.id == rule }) { return true }
      return try body(summary)
    }
  }

  private func forEachNumber(_ filter: SessionFilter, _ body: (UInt32) throws -> Bool) throws {
    if let user = filter.user {
      let numbers = try numbers(ofUser: user)
      for number in filter.isReversed ? numbers.reversed() : numbers {
        guard try body(number) else { return }
      }
      return
    }
    let end = try SessionTables.nextNumber(rows)
    for step in 0..<end {
      guard try body(filter.isReversed ? end - 1 - step : step) else { return }
    }
  }

  private func numbers(ofUser user: String) throws -> [UInt32] {
    var numbers: [UInt32] = []
    for exchange in try messages.journal.exchanges(holding: SearchTerms.userTerms(user)) {
      guard SessionMention.isAboutSessions(exchange.head.content.context) else { continue }
      for entry in exchange.entries {
        guard let message = try messages.message(entry.position) else { continue }
        for mention in try messages.mentions(of: message) { numbers += try self.numbers(mention, exchange.head.position) }
      }
    }
    return try currentNumbers(numbers)
  }

  /// The sessions with an id of a mention that its exchange belongs to.
  private func numbers(_ mention: SessionMention, _ head: JournalPosition) throws -> [UInt32] {
    var numbers: [UInt32] = []
    for kind in SessionIdKind.all where mention.names(kind) {
      let owner = try mention.owner(kind).map { try SessionTables.names.known($0, .operator, in: rows) } ?? 0
      let entries = try SessionTables.ids.entries(SessionIds.key(mention.id(kind)!, rows.hash), in: rows)
      numbers += entries.filter { $0.kind == kind && $0.owner == owner }.map(\.number)
    }
    numbers = try currentNumbers(numbers)
    // An operator's id may be that of many sessions.
    guard numbers.count > 1 else { return numbers }
    return try numbers.filter { number in
      guard let facts = try facts(number, asOf: asOf) else { return false }
      return facts.steps.contains { $0.position == head || $0.answerPosition == head || $0.isDownload }
    }
  }
}
