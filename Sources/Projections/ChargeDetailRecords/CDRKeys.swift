internal import EMIP
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

  /// The key of a text that names a session, in any case: some write UUIDs in capitals that others gave them.
  func id(_ text: String, _ hash: SubjectHash) -> UInt64 {
    if let key = ids[text] { return key }
    let key = Self.id(text, hash)
    ids[text] = key
    return key
  }

  /// The key of an EVSE, of seven bytes: five that all spellings have in common, and two that tell where its inner separators stand, 0 where there are
  /// none (``IdentifierSpelling``). Never 0.
  func evse(_ text: String, _ hash: SubjectHash) -> UInt64 {
    if let key = evses[text] { return key }
    let spelling = IdentifierSpelling(text)
    var separators: UInt64 = 0
    for place in spelling.separators { separators = (separators &* 31 &+ UInt64(place)) % 0xffff }
    if !spelling.separators.isEmpty { separators += 1 }
    let key = max(1, hash.number(Tag.evse, spelling.compact) >> 24) << 16 | separators
    evses[text] = key
    return key
  }

  /// What all spellings of an EVSE's key have in common, five bytes.
  static func common(_ evse: UInt64) -> UInt64 { evse >> 16 }

  /// Whether two keys may be of one EVSE.
  static func canBeOne(_ one: UInt64, _ other: UInt64) -> Bool {
    common(one) == common(other) && (one & 0xffff == 0 || other & 0xffff == 0 || one == other)
  }

  static func id(_ text: String, _ hash: SubjectHash) -> UInt64 { hash.number(Tag.id, Array(text.lowercased().utf8)) }
}
