internal import JournalFormat
internal import JournalStore

/// Which session a record is of, and two sessions that turn out to be one.
enum CDRMerging {
  /// The session that is known by ids: by the platform's before the CPO's.
  static func known(_ identities: CDRIdentities, in rows: any ModelRows) throws(JournalError) -> UInt32? {
    for key in identities.keys {
      if let number = try session(of: key, in: rows) { return number }
    }
    return nil
  }

  /// The session of a record. A number that is not in use yet where it is the first.
  ///
  /// Where the two ids lead to two sessions that both have an id of the platform, the platform's rules, and nothing is merged.
  static func session(of identities: CDRIdentities, at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) -> UInt32 {
    guard identities.platform != nil || identities.exec != nil else {
      if let known = try session(of: identities.content, in: rows) { return known }
      return try nextNumber(in: rows)
    }
    let byPlatform = try identities.platform.flatMap { (key) throws(JournalError) in try session(of: key, in: rows) }
    let byExec = try identities.exec.flatMap { (key) throws(JournalError) in try session(of: key, in: rows) }
    guard let byExec else {
      if let byPlatform { return byPlatform }
      return try nextNumber(in: rows)
    }
    guard identities.platform != nil, byPlatform != byExec else { return byExec }
    let hasOwn = try CDRLog.state(byExec, asOf: nil, in: rows)?.hasPlatformId ?? false
    guard let byPlatform else { return hasOwn ? try nextNumber(in: rows) : byExec }
    return hasOwn ? byPlatform : try merge(byPlatform, byExec, at: position, in: rows)
  }

  /// Makes two sessions one: the older.
  /// - Returns: its number.
  static func merge(_ one: UInt32, _ other: UInt32, at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) -> UInt32 {
    guard one != other else { return one }
    let (old, young) = (min(one, other), max(one, other))
    try CDRIntervals.remove(young, in: rows)
    let log = ChargeDetailRecordProjection.log
    try log.append(CDRLogRecord.absorbed(young).encoded(at: position), at: position, to: bigEndianBytes(old), in: rows)
    try log.append(CDRLogRecord.mergedInto(old).encoded(at: position), at: position, to: bigEndianBytes(young), in: rows)
    return old
  }

  private static func session(of key: [UInt8], in rows: any ModelRows) throws(JournalError) -> UInt32? {
    guard let number = try CDRIdentities.session(of: key, asOf: nil, in: rows) else { return nil }
    return try CDRLog.current(number, asOf: nil, in: rows)
  }

  static func nextNumber(in rows: any ModelRows) throws(JournalError) -> UInt32 {
    let last = try rows.last(
      upTo: [UInt8](repeating: 0xff, count: 9), beginningWith: [], in: ChargeDetailRecordProjection.log.table)
    return (last.map { $0.key[..<4].reduce(0) { $0 << 8 | UInt32($1) } } ?? 0) + 1
  }
}

extension CDRIdentities {
  /// Those that there are, in the order in which they count. The content alone names a record only without the first two.
  var keys: [[UInt8]] {
    let links = [platform, exec].compactMap { $0 }
    return (links.isEmpty ? [content] : links) + [sale].compactMap { $0 }
  }
}
