internal import JournalFormat
internal import JournalStore

/// What the white lists are held against (guide 5.5.4, 6.4.2, 7.1.1, 7.3.2).
public enum WhiteListRules {
  public static let unknownEntry = FindingRule(
    50, "whitelist-unknown-entry", .warning,
    "Update or delete of a user who is not on the list: a change was missed, or the list began before this journal.")
  public static let badgeConflict = FindingRule(51, "whitelist-badge-conflict", .error, "One user is on the lists of two eMSPs.")
  public static let uploadTooLarge = FindingRule(52, "whitelist-upload-too-large", .error, "An upload has more than 500 entries.")
  public static let uploadMissed = FindingRule(
    53, "whitelist-upload-missed", .warning, "An eMSP did not upload its list for more than a day.")
  public static let downloadMissed = FindingRule(
    54, "whitelist-download-missed", .warning, "A CPO did not download the list for more than a day.")

  public static let all = [unknownEntry, badgeConflict, uploadTooLarge, uploadMissed, downloadMissed]

  /// Entries of one upload (guide 5.5.4).
  static let maximumEntryCount = 500
  /// Once a day is the longest (guide 6.4.2, 7.3.2); two hours on top of it are forgiven.
  static let longestPauseMilliseconds: Int64 = 26 * 3_600_000
}

/// When each list is due: the earliest is asked for with every request.
///
///     0 time (8, big-endian) list   nothing: an upload or download is due then
///     1 list                        the key of the finding that says that it did not come
enum WhiteListCadence {
  static let table = WhiteListProjection.deadlines

  /// Notes that a list was uploaded or downloaded.
  static func note(
    _ list: UInt16, previous: Timestamp?, at time: Timestamp, _ position: JournalPosition, in rows: ModelTransaction
  ) throws(JournalError) {
    if let previous { try rows.remove(key(previous, list), in: table) }
    try rows.put([1], for: key(time, list), in: table)
    let missed = [1] + bigEndianBytes(list)
    guard let finding = try rows.value(of: missed, in: table) else { return }
    try WhiteListProjection.findings.resolve(finding, at: position, in: rows)
    try rows.remove(missed, in: table)
  }

  /// Tells of the lists that are overdue by the clock.
  static func check(at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    while let row = try rows.first(from: [0], beginningWith: [0], in: table) {
      let due = row.key[1..<9].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      guard Int64(bitPattern: due) < rows.clock.rawValue else { return }
      let number = Array(row.key[9...])
      let list = try WhiteListNames.identity(UInt16(number[0]) << 8 | UInt16(number[1]), in: rows)
      let finding = try WhiteListProjection.findings.add(
        list.isPlatforms ? WhiteListRules.uploadMissed : WhiteListRules.downloadMissed, at: position, subject: number,
        detail: bigEndianBytes(due), in: rows)
      try rows.remove(row.key, in: table)
      try rows.put(finding, for: [1] + number, in: table)
    }
  }

  private static func key(_ time: Timestamp, _ list: UInt16) -> [UInt8] {
    let due = UInt64(max(0, time.rawValue + WhiteListRules.longestPauseMilliseconds))
    return [0] + bigEndianBytes(due) + bigEndianBytes(list)
  }
}

/// Users on the lists of two eMSPs.
///
///     user list list   the key of the finding
enum WhiteListConflicts {
  static let table = WhiteListProjection.conflicts

  /// Looks for the user on the platform's other lists, as they are by the clock.
  static func check(
    _ subject: WhiteListSubject, _ source: WhiteListRecord.Source, at position: JournalPosition, in rows: ModelTransaction
  ) throws(JournalError) {
    let entries = WhiteListProjection.entries
    for key in try entries.subjects(beginningWith: subject.user, in: rows) {
      let other = WhiteListSubject(key)
      guard other.list != subject.list, try WhiteListNames.identity(other.list, in: rows).isPlatforms,
        let record = try WhiteListProjection.newest(key, in: rows), record.isLive(at: rows.clock)
      else { continue }
      let conflict = Self.key(subject.user, subject.list, other.list)
      guard try rows.value(of: conflict, in: table) == nil else { continue }
      var detail: [UInt8] = []
      detail.appendVarint(source.position.rawValue)
      detail.appendVarint(UInt64(source.item))
      let finding = try WhiteListProjection.findings.add(
        WhiteListRules.badgeConflict, at: position, subject: conflict, detail: detail, in: rows)
      try rows.put(finding, for: conflict, in: table)
    }
  }

  /// Notes that a user went from a list.
  static func resolve(_ subject: WhiteListSubject, at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    var ended: [ModelRow] = []
    var start = subject.user
    while let row = try rows.first(from: start, beginningWith: subject.user, in: table) {
      let lists = [UInt16(row.key[8]) << 8 | UInt16(row.key[9]), UInt16(row.key[10]) << 8 | UInt16(row.key[11])]
      if lists.contains(subject.list) { ended.append(row) }
      start = row.key + [0]
    }
    guard !ended.isEmpty else { return }
    // The user may still be there for another service.
    for key in try WhiteListProjection.entries.subjects(beginningWith: subject.user + bigEndianBytes(subject.list), in: rows) {
      if try WhiteListProjection.newest(key, in: rows)?.status == .live { return }
    }
    for row in ended {
      try WhiteListProjection.findings.resolve(row.value, at: position, in: rows)
      try rows.remove(row.key, in: table)
    }
  }

  private static func key(_ user: [UInt8], _ one: UInt16, _ other: UInt16) -> [UInt8] {
    user + bigEndianBytes(min(one, other)) + bigEndianBytes(max(one, other))
  }
}
