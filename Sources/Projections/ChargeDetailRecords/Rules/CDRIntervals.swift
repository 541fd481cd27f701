internal import JournalFormat
internal import JournalStore

/// When each EVSE charged: by the final record in force of each session.
///
///     evse(5) period(2) -> *(start duration session), varints
///
/// A period is four days; a charge stands in that of its start, which it counts its seconds from, in the order of starts. So an EVSE's charges around
/// a time are in a few rows.
enum CDRIntervals {
  private static let periodSeconds: Int64 = 4 * 86_400
  /// A charge that starts at another time has another fault.
  static let starts: Range<Int64> = 0..<65_536 * periodSeconds
  /// Charges of one EVSE in one period, at most. The first go where there are more: who charges more often has another fault.
  private static let longest = 192
  /// So many periods of a charge are looked at, the one before included: a longer charge has another fault.
  private static let lookedAt: Int64 = 4

  private struct Charge: Hashable {
    let start: Int64
    let end: Int64
    let session: UInt32
  }

  private static var table: ModelTable { CDRTables.intervals }

  /// Brings the row of a session in line with its version in force, and notes what overlaps it, or no longer does.
  static func settle(_ findings: CDRFindings) throws(JournalError) {
    let state = findings.state
    let charge = state.charge
    guard charge != state.settledCharge else { return }
    try replace(state.settledCharge, with: nil, of: state.number, in: findings.rows)
    state.settledCharge = charge
    var overlapping: [(session: UInt32, seconds: Int64)] = []
    if let charge { overlapping = try Self.overlapping(charge, in: findings.rows) }
    try findings.resolveOverlaps(except: overlapping.map(\.session))
    for (session, seconds) in overlapping { try findings.addOverlap(with: session, seconds) }
    try replace(nil, with: charge, of: state.number, in: findings.rows)
  }

  /// Removes a session's charge, adds another, or both.
  static func replace(_ old: CDRCharge?, with new: CDRCharge?, of session: UInt32, in rows: ModelTransaction) throws(JournalError) {
    if let old {
      let key = key(old.evse, period(old.start))
      let charges = try charges(key, in: rows)
      let rest = charges.filter { $0.session != session }
      if rest.isEmpty { try rows.remove(key, in: table) } else { try rows.put(encoded(rest, period(old.start)), for: key, in: table) }
    }
    if let new {
      let key = key(new.evse, period(new.start))
      var charges = try charges(key, in: rows)
      let added = Charge(start: new.start, end: new.end, session: session)
      charges.insert(added, at: charges.lastIndex { ($0.start, $0.session) < (added.start, added.session) }.map { $0 + 1 } ?? 0)
      if charges.count > longest { charges.removeFirst() }
      try rows.put(encoded(charges, period(new.start)), for: key, in: table)
    }
  }

  private static func overlapping(
    _ charge: CDRCharge, in rows: ModelTransaction
  ) throws(JournalError) -> [(session: UInt32, seconds: Int64)] {
    let first = max(0, period(charge.start) - 1)
    var found: [(session: UInt32, seconds: Int64)] = []
    for period in first...min(period(charge.end), first + lookedAt) {
      for other in try charges(key(charge.evse, period), in: rows) {
        if let seconds = CDRRules.overlap(charge, CDRCharge(evse: charge.evse, start: other.start, end: other.end)) {
          found.append((other.session, seconds))
        }
      }
    }
    return found
  }

  // MARK: Rows

  private static func period(_ seconds: Int64) -> Int64 { seconds / periodSeconds }

  private static func key(_ evse: UInt64, _ period: Int64) -> [UInt8] {
    var key: [UInt8] = bigEndianBytes(evse)
    key.removeFirst(3)
    key.append(UInt8(truncatingIfNeeded: period >> 8))
    key.append(UInt8(truncatingIfNeeded: period))
    return key
  }

  private static func encoded(_ charges: [Charge], _ period: Int64) -> [UInt8] {
    var value: [UInt8] = []
    for charge in charges {
      value.appendVarint(UInt64(charge.start - period * periodSeconds))
      value.appendVarint(UInt64(charge.end - charge.start))
      value.appendVarint(UInt64(charge.session))
    }
    return value
  }

  private static func charges(_ key: [UInt8], in rows: ModelTransaction) throws(JournalError) -> [Charge] {
    guard let value = try rows.value(of: key, in: table) else { return [] }
    let begin = (Int64(key[5]) << 8 | Int64(key[6])) * periodSeconds
    return try table.reading(value) { (reader) throws(FormatError) in
      var charges: [Charge] = []
      while !reader.isAtEnd {
        let start = begin &+ Int64(truncatingIfNeeded: try reader.varint())
        let end = start &+ Int64(truncatingIfNeeded: try reader.varint())
        charges.append(Charge(start: start, end: end, session: UInt32(truncatingIfNeeded: try reader.varint())))
      }
      return charges
    }
  }
}
