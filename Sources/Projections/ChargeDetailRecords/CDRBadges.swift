internal import JournalFormat
internal import JournalStore

/// Which badge the final record of each session names: five bytes of a keyed hash. They go with the messages at a purge horizon.
///
///     session(4) -> badge(5)
enum CDRBadges {
  private static var table: ModelTable { CDRTables.badges }

  /// 0 where no badge is known.
  static func badge(of state: CDRHistory, in rows: any ModelRows) throws(JournalError) -> UInt64 {
    if let known = state.badge { return known }
    let badge = try rows.value(of: bigEndianBytes(state.number), in: table).map { UInt64(bigEndian: $0) } ?? 0
    state.badge = badge
    return badge
  }

  /// Notes the badge of a session's record; 0 for none.
  static func note(_ badge: UInt64, of state: CDRHistory, in rows: ModelTransaction) throws(JournalError) {
    guard try self.badge(of: state, in: rows) != badge else { return }
    state.badge = badge
    if badge == 0 {
      try rows.remove(bigEndianBytes(state.number), in: table)
    } else {
      try rows.put(Array((bigEndianBytes(badge) as [UInt8]).suffix(5)), for: bigEndianBytes(state.number), in: table)
    }
  }
}
