internal import JournalFormat
internal import JournalStore

/// What of white lists outlives the messages that it came from: whoever is on a list, or may be, stays, with what his message said; who went from it
/// is forgotten. Of a list as a whole its last state stays.
struct WhiteListOpening {
  let rows: ModelTransaction
  /// The first position that stays.
  let horizon: JournalPosition
  /// Still has the messages.
  let journal: JournalReader

  func condense() throws(JournalError) {
    var kept: [(user: WhiteListUser, standings: [WhiteListStanding])] = []
    for key in try WhiteListUsers.keys(in: rows) {
      guard let user = try WhiteListUsers.user(key, in: rows) else { continue }
      let standings = user.standings.filter { $0.record.status == .live || $0.record.isUncertain || $0.record.isNoted }
      if standings.isEmpty { try WhiteListUsers.replace(key, with: nil, in: rows) } else { kept.append((user, standings)) }
    }
    let references = kept.flatMap { kept in kept.standings.map { WhiteListMessages.Reference(user: kept.user.key, record: $0.record) } }
    var details = try WhiteListMessages(journal, rows.hash).details(of: references)[...]
    for (user, standings) in kept {
      user.condense(to: standings, zip(standings, details).map { $0.record.status == .live || $0.record.isUncertain ? $1?.encoded() : nil })
      details = details.dropFirst(standings.count)
      try WhiteListUsers.replace(user.key, with: user, in: rows)
    }
    try condenseStates()
  }

  private func condenseStates() throws(JournalError) {
    for list in try WhiteListNames.numbers(in: rows) {
      let key = bigEndianBytes(list)
      guard let last = try WhiteListTables.states.chunk(of: key, asOf: nil, in: rows)?.records.last else { continue }
      try WhiteListTables.states.remove(key, in: rows)
      try WhiteListTables.states.append(last.bytes, at: last.position, to: key, isFirst: true, in: rows)
    }
  }
}
