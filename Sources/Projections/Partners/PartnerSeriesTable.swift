internal import JournalFormat
internal import JournalStore

/// The records of each series (``PartnerRecord``), some hundred to a row, and what was counted before them.
///
///     series (4) ‖ position (5)  →  [figures] *(distance ‖ record)
///
/// The position is that of the row's first record; a distance, a varint, counts from the record before. The figures, which stand behind a byte that
/// is 0 where there are none, carry what all rows before counted: an answer as of any position reads one row.
struct PartnerSeriesTable {
  let table: ModelTable

  /// A full row just fills a page of its own, however the rows beside it come and go.
  static let rowBytes = 4_060
  /// Figures with many latencies may take most of a row: so much of it is records all the same.
  static let minimumRecordsBytes = 500

  // MARK: Reading

  /// What was counted of a series as of a position; nil where there was nothing of it then.
  /// - Parameter position: nil for now.
  func figures(
    _ number: UInt32, _ limits: PartnerSeries.Limits, asOf position: JournalPosition?, _ rows: any ModelRows
  ) throws(JournalError) -> PartnerFigures? {
    // The record of an answer may stand for the request before it, too.
    guard let row = try row(number, asOf: position?.next, rows) else { return nil }
    return try table.decoding { () throws(FormatError) in
      try row.value.reading { (reader) throws(FormatError) in
        var figures = try Self.carried(&reader)
        try Self.forEachRecord(&reader, row) { (record, recordPosition) throws(FormatError) in
          guard let position, recordPosition > position else {
            figures.count(record, limits)
            return true
          }
          if recordPosition == position.next, case .answer(let answer) = record, answer.hasRequestBefore {
            figures.countRequest(isRetry: answer.isRetry)
          }
          return false
        }
        return figures
      }
    }
  }

  /// More rows are not read for one figure.
  private static let rowsReadForMaximum = 16

  /// The longest latency between two positions; not complete where its records stand in too many rows.
  func longest(
    _ number: UInt32, after start: JournalPosition, upTo end: JournalPosition?, _ rows: any ModelRows
  ) throws(JournalError) -> (milliseconds: UInt32?, isComplete: Bool) {
    var longest: UInt32?
    var end = end
    for _ in 0..<Self.rowsReadForMaximum {
      guard let row = try row(number, asOf: end, rows) else { return (longest, true) }
      try table.decoding { () throws(FormatError) in
        try row.value.reading { (reader) throws(FormatError) in
          _ = try Self.carried(&reader)
          try Self.forEachRecord(&reader, row) { (record, position) throws(FormatError) in
            if let end, position > end { return false }
            if position > start, case .answer(let answer) = record, !answer.isFurther, let latency = answer.latencyMilliseconds {
              longest = max(longest ?? 0, latency)
            }
            return true
          }
        }
      }
      let first = try table.decoding { () throws(FormatError) in try Self.position(ofKey: row.key) }
      guard first > start, first > .first else { return (longest, true) }
      end = JournalPosition(first.rawValue - 1)
    }
    return (nil, false)
  }

  private func row(_ number: UInt32, asOf position: JournalPosition?, _ rows: any ModelRows) throws(JournalError) -> ModelRow? {
    try rows.last(upTo: Self.key(number, position), beginningWith: bigEndianBytes(number), in: table)
  }

  // MARK: Writing

  /// The last row of a series as it is stored, and all that was counted.
  func open(_ tail: PartnerTail, _ rows: ModelTransaction) throws(JournalError) {
    guard let row = try row(tail.numbers.series, asOf: nil, rows) else { return }
    try table.decoding { () throws(FormatError) in
      var last = try Self.position(ofKey: row.key)
      tail.recordsOffset = try row.value.reading { (reader) throws(FormatError) in
        tail.figures = try Self.carried(&reader)
        let offset = reader.offset
        try Self.forEachRecord(&reader, row) { (record, position) throws(FormatError) in
          tail.figures.count(record, tail.limits)
          last = position
          return true
        }
        return offset
      }
      tail.row = OpenChunk(key: row.key, value: row.value, lastPosition: last)
    }
  }

  /// Adds a record behind all others of its series.
  func append(_ record: PartnerRecord, at position: JournalPosition, to tail: PartnerTail, _ rows: ModelTransaction) {
    let row: OpenChunk
    let limit = max(Self.rowBytes, tail.recordsOffset + Self.minimumRecordsBytes)
    if let open = tail.row, open.value.count + 10 + PartnerRecord.maximumBytes <= limit {
      row = open
    } else {
      row = OpenChunk(key: Self.key(tail.numbers.series, position), value: Self.head(tail.figures), lastPosition: position)
      tail.recordsOffset = row.value.count
      tail.row = row
    }
    row.value.appendVarint(position.rawValue - row.lastPosition.rawValue)
    record.encode(to: &row.value)
    row.lastPosition = position
    tail.figures.count(record, tail.limits)
    rows.memory.chunks(of: table).noteChange(of: row)
  }

  /// Leaves of a series what was counted, in place of all rows.
  func condense(_ number: UInt32, _ limits: PartnerSeries.Limits, _ rows: ModelTransaction) throws(JournalError) {
    guard let last = try row(number, asOf: nil, rows), let figures = try figures(number, limits, asOf: nil, rows) else { return }
    while let row = try rows.first(from: bigEndianBytes(number), beginningWith: bigEndianBytes(number), in: table) {
      try rows.remove(row.key, in: table)
    }
    // What follows counts from the row's own position.
    try rows.put(Self.head(figures), for: last.key, in: table)
  }

  private static func head(_ figures: PartnerFigures) -> [UInt8] {
    guard figures != PartnerFigures() else { return [0] }
    var head: [UInt8] = [1]
    figures.encode(to: &head)
    return head
  }

  // MARK: On disk

  private static func carried(_ reader: inout ByteReader) throws(FormatError) -> PartnerFigures {
    try reader.byte() == 0 ? PartnerFigures() : try PartnerFigures(from: &reader)
  }

  /// Shows the records behind the figures until `body` returns false.
  private static func forEachRecord(
    _ reader: inout ByteReader, _ row: ModelRow, _ body: (PartnerRecord, JournalPosition) throws(FormatError) -> Bool
  ) throws(FormatError) {
    var position = try position(ofKey: row.key)
    while !reader.isAtEnd {
      position = JournalPosition(position.rawValue &+ (try reader.varint()))
      guard try body(try PartnerRecord(from: &reader), position) else { return }
    }
  }

  private static func key(_ number: UInt32, _ position: JournalPosition?) -> [UInt8] {
    bigEndianBytes(number) + bigEndianBytes(min(position?.rawValue ?? .max, 1 << 40 - 1)).suffix(5)
  }

  private static func position(ofKey key: [UInt8]) throws(FormatError) -> JournalPosition {
    guard key.count == 9 else { throw FormatError("the key of a series has the wrong length") }
    return JournalPosition(UInt64(bigEndian: key[4...]))
  }
}

/// A series as a projection remembers it: all that was counted, and its last row, open for what comes next.
final class PartnerTail {
  let numbers: PartnerNumbers
  let limits: PartnerSeries.Limits
  var figures = PartnerFigures()
  /// Nil before the first record.
  var row: OpenChunk?
  /// How its partner is; nil until it was looked for.
  var partner: PartnerState?
  /// Where the records begin in the row.
  var recordsOffset = 0
  /// The transactions that were last lost or not accepted, in order: the CRC-32C of each.
  var failed: [UInt32]

  init(_ numbers: PartnerNumbers, _ series: PartnerSeries, failed: [UInt32]) {
    self.numbers = numbers
    limits = series.limits
    self.failed = failed
  }
}
