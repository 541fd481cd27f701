internal import EMIP
internal import JournalFormat
internal import JournalStore

/// The elements that a status was ever reported of, each with a number of its own: pools, stations, EVSEs, connectors, each in the order of its ids.
///
///     key   = level compact [0 *separator]     ; where the operator's own separators stand (``IdentifierSpelling``)
///     value = number position [respelled] id [earlier id]
///
/// Ids with separators in other places are other elements. An id without any is the one that it can be; where it could be several, it is an element of
/// its own, and ambiguous.
struct EVSEElementTable {
  let table: ModelTable

  /// An element as it is stored.
  struct Stored: Hashable {
    let element: StatusReport.Element
    let number: UInt32
    /// The position of the message that named it first.
    let position: JournalPosition
    /// As it was first written; with separators, once a message had some.
    var id: String
    /// Where an id without separators was first taken for this one, which has some.
    var respelledAt: JournalPosition?
    /// As it was written before a message told where separators stand, and until when.
    var earlier: (id: String, until: JournalPosition)?

    /// As it was written by then.
    func id(asOf position: JournalPosition?) -> String {
      guard let earlier, let position, position < earlier.until else { return id }
      return earlier.id
    }

    func hash(into hasher: inout Hasher) { hasher.combine(number) }
    static func == (one: Stored, other: Stored) -> Bool { one.number == other.number }
  }

  /// How many there are stands under a key before all others.
  private static let countKey: [UInt8] = [0]
  /// An id that is longer is none of eMIP's: its hash stands for it.
  private static let longestId = 200

  static func key(_ element: StatusReport.Element, _ spelling: IdentifierSpelling, _ hash: SubjectHash) -> [UInt8] {
    let family = familyKey(element, spelling, hash)
    return spelling.separators.isEmpty ? family : family + [0] + spelling.separators.prefix(60)
  }

  /// What the keys of all spellings begin with.
  private static func familyKey(_ element: StatusReport.Element, _ spelling: IdentifierSpelling, _ hash: SubjectHash) -> [UInt8] {
    let compact = spelling.compact
    return [element.rawValue] + (compact.count <= longestId ? compact : [0] + hash(1, compact))
  }

  /// Stores an element that is new.
  /// - Parameter number: how many there were.
  func add(
    _ key: [UInt8], number: UInt32, _ id: String, at position: JournalPosition, in rows: ModelTransaction
  ) throws(JournalError) {
    try put(Stored(element: StatusReport.Element(rawValue: key[0])!, number: number, position: position, id: id), key, in: rows)
    try rows.put(bigEndianBytes(number + 1), for: Self.countKey, in: table)
  }

  /// Notes where an id without separators was taken for an element first.
  func noteRespelled(_ stored: Stored, _ key: [UInt8], at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    guard stored.respelledAt == nil else { return }
    var stored = stored
    stored.respelledAt = position
    try put(stored, key, in: rows)
  }

  /// Gives an element, which was written without separators so far, its place by an id that has some.
  func move(
    _ stored: Stored, from old: [UInt8], to key: [UInt8], as id: String, at position: JournalPosition, in rows: ModelTransaction
  ) throws(JournalError) {
    var moved = stored
    moved.earlier = (stored.id, position)
    moved.respelledAt = stored.position
    moved.id = id
    try rows.remove(old, in: table)
    try put(moved, key, in: rows)
  }

  private func put(_ stored: Stored, _ key: [UInt8], in rows: ModelTransaction) throws(JournalError) {
    var value: [UInt8] = []
    value.appendVarint(UInt64(stored.number))
    value.appendVarint(stored.position.rawValue)
    value.appendVarint(stored.respelledAt?.rawValue ?? 0)
    value.appendCounted(stored.id.utf8.prefix(4 * Self.longestId))
    if let earlier = stored.earlier {
      value.appendVarint(earlier.until.rawValue)
      value.appendCounted(earlier.id.utf8.prefix(4 * Self.longestId))
    }
    try rows.put(value, for: key, in: table)
  }

  /// The element that an id names: in its very spelling, else the one that it can be. Nil where there is none, or several.
  func element(
    _ element: StatusReport.Element, _ id: String, in rows: any ModelRows
  ) throws(JournalError) -> (stored: Stored, key: [UInt8])? {
    let spelling = IdentifierSpelling(id)
    let key = Self.key(element, spelling, rows.hash)
    if let stored = try stored(key, in: rows) { return (stored, key) }
    guard spelling.separators.isEmpty else { return nil }
    let family = try family(element, spelling, in: rows)
    return family.count == 1 ? family[0] : nil
  }

  /// All elements with the same characters, wherever their separators stand.
  func family(
    _ element: StatusReport.Element, _ spelling: IdentifierSpelling, in rows: any ModelRows
  ) throws(JournalError) -> [(stored: Stored, key: [UInt8])] {
    try family(of: Self.familyKey(element, spelling, rows.hash), in: rows)
  }

  /// As ``family(_:_:in:)``, of the key without separators.
  func family(of key: [UInt8], in rows: any ModelRows) throws(JournalError) -> [(stored: Stored, key: [UInt8])] {
    var found: [(stored: Stored, key: [UInt8])] = []
    if let stored = try stored(key, in: rows) { found.append((stored, key)) }
    var next = key + [0]
    while let row = try rows.first(from: next, beginningWith: key + [0], in: table) {
      found.append((try decoded(row), row.key))
      next = row.key + [0]
    }
    return found
  }

  /// The element under a key; nil where there is none.
  func stored(_ key: [UInt8], in rows: any ModelRows) throws(JournalError) -> Stored? {
    guard let value = try rows.value(of: key, in: table) else { return nil }
    return try decoded(ModelRow(key: key, value: value))
  }

  /// The element that had a key once: it may have moved since.
  /// - Parameter number: its own; nil where the only one that it can be is good enough.
  func stored(_ key: [UInt8], number: UInt32?, in rows: any ModelRows) throws(JournalError) -> Stored? {
    if let stored = try stored(key, in: rows), number.map({ $0 == stored.number }) ?? true { return stored }
    return try family(of: key, in: rows).first { element in number.map { $0 == element.stored.number } ?? true }?.stored
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
        let respelledAt = try reader.varint()
        var stored = Stored(element: element, number: number, position: position, id: try reader.string())
        stored.respelledAt = respelledAt == 0 ? nil : JournalPosition(respelledAt)
        if !reader.isAtEnd {
          let until = JournalPosition(try reader.varint())
          stored.earlier = (try reader.string(), until)
        }
        return stored
      }
    }
  }
}
