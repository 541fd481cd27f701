internal import JournalFormat
internal import JournalStore

/// Holds the charge of each session, by its final record in force, against those of other sessions.
///
/// A record whose own times cannot be is held against nobody: what it says of the time at its EVSE is wrong, and the others are right.
struct CDRCharges {
  private let sessions: CDRMemory
  private let rows: ModelTransaction

  /// More pairs of one session and one badge tell nothing more: many people share it.
  private static let pairsOfABadge = 4

  init(_ sessions: CDRMemory, _ rows: ModelTransaction) {
    self.sessions = sessions
    self.rows = rows
  }

  /// Brings the rows of a session in line with its version in force, and notes what it shares a time with, or no longer does.
  func settle(_ findings: CDRFindings) throws(JournalError) {
    let state = findings.state
    let charge = try Self.charge(of: state, in: rows)
    guard charge != state.settledCharge else { return }
    try replace(state.settledCharge, with: nil, of: state.number)
    state.settledCharge = charge
    var (duplicates, overlaps, elsewhere): ([CDRFindings.Pair], [CDRFindings.Pair], [CDRFindings.Pair]) = ([], [], [])
    if let charge {
      for entry in try CDRTables.intervals.neighbours(of: charge, in: rows) {
        let other = try sessions.state(entry.session, in: rows)?.settledCharge
        guard other.map({ CDRKeys.canBeOne($0.evse, charge.evse) }) ?? true else { continue }
        if try isSameCharge(state, entry, charge) {
          duplicates.append(.init(other: entry.session, seconds: charge.end - charge.start))
        } else if let seconds = CDRRules.overlap(charge, entry) {
          overlaps.append(.init(other: entry.session, seconds: seconds))
        }
      }
      for entry in try CDRTables.badgeIntervals.neighbours(of: charge, in: rows) where elsewhere.count < Self.pairsOfABadge {
        guard let seconds = CDRRules.overlap(charge, entry), let other = try sessions.state(entry.session, in: rows)?.settledCharge,
          !CDRKeys.canBeOne(other.evse, charge.evse)
        else { continue }
        elsewhere.append(.init(other: entry.session, seconds: seconds))
      }
    }
    try findings.settle(CDRRules.duplicate, duplicates)
    try findings.settle(CDRRules.evseOverlap, overlaps)
    try findings.settle(CDRRules.userElsewhere, elsewhere)
    try replace(nil, with: charge, of: state.number)
  }

  /// Removes what is known of a session's charge, adds another, or both.
  func replace(_ old: CDRCharge?, with new: CDRCharge?, of session: UInt32) throws(JournalError) {
    try CDRTables.intervals.replace(old, with: new, of: session, in: rows)
    try CDRTables.badgeIntervals.replace(old, with: new, of: session, in: rows)
  }

  /// Whether the records in force of two sessions say the same of one charge. The times to the millisecond: rows have seconds.
  private func isSameCharge(_ state: CDRHistory, _ entry: CDRIntervals.Entry, _ charge: CDRCharge) throws(JournalError) -> Bool {
    guard entry.start == charge.start, entry.end == charge.end, let own = state.inForce?.shared,
      let other = try sessions.state(entry.session, in: rows)?.inForce?.shared
    else { return false }
    return own.start == other.start && own.end == other.end && own.energy == other.energy && own.duration == other.duration
  }

  // MARK: The charge of a session

  /// When the EVSE and the badge charged, by the version in force; nil where there is none, or its times cannot be.
  static func charge(of state: CDRHistory, in rows: any ModelRows) throws(JournalError) -> CDRCharge? {
    guard let version = state.inForce, var charge = CDRCharge(version), try !hasImpossibleTimes(version, state, asOf: nil, in: rows) else {
      return nil
    }
    charge.badge = try CDRBadges.badge(of: state, in: rows)
    return charge
  }

  /// Whether a version's own times cannot be: one is missing or no date, or a rule finds them impossible.
  static func hasImpossibleTimes(
    _ version: CDRVersion, _ state: CDRHistory, asOf position: JournalPosition?, in rows: any ModelRows
  ) throws(JournalError) -> Bool {
    guard let start = version.shared.start, let end = version.shared.end else { return true }
    if end < start || CDRRules.isTooLong(start, end) { return true }
    if try isFound(CDRRules.startBeforeAuthorisation, start, state, asOf: position, in: rows) { return true }
    return try isFound(CDRRules.endAfterSent, end, state, asOf: position, in: rows)
  }

  /// Whether it is this date of a version that cannot be, or may be: of two that contradict each other.
  static func isImpossible(
    _ date: CDRDate, of version: CDRVersion, _ state: CDRHistory, asOf position: JournalPosition?, in rows: any ModelRows
  ) throws(JournalError) -> Bool {
    guard let start = version.shared.start, let end = version.shared.end else { return false }
    let isStartWrong = try isFound(CDRRules.startBeforeAuthorisation, start, state, asOf: position, in: rows)
    let isEndWrong = try isFound(CDRRules.endAfterSent, end, state, asOf: position, in: rows)
    if isStartWrong != isEndWrong { return date == .start ? isStartWrong : isEndWrong }
    return isStartWrong || end < start || CDRRules.isTooLong(start, end)
  }

  private static func isFound(
    _ rule: FindingRule, _ time: Int64, _ state: CDRHistory, asOf position: JournalPosition?, in rows: any ModelRows
  ) throws(JournalError) -> Bool {
    guard state.findings.contains(where: { $0.rule == rule.number }) else { return false }
    let text = Timestamp(rawValue: time).description
    return try CDRFindings.open(rule, of: state, asOf: position, in: rows).contains { $0.figures.first == text }
  }
}
