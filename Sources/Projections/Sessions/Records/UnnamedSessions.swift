internal import JournalFormat
internal import JournalStore

/// The sessions at an EVSE that the platform has not named yet: what it asks an eMSP, or a record without a known id, is probably of one of them.
///
///     key   = EVSE, CPO         their numbers, four bytes each
///     value = (number, asked, user)*     user: four bytes of a keyed hash; a clash needs two users at one EVSE within the half hour
struct UnnamedSessions {
  let table: ModelTable

  struct Row: Hashable {
    let number: UInt32
    let asked: Timestamp
    let user: [UInt8]
  }

  /// Later records are found by their ids, or not at all.
  private static let keptMilliseconds: Int64 = 72 * 3_600_000
  private static let maximumCount = 32

  static func user(_ comparable: [UInt8], _ hash: SubjectHash) -> [UInt8] { Array(hash(UInt8(ascii: "U"), comparable).prefix(4)) }

  static func key(evse: UInt32, exec: UInt32) -> [UInt8] { bigEndianBytes(evse) + bigEndianBytes(exec) }

  /// In the order in which they were asked for.
  func sessions(_ key: [UInt8], in rows: any ModelRows) throws(JournalError) -> [Row] {
    guard let value = try rows.value(of: key, in: table) else { return [] }
    return try table.reading(value) { (reader) throws(FormatError) in
      var found: [Row] = []
      while !reader.isAtEnd {
        let number = try reader.number()
        let asked = Timestamp(rawValue: try reader.signedVarint())
        found.append(Row(number: number, asked: asked, user: Array(try reader.take(4))))
      }
      return found
    }
  }

  /// Adds a session in place of the user's one before; what is too old goes.
  func add(_ row: Row, _ key: [UInt8], in rows: ModelTransaction) throws(JournalError) {
    let kept = try sessions(key, in: rows).filter {
      $0.user != row.user && rows.clock.milliseconds(since: $0.asked) < Self.keptMilliseconds
    }
    try put(kept.suffix(Self.maximumCount - 1) + [row], key, in: rows)
  }

  func put(_ sessions: some Collection<Row>, _ key: [UInt8], in rows: ModelTransaction) throws(JournalError) {
    guard !sessions.isEmpty else { return try rows.remove(key, in: table) }
    var value: [UInt8] = []
    for row in sessions {
      value.appendVarint(UInt64(row.number))
      value.appendSignedVarint(row.asked.rawValue)
      value += row.user
    }
    try rows.put(value, for: key, in: table)
  }
}
