internal import JournalFormat
internal import JournalStore

/// When each EVSE charged, or when each badge did: by the final record in force of each session whose times can be.
///
///     subject(5) period(2) -> *(start duration session), varints
///
/// A period is four days; a charge stands in that of its start, which it counts its seconds from, in the order of starts. So an EVSE's charges around
/// a time are in a few rows.
struct CDRIntervals {
  let table: ModelTable
  /// Whose row a charge belongs to; 0 for none.
  let subject: @Sendable (CDRCharge) -> UInt64

  private static let periodSeconds: Int64 = 4 * 86_400
  /// A charge that starts at another time has another fault.
  static let starts: Range<Int64> = 0..<65_536 * periodSeconds
  /// Charges of one subject in one period, at most. The first go where there are more: who charges more often has another fault.
  private static let longest = 192
  /// So many periods of a charge are looked at, the one before included: a longer charge has another fault.
  private static let lookedAt: Int64 = 4

  /// A charge in a row.
  struct Entry: Hashable {
    let start: Int64
    let end: Int64
    let session: UInt32
  }

  /// Removes a session's charge, adds another, or both.
  func replace(_ old: CDRCharge?, with new: CDRCharge?, of session: UInt32, in rows: ModelTransaction) throws(JournalError) {
    if let old, let key = key(old) {
      let rest = try entries(key, in: rows).filter { $0.session != session }
      if rest.isEmpty { try rows.remove(key, in: table) } else { try rows.put(Self.encoded(rest, old.start), for: key, in: table) }
    }
    if let new, let key = key(new) {
      var entries = try entries(key, in: rows)
      let added = Entry(start: new.start, end: new.end, session: session)
      entries.insert(added, at: entries.lastIndex { ($0.start, $0.session) < (added.start, added.session) }.map { $0 + 1 } ?? 0)
      if entries.count > Self.longest { entries.removeFirst() }
      try rows.put(Self.encoded(entries, new.start), for: key, in: table)
    }
  }

  /// The charges around the time of one that a rule may find with it: that overlap it, or that are as long and at the same time.
  func neighbours(of charge: CDRCharge, in rows: ModelTransaction) throws(JournalError) -> [Entry] {
    let subject = subject(charge)
    guard subject != 0 else { return [] }
    let first = max(0, Self.period(charge.start) - 1)
    var found: [Entry] = []
    for period in first...min(Self.period(charge.end), first + Self.lookedAt) {
      for entry in try entries(Self.key(subject, period), in: rows) {
        let isEqual = entry.start == charge.start && entry.end == charge.end
        if isEqual || CDRRules.overlap(charge, entry) != nil { found.append(entry) }
      }
    }
    return found
  }

  // MARK: Rows

  private static func period(_ seconds: Int64) -> Int64 { seconds / periodSeconds }

  /// Nil for a charge that has no subject.
  private func key(_ charge: CDRCharge) -> [UInt8]? {
    let subject = subject(charge)
    return subject == 0 ? nil : Self.key(subject, Self.period(charge.start))
  }

  private static func key(_ subject: UInt64, _ period: Int64) -> [UInt8] {
    var key: [UInt8] = bigEndianBytes(subject)
    key.removeFirst(3)
    key.append(UInt8(truncatingIfNeeded: period >> 8))
    key.append(UInt8(truncatingIfNeeded: period))
    return key
  }

  /// - Parameter start: of any of them.
  private static func encoded(_ entries: [Entry], _ start: Int64) -> [UInt8] {
    let begin = period(start) * periodSeconds
    var value: [UInt8] = []
    for entry in entries {
      value.appendVarint(UInt64(entry.start - begin))
      value.appendVarint(UInt64(entry.end - entry.start))
      value.appendVarint(UInt64(entry.session))
    }
    return value
  }

  private func entries(_ key: [UInt8], in rows: ModelTransaction) throws(JournalError) -> [Entry] {
    guard let value = try rows.value(of: key, in: table) else { return [] }
    let begin = (Int64(key[5]) << 8 | Int64(key[6])) * Self.periodSeconds
    return try table.reading(value) { (reader) throws(FormatError) in
      var entries: [Entry] = []
      while !reader.isAtEnd {
        let start = begin &+ Int64(truncatingIfNeeded: try reader.varint())
        let end = start &+ Int64(truncatingIfNeeded: try reader.varint())
        entries.append(Entry(start: start, end: end, session: UInt32(truncatingIfNeeded: try reader.varint())))
      }
      return entries
    }
  }
}
