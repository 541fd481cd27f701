internal import JournalFormat
internal import JournalStore

/// Keyed hashes of the texts of records; those that were made lately are remembered.
final class CDRKeys {
  private var ids = RecentValues<String, UInt64>(limit: 8_192)
  private var evses = RecentValues<String, UInt64>(limit: 8_192)

  enum Tag {
    static let id: UInt8 = 1
    static let digest: UInt8 = 10
    static let evse: UInt8 = 12
    static let service: UInt8 = 14
    static let meters: UInt8 = 15
    static let content: UInt8 = 16
    static let user: UInt8 = 17
    static let badge: UInt8 = 18
  }

  /// The key of a text that names a session.
  func id(_ text: String, _ hash: SubjectHash) -> UInt64 {
    if let key = ids[text] { return key }
    let key = Self.id(text, hash)
    ids[text] = key
    return key
  }

  /// The key of an EVSE, of five bytes, in any spelling; never 0.
  func evse(_ text: String, _ hash: SubjectHash) -> UInt64 {
    if let key = evses[text] { return key }
    let key = max(1, hash.number(Tag.evse, CDROperators.compact(text)) >> 24)
    evses[text] = key
    return key
  }

  static func id(_ text: String, _ hash: SubjectHash) -> UInt64 { hash.number(Tag.id, Array(text.utf8)) }
}
