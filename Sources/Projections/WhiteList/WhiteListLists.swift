internal import EMIP
internal import JournalFormat
internal import JournalStore

/// A list: who holds it, whose users are on it, and what its messages call their sender.
struct WhiteListIdentity: Hashable, Sendable {
  /// `IOP`, or the CPO that downloads it, as it was written first.
  let holderId: String
  /// As it was written first; empty where a download does not name it.
  let providerId: String
  /// What the spellings of ``holderId`` have in common.
  let holder: [UInt8]
  /// What the spellings of ``providerId`` have in common.
  let provider: [UInt8]

  static let platform = "IOP"

  init(holder: String?, provider: String?) {
    (holderId, providerId) = (holder ?? "", provider ?? "")
    (self.holder, self.provider) = (Self.compact(holder), Self.compact(provider))
  }

  /// What an eMSP uploads.
  static func uploaded(by provider: String?) -> Self { Self(holder: platform, provider: provider) }

  /// The spelling does not count.
  static func == (one: Self, other: Self) -> Bool { one.holder == other.holder && one.provider == other.provider }

  func hash(into hasher: inout Hasher) {
    hasher.combine(holder)
    hasher.combine(provider)
  }

  var isPlatforms: Bool { holder.elementsEqual(Self.platform.utf8) }
  /// The operator that its messages come from or go to.
  var operatorId: String { isPlatforms ? providerId : holderId }

  static func compact(_ operatorId: String?) -> [UInt8] { TermComparison.compact.normalized((operatorId ?? "").utf8) }
}

/// What is known of a list as a whole from a position on.
struct WhiteListState: Hashable, Sendable {
  /// When the last upload that was accepted, or download that came back, was asked for.
  var acceptedAt: Timestamp?
  /// The position of its answer.
  var accepted: JournalPosition?
  /// The position of the last baseline.
  var baseline: JournalPosition?
  /// Entries that are on it, expired ones among them.
  var liveCount = 0
  /// Whether a user was changed whom no message and no baseline had put on it: it is told once that the list began before the journal.
  var isPartial = false
  /// Whether an entry came without an expiry date: told once, too.
  var lacksExpiry = false

  func encoded() -> [UInt8] {
    var bytes: [UInt8] = [(isPartial ? 1 : 0) | (lacksExpiry ? 2 : 0)]
    bytes.appendOptional(acceptedAt)
    bytes.appendVarint(accepted?.rawValue ?? 0)
    bytes.appendVarint(baseline?.rawValue ?? 0)
    bytes.appendVarint(liveCount)
    return bytes
  }

  init() {}

  init(_ bytes: [UInt8]) throws(FormatError) {
    self = try bytes.reading { (reader) throws(FormatError) in
      var state = WhiteListState()
      let flags = try reader.byte()
      state.isPartial = flags & 1 != 0
      state.lacksExpiry = flags & 2 != 0
      state.acceptedAt = try reader.optionalTimestamp()
      state.accepted = try reader.optionalPosition()
      state.baseline = try reader.optionalPosition()
      state.liveCount = try reader.count(atMost: Int.max)
      return state
    }
  }

  /// Nil for a list of which nothing was known then.
  static func known(of list: UInt16, asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> WhiteListState? {
    let states = WhiteListTables.states
    guard let record = try states.chunk(of: bigEndianBytes(list), asOf: position, in: rows)?.records.last else { return nil }
    return try states.table.decoding { () throws(FormatError) in try WhiteListState(record.bytes) }
  }
}

extension ByteReader {
  /// 0 stands for none.
  fileprivate mutating func optionalPosition() throws(FormatError) -> JournalPosition? {
    let value = try varint()
    return value == 0 ? nil : JournalPosition(value)
  }
}

/// The lists that there are, by numbers of two bytes in the order of their appearance.
///
///     0 counted-holder counted-provider   number       ; compact
///     1 number                            counted-holder counted-provider       ; as they were written first
enum WhiteListNames {
  private static let table = WhiteListTables.names
  private static let numbered = NumberedNames<UInt16>(byName: .init(table, tag: 0), byNumber: .init(table, tag: 1), first: 0)

  /// The number of a list, a new one where it has none.
  static func number(of list: WhiteListIdentity, in rows: ModelTransaction) throws(JournalError) -> UInt16 {
    if let number = try known(list, in: rows) { return number }
    return try numbered.add(name(list), as: named(list.holderId.utf8, list.providerId.utf8), in: rows)
  }

  /// The numbers of all lists, in order.
  static func numbers(in rows: any ModelRows) throws(JournalError) -> [UInt16] {
    Array(numbered.first..<(try numbered.next(in: rows)))
  }

  /// Nil for a list that there is not.
  static func known(_ list: WhiteListIdentity, in rows: any ModelRows) throws(JournalError) -> UInt16? {
    try numbered.number(of: name(list), in: rows)
  }

  static func identity(_ number: UInt16, in rows: any ModelRows) throws(JournalError) -> WhiteListIdentity {
    try table.reading(try numbered.knownText(of: number, in: rows)) { (reader) throws(FormatError) in
      let holder = try reader.string()
      return WhiteListIdentity(holder: holder, provider: try reader.string())
    }
  }

  /// Names a user in any table. Eight bytes.
  static func user(_ key: UserKey, _ hash: SubjectHash) -> [UInt8] { maskedUser(key, hash).key }

  static func maskedUser(_ key: UserKey, _ hash: SubjectHash) -> (key: [UInt8], mask: UInt32) {
    hash.withMask(UInt8(ascii: "W"), key.bytes)
  }

  // No key is longer than 511 bytes, and no operator's id near that.
  private static func name(_ list: WhiteListIdentity) -> [UInt8] { Array(named(list.holder, list.provider).prefix(499)) }

  private static func named(_ holder: some Collection<UInt8>, _ provider: some Collection<UInt8>) -> [UInt8] {
    var name: [UInt8] = []
    name.appendCounted(holder)
    name.appendCounted(provider)
    return name
  }
}
