public import JournalFormat
public import JournalStore

/// Records that were made of one subject (a session, a badge, a partner's operation) one after the other, and read as of any position.
///
/// They stand in chunks: the key is the subject and the position of the chunk's first record, the value begins with what was *carried* over from
/// all chunks before, so that an answer as of any position reads one chunk, however long the history is. All subjects of a table have keys of
/// the same length, or none begins with another.
public struct HistoryTable: Sendable {
  /// Where the chunks stand.
  public let table: ModelTable
  /// A chunk ends when it would grow beyond this.
  static let chunkBytes = 1_400

  /// Keeps histories in a table.
  public init(_ table: ModelTable) { self.table = table }

  /// A record and the position that it was made at.
  public struct Record: Hashable, Sendable {
    /// The position that it was made at.
    public let position: JournalPosition
    /// What it says, in its table's own terms.
    public let bytes: [UInt8]

    /// Makes a record at a position.
    public init(position: JournalPosition, bytes: [UInt8]) {
      self.position = position
      self.bytes = bytes
    }
  }

  /// A chunk as of a position.
  public struct Chunk: Hashable, Sendable {
    /// What was carried over from the chunks before; empty in the first.
    public let carried: [UInt8]
    /// Those of this chunk, in the order of their positions.
    public let records: [Record]
  }

  /// Adds a record behind all others of its subject.
  /// - Parameters:
  ///   - position: not before that of the last record.
  ///   - isFirst: told of a subject that has no record: it need not be looked for.
  ///   - carry: asked for what the next chunk carries, given the full one; nothing unless told otherwise.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged. Also what `carry` throws.
  public func append(
    _ record: [UInt8], at position: JournalPosition, to subject: [UInt8], isFirst: Bool = false, in rows: ModelTransaction,
    carry: (Chunk) throws(JournalError) -> [UInt8] = { _ in [] }
  ) throws(JournalError) {
    let chunks = rows.memory.chunks(of: table)
    guard !isFirst, let open = try openChunk(of: subject, chunks, rows) else { return begin(record, position, subject, [], chunks) }
    let distance = position.rawValue - open.lastPosition.rawValue
    let addedCount = distance.varintCount + UInt64(record.count).varintCount + record.count
    guard open.value.count + addedCount <= Self.chunkBytes else {
      let row = ModelRow(key: open.key, value: open.value)
      let carried = try carry(try table.decoding { () throws(FormatError) in try Self.chunk(row, subject, asOf: nil) })
      return begin(record, position, subject, carried, chunks)
    }
    Head.write(lastPosition: position, to: &open.value)
    open.value.appendVarint(distance)
    open.value.appendCounted(record)
    open.lastPosition = position
    chunks.noteChange(of: open)
  }

  /// The last chunk of a subject; nil where it has none.
  private func openChunk(of subject: [UInt8], _ chunks: OpenChunks, _ rows: ModelTransaction) throws(JournalError) -> OpenChunk? {
    if let known = chunks[subject] { return known }
    guard let row = try rows.last(upTo: Self.key(subject, .max), beginningWith: subject, in: table) else { return nil }
    let head = try table.decoding { () throws(FormatError) in try Head(row, subject) }
    let chunk = OpenChunk(key: row.key, value: row.value, lastPosition: head.lastPosition)
    chunks.open(chunk, of: subject)
    return chunk
  }

  /// The chunk that tells of a subject as of a position; nil where there was nothing of it then.
  /// - Parameter position: nil for now.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func chunk(of subject: [UInt8], asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> Chunk? {
    let row: ModelRow?
    if position == nil, let open = (rows as? ModelTransaction)?.memory.chunks(of: table)[subject] {
      row = ModelRow(key: open.key, value: open.value)
    } else {
      row = try rows.last(upTo: Self.key(subject, position?.rawValue ?? .max), beginningWith: subject, in: table)
    }
    guard let row else { return nil }
    return try table.decoding { () throws(FormatError) in try Self.chunk(row, subject, asOf: position) }
  }

  /// All records of a subject as of a position, of all chunks.
  /// - Parameter start: those of chunks that end before this position are left out; nil for none.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func records(
    of subject: [UInt8], from start: JournalPosition? = nil, asOf position: JournalPosition?, in rows: any ModelRows
  ) throws(JournalError) -> [Record] {
    var records: [Record] = []
    var key = subject
    if let start, let row = try rows.last(upTo: Self.key(subject, start.rawValue), beginningWith: subject, in: table) { key = row.key }
    while let row = try rows.first(from: key, beginningWith: subject, in: table) {
      let chunk = try table.decoding { () throws(FormatError) in try Self.chunk(row, subject, asOf: position) }
      records += chunk.records
      // A chunk that has nothing as of then begins later, and so do all behind it.
      if position != nil && chunk.records.isEmpty { break }
      key = row.key + [0]
    }
    return records
  }

  /// Replaces all that there is of a subject by one chunk without records: what is known of it at a horizon.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  public func condense(_ subject: [UInt8], to carried: [UInt8], at position: JournalPosition, in rows: ModelTransaction)
    throws(JournalError)
  {
    try remove(subject, in: rows)
    try rows.put(Head.encoded(carried: carried, lastPosition: position), for: Self.key(subject, position.rawValue), in: table)
  }

  /// Removes all that there is of a subject.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  public func remove(_ subject: [UInt8], in rows: ModelTransaction) throws(JournalError) {
    rows.memory.chunks(of: table).close(subject)
    while let row = try rows.first(from: subject, beginningWith: subject, in: table) { try rows.remove(row.key, in: table) }
  }

  private func begin(_ record: [UInt8], _ position: JournalPosition, _ subject: [UInt8], _ carried: [UInt8], _ chunks: OpenChunks) {
    var value = Head.encoded(carried: carried, lastPosition: position)
    value.appendVarint(0)
    value.appendCounted(record)
    let chunk = OpenChunk(key: Self.key(subject, position.rawValue), value: value, lastPosition: position)
    chunks.open(chunk, of: subject)
    chunks.noteChange(of: chunk)
  }

  private static let positionBytes = 5

  private static func key(_ subject: [UInt8], _ position: UInt64) -> [UInt8] {
    var key = subject
    appendPosition(min(position, 1 << 40 - 1), to: &key)
    return key
  }

  private static func appendPosition(_ position: UInt64, to bytes: inout [UInt8]) {
    for shift in stride(from: UInt64(32), through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: position >> shift)) }
  }

  private static func position(_ bytes: ArraySlice<UInt8>) -> JournalPosition {
    JournalPosition(UInt64(bigEndian: bytes))
  }

  /// What stands before the records: the position of the last, and what was carried.
  private struct Head {
    let firstPosition: JournalPosition
    let lastPosition: JournalPosition

    init(_ row: ModelRow, _ subject: [UInt8]) throws(FormatError) {
      guard row.key.count == subject.count + positionBytes, row.value.count >= positionBytes else {
        throw FormatError("a chunk of a history is too short")
      }
      firstPosition = HistoryTable.position(row.key[subject.count...])
      lastPosition = HistoryTable.position(row.value[..<positionBytes])
    }

    static func write(lastPosition: JournalPosition, to value: inout [UInt8]) {
      for place in 0..<positionBytes {
        value[place] = UInt8(truncatingIfNeeded: lastPosition.rawValue >> (8 * UInt64(positionBytes - 1 - place)))
      }
    }

    static func encoded(carried: [UInt8], lastPosition: JournalPosition) -> [UInt8] {
      var value: [UInt8] = []
      appendPosition(lastPosition.rawValue, to: &value)
      value.appendCounted(carried)
      return value
    }
  }

  private static func chunk(_ row: ModelRow, _ subject: [UInt8], asOf limit: JournalPosition?) throws(FormatError) -> Chunk {
    let head = try Head(row, subject)
    return try row.value.reading { (reader) throws(FormatError) in
      _ = try reader.take(positionBytes)
      let carried = Array(try reader.counted())
      var records: [Record] = []
      var position = head.firstPosition
      while !reader.isAtEnd {
        position = JournalPosition(position.rawValue &+ (try reader.varint()))
        let bytes = try reader.counted()
        if let limit, position > limit { break }
        records.append(Record(position: position, bytes: Array(bytes)))
      }
      return Chunk(carried: carried, records: records)
    }
  }
}
