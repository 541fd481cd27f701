internal import JournalFormat
internal import JournalStore

/// The ids by which a record belongs to a session (guide 5.5.1). A partner's id is unique only within its operator.
struct CDRIdentities: Sendable {
  /// Nil where the record does not have it, or does not say whose it is.
  var platform: CDRIdentity?
  var exec: CDRIdentity?
  var sale: CDRIdentity?
  /// The identity of a record without the first two: only what says the same belongs together.
  var content: CDRIdentity?

  /// Those that there are, in the order in which they count.
  var all: [CDRIdentity] {
    var all: [CDRIdentity] = []
    for identity in [platform, exec, content, sale] { if let identity { all.append(identity) } }
    return all
  }
}

/// A text that names a session, and whose it is.
struct CDRIdentity: Hashable, Sendable {
  enum Kind: UInt8, Sendable {
    case platform = 0
    case exec, sale, content
  }

  let kind: Kind
  /// The CPO or the eMSP, by ``CDROperators``; 0 for nobody.
  let party: UInt32
  /// A keyed hash of the text alone, so that a text is found whoever uses it.
  let key: UInt64
}

/// What each text that names sessions leads to. A link stays as it was first made: the session may have become part of another since. An operator may
/// use an id of its own again, for another session of the platform: it leads to all, in the order in which they got it.
///
///     hash(8) -> *(kindAndParty session [position])
///     kindAndParty = party * 8 + (position follows ? 4 : 0) + kind
///
/// The position tells since when; without one it is that of the session's first record.
final class CDRIdTable {
  /// One meaning of a text.
  struct Link: Hashable, Sendable {
    let kind: CDRIdentity.Kind
    let party: UInt32
    let session: UInt32
    let since: JournalPosition?
  }

  private var known = RecentValues<UInt64, [Link]>(limit: 16_384)

  /// The session that got an id last; nil where it was not known.
  func session(of identity: CDRIdentity, in rows: ModelTransaction) throws(JournalError) -> UInt32? {
    try links(identity.key, in: rows).last { $0.kind == identity.kind && $0.party == identity.party }?.session
  }

  /// The sessions that got an id last, the last first; at most so many.
  func sessions(of identity: CDRIdentity, limit: Int, in rows: ModelTransaction) throws(JournalError) -> [UInt32] {
    try links(identity.key, in: rows).filter { $0.kind == identity.kind && $0.party == identity.party }.suffix(limit).reversed()
      .map(\.session)
  }

  /// Makes an id lead to a session.
  /// - Parameter since: nil where the session begins with it.
  func learn(_ identity: CDRIdentity, _ session: UInt32, since: JournalPosition?, in rows: ModelTransaction) throws(JournalError) {
    var links = try links(identity.key, in: rows)
    links.append(Link(kind: identity.kind, party: identity.party, session: session, since: since))
    known[identity.key] = links
    var value: [UInt8] = []
    for link in links {
      value.appendVarint(UInt64(link.party) << 3 | (link.since == nil ? 0 : 4) | UInt64(link.kind.rawValue))
      value.appendVarint(UInt64(link.session))
      if let since = link.since { value.appendVarint(since.rawValue) }
    }
    try rows.put(value, for: bigEndianBytes(identity.key), in: CDRTables.ids)
  }

  private func links(_ key: UInt64, in rows: ModelTransaction) throws(JournalError) -> [Link] {
    if let links = known[key] { return links }
    let links = try Self.links(key, in: rows)
    known[key] = links
    return links
  }

  /// All that a text means.
  static func links(_ key: UInt64, in rows: any ModelRows) throws(JournalError) -> [Link] {
    guard let value = try rows.value(of: bigEndianBytes(key), in: CDRTables.ids) else { return [] }
    return try CDRTables.ids.reading(value) { (reader) throws(FormatError) in
      var links: [Link] = []
      while !reader.isAtEnd {
        let head = try reader.varint()
        let session = UInt32(truncatingIfNeeded: try reader.varint())
        let since = head & 4 == 0 ? nil : JournalPosition(try reader.varint())
        links.append(
          Link(kind: .init(rawValue: UInt8(head & 3))!, party: UInt32(truncatingIfNeeded: head >> 3), session: session, since: since))
      }
      return links
    }
  }
}
