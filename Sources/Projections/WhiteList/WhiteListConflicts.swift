internal import JournalFormat
internal import JournalStore

/// Users on the lists of two eMSPs at the platform: one finding a user, however many lists he is on, for as long as it holds of the two that it
/// names.
///
///     user -> the key of the finding, then the numbers of the two lists
struct WhiteListConflicts {
  static let table = WhiteListTables.conflicts

  let memory: WhiteListMemory
  let position: JournalPosition
  let rows: ModelTransaction

  /// Called when a user has come to a list of the platform's.
  func check(_ user: WhiteListUser, _ list: UInt16) throws(JournalError) {
    guard user.standings.count > 1, try rows.value(of: user.key, in: Self.table) == nil else { return }
    guard let other = try lists(of: user).first(where: { $0 != list }) else { return }
    try tell(user, list, other, by: list)
  }

  /// Called when a user went from a list of the platform's.
  func resolve(_ user: WhiteListUser, _ list: UInt16) throws(JournalError) {
    guard user.standings.count > 1, let open = try rows.value(of: user.key, in: Self.table) else { return }
    // He may still be there for another service.
    guard !user.standings.contains(where: { $0.list == list && $0.record.status == .live }) else { return }
    let (finding, pair) = (Array(open.dropLast(4)), Array(open.suffix(4)))
    guard Array(pair[..<2]) == bigEndianBytes(list) || Array(pair[2...]) == bigEndianBytes(list) else { return }
    try WhiteListTables.findings.resolve(finding, at: position, in: rows)
    try rows.remove(user.key, in: Self.table)
    let others = try lists(of: user)
    if others.count > 1 { try tell(user, others[0], others[1], by: others[1]) }
  }

  /// The platform's lists that have the user by the clock, in order.
  private func lists(of user: WhiteListUser) throws(JournalError) -> [UInt16] {
    var lists: [UInt16] = []
    for standing in user.standings where standing.record.isLive(at: rows.clock) && !lists.contains(standing.list) {
      if try memory.identity(standing.list, in: rows).isPlatforms { lists.append(standing.list) }
    }
    return lists.sorted()
  }

  /// - Parameter later: of the two: its message is named.
  private func tell(_ user: WhiteListUser, _ one: UInt16, _ other: UInt16, by later: UInt16) throws(JournalError) {
    let pair = bigEndianBytes(min(one, other)) + bigEndianBytes(max(one, other))
    let source = user.standings.filter { $0.list == later }.compactMap(\.record.source).max()
    var detail: [UInt8] = []
    detail.appendVarint(source?.position.rawValue ?? 0)
    detail.appendVarint(UInt64(source?.item ?? 0))
    let finding = try WhiteListTables.findings.add(
      WhiteListRules.badgeConflict, at: position, subject: user.key + pair, detail: detail, in: rows)
    try rows.put(finding + pair, for: user.key, in: Self.table)
  }
}
