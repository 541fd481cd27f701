internal import JournalFormat
internal import JournalStore

/// What of partners outlives the messages that it came from: what was counted, as of the horizon, and how every partner is. Who waits for an answer
/// may still get it.
struct PartnerOpening {
  let rows: ModelTransaction
  /// The first position that stays.
  let horizon: JournalPosition
  /// Still has the messages.
  let journal: JournalReader

  func condense() throws(JournalError) {
    for (number, series) in try PartnerTables.names.all(rows) { try PartnerTables.series.condense(number, series.limits, rows) }
    try PartnerTables.presence.condense(rows, at: JournalPosition(max(horizon.rawValue, 1) - 1))
  }
}
