internal import JournalFormat
internal import JournalStore

/// The events of each part of each element, in the order of their own times, some hundred to a row.
///
/// The key is the subject (an element's number and a part) and the time of the row's first event; the value is a head (``Head``) and the events.
/// Two rows of a subject never hold events of one time.
struct StatusEventTable {
  let table: ModelTable
  /// A row ends when it would grow beyond this: four fill a page.
  static let chunkBytes = 960

  /// What became of an event.
  enum Insertion {
    /// It is there already; it may stand there under an earlier position.
    case repetition
    case newest
    /// A newer one is known.
    case late
  }

  static func subject(_ number: UInt32, _ part: StatusPart) -> [UInt8] { bigEndianBytes(number) + [part.rawValue] }

  // MARK: Writing

  func insert(_ event: StatusEvent, of subject: [UInt8], in rows: ModelTransaction) throws(JournalError) -> Insertion {
    guard let newest = try rows.last(upTo: Self.key(subject, nil), beginningWith: subject, in: table) else {
      try write([event], subject, rows)
      return .newest
    }
    let head = try decoding { () throws(FormatError) in try Head(newest.value) }
    guard event.time <= head.lastTime else {
      try append(event, newest, head, subject, rows)
      return .newest
    }
    return try insertAmong(event, isLate: event.time < head.lastTime, subject, rows)
  }

  private func append(
    _ event: StatusEvent, _ row: ModelRow, _ head: Head, _ subject: [UInt8], _ rows: ModelTransaction
  ) throws(JournalError) {
    var value = row.value
    event.append(
      distance: UInt64(event.time.milliseconds(since: head.lastTime)),
      positionDistance: Int64(event.position.rawValue) - Int64(head.lastPosition.rawValue), to: &value)
    guard value.count <= Self.chunkBytes else { return try write([event], subject, rows) }
    Head(
      lowestPosition: min(head.lowestPosition, event.position), lastTime: event.time, lastPosition: event.position,
      lastOffset: row.value.count
    ).write(to: &value)
    try rows.put(value, for: row.key, in: table)
  }

  private func insertAmong(
    _ event: StatusEvent, isLate: Bool, _ subject: [UInt8], _ rows: ModelTransaction
  ) throws(JournalError) -> Insertion {
    var event = event
    event.isLate = isLate
    let before = try rows.last(upTo: Self.key(subject, event.time), beginningWith: subject, in: table)
    // Before all others: the first row begins with it from now on.
    let place = if let before { before } else { try rows.first(from: subject, beginningWith: subject, in: table) }
    guard let row = place else { return .repetition }
    var events = try self.events(of: row)
    guard !events.contains(where: event.isSame) else { return .repetition }
    // Its position is the highest: it stands behind all of its time.
    let index = events.firstIndex { $0.time > event.time } ?? events.count
    events.insert(event, at: index)
    if before == nil { try rows.remove(row.key, in: table) }
    try write(events, subject, rows)
    return isLate ? .late : .newest
  }

  /// Gives an event its answer; one that is gone is fine.
  /// - Parameter event: as its request tells it.
  func settle(_ event: StatusEvent, _ answer: ReportAnswer, of subject: [UInt8], in rows: ModelTransaction) throws(JournalError) {
    guard let row = try rows.last(upTo: Self.key(subject, event.time), beginningWith: subject, in: table) else { return }
    let head = try decoding { () throws(FormatError) in try Head(row.value) }
    if head.lastTime == event.time, try settleLast(event, answer, row, head, rows) { return }
    var events = try self.events(of: row)
    guard let index = events.firstIndex(where: event.isSame), events[index].add(answer) else { return }
    try rows.put(Self.encoded(events), for: row.key, in: table)
  }

  /// The last event is mostly the one: the rest of the row stays as it is.
  private func settleLast(
    _ event: StatusEvent, _ answer: ReportAnswer, _ row: ModelRow, _ head: Head, _ rows: ModelTransaction
  ) throws(JournalError) -> Bool {
    var (last, distance, positionDistance) = try decoding { () throws(FormatError) in try Self.last(row.value, head) }
    guard last.isSame(as: event) else { return false }
    guard last.add(answer) else { return true }
    var value = Array(row.value[..<head.lastOffset])
    last.append(distance: distance, positionDistance: positionDistance, to: &value)
    try rows.put(value, for: row.key, in: table)
    return true
  }

  private func write(_ events: [StatusEvent], _ subject: [UInt8], _ rows: ModelTransaction) throws(JournalError) {
    let value = Self.encoded(events)
    if value.count > Self.chunkBytes, let middle = Self.splitIndex(events) {
      try write(Array(events[..<middle]), subject, rows)
      return try write(Array(events[middle...]), subject, rows)
    }
    try rows.put(value, for: Self.key(subject, events[0].time), in: table)
  }

  /// The index nearest to the middle at which another time begins; nil where all have one time.
  private static func splitIndex(_ events: [StatusEvent]) -> Int? {
    let middle = events.count / 2
    return events.indices.dropFirst().filter { events[$0].time != events[$0 - 1].time }.min { abs($0 - middle) < abs($1 - middle) }
  }

  /// Leaves of a subject the newest event and all from a time on.
  func condense(_ subject: [UInt8], from time: Timestamp, in rows: ModelTransaction) throws(JournalError) {
    var events = try all(of: subject, in: rows)
    guard let newest = events.last else { return }
    events.removeAll { $0.time < time && $0.time < newest.time }
    while let row = try rows.first(from: subject, beginningWith: subject, in: table) { try rows.remove(row.key, in: table) }
    try write(events, subject, rows)
  }

  // MARK: Reading

  /// The newest event of all.
  func newest(of subject: [UInt8], in rows: any ModelRows) throws(JournalError) -> StatusEvent? {
    guard let row = try rows.last(upTo: Self.key(subject, nil), beginningWith: subject, in: table) else { return nil }
    return try decoding { () throws(FormatError) in try Self.last(row.value, Head(row.value)).event }
  }

  /// The newest event that had happened at a time, of those that were known at a position.
  /// - Parameter position: nil for now.
  func event(
    of subject: [UInt8], at time: Timestamp, knownAt position: JournalPosition?, in rows: any ModelRows
  ) throws(JournalError) -> StatusEvent? {
    var key: [UInt8]? = Self.key(subject, time)
    while let end = key, let row = try rows.last(upTo: end, beginningWith: subject, in: table) {
      let head = try decoding { () throws(FormatError) in try Head(row.value) }
      if position.map({ head.lowestPosition <= $0 }) ?? true {
        if head.lastTime <= time && (position.map { head.lastPosition <= $0 } ?? true) {
          return try decoding { () throws(FormatError) in try Self.last(row.value, head).event }
        }
        let found = try events(of: row).last { event in event.time <= time && (position.map { event.position <= $0 } ?? true) }
        if let found { return found }
      }
      key = try self.time(of: row).flatMap { Self.key(subject, $0.adding(milliseconds: -1)) }
    }
    return nil
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

  private func events(of row: ModelRow) throws(JournalError) -> [StatusEvent] {
    let first = try time(of: row) ?? Timestamp(rawValue: 0)
    return try decoding { () throws(FormatError) in
      let head = try Head(row.value)
      return try row.value.reading { (reader) throws(FormatError) in
        _ = try reader.take(Head.bytes)
        var events: [StatusEvent] = []
        var (time, position) = (first, UInt64(0))
        while !reader.isAtEnd {
          let distance = try reader.varint()
          guard distance < 1 << 49 else { throw FormatError("a time lies too far ahead") }
          time = time.adding(milliseconds: Int64(distance))
          position = position &+ UInt64(bitPattern: try reader.signedVarint())
          events.append(try StatusEvent(from: &reader, time: time, position: JournalPosition(position)))
        }
        guard events.last?.time == head.lastTime else { throw FormatError("the head of a row of events does not fit") }
        return events
      }
    }
  }

  // MARK: On disk

  /// What a row begins with: what is asked for without a look at its events.
  struct Head {
    static let bytes = 19
    let lowestPosition: JournalPosition
    let lastTime: Timestamp
    let lastPosition: JournalPosition
    /// Where the last event begins.
    let lastOffset: Int

    init(lowestPosition: JournalPosition, lastTime: Timestamp, lastPosition: JournalPosition, lastOffset: Int) {
      self.lowestPosition = lowestPosition
      self.lastTime = lastTime
      self.lastPosition = lastPosition
      self.lastOffset = lastOffset
    }

    init(_ value: [UInt8]) throws(FormatError) {
      guard value.count > Self.bytes else { throw FormatError("a row of events is too short") }
      lowestPosition = JournalPosition(StatusEventTable.number(value[..<5]))
      lastTime = StatusEventTable.time(value[5..<11])
      lastPosition = JournalPosition(StatusEventTable.number(value[11..<16]))
      lastOffset = Int(StatusEventTable.number(value[16..<19]))
      guard lastOffset >= Self.bytes, lastOffset < value.count else { throw FormatError("the head of a row of events does not fit") }
    }

    func write(to value: inout [UInt8]) {
      var bytes = StatusEventTable.bytes(lowestPosition.rawValue, 5)
      bytes += StatusEventTable.bytes(lastTime)
      bytes += StatusEventTable.bytes(lastPosition.rawValue, 5)
      bytes += StatusEventTable.bytes(UInt64(lastOffset), 3)
      value.replaceSubrange(..<Self.bytes, with: bytes)
    }
  }

  private static func encoded(_ events: [StatusEvent]) -> [UInt8] {
    var value = [UInt8](repeating: 0, count: Head.bytes)
    var (time, position) = (events[0].time, Int64(0))
    var lowest = events[0].position
    var lastOffset = value.count
    for event in events {
      lastOffset = value.count
      event.append(
        distance: UInt64(event.time.milliseconds(since: time)), positionDistance: Int64(event.position.rawValue) - position, to: &value)
      (time, position) = (event.time, Int64(event.position.rawValue))
      lowest = min(lowest, event.position)
    }
    Head(lowestPosition: lowest, lastTime: time, lastPosition: events[events.count - 1].position, lastOffset: lastOffset).write(to: &value)
    return value
  }

  private static func last(
    _ value: [UInt8], _ head: Head
  ) throws(FormatError) -> (event: StatusEvent, distance: UInt64, positionDistance: Int64) {
    try value.reading { (reader) throws(FormatError) in
      _ = try reader.take(head.lastOffset)
      let distance = try reader.varint()
      let positionDistance = try reader.signedVarint()
      return (try StatusEvent(from: &reader, time: head.lastTime, position: head.lastPosition), distance, positionDistance)
    }
  }

  /// - Parameter time: nil for a key behind all others.
  private static func key(_ subject: [UInt8], _ time: Timestamp?) -> [UInt8] {
    subject + (time.map(bytes) ?? [UInt8](repeating: 0xff, count: 6))
  }

  private static func bytes(_ time: Timestamp) -> [UInt8] {
    bytes(UInt64(min(max(time.rawValue, -timeOffset), timeOffset - 1) + timeOffset), 6)
  }

  private static func bytes(_ number: UInt64, _ count: Int) -> [UInt8] { Array(bigEndianBytes(number).suffix(count)) }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

  private static func time(_ bytes: ArraySlice<UInt8>) -> Timestamp { Timestamp(rawValue: Int64(number(bytes)) - timeOffset) }

  /// So that the bytes of earlier times come before those of later ones.
  private static let timeOffset: Int64 = 1 << 47

  private func time(of row: ModelRow) throws(JournalError) -> Timestamp? {
    try decoding { () throws(FormatError) in
      guard row.key.count == 11 else { throw FormatError("the key of a row of events has the wrong length") }
      return Self.time(row.key[5...])
    }
  }

  private func decoding<Result>(_ body: () throws(FormatError) -> Result) throws(JournalError) -> Result {
    do throws(FormatError) { return try body() } catch { throw .damagedModel(error, table) }
  }
}
