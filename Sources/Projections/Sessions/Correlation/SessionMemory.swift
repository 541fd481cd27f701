internal import JournalFormat

/// What the projection of sessions remembers of its rows, so that it need not read and decode them again; nothing that does not stand there.
final class SessionMemory {
  /// As many as change within some minutes of heavy traffic.
  private static let limit = 4_096

  /// Nobody knows more of one than its rows say.
  var sessions = RecentValues<UInt32, SessionFacts>(limit: limit)
  /// By ids in lower case.
  var ids = RecentValues<String, Id>(limit: 2 * limit)
  var evses = RecentValues<String, UInt32>(limit: 2 * limit)
  /// By the numbers of EVSEs, those of the spelling without separators.
  var compactEVSEs = RecentValues<UInt32, UInt32>(limit: 2 * limit)
  /// By EVSEs' ids without separators: whether such an id may be of several.
  var ambiguousEVSEs = RecentValues<[UInt8], Bool>(limit: limit)
  var operators = RecentValues<String, UInt32>(limit: limit)
  /// The number of the next session; nil where the rows must be asked.
  var nextNumber: UInt32?
  /// Nothing has been awaited since before then, and where the position is told, that is the first; nil where the rows must be asked.
  var firstAwaited: (position: JournalPosition?, since: Timestamp)?
  private var requests: [Request?] = Array(repeating: nil, count: limit)
  /// No stop has been waited for since before then; nil where the rows must be asked.
  var firstStop: Timestamp?

  /// A row of ``SessionIds``.
  struct Id {
    let key: [UInt8]
    var entries: [SessionIds.Entry]
  }

  /// What a request mentions, each with the number of the session that it was put down to.
  struct Request {
    let position: JournalPosition
    let mentions: [(mention: SessionMention, session: UInt32)]
  }

  /// The request at a position, which is mostly answered soon.
  func request(at position: JournalPosition) -> Request? {
    guard let known = requests[Self.place(position)], known.position == position else { return nil }
    return known
  }

  func remember(_ request: Request) { requests[Self.place(request.position)] = request }

  private static func place(_ position: JournalPosition) -> Int { Int(position.rawValue % UInt64(limit)) }
}
