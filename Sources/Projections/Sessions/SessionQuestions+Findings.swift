internal import EMIP
internal import JournalFormat
internal import JournalStore

extension SessionQuestions {
  /// What is odd about sessions, in the order in which it became known, but for charges that a white list clears.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows and messages throws.
  public func findings() throws -> [ReportedFinding] { try findings { _ in true } }

  /// The findings that are wanted, in order, but for those that a white list clears.
  func findings(where isWanted: (FindingTable.Stored) -> Bool) throws -> [ReportedFinding] {
    var found: [ReportedFinding] = []
    try SessionTables.findings.forEach(asOf: asOf, in: rows) { stored in
      if isWanted(stored), let finding = try reported(stored) { found.append(finding) }
      return true
    }
    return found
  }

  /// A finding in words; nil where it is of no rule of sessions, a white list clears it, or nobody can tell because of damage.
  private func reported(_ stored: FindingTable.Stored) throws -> ReportedFinding? {
    guard let number = stored.sessionNumber else { return nil }
    let current = try SessionTables.current(number, asOf: asOf, in: rows)
    guard let facts = try facts(current, asOf: asOf) else { return nil }
    return try reported(stored, facts)
  }

  private func reported(_ stored: FindingTable.Stored, _ facts: SessionFacts) throws -> ReportedFinding? {
    guard let rule = SessionProjection.rule(stored.rule) else { return nil }
    var finding = ReportedFinding(
      rule: rule, position: stored.position, resolvedAt: stored.resolvedAt,
      subject: try ids(facts, asOf: asOf).first ?? "session at position \(facts.firstPosition)", sentence: try sentence(rule, stored))
    if SessionRules.ofAbsence.contains(rule), try mayHaveMissed(facts) { return nil }
    if rule == SessionRules.withoutAuthorisation, let whiteLists {
      let mark = messages.journal.damage.mark
      if let record = try finalRecord(of: facts) {
        let verdict = try whiteLists.verdict(on: record, exec: name(facts.exec), sale: name(facts.sale), asOf: asOf)
        guard let verdict else { return nil }
        finding.sentence += " " + verdict
      }
      // Who cannot read the record cannot tell what a white list says of it.
      guard messages.journal.damage.positions(since: mark).isEmpty else { return nil }
    }
    return finding
  }

  /// Whether a message that could not be read may belong to a session: what has not come may be that one. The journal's log of damage names it then.
  private func mayHaveMissed(_ facts: SessionFacts) throws -> Bool {
    guard !rows.gaps.isEmpty else { return false }
    let mark = messages.journal.damage.mark
    for id in Set(try facts.ids.compactMap { try text($0, facts, asOf: asOf) }) {
      _ = try messages.journal.exchanges(holding: SearchTerms.sessionTerms(id))
    }
    return !messages.journal.damage.positions(since: mark).isEmpty
  }

  private func ids(_ facts: SessionFacts, asOf position: JournalPosition?) throws -> [String] {
    try SessionIdKind.all.compactMap { kind in
      try facts.ids.first { $0.kind == kind && !$0.isInferred }.flatMap { try text($0, facts, asOf: position) }
    }
  }

  /// The findings of a session that hold.
  func findings(of facts: SessionFacts) throws -> [ReportedFinding] {
    let found = try facts.findings.compactMap { mark -> (ReportedFinding, UInt64)? in
      guard let stored = try SessionTables.findings.finding(mark.key, asOf: asOf, in: rows), stored.resolvedAt == nil else {
        return nil
      }
      return try reported(stored, facts).map { ($0, mark.cause) }
    }
    // Which of them became known first is nothing that the session did.
    return found.sorted { ($0.0.rule.number, $0.1) < ($1.0.rule.number, $1.1) }.map(\.0)
  }

  private func finalRecord(of facts: SessionFacts) throws -> ChargeDetailRecord? {
    guard let step = facts.steps.first(where: { $0.chargeRecord?.nature == .final }), let place = step.chargeRecord else { return nil }
    return try messages.message(step.position)?.facts?.chargeDetailRecord(at: Int(place.item) - 1)
  }

  private func sentence(_ rule: FindingRule, _ stored: FindingTable.Stored) throws -> String {
    let figures = Self.figures(stored.detail)
    func figure(_ index: Int) -> Int64 { index < figures.count ? figures[index] : 0 }
    func name(_ index: Int, _ kind: SessionNames.Kind) throws -> String {
      try SessionTables.names.text(UInt32(truncatingIfNeeded: figure(index)), kind, in: rows) ?? "?"
    }
    switch rule {
    case SessionRules.idConflict:
      let whose = figure(0) == 1 ? "platform's" : figure(0) == 2 ? "CPO's" : "eMSP's"
      let other = try self.facts(UInt32(truncatingIfNeeded: figure(1)), asOf: stored.position)
      let named = try other.map { other in
        try ids(other, asOf: stored.position).first ?? "the session at position \(other.firstPosition)"
      }
      return "The \(whose) id in this message contradicts what \(named ?? "another session") had before."
    case SessionRules.factsConflict:
      let kind: SessionNames.Kind = figure(0) == 0 ? .evse : .operator
      let word = figure(0) == 0 ? "EVSE" : figure(0) == 1 ? "CPO" : "eMSP"
      return "A message names the \(word) \(try name(2, kind)), and an earlier one of the session \(try name(1, kind))."
    case SessionRules.withoutRecord:
      return "Authorised \((figure(1) - figure(0)) / 3_600_000) h before this message, and no final record had come."
    case SessionRules.withoutAuthorisation:
      return figure(0) == 0
        ? "No authorisation message belongs to this final record." : "The authorisation of this session was asked for and not obtained."
    case SessionRules.refusedAuthorisation:
      return "The authorisation asked for at position \(figure(0)) was refused, and the CPO reports a charge."
    case SessionRules.intermediateMissing:
      return "Intermediate records were asked for; the session of \(figure(0) / 60_000) min had none before its final one."
    case SessionRules.valueUnreadable:
      let values = try messages.message(stored.position)?.facts?.sessionFields.unreadable.values ?? []
      guard !values.isEmpty else { return rule.explanation }
      return "The message has " + values.map { "\($0.name) \"\($0.text.prefix(40))\"" }.joined(separator: ", ") + ", which cannot be read."
    case SessionRules.limitExceeded:
      let unit = figure(0) == 1 ? "min" : "Wh"
      return "\(Self.decimal(figure(1))) \(unit) were charged; the limit was \(Self.decimal(figure(2))) \(unit)."
    case SessionRules.spellingAmbiguous:
      let evse = try messages.message(stored.position)?.facts?.sessionFields.evseId ?? name(0, .evse)
      let several = try SessionTables.names.evses(evse, in: rows).separated.compactMap { try SessionTables.names.text($0, .evse, in: rows) }
      return "The EVSE \(evse) may be any of \(several.sorted().joined(separator: ", ")), which only their separators tell apart."
    case SessionRules.actionUnheeded:
      return "A stop was accepted at \(Timestamp(rawValue: figure(0))), and within 15 min no end was reported and no final record came."
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

  private static func figures(_ bytes: [UInt8]) -> [Int64] {
    let read = try? bytes.reading { (reader) throws(FormatError) in
      var figures: [Int64] = []
      while !reader.isAtEnd { figures.append(try reader.signedVarint()) }
      return figures
    }
    return read ?? []
  }
}
