internal import JournalFormat
internal import JournalStore

/// The sessions at an EVSE of which an inference may tell that they are one: a CPO's question that the platform has not named yet, what the platform
/// asks an eMSP, and a record without a known id. Whichever is recorded first waits here for the other.
///
///     key   = EVSE, CPO         their numbers, four bytes each
///     value = (number << 2 | kind, time, user)*     user: four bytes of a keyed hash; a clash needs two users at one EVSE within the half hour
struct UnnamedSessions {
  let table: ModelTable

  /// What a session began with. The numbers are on disk.
  enum Kind: UInt8 {
    /// The CPO asked, or was told to serve, without an id of the platform.
    case unnamed = 0
    /// The platform asked the eMSP.
    case asked = 1
    /// A record without a known id.
    case record = 2
  }

  struct Row: Hashable {
    let number: UInt32
    let kind: Kind
    /// When it was asked for; of a record when it began.
    let time: Timestamp
    let user: [UInt8]
  }

  /// Later records are found by their ids, or not at all.
  private static let keptMilliseconds: Int64 = 72 * 3_600_000
  private static let maximumCount = 32

  static func user(_ comparable: [UInt8], _ hash: SubjectHash) -> [UInt8] { Array(hash(UInt8(ascii: "U"), comparable).prefix(4)) }

  static func key(evse: UInt32, exec: UInt32) -> [UInt8] { bigEndianBytes(evse) + bigEndianBytes(exec) }

  /// In the order in which they were recorded.
  func sessions(_ key: [UInt8], in rows: any ModelRows) throws(JournalError) -> [Row] {
    guard let value = try rows.value(of: key, in: table) else { return [] }
    return try table.reading(value) { (reader) throws(FormatError) in
      var found: [Row] = []
      while !reader.isAtEnd {
        let head = try reader.varint()
        guard let kind = Kind(rawValue: UInt8(head & 3)) else { throw FormatError("what waits for an inference is unknown") }
        let time = Timestamp(rawValue: try reader.signedVarint())
        found.append(
          Row(number: UInt32(truncatingIfNeeded: head >> 2), kind: kind, time: time, user: Array(try reader.take(4))))
      }
      return found
    }
  }

  /// Adds a session in place of the user's one before of its kind; what is too old goes.
  func add(_ row: Row, _ key: [UInt8], in rows: ModelTransaction) throws(JournalError) {
    let kept = try sessions(key, in: rows).filter {
      ($0.user != row.user || $0.kind != row.kind) && rows.clock.milliseconds(since: $0.time) < Self.keptMilliseconds
    }
    try put(kept.suffix(Self.maximumCount - 1) + [row], key, in: rows)
  }

  func put(_ sessions: some Collection<Row>, _ key: [UInt8], in rows: ModelTransaction) throws(JournalError) {
    guard !sessions.isEmpty else { return try rows.remove(key, in: table) }
    var value: [UInt8] = []
    for row in sessions {
      value.appendVarint(UInt64(row.number) << 2 | UInt64(row.kind.rawValue))
      value.appendSignedVarint(row.time.rawValue)
      value += row.user
    }
    try rows.put(value, for: key, in: table)
  }
}
