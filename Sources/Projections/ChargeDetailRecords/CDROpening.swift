internal import JournalFormat
internal import JournalStore

/// What of charge detail records outlives the messages that it came from: all that is known of the records stays; what the messages said that go is
/// kept in their stead, its users as pseudonyms.
struct CDROpening {
  let rows: ModelTransaction
  /// The first position that stays.
  let horizon: JournalPosition
  /// Still has the messages.
  let journal: JournalReader

  func condense() throws(JournalError) {
    let messages = JournalMessages(journal)
    // A list is of many sessions.
    var sources = RecentValues<JournalPosition, CDRTexts.Source>(limit: 64)
    for number in 1..<(try CDRMemory.nextNumber(in: rows)) {
      guard let state = try CDRLog.state(number, asOf: nil, in: rows) else { continue }
      try condenseBadge(state)
      for place in state.places where place.position < horizon {
        if sources[place.position] == nil, let message = try messages.message(at: place.position) {
          sources[place.position] = CDRTexts.Source(message.entry, message.facts)
        }
        guard let source = sources[place.position] else { continue }
        try CDRTexts.keep(source, in: rows)
        if let item = place.item { try CDRTexts.keep(source, item: item, in: rows) }
      }
      // What waits goes into the table now and then: it may be much.
      if number % 4_096 == 0 { _ = try rows.first(from: [], beginningWith: [], in: CDRTables.texts) }
    }
    try CDRAskedSessions.condense(rows)
  }

  /// Forgets the badge of a session whose messages all go.
  private func condenseBadge(_ state: CDRHistory) throws(JournalError) {
    guard state.versions.allSatisfy({ $0.position < horizon }), try CDRBadges.badge(of: state, in: rows) != 0 else { return }
    let charge = try CDRCharges.charge(of: state, in: rows)
    try CDRTables.badgeIntervals.replace(charge, with: nil, of: state.number, in: rows)
    try CDRBadges.note(0, of: state, in: rows)
  }
}

extension CDRHistory {
  /// The messages that its texts are read from, and the record of each that is a version.
  fileprivate var places: [(position: JournalPosition, item: Int?)] {
    var places: [(position: JournalPosition, item: Int?)] = []
    for version in versions {
      places.append((version.position, version.item))
      for attempt in version.attempts {
        if attempt.position != version.position { places.append((attempt.position, nil)) }
        if let answer = attempt.response, answer.hasPlatformId || version.side == .fromIOP { places.append((answer.position, nil)) }
      }
    }
    return places
  }
}
