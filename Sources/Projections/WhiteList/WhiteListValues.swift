internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Finds entries with values that cannot be read, for as long as they rule, and lists without expiry dates. What is found on the platform's list is
/// not told again of a CPO's that has it from there.
///
///     user, list (2), service (4) -> the keys of the findings that hold of the entry
struct WhiteListValues {
  static let table = WhiteListTables.unreadable
  private static let findings = WhiteListTables.findings
  /// More of a text than this is not told in a finding.
  private static let toldCharacters = 40

  let list: UInt16
  let isPlatforms: Bool
  let position: JournalPosition
  let rows: ModelTransaction

  /// Tells what of an entry that is about to rule cannot be read.
  func judge(
    _ entry: AuthenticationEntry, _ record: WhiteListRecord, _ user: WhiteListUser, _ service: UInt32
  ) throws(JournalError) {
    guard !record.unreadable.isEmpty, !isKnownOfOther(user, { $0.unreadable == record.unreadable }) else { return }
    let expiry = entry.unreadable.values.filter { $0.name == "expiryDate" }
    let others = entry.unreadable.values.filter { $0.name != "expiryDate" }
    var keys: [UInt8] = []
    for (rule, values) in [(WhiteListRules.expiryUnreadable, expiry), (WhiteListRules.valueUnreadable, others)] where !values.isEmpty {
      var detail = source(record)
      for value in values {
        detail.appendCounted(value.name.utf8)
        detail.appendCounted(value.text.prefix(Self.toldCharacters).utf8)
      }
      keys += try Self.findings.add(rule, at: position, subject: bigEndianBytes(list) + user.key, detail: detail, in: rows)
    }
    try rows.put(keys, for: key(user, service), in: Self.table)
  }

  /// Notes that an entry rules no longer.
  func resolve(_ current: WhiteListStanding, _ user: WhiteListUser) throws(JournalError) {
    guard !current.record.unreadable.isEmpty else { return }
    let key = key(user, current.service)
    guard let open = try rows.value(of: key, in: Self.table) else { return }
    for start in stride(from: 0, to: open.count, by: FindingTable.keyBytes) {
      try Self.findings.resolve(Array(open[start..<min(open.count, start + FindingTable.keyBytes)]), at: position, in: rows)
    }
    try rows.remove(key, in: Self.table)
  }

  /// Tells of the first entry of a list that has no expiry date. A baseline is no message of an eMSP.
  /// - Returns: whether it has been told.
  func lacksExpiry(_ record: WhiteListRecord, _ user: WhiteListUser, isToldOfList: Bool) throws(JournalError) -> Bool {
    guard !isToldOfList, record.lacksExpiry, !isKnownOfOther(user, \.lacksExpiry) else { return isToldOfList }
    try Self.findings.add(WhiteListRules.expiryMissing, at: position, subject: bigEndianBytes(list), detail: source(record), in: rows)
    return true
  }

  private func isKnownOfOther(_ user: WhiteListUser, _ isSuch: (WhiteListRecord) -> Bool) -> Bool {
    !isPlatforms && user.standings.contains { $0.list != list && isSuch($0.record) }
  }

  private func source(_ record: WhiteListRecord) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendVarint(record.source?.position.rawValue ?? 0)
    bytes.appendVarint(UInt64(record.source?.item ?? 0))
    return bytes
  }

  private func key(_ user: WhiteListUser, _ service: UInt32) -> [UInt8] { user.key + bigEndianBytes(list) + bigEndianBytes(service) }
}

extension WhiteListRecord {
  /// Whether a message put the user on the list without an expiry date.
  fileprivate var lacksExpiry: Bool {
    status == .live && expiryDate == nil && !unreadable.contains(.expiryDate) && change != .baseline
  }
}
