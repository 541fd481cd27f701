internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What the whole of a session shows to be odd: it follows from what is known of it, not from which message came last.
struct SessionJudgement {
  let rule: FindingRule
  var cause: UInt64 = 0
  var figures: [Int64] = []

  /// What tells two findings of a session apart.
  struct Identity: Hashable {
    let rule: UInt8
    let cause: UInt64
  }

  var identity: Identity { Identity(rule: rule.number, cause: cause) }

  /// The numbers of the rules that are judged here; what others found stays as it was found.
  static let rules: Set<UInt8> = Set(
    [
      SessionRules.factsConflict, SessionRules.withoutAuthorisation, SessionRules.refusedAuthorisation, SessionRules.intermediateMissing,
      SessionRules.limitExceeded,
    ].map(\.number))

  static func judgements(of facts: SessionFacts, _ tables: SessionRows) throws(JournalError) -> [SessionJudgement] {
    try contradictions(of: facts, tables) + authorisation(of: facts)
  }

  /// Where the messages of a session name others than the first that names one.
  private static func contradictions(of facts: SessionFacts, _ tables: SessionRows) throws(JournalError) -> [SessionJudgement] {
    guard facts.namings.count > 1 else { return [] }
    var found: [SessionJudgement] = []
    for party in SessionParty.allCases {
      let numbers = facts.namings.filter { $0.party == party }.map(\.number)
      guard let known = numbers.first else { continue }
      for named in numbers where named != known {
        if party == .evse, try tables.mayBe(named, known) { continue }
        let cause = UInt64(party.rawValue) << 32 | UInt64(named)
        guard !found.contains(where: { $0.cause == cause }) else { continue }
        found.append(
          SessionJudgement(rule: SessionRules.factsConflict, cause: cause, figures: [Int64(party.rawValue), Int64(known), Int64(named)]))
      }
    }
    return found
  }

  /// Where the records of a session do not go with its authorisation.
  private static func authorisation(of facts: SessionFacts) -> [SessionJudgement] {
    let records = facts.steps.filter { $0.chargeRecord != nil }
    guard !records.isEmpty else { return [] }
    let decision = facts.decision
    var found: [SessionJudgement] = []
    if let decision, decision.result == .refused {
      found.append(SessionJudgement(rule: SessionRules.refusedAuthorisation, figures: [Int64(decision.step.position.rawValue)]))
    }
    let finals = records.filter { $0.chargeRecord?.nature == .final }
    guard let final = finals.first else { return found }
    if decision == nil || decision!.result == .notObtained {
      let cause: UInt64 = decision == nil ? 0 : 1
      found.append(SessionJudgement(rule: SessionRules.withoutAuthorisation, cause: cause, figures: [Int64(cause)]))
    }
    guard let terms = decision?.terms else { return found }
    let hasIntermediate = records.contains { $0.chargeRecord?.nature == .intermediate && $0.observedAt <= final.observedAt }
    if terms.wantsIntermediateRecords, !hasIntermediate, let milliseconds = final.chargeRecord?.milliseconds,
      milliseconds >= SessionRules.intermediateExpectedAfterMilliseconds
    {
      found.append(SessionJudgement(rule: SessionRules.intermediateMissing, figures: [Int64(milliseconds)]))
    }
    for limit in terms.limits {
      let totals = finals.flatMap { $0.chargeRecord?.totals ?? [] }
      guard let total = totals.first(where: { $0.meter == limit.meter && $0.thousandths > limit.thousandths }) else { continue }
      found.append(
        SessionJudgement(
          rule: SessionRules.limitExceeded, cause: UInt64(limit.meter),
          figures: [Int64(limit.meter), Int64(total.thousandths), Int64(limit.thousandths)]))
    }
    return found
  }
}
