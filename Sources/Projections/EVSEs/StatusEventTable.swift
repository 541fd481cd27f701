internal import JournalFormat
internal import JournalStore

/// The events of each part of each element, in the order of their own times, some hundred to a row.
///
/// The key is the subject (an element's number and a part) and the time of the row's first event; the value is the events (`StatusEvent.swift`).
/// Two rows of a subject never hold events of one time.
struct StatusEventTable {
  let table: ModelTable
  /// Beginnings of the rows that were begun because the one before was full: subject ‖ position → when its first event was, which was the newest then. What
  /// was known before that position is older.
  let beginnings: ModelTable
  /// A row ends when it would grow beyond this: four fill a page.
  static let chunkBytes = 990

  static func subject(_ number: UInt32, _ part: StatusPart) -> [UInt8] { bigEndianBytes(number << 1 | (part == .busy ? 1 : 0)) }

  /// The last row of a subject as it is stored.
  func tail(of subject: [UInt8], in rows: any ModelRows) throws(JournalError) -> StatusTail {
    let tail = StatusTail(subject)
    if let row = try rows.last(upTo: Self.key(subject, nil), beginningWith: subject, in: table) {
      try table.decoding { () throws(FormatError) in try tail.open(row) }
    }
    return tail
  }

  // MARK: Reading

  /// The newest event that had happened at a time, of those that were known at a position: mostly one read, and one more where a position is given,
  /// however many events there are.
  /// - Parameter position: nil for now.
  func event(
    of subject: [UInt8], at time: Timestamp, asOf position: JournalPosition?, in rows: any ModelRows
  ) throws(JournalError) -> StatusEvent? {
    var end = time
    if let position, let beginning = try firstBeginning(of: subject, after: position, in: rows) {
      end = min(end, beginning.adding(milliseconds: -1))
    }
    while let row = try rows.last(upTo: Self.key(subject, end), beginningWith: subject, in: table) {
      var found: StatusEvent?
      try forEachEvent(of: row) { event in
        if event.time <= time && (position.map { event.position <= $0 } ?? true) { found = event }
        return event.time <= time
      }
      if let found { return found }
      end = try table.decoding { () throws(FormatError) in try Self.time(ofKey: row.key) }.adding(milliseconds: -1)
    }
    return nil
  }

  private func firstBeginning(
    of subject: [UInt8], after position: JournalPosition, in rows: any ModelRows
  ) throws(JournalError) -> Timestamp? {
    guard let row = try rows.first(from: subject + Self.key(position.next), beginningWith: subject, in: beginnings) else { return nil }
    return try table.decoding { () throws(FormatError) in
      guard row.value.count == Self.timeBytes else { throw FormatError("a beginning has the wrong length") }
      return Self.time(row.value[...])
    }
  }

  /// All events of a subject in the order of their times, those of one time in the order in which they became known.
  func all(of subject: [UInt8], in rows: any ModelRows) throws(JournalError) -> [StatusEvent] {
    var events: [StatusEvent] = []
    var key = subject
    while let row = try rows.first(from: key, beginningWith: subject, in: table) {
      events += try self.events(of: row)
      key = row.key + [0]
    }
    return events
  }

  func events(of row: ModelRow) throws(JournalError) -> [StatusEvent] {
    var events: [StatusEvent] = []
    try forEachEvent(of: row) { event in
      events.append(event)
      return true
    }
    return events
  }

  /// Shows the events of a row in order until `body` returns false.
  private func forEachEvent(of row: ModelRow, _ body: (StatusEvent) -> Bool) throws(JournalError) {
    try table.decoding { () throws(FormatError) in
      var previous = (time: try Self.time(ofKey: row.key), position: Int64(0))
      try row.value.reading { (reader) throws(FormatError) in
        while !reader.isAtEnd {
          let event = try StatusEvent(from: &reader, after: previous)
          guard body(event) else { return }
          previous = (event.time, Int64(bitPattern: event.position.rawValue))
        }
      }
    }
  }

  // MARK: Keys

  private static let timeBytes = 6
  /// So that the bytes of earlier times come before those of later ones.
  private static let timeOffset: Int64 = 1 << 47

  /// - Parameter time: nil for a key behind all others.
  static func key(_ subject: [UInt8], _ time: Timestamp?) -> [UInt8] {
    guard let time else { return subject + [UInt8](repeating: 0xff, count: timeBytes) }
    return subject + bytes(UInt64(min(max(time.rawValue, -timeOffset), timeOffset - 1) + timeOffset), timeBytes)
  }

  static func key(_ position: JournalPosition) -> [UInt8] { bytes(min(position.rawValue, 1 << 40 - 1), 5) }

  static func time(ofKey key: [UInt8]) throws(FormatError) -> Timestamp {
    guard key.count == 4 + timeBytes else { throw FormatError("the key of a row of events has the wrong length") }
    return time(key[4...])
  }

  static func time(_ bytes: ArraySlice<UInt8>) -> Timestamp {
    Timestamp(rawValue: Int64(UInt64(bigEndian: bytes)) - timeOffset)
  }

  private static func bytes(_ number: UInt64, _ count: Int) -> [UInt8] { Array(bigEndianBytes(number).suffix(count)) }
}
