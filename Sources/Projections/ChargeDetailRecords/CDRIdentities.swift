internal import JournalFormat
internal import JournalStore

/// The ids by which a record belongs to a session (guide 5.5.1). A partner's id is unique only within its operator.
///
///     hash(8) -> session(4) position(8)
struct CDRIdentities: Hashable, Sendable {
  /// Keys of ids; nil where the record does not have it, or does not say whose it is.
  var platform: [UInt8]?
  var exec: [UInt8]?
  var sale: [UInt8]?
  /// Of a record without the first two: only what says the same belongs together.
  var content: [UInt8]

  private enum Tag {
    static let platform: UInt8 = 1
    static let exec: UInt8 = 2
    static let sale: UInt8 = 3
  }

  static func platform(_ id: String, _ hash: SubjectHash) -> [UInt8] { hash(Tag.platform, Array(id.utf8)) }
  static func exec(_ id: String, of name: [UInt8], _ hash: SubjectHash) -> [UInt8] { hash(Tag.exec, name, Array(id.utf8)) }
  static func sale(_ id: String, of name: [UInt8], _ hash: SubjectHash) -> [UInt8] { hash(Tag.sale, name, Array(id.utf8)) }

  /// The session of an id as of a position, which may have become part of another; nil where it was not known.
  static func session(of key: [UInt8], asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> UInt32? {
    guard let value = try rows.value(of: key, in: ChargeDetailRecordProjection.ids), value.count == 12 else { return nil }
    let since = JournalPosition(value[4...].reduce(0) { $0 << 8 | UInt64($1) })
    if let position, since > position { return nil }
    return value[..<4].reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Makes an id lead to a session, unless it leads to one already.
  static func learn(_ key: [UInt8]?, _ session: UInt32, at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    guard let key, try rows.value(of: key, in: ChargeDetailRecordProjection.ids) == nil else { return }
    try rows.put(bigEndianBytes(session) + bigEndianBytes(position.rawValue), for: key, in: ChargeDetailRecordProjection.ids)
  }
}
