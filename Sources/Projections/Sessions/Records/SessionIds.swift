internal import JournalFormat
internal import JournalStore

/// Finds sessions by their ids, whosever these are: the keyed hash of an id leads to all sessions that have it.
///
///     row   = entry*            in the order in which the sessions got the id
///     entry = whose number      whose: kind, and for the CPO's and the eMSP's ids the number of the operator
///
/// Nothing verifies the hash where messages are put together: it is long enough, eight bytes, for that never to matter (3 in a million with ten
/// million ids).
struct SessionIds {
  let table: ModelTable

  /// One session that has an id.
  struct Entry: Hashable {
    let kind: SessionIdKind
    /// The number of the operator; 0 for the platform's ids.
    let owner: UInt32
    /// The session's, as it was when it got the id.
    let number: UInt32
  }

  /// Ids count in any case: some write UUIDs in capitals that others gave them.
  static func key(_ id: String, _ hash: SubjectHash) -> [UInt8] { hash(UInt8(ascii: "I"), Array(id.lowercased().utf8)) }

  func entries(_ key: [UInt8], in rows: any ModelRows) throws(JournalError) -> [Entry] {
    guard let value = try rows.value(of: key, in: table) else { return [] }
    return try table.reading(value) { (reader) throws(FormatError) in
      var entries: [Entry] = []
      while !reader.isAtEnd {
        let whose = try reader.varint()
        guard let kind = SessionIdKind(rawValue: UInt8(1) << UInt8(whose & 3)), whose >> 2 <= UInt32.max else {
          throw FormatError("an id of a session is nobody's")
        }
        entries.append(Entry(kind: kind, owner: UInt32(whose >> 2), number: try reader.number()))
      }
      return entries
    }
  }

  func put(_ entries: [Entry], for key: [UInt8], in rows: ModelTransaction) throws(JournalError) {
    var value: [UInt8] = []
    for entry in entries {
      value.appendVarint(UInt64(entry.owner) << 2 | UInt64(entry.kind.rawValue.trailingZeroBitCount))
      value.appendVarint(UInt64(entry.number))
    }
    try rows.put(value, for: key, in: table)
  }
}
