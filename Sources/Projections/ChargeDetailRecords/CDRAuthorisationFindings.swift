internal import JournalFormat
internal import JournalStore

/// What the read model of sessions finds of charge detail records: it knows what was authorised. Not for several threads at a time.
public struct CDRAuthorisationFindings {
  /// In the order of their numbers.
  public static let rules = [
    SessionRules.withoutAuthorisation, SessionRules.refusedAuthorisation, SessionRules.intermediateMissing, SessionRules.limitExceeded,
    SessionRules.rawContract,
  ]

  private let rows: ModelSnapshot
  private let sessions: Sessions
  private let asOf: JournalPosition?

  init(_ models: ReadModels, asOf: JournalPosition?) throws(JournalError) {
    rows = try models.model(SessionProjection.self).snapshot()
    sessions = try Sessions(models)
    self.asOf = asOf
  }

  /// Those that hold of the session of some records.
  func findings(of records: CDRSession) throws -> [ReportedFinding] {
    guard let id = records.serviceSessionId ?? records.execPartnerSessionId ?? records.salePartnerSessionId else { return [] }
    let positions = Set((records.versions + records.otherSide).flatMap(\.positions))
    var found: [ReportedFinding] = []
    for view in try sessions.sessions(withId: id, asOf: asOf) {
      // A partner's id may be another operator's too: the messages tell.
      let isSame = records.serviceSessionId != nil && view.summary.serviceSessionId == records.serviceSessionId
      guard isSame || view.steps.contains(where: { step in step.exchange.entries.contains { positions.contains($0.position) } }) else {
        continue
      }
      found += view.summary.findings.filter { finding in Self.rules.contains { $0 == finding.rule } }
    }
    return found
  }

  /// All of a rule that hold; their subjects are ids of sessions.
  func all(of rule: String) throws -> [ReportedFinding] {
    var found: [ReportedFinding] = []
    try SessionTables.findings.forEach(asOf: asOf, in: rows) { stored in
      guard stored.resolvedAt == nil, SessionProjection.rule(stored.rule)?.id == rule else { return true }
      if let finding = try sessions.reported(stored, asOf: asOf) { found.append(finding) }
      return true
    }
    return found
  }
}
