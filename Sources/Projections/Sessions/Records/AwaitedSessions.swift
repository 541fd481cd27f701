internal import JournalFormat
internal import JournalStore

/// What is waited for, in the order in which the waiting began: the final record of a session since it was authorised, or the answer to a request
/// that has no id to find its session by. Rows go when what is waited for is there, and after three days.
///
///     key   = position          of the answer that authorised, or of the request; five bytes
///     value = number << 1 | isRequest, since
struct AwaitedSessions {
  let table: ModelTable

  struct Row {
    let number: UInt32
    let isRequest: Bool
    /// By the read model's clock.
    let since: Timestamp
  }

  /// A day's session, the batch at its end (guide 6.5.1), and a day of store and forward.
  static let limitMilliseconds: Int64 = 72 * 3_600_000
  /// A stop that is accepted takes a minute; a station that has no connection, some more.
  static let stopLimitMilliseconds: Int64 = 15 * 60_000
  /// How far an answer may be observed behind the latest request.
  static let latenessMilliseconds: Int64 = 60_000

  private static func key(_ position: JournalPosition) -> [UInt8] { Array(bigEndianBytes(position.rawValue).suffix(5)) }

  func row(_ position: JournalPosition, in rows: any ModelRows) throws(JournalError) -> Row? {
    try rows.value(of: Self.key(position), in: table).map(row)
  }

  /// What has been waited for longest.
  /// - Parameter start: the first position that counts.
  func first(
    from start: JournalPosition = JournalPosition(0), in rows: any ModelRows
  ) throws(JournalError) -> (position: JournalPosition, row: Row)? {
    guard let found = try rows.first(from: Self.key(start), beginningWith: [], in: table) else { return nil }
    return (JournalPosition(UInt64(bigEndian: found.key)), try row(found.value))
  }

  func put(_ row: Row, at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    var value: [UInt8] = []
    value.appendVarint(UInt64(row.number) << 1 | (row.isRequest ? 1 : 0))
    value.appendSignedVarint(row.since.rawValue)
    try rows.put(value, for: Self.key(position), in: table)
  }

  func remove(_ position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    try rows.remove(Self.key(position), in: table)
  }

  private func row(_ value: [UInt8]) throws(JournalError) -> Row {
    return try table.reading(value) { (reader) throws(FormatError) in
      let number = try reader.varint()
      return Row(
        number: UInt32(truncatingIfNeeded: number >> 1), isRequest: number & 1 != 0, since: Timestamp(rawValue: try reader.signedVarint())
      )
    }
  }
}
