internal import JournalFormat

/// What the projection of sessions remembers of its rows, so that it need not read and decode them again; nothing that does not stand there.
final class SessionMemory {
  /// As many as change within some minutes of heavy traffic.
  private static let limit = 4_096

  /// Nobody knows more of one than its rows say.
  var sessions = RecentValues<UInt32, SessionFacts>(limit: limit)
  var ids = RecentValues<String, Id>(limit: 2 * limit)
  var evses = RecentValues<String, UInt32>(limit: 2 * limit)
  var operators = RecentValues<String, UInt32>(limit: limit)
  /// The number of the next session; nil where the rows must be asked.
  var nextNumber: UInt32?
  /// Nothing has been awaited since before then, and where the position is told, that is the first; nil where the rows must be asked.
  var firstAwaited: (position: JournalPosition?, since: Timestamp)?
  /// No stop has been waited for since before then; nil where the rows must be asked.
  var firstStop: Timestamp?
  private var mentions: [(position: JournalPosition, mentions: [SessionMention])?] = Array(repeating: nil, count: limit)

  /// A row of ``SessionIds``.
  struct Id {
    let key: [UInt8]
    var entries: [SessionIds.Entry]
  }

  /// The mentions of the request at a position, which is mostly answered soon.
  func mentions(at position: JournalPosition) -> [SessionMention]? {
    guard let known = mentions[Self.place(position)], known.position == position else { return nil }
    return known.mentions
  }

  func remember(_ mentions: [SessionMention], at position: JournalPosition) { self.mentions[Self.place(position)] = (position, mentions) }

  private static func place(_ position: JournalPosition) -> Int { Int(position.rawValue % UInt64(limit)) }
}
