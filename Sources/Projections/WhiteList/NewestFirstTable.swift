internal import JournalFormat
internal import JournalStore

/// Records of one subject, the newest first, each of which tells all that there is to know: read now, or as of any position.
///
/// They stand in chunks: the key is the subject and the position of the chunk's oldest record. What is needed most, the newest record,
/// stands at the
/// value's beginning, so that neither reading nor adding it looks at the others. All subjects of a table have keys of the same length.
///
///     value  = position (5, big-endian) counted-record *(varint distance-to-the-older counted-record)
struct NewestFirstTable: Sendable {
  let table: ModelTable
  /// A chunk ends when it has grown beyond this.
  static let chunkBytes = 480
  static let positionBytes = 5

  init(_ table: ModelTable) { self.table = table }

  /// A record and the position that it was made at.
  struct Record: Hashable, Sendable {
    let position: JournalPosition
    let bytes: [UInt8]
  }

  /// The newest chunk of a subject.
  struct Head {
    fileprivate let row: ModelRow
    let newest: Record
  }

  /// What to add the next record to; nil where there is none of the subject.
  func head(of subject: [UInt8], in rows: any ModelRows) throws(JournalError) -> Head? {
    guard let row = try rows.last(upTo: Self.key(subject, nil), beginningWith: subject, in: table) else { return nil }
    return Head(row: row, newest: try decoding { () throws(FormatError) in try Self.newest(row) })
  }

  /// Adds a record.
  /// - Parameters:
  ///   - position: not before that of the newest record.
  ///   - head: the subject's.
  /// - Returns: the head with it.
  @discardableResult
  func add(_ record: [UInt8], at position: JournalPosition, to subject: [UInt8], _ head: Head?, in rows: ModelTransaction)
    throws(JournalError) -> Head
  {
    var value: [UInt8] = []
    value.reserveCapacity(record.count + 16 + (head?.row.value.count ?? 0))
    Self.append(position, to: &value)
    value.appendCounted(record)
    var key: [UInt8]
    // Records of one position are never divided: a chunk would get the key of another.
    if let head, head.row.value.count < Self.chunkBytes || head.newest.position == position {
      value.appendVarint(position.rawValue - head.newest.position.rawValue)
      value += head.row.value[Self.positionBytes...]
      key = head.row.key
    } else {
      key = Self.key(subject, position)
    }
    try rows.put(value, for: key, in: table)
    return Head(row: ModelRow(key: key, value: value), newest: Record(position: position, bytes: record))
  }

  /// The newest record as of a position; nil where there was none.
  /// - Parameter position: nil for now.
  func record(of subject: [UInt8], asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> Record? {
    guard let row = try rows.last(upTo: Self.key(subject, position), beginningWith: subject, in: table) else { return nil }
    return try decoding { () throws(FormatError) in
      var found: Record?
      try Self.forEach(row) { record in
        guard position == nil || record.position <= position! else { return true }
        found = Record(position: record.position, bytes: Array(record.bytes))
        return false
      }
      return found
    }
  }

  /// All records as of a position, the newest first.
  func records(of subject: [UInt8], asOf position: JournalPosition?, in rows: any ModelRows) throws -> [Record] {
    var records: [Record] = []
    try rows.forEachReversed(beginningWith: subject, upTo: Self.key(subject, position), in: table) { row in
      try decoding { () throws(FormatError) in
        try Self.forEach(row) { record in
          if position == nil || record.position <= position! {
            records.append(Record(position: record.position, bytes: Array(record.bytes)))
          }
          return true
        }
      }
      return true
    }
    return records
  }

  /// The subjects whose keys begin with `prefix`, in order.
  func subjects(beginningWith prefix: [UInt8], in rows: any ModelRows) throws(JournalError) -> [[UInt8]] {
    var subjects: [[UInt8]] = []
    var key = prefix
    while let row = try rows.first(from: key, beginningWith: prefix, in: table) {
      let subject = Array(row.key.dropLast(Self.positionBytes))
      subjects.append(subject)
      key = Self.key(subject, nil) + [0]
    }
    return subjects
  }

  /// Replaces all that there is of a subject; nil for nothing.
  func replace(_ subject: [UInt8], with record: Record?, in rows: ModelTransaction) throws(JournalError) {
    while let row = try rows.first(from: subject, beginningWith: subject, in: table) { try rows.remove(row.key, in: table) }
    if let record { try add(record.bytes, at: record.position, to: subject, nil, in: rows) }
  }

  /// - Parameter position: nil for a key that is behind all of the subject's.
  private static func key(_ subject: [UInt8], _ position: JournalPosition?) -> [UInt8] {
    var key = subject
    key.reserveCapacity(subject.count + positionBytes + 1)
    append(JournalPosition(min(position?.rawValue ?? .max, 1 << 40 - 1)), to: &key)
    return key
  }

  private static func append(_ position: JournalPosition, to bytes: inout [UInt8]) {
    for shift in stride(from: UInt64(32), through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: position.rawValue >> shift)) }
  }

  private static func newest(_ row: ModelRow) throws(FormatError) -> Record {
    try row.value.reading { (reader) throws(FormatError) in
      let position = try Self.position(&reader)
      return Record(position: position, bytes: Array(try reader.counted()))
    }
  }

  /// Shows the records, the newest first, until `body` returns false.
  private static func forEach(
    _ row: ModelRow, _ body: ((position: JournalPosition, bytes: UnsafeRawBufferPointer)) -> Bool
  ) throws(FormatError) {
    try row.value.reading { (reader) throws(FormatError) in
      var position = try Self.position(&reader)
      while try body((position, reader.counted())), !reader.isAtEnd {
        let distance = try reader.varint()
        guard distance <= position.rawValue else { throw FormatError("a record is before the journal's beginning") }
        position = JournalPosition(position.rawValue - distance)
      }
    }
  }

  private static func position(_ reader: inout ByteReader) throws(FormatError) -> JournalPosition {
    JournalPosition(try reader.take(positionBytes).reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
  }

  private func decoding<Result>(_ body: () throws(FormatError) -> Result) throws(JournalError) -> Result {
    do throws(FormatError) { return try body() } catch { throw .damagedModel(error, table) }
  }
}
