internal import JournalFormat
internal import JournalStore

/// When each EVSE charged: the final record in force of each session.
///
///     1 evse(6) start(8) session(4) -> end(8)
///     2 session(4)                  -> the key of its row
///
/// Times are milliseconds with the sign bit turned, so that their bytes are in their order.
enum CDRIntervals {
  private static let byEVSE: UInt8 = 1
  private static let bySession: UInt8 = 2
  /// So many charges before are looked at: who overlaps longer ones has more than one fault.
  private static let lookedAt = 64

  private static var table: ModelTable { ChargeDetailRecordProjection.intervals }

  /// Brings the row of a session in line with its version in force, and notes what overlaps it, or no longer does.
  static func settle(_ state: CDRSessionState, _ journal: inout CDRFindingJournal) throws(JournalError) {
    let rows = journal.rows
    let version = state.inForce
    let interval = version?.nature == .final ? version?.interval : nil
    var row: ModelRow?
    if let version, let interval, version.shared.evse != CDRVersion.noEVSE {
      row = ModelRow(
        key: [byEVSE] + version.shared.evse + bytes(interval.start) + bigEndianBytes(state.number), value: bytes(interval.end))
    }
    let old = try rows.value(of: [bySession] + bigEndianBytes(state.number), in: table)
    let oldEnd = try old.flatMap { (key) throws(JournalError) in try rows.value(of: key, in: table) }
    guard row?.key != old || row?.value != oldEnd else { return }
    try remove(state.number, in: rows)
    var overlapping: [(session: UInt32, milliseconds: Int64)] = []
    if let row, let interval { overlapping = try Self.overlapping(row, interval, in: rows) }
    try journal.resolveOverlaps(state, except: overlapping.map(\.session))
    for (session, milliseconds) in overlapping { try journal.addOverlap(state, with: session, milliseconds) }
    guard let row else { return }
    try rows.put(row.value, for: row.key, in: table)
    try rows.put(row.key, for: [bySession] + bigEndianBytes(state.number), in: table)
  }

  /// Removes the row of a session.
  static func remove(_ session: UInt32, in rows: ModelTransaction) throws(JournalError) {
    let key = [bySession] + bigEndianBytes(session)
    guard let row = try rows.value(of: key, in: table) else { return }
    try rows.remove(row, in: table)
    try rows.remove(key, in: table)
  }

  private static func overlapping(
    _ row: ModelRow, _ interval: (start: Int64, end: Int64), in rows: any ModelRows
  ) throws(JournalError) -> [(session: UInt32, milliseconds: Int64)] {
    let prefix = Array(row.key[..<7])
    var found: [(session: UInt32, milliseconds: Int64)] = []
    var end = prefix + bytes(interval.end)
    for _ in 0..<lookedAt {
      guard let other = try rows.last(upTo: end, beginningWith: prefix, in: table) else { break }
      if let milliseconds = CDRRules.overlap(interval, (time(other.key[7..<15]), time(other.value[...]))) {
        found.append((number(other.key.suffix(4)), milliseconds))
      }
      guard let before = other.key.before else { break }
      end = before
    }
    return found.reversed()
  }

  private static func bytes(_ time: Int64) -> [UInt8] { bigEndianBytes(UInt64(bitPattern: time) ^ 1 << 63) }
  private static func time(_ bytes: ArraySlice<UInt8>) -> Int64 {
    Int64(bitPattern: bytes.reduce(0 as UInt64) { $0 << 8 | UInt64($1) } ^ 1 << 63)
  }
  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}

extension [UInt8] {
  /// The key of the same length before this one; nil for the first.
  fileprivate var before: [UInt8]? {
    var key = self
    for index in key.indices.reversed() {
      if key[index] > 0 {
        key[index] -= 1
        return key
      }
      key[index] = 0xff
    }
    return nil
  }
}
