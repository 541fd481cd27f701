internal import JournalFormat
internal import JournalStore

/// A session that was asked for or granted, by an id of it.
struct CDRAskedSession {
  let identity: CDRIdentity
  /// The partner's id, which is of no use any more as the platform's is known.
  var before: CDRIdentity?
}

/// When each session was first asked for or granted: by the platform's id of it, and while that is not known, by the partner's.
///
///     identity(8) -> observedAt, a signed varint of milliseconds
///
/// What is older than a record may still come goes at a purge horizon.
enum CDRAskedSessions {
  private static var table: ModelTable { CDRTables.asked }
  /// A record that comes later is not held against it any more.
  private static let keptMilliseconds: Int64 = 90 * 86_400_000

  /// Nil where nobody knows.
  static func time(_ identity: CDRIdentity, in rows: any ModelRows) throws(JournalError) -> Timestamp? {
    guard let value = try rows.value(of: key(identity), in: table) else { return nil }
    return try time(value)
  }

  /// When the session of a record was first asked for; the platform's id decides, as a partner's may come again.
  static func time(_ identities: CDRIdentities, in rows: any ModelRows) throws(JournalError) -> Timestamp? {
    for identity in [identities.platform, identities.exec, identities.sale] {
      if let identity, let time = try time(identity, in: rows) { return time }
    }
    return nil
  }

  /// Notes when a session was asked for or granted.
  /// - Returns: when it was first; nil where that was known.
  static func note(_ session: CDRAskedSession, _ time: Timestamp, in rows: ModelTransaction) throws(JournalError) -> Timestamp? {
    var first = time
    if let before = session.before, let earlier = try self.time(before, in: rows) {
      first = min(first, earlier)
      try rows.remove(key(before), in: table)
    }
    if let known = try self.time(session.identity, in: rows), known <= first { return nil }
    var value: [UInt8] = []
    value.appendSignedVarint(first.rawValue)
    try rows.put(value, for: key(session.identity), in: table)
    return first
  }

  /// Removes what is so old that no record is expected any more.
  static func condense(_ rows: ModelTransaction) throws(JournalError) {
    let last = rows.clock.adding(milliseconds: -keptMilliseconds)
    var key: [UInt8] = []
    while let row = try rows.first(from: key, beginningWith: [], in: table) {
      key = row.key + [0]
      if try time(row.value) < last { try rows.remove(row.key, in: table) }
    }
  }

  private static func time(_ value: [UInt8]) throws(JournalError) -> Timestamp {
    try table.reading(value) { (reader) throws(FormatError) in Timestamp(rawValue: try reader.signedVarint()) }
  }

  /// A partner's id is unique only within its operator.
  private static func key(_ identity: CDRIdentity) -> [UInt8] {
    bigEndianBytes(identity.key ^ (UInt64(identity.party) << 2 | UInt64(identity.kind.rawValue)) &* 0x9e37_79b9_7f4a_7c15)
  }
}
