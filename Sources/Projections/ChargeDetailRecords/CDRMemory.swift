internal import JournalFormat
internal import JournalStore

/// The sessions as the projection works on them: what their logs say, kept decoded for a while, and nothing that their logs do not say.
final class CDRMemory {
  /// Many more than one message's item looks at: who holds one may be sure that it is the one that the others see.
  private var known = RecentValues<UInt32, CDRHistory>(limit: 8_192)
  /// Nil where the rows have not been asked yet.
  private var nextNumber: UInt32?

  /// A session that is no part of another; nil where there is none of that number.
  func state(_ number: UInt32, in rows: ModelTransaction) throws(JournalError) -> CDRHistory? {
    if let state = known[number] { return state }
    guard let state = try CDRLog.state(number, asOf: nil, in: rows) else { return nil }
    state.settledCharge = try CDRCharges.charge(of: state, in: rows)
    known[number] = state
    return state
  }

  /// The session that a number stands for now.
  func current(_ number: UInt32, in rows: ModelTransaction) throws(JournalError) -> UInt32 {
    known[number] == nil ? try CDRLog.current(number, asOf: nil, in: rows) : number
  }

  /// A new session.
  func open(in rows: ModelTransaction) throws(JournalError) -> CDRHistory {
    let number = if let nextNumber { nextNumber } else { try Self.nextNumber(in: rows) }
    nextNumber = number + 1
    let state = CDRHistory(number: number)
    state.badge = 0
    known[number] = state
    return state
  }

  /// Adds a record to the log of a session.
  func append(
    _ record: CDRLogRecord, at position: JournalPosition, to state: CDRHistory, in rows: ModelTransaction
  ) throws(JournalError) {
    var record = record
    if case .version(var version) = record, state.lastOwn != nil {
      version.observedAt = nil
      record = .version(version)
    }
    try CDRTables.log.append(
      record.encoded(at: position, after: state.lastOwn), at: position, to: bigEndianBytes(state.number), isFirst: state.versions.isEmpty,
      in: rows)
    state.apply(record, at: position)
  }

  /// Adds a finding to the log of a session that another one shares it with.
  func append(sharedFinding record: CDRLogRecord, at position: JournalPosition, to number: UInt32, in rows: ModelTransaction)
    throws(JournalError)
  {
    try CDRTables.log.append(
      record.encoded(at: position, after: nil), at: position, to: bigEndianBytes(number), in: rows)
    known[number]?.apply(record, at: position)
  }

  /// Makes two sessions one: the older.
  func merge(
    _ one: CDRHistory, _ other: CDRHistory, at position: JournalPosition, in rows: ModelTransaction
  ) throws(JournalError) -> CDRHistory {
    guard one !== other else { return one }
    let (old, young) = one.number < other.number ? (one, other) : (other, one)
    try CDRCharges(self, rows).replace(young.settledCharge, with: nil, of: young.number)
    if try CDRBadges.badge(of: old, in: rows) == 0 { try CDRBadges.note(CDRBadges.badge(of: young, in: rows), of: old, in: rows) }
    try CDRBadges.note(0, of: young, in: rows)
    try append(.absorbed(young.number), at: position, to: old, in: rows)
    try append(.mergedInto(old.number), at: position, to: young, in: rows)
    known[young.number] = nil
    let merged = try CDRLog.state(old.number, asOf: nil, in: rows)!
    merged.settledCharge = old.settledCharge
    merged.badge = old.badge
    known[old.number] = merged
    return merged
  }

  static func nextNumber(in rows: any ModelRows) throws(JournalError) -> UInt32 {
    let last = try rows.last(
      upTo: [UInt8](repeating: 0xff, count: 9), beginningWith: [], in: CDRTables.log.table)
    return (last.map { UInt32(bigEndian: $0.key[..<4]) } ?? 0) + 1
  }
}
