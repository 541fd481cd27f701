internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What is known of a user on one list, for one service.
struct WhiteListStanding {
  let list: UInt16
  /// `UInt32.max` for what is no number.
  let service: UInt32
  /// The newest.
  fileprivate(set) var record: WhiteListRecord
  /// The position of ``record``.
  fileprivate(set) var position: JournalPosition
  /// Hides a checksum of what the message of ``record`` said otherwise: whoever repeats it changes nothing.
  fileprivate(set) var mark: UInt32
  /// The position of the last message that repeated ``record``: it came after what it repeats, which matters where an answer comes late.
  fileprivate(set) var confirmed: JournalPosition?

  /// Whether a message says nothing that counts: the ruling one came after it.
  func isAhead(of source: WhiteListRecord.Source) -> Bool {
    if let confirmed, confirmed > source.position { return true }
    return record.source.map { $0 >= source } ?? false
  }
}

/// All that is known of a user, on all lists. It stands in chunks: the one that still grows under the user's key, one that is full under the key and
/// the position of its last record. Each begins with copies of what ruled when it began, so that one row tells what was true as of a position.
///
///     chunk    = varint copies, varint standings *standing, varint first-position *record
///     standing = varint list, varint service (plus 1; 0 for no number), mark (4), varint distance from the source to the last that confirmed it, or 0
///     record   = varint distance to the one before (0 for the first), ``WhiteListRecord``
final class WhiteListUser: ChangingRow {
  /// See ``WhiteListNames/user(_:_:)``.
  let key: [UInt8]
  private(set) var standings: [WhiteListStanding] = []
  private(set) var lastPosition = JournalPosition(0)
  var isPending = false
  private var copyCount = 0
  private var firstPosition = JournalPosition(0)
  private var records: [UInt8] = []

  /// A chunk ends when it has grown beyond this.
  static let chunkBytes = 400

  init(_ key: [UInt8]) { self.key = key }

  /// From the row of the chunk that grows.
  init(_ key: [UInt8], _ value: [UInt8]) throws(FormatError) {
    self.key = key
    let chunk = try WhiteListChunk(value)
    copyCount = chunk.copyCount
    records = Array(value[chunk.recordsOffset...])
    firstPosition = chunk.records[0].position
    lastPosition = chunk.records.last!.position
    standings = chunk.standings()
  }

  func index(list: UInt16, service: UInt32) -> Int? {
    for index in standings.indices where standings[index].list == list && standings[index].service == service { return index }
    return nil
  }

  /// Whether no other list says anything of the user.
  func isOnly(on list: UInt16) -> Bool { standings.allSatisfy { $0.list == list } }

  /// Adds what is known from a position on, not before the last one.
  func add(
    _ record: WhiteListRecord, mark: UInt32, list: UInt16, service: UInt32, at position: JournalPosition, in rows: ModelTransaction
  ) throws(JournalError) {
    // What one entry says stands in one chunk.
    if records.count > Self.chunkBytes && position > lastPosition {
      try rows.put(encoded(), for: WhiteListUsers.key(key, lastPosition), in: WhiteListUsers.table)
      beginChunk()
    }
    let standing: Int
    if let index = index(list: list, service: service) {
      standing = index
      standings[index].record = record
      standings[index].position = position
      standings[index].mark = mark
      standings[index].confirmed = nil
    } else {
      standing = standings.count
      standings.append(WhiteListStanding(list: list, service: service, record: record, position: position, mark: mark))
    }
    append(record, standing, position)
    rows.put(self, in: WhiteListUsers.table)
  }

  /// Notes that a message said again what holds.
  func confirm(_ index: Int, by position: JournalPosition, in rows: ModelTransaction) {
    let standing = standings[index]
    guard let source = standing.record.source?.position, position > max(source, standing.confirmed ?? source) else { return }
    standings[index].confirmed = position
    rows.put(self, in: WhiteListUsers.table)
  }

  /// Leaves nothing but some standings, each as it is now, with what its message said, once that goes.
  func condense(to kept: [WhiteListStanding], _ details: [[UInt8]?]) {
    standings = zip(kept, details).map { standing, details in
      var standing = standing
      standing.record.details = details
      return standing
    }
    beginChunk()
    copyCount = 0
  }

  private func beginChunk() {
    (records, copyCount) = ([], standings.count)
    for index in standings.indices.sorted(by: { (standings[$0].position, $0) < (standings[$1].position, $1) }) {
      append(standings[index].record, index, standings[index].position)
    }
  }

  private func append(_ record: WhiteListRecord, _ standing: Int, _ position: JournalPosition) {
    if records.isEmpty { (firstPosition, lastPosition) = (position, position) }
    records.appendVarint(position.rawValue - lastPosition.rawValue)
    record.append(to: &records, at: position, standing: standing)
    lastPosition = position
  }

  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(records.count + 16 + standings.count * 12)
    bytes.appendVarint(copyCount)
    bytes.appendVarint(standings.count)
    for standing in standings {
      bytes.appendVarint(UInt64(standing.list))
      bytes.appendVarint(UInt64(standing.service &+ 1))
      bytes.appendLittleEndian(standing.mark)
      bytes.appendVarint(standing.confirmed.map { $0.rawValue - standing.record.source!.position.rawValue } ?? 0)
    }
    bytes.appendVarint(firstPosition.rawValue)
    bytes += records
    return bytes
  }
}

/// A row of ``WhiteListUser``.
struct WhiteListChunk {
  struct Record {
    let position: JournalPosition
    /// A place in ``heads``.
    let standing: Int
    let record: WhiteListRecord
  }

  struct Head {
    let list: UInt16
    let service: UInt32
    let mark: UInt32
    let confirmedDistance: UInt64
  }

  let heads: [Head]
  /// So many of the records stand in the chunk before as well.
  let copyCount: Int
  /// Never empty.
  let records: [Record]
  fileprivate let recordsOffset: Int

  init(_ value: [UInt8]) throws(FormatError) {
    var (heads, records, offset) = ([] as [Head], [] as [Record], 0)
    copyCount = try value.reading { (reader) throws(FormatError) in
      let copyCount = try reader.count(atMost: Int(UInt16.max))
      for _ in 0..<(try reader.count(atMost: reader.remainingCount)) {
        let list = UInt16(try reader.count(atMost: Int(UInt16.max)))
        let service = UInt32(try reader.count(atMost: Int(UInt32.max))) &- 1
        let mark = try reader.littleEndian(UInt32.self)
        heads.append(Head(list: list, service: service, mark: mark, confirmedDistance: try reader.varint()))
      }
      var position = JournalPosition(try reader.varint())
      offset = reader.offset
      repeat {
        position = JournalPosition(position.rawValue &+ (try reader.varint()))
        let (standing, record) = try WhiteListRecord.read(&reader, at: position)
        guard standing < heads.count else { throw FormatError("an entry of a white list is of a list that there is not") }
        records.append(Record(position: position, standing: standing, record: record))
      } while !reader.isAtEnd
      return copyCount
    }
    self.heads = heads
    self.records = records
    recordsOffset = offset
  }

  /// The standings as of a position, in their order; those that were not known then are left out.
  /// - Parameter limit: nil for now.
  func standings(asOf limit: JournalPosition? = nil) -> [WhiteListStanding] {
    var newest: [Record?] = Array(repeating: nil, count: heads.count)
    for record in records where limit == nil || record.position <= limit! { newest[record.standing] = record }
    return zip(heads, newest).compactMap { head, newest in
      newest.map { newest in
        let source = newest.record.source?.position
        let confirmed = head.confirmedDistance == 0 ? nil : source.map { JournalPosition($0.rawValue &+ head.confirmedDistance) }
        return WhiteListStanding(
          list: head.list, service: head.service, record: newest.record, position: newest.position, mark: head.mark, confirmed: confirmed)
      }
    }
  }
}

/// The table of ``WhiteListUser``s: by the user's key, and the position of the last record of a chunk that is full.
enum WhiteListUsers {
  static let table = WhiteListTables.entries
  static let keyBytes = 8
  private static let positionBytes = 5

  /// The key of a full chunk.
  static func key(_ user: [UInt8], _ last: JournalPosition) -> [UInt8] {
    user + bigEndianBytes(last.rawValue).suffix(positionBytes)
  }

  /// Nil for a user who is on no list.
  static func user(_ key: [UInt8], in rows: any ModelRows) throws(JournalError) -> WhiteListUser? {
    guard let value = try rows.value(of: key, in: table) else { return nil }
    return try table.decoding { () throws(FormatError) in try WhiteListUser(key, value) }
  }

  /// What was known of a user as of a position: one row tells.
  /// - Parameter position: nil for now.
  static func standings(
    of user: [UInt8], asOf position: JournalPosition?, in rows: any ModelRows
  ) throws(JournalError) -> [WhiteListStanding] {
    var value: [UInt8]?
    // Of the full chunks the first that does not end before: the one that grows has no position in its key, and comes before all.
    if let position { value = try rows.first(from: key(user, position), beginningWith: user, in: table)?.value }
    if value == nil { value = try rows.value(of: user, in: table) }
    return try value.map(chunk)?.standings(asOf: position) ?? []
  }

  /// All that was known of a user by a position, in order.
  static func records(
    of user: [UInt8], asOf position: JournalPosition?, in rows: any ModelRows
  ) throws(JournalError) -> [WhiteListStanding] {
    var chunks: [WhiteListChunk] = []
    var start = key(user, JournalPosition(0))
    while let row = try rows.first(from: start, beginningWith: user, in: table) {
      chunks.append(try chunk(row.value))
      start = row.key + [0]
    }
    if let open = try rows.value(of: user, in: table) { chunks.append(try chunk(open)) }
    return chunks.flatMap { chunk in
      chunk.records.dropFirst(chunk.copyCount).filter { position == nil || $0.position <= position! }.map { record in
        let head = chunk.heads[record.standing]
        return WhiteListStanding(
          list: head.list, service: head.service, record: record.record, position: record.position, mark: head.mark)
      }
    }
  }

  /// The keys of all users, in order.
  static func keys(in rows: any ModelRows) throws(JournalError) -> [[UInt8]] {
    var keys: [[UInt8]] = []
    var start: [UInt8] = []
    while let row = try rows.first(from: start, beginningWith: [], in: table) {
      let user = Array(row.key[..<keyBytes])
      keys.append(user)
      start = key(user, JournalPosition(.max)) + [0]
    }
    return keys
  }

  /// Replaces all that there is of a user; nil for nothing.
  static func replace(_ user: [UInt8], with replacement: WhiteListUser?, in rows: ModelTransaction) throws(JournalError) {
    var full: [[UInt8]] = []
    var start = key(user, JournalPosition(0))
    while let row = try rows.first(from: start, beginningWith: user, in: table) {
      full.append(row.key)
      start = row.key + [0]
    }
    for key in full { try rows.remove(key, in: table) }
    if let replacement { try rows.put(replacement.encoded(), for: user, in: table) } else { try rows.remove(user, in: table) }
  }

  private static func chunk(_ value: [UInt8]) throws(JournalError) -> WhiteListChunk {
    return try table.decoding { () throws(FormatError) in try WhiteListChunk(value) }
  }
}
