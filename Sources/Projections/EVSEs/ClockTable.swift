internal import JournalFormat
internal import JournalStore

/// The journal's clock at positions some minutes apart: a question as of a position asks what time it was there.
struct ClockTable {
  let table: ModelTable
  static let stepMilliseconds: Int64 = 600_000

  /// Notes what time it is, unless that was noted lately.
  /// - Returns: the time that is noted.
  func note(_ clock: Timestamp, at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) -> Timestamp {
    if let last = try self.clock(at: nil, in: rows), clock.milliseconds(since: last) < Self.stepMilliseconds { return last }
    var value: [UInt8] = []
    value.appendSignedVarint(clock.rawValue)
    try rows.put(value, for: Self.key(position), in: table)
    return clock
  }

  /// Some minutes behind the true one at most; nil where nothing was reported by then.
  func clock(at position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> Timestamp? {
    guard let row = try rows.last(upTo: position.map(Self.key) ?? Self.lastKey, beginningWith: [], in: table) else { return nil }
    return try table.reading(row.value) { (reader) throws(FormatError) in Timestamp(rawValue: try reader.signedVarint()) }
  }

  /// Leaves the last alone.
  func condense(in rows: ModelTransaction) throws(JournalError) {
    guard let last = try rows.last(upTo: Self.lastKey, beginningWith: [], in: table) else { return }
    while let row = try rows.first(from: [0], beginningWith: [], in: table), row.key != last.key { try rows.remove(row.key, in: table) }
  }

  private static let lastKey = [UInt8](repeating: 0xff, count: 5)

  private static func key(_ position: JournalPosition) -> [UInt8] { StatusEventTable.key(position) }
}
