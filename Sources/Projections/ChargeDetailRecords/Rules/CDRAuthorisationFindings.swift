internal import JournalFormat
internal import JournalStore

/// What the read model of sessions finds of charge detail records: it knows what was authorised. Not for several threads at a time.
struct CDRAuthorisationFindings {
  private let sessions: SessionQuestions

  init(_ models: ReadModels, asOf: JournalPosition?) throws(JournalError) {
    sessions = try SessionQuestions(models, asOf: asOf)
  }

  /// Those that hold of the session of some records.
  func findings(of records: CDRSession) throws -> [ReportedFinding] {
    guard let id = records.serviceSessionId ?? records.execPartnerSessionId ?? records.salePartnerSessionId else { return [] }
    let positions = Set((records.versions + records.otherSide).flatMap(\.positions))
    var found: [ReportedFinding] = []
    for view in try sessions.sessions(withId: id) {
      // A partner's id may be another operator's too: the messages tell.
      let isSame = records.serviceSessionId != nil && view.summary.serviceSessionId == records.serviceSessionId
      guard isSame || view.steps.contains(where: { step in step.exchange.entries.contains { positions.contains($0.position) } }) else {
        continue
      }
      found += view.summary.findings.filter { finding in CDRRules.ofAuthorisation.contains { $0 == finding.rule } }
    }
    return found
  }

  /// All of a rule that hold; their subjects are ids of sessions.
  func all(of rule: String) throws -> [ReportedFinding] {
    try sessions.findings { $0.resolvedAt == nil && SessionProjection.rule($0.rule)?.id == rule }
  }
}
