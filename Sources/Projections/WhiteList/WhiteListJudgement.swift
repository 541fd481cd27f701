internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Judges a charge that no message authorised by the white list that the CPO could know of when it began (guide 6.4.2).
struct WhiteListJudgement {
  private let rows: any ModelRows
  private let journal: JournalReader

  /// - Parameter rows: of ``WhiteListProjection``.
  init(_ rows: any ModelRows, _ journal: JournalReader) {
    self.rows = rows
    self.journal = journal
  }

  /// Nil where the list in force at the record's start authorised its user, and was no more than a day old or gave an expiry date; else one
  /// sentence. The CPO's own list decides; where it is not known here, what the eMSP had uploaded.
  /// - Parameters:
  ///   - exec: the CPO.
  ///   - sale: the eMSP, where it is known.
  func verdict(on record: ChargeDetailRecord, exec: String?, sale: String?, asOf: JournalPosition?) throws -> String? {
    guard let type = record.user.userIdType, let id = record.user.userId, let start = record.startTime?.value else {
      return "The record names no user, or no start that can be read, so that no white list can tell."
    }
    guard let recorded = try journal.lastPosition(recordedBy: start) else { return "No white list is known from before its start." }
    let list = WhiteListQuestions(rows, journal, asOf: min(recorded, asOf ?? recorded))
    let user = UserKey(type: type.rawValue, id: id)
    let service = record.requestedServiceId?.value?.rawValue ?? RequestedServiceId.genericCharge.rawValue
    func check(_ filter: WhiteListFilter) throws -> WhiteListCheck { try list.check(user, service: service, at: start, filter) }
    var found = try check(WhiteListFilter(holder: exec))
    if found.standings.isEmpty { found = try check(WhiteListFilter(holder: "IOP", operatorId: sale)) }
    guard let standing = found.standings.first else { return "No white list named the user when it began." }
    let source = standing.entry.position.map { " (position \($0))" } ?? ""
    switch standing.answer {
    case .authorised:
      guard standing.isStale, let age = standing.listAgeMilliseconds else { return nil }
      return "The white list\(source) authorised the user, and was \(age / 3_600_000) h old when it began."
    case .refused: return "The white list in force when it began refused the user\(source)."
    case .expired: return "The user's entry on the white list\(source) had expired when it began."
    case .uncertain where standing.entry.losses.isEmpty: return "The white list\(source) does not say it in a form that can be read."
    case .uncertain: return "An upload of the user's entry had been lost when it began, so that the white list is uncertain."
    case .unknown: return "The user was on no white list when it began\(source)."
    }
  }
}
