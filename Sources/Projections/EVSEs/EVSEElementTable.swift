internal import EMIP
internal import JournalFormat
internal import JournalStore

/// The elements that a status was ever reported of, each with a number of its own: pools, stations, EVSEs, connectors, each in the order of its ids.
struct EVSEElementTable {
  let table: ModelTable

  /// An element as it is stored.
  struct Stored {
    let element: StatusReport.Element
    let number: UInt32
    /// The position of the message that named it first.
    let position: JournalPosition
    /// As that message wrote it, or in another of its spellings.
    let id: String
  }

  /// How many there are stands under a key before all others.
  private static let countKey: [UInt8] = [0]
  /// An id that is longer is none of eMIP's: its hash stands for it.
  private static let longestId = 200

  /// Spellings of one id have one key.
  static func key(_ element: StatusReport.Element, _ id: String, _ hash: SubjectHash) -> [UInt8] {
    let compact = (try? EVCIIdentifier(id)).map { Array($0.compact.utf8) } ?? TermComparison.compact.normalized(id.utf8)
    return [element.rawValue] + (compact.count <= longestId ? compact : [0] + hash(1, compact))
  }

  /// An id as people and other programs know it.
  static func canonicalId(_ id: String) -> String { (try? EVCIIdentifier(id))?.description ?? id }

  /// Stores an element that is new.
  /// - Parameter number: how many there were.
  func add(
    _ key: [UInt8], number: UInt32, _ id: String, at position: JournalPosition, in rows: ModelTransaction
  ) throws(JournalError) {
    var value: [UInt8] = []
    value.appendVarint(UInt64(number))
    value.appendVarint(position.rawValue)
    // The key says what one of eMIP's ids is.
    if (try? EVCIIdentifier(id)) == nil { value += Array(id.utf8.prefix(4 * Self.longestId)) }
    try rows.put(value, for: key, in: table)
    try rows.put(bigEndianBytes(number + 1), for: Self.countKey, in: table)
  }

  /// Nil where it was never heard of.
  func element(_ element: StatusReport.Element, _ id: String, in rows: any ModelRows) throws(JournalError) -> Stored? {
    try stored(Self.key(element, id, rows.hash), in: rows)
  }

  /// See ``key(_:_:_:)``.
  func stored(_ key: [UInt8], in rows: any ModelRows) throws(JournalError) -> Stored? {
    guard let value = try rows.value(of: key, in: table) else { return nil }
    return try decoded(ModelRow(key: key, value: value))
  }

  /// The first element from a key on, and the key behind it. Begin with an empty key.
  func next(from key: [UInt8], in rows: any ModelRows) throws(JournalError) -> (element: Stored, key: [UInt8], next: [UInt8])? {
    guard let row = try rows.first(from: key.isEmpty ? [1] : key, beginningWith: [], in: table) else { return nil }
    return (try decoded(row), row.key, row.key + [0])
  }

  /// How many there are.
  func count(in rows: any ModelRows) throws(JournalError) -> UInt32 {
    try rows.value(of: Self.countKey, in: table).map { UInt32(bigEndian: $0) } ?? 0
  }

  private func decoded(_ row: ModelRow) throws(JournalError) -> Stored {
    try table.decoding { () throws(FormatError) in
      guard let element = row.key.first.flatMap(StatusReport.Element.init), !row.value.isEmpty else {
        throw FormatError("an element has no level or number")
      }
      return try row.value.reading { (reader) throws(FormatError) in
        let number = try reader.number()
        let position = JournalPosition(try reader.varint())
        let id = reader.isAtEnd ? row.key[1...] : Array(try reader.take(reader.remainingCount))[...]
        return Stored(element: element, number: number, position: position, id: String(decoding: id, as: UTF8.self))
      }
    }
  }
}
