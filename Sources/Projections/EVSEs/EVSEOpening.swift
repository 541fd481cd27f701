internal import JournalFormat
internal import JournalStore

/// What of EVSE statuses outlives the messages that it came from: the newest event of each part, and those of the last two days. Who reported the
/// newest event of each part, and the comment that came with it, go over into the rows.
struct EVSEOpening {
  let rows: ModelTransaction
  /// The first position that stays.
  let horizon: JournalPosition
  /// Still has the messages.
  let journal: JournalReader

  /// Events that late ones may still refer to stay: so many milliseconds before the clock.
  static let keptMilliseconds: Int64 = 48 * 3_600_000

  func condense() throws(JournalError) {
    try forEachPart { (subject, _, _) throws(JournalError) in
      try EVSETables.events.condense(subject, from: rows.clock.adding(milliseconds: -Self.keptMilliseconds), in: rows)
    }
    try EVSETables.clocks.condense(in: rows)
    let origins = StatusOrigins(journal)
    try forEachPart { (subject, element, part) throws(JournalError) in
      guard let event = try EVSETables.events.tail(of: subject, in: rows).newest, event.position < horizon,
        let origin = try origins.origin(of: event, element.element, element.id, part)
      else { return }
      try EVSETables.origins.put(origin, of: event.position, subject, in: rows)
    }
  }

  private func forEachPart(
    _ body: (_ subject: [UInt8], EVSEElementTable.Stored, StatusPart) throws(JournalError) -> Void
  ) throws(JournalError) {
    var key: [UInt8] = []
    while let (element, _, next) = try EVSETables.elements.next(from: key, in: rows) {
      key = next
      for part in StatusPart.allCases { try body(StatusEventTable.subject(element.number, part), element, part) }
    }
  }
}
