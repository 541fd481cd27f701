internal import JournalFormat
internal import JournalStore

/// The errors among the findings of a session, as of a position.
struct CDRErrors {
  private let state: CDRHistory
  private let asOf: JournalPosition?
  private let rows: any ModelRows

  init(_ state: CDRHistory, _ position: JournalPosition?, _ rows: any ModelRows) {
    self.state = state
    asOf = position
    self.rows = rows
  }

  /// Whether one of them holds that is about the record in force, or about the session as a whole: what was wrong with a version that another took
  /// the place of is no longer wrong.
  func concernRecordInForce() throws(JournalError) -> Bool {
    guard let version = state.inForce else { return false }
    var seen: Set<UInt8> = []
    for key in state.findings where seen.insert(key.rule).inserted {
      guard let rule = CDRProjection.rule(key.rule), rule.severity == .error else { continue }
      for finding in try CDRFindings.open(rule, of: state, asOf: asOf, in: rows) where concerns(finding, rule, version) { return true }
    }
    return false
  }

  private func concerns(_ finding: CDRFindings.Open, _ rule: FindingRule, _ version: CDRVersion) -> Bool {
    switch rule {
    case CDRRules.secondFinal, CDRRules.sidesDiffer, CDRRules.duplicate: true
    case CDRRules.startBeforeAuthorisation:
      finding.figures.first == version.shared.start.map { Timestamp(rawValue: $0).description }
    // What was found on one side is not told again of the other.
    default:
      state.versions.contains {
        $0.position == finding.position && $0.nature == version.nature && $0.shared == version.shared
      }
    }
  }
}
