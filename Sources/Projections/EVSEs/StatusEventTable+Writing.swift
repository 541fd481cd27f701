internal import JournalFormat
internal import JournalStore

extension StatusEventTable {
  /// What became of an event.
  enum Insertion {
    /// It is there already; it may stand there under an earlier position.
    case repetition
    case newest
    /// A newer one is known.
    case late
  }

  func insert(_ event: StatusEvent, into tail: StatusTail, in rows: ModelTransaction) throws(JournalError) -> Insertion {
    guard let newest = tail.newest, let row = tail.row else {
      tail.begin(event)
      noteChange(of: tail, rows)
      return .newest
    }
    if event.time > newest.time {
      // One that was dated ahead counts from its first message, and is known by its date when it comes again.
      if event.said <= tail.latestSaid, try place(ofSame: event, tail) != nil { return .repetition }
      if row.value.count + StatusEvent.maximumPlainBytes > Self.chunkBytes {
        try rows.put(Self.key([], event.time), for: tail.subject + Self.key(event.position), in: beginnings)
        tail.begin(event)
      } else {
        tail.append(event)
      }
      noteChange(of: tail, rows)
      return .newest
    }
    if newest.isSame(as: event) { return .repetition }
    return try insertAmong(event, isLate: event.time < newest.time, tail, rows)
  }

  private func insertAmong(
    _ event: StatusEvent, isLate: Bool, _ tail: StatusTail, _ rows: ModelTransaction
  ) throws(JournalError) -> Insertion {
    var event = event
    event.isLate = isLate
    guard let (row, _) = try place(of: event.time, tail, rows) else { return .repetition }
    var events = try self.events(of: row)
    guard !events.contains(where: event.isSame) else { return .repetition }
    // Its position is the highest: it stands behind all of its time.
    events.insert(event, at: events.firstIndex { $0.time > event.time } ?? events.count)
    try replace(row, with: events, tail, rows)
    return isLate ? .late : .newest
  }

  /// Gives an event its answer; one that is gone is fine.
  /// - Parameter event: as its request tells it.
  func settle(_ event: StatusEvent, _ answer: ReportAnswer, of tail: StatusTail, in rows: ModelTransaction) throws(JournalError) {
    guard let newest = tail.newest else { return }
    if newest.isSame(as: event) {
      if tail.settleNewest(answer) { noteChange(of: tail, rows) }
      return
    }
    if event.said <= tail.latestSaid, let (row, index, events) = try place(ofSame: event, tail) {
      var events = events
      if events[index].add(answer) { try replace(row, with: events, tail, rows) }
      return
    }
    guard event.time <= newest.time, let (row, isBefore) = try place(of: event.time, tail, rows), !isBefore else { return }
    var events = try self.events(of: row)
    guard let index = events.firstIndex(where: event.isSame), events[index].add(answer) else { return }
    try replace(row, with: events, tail, rows)
  }

  /// An event of the last row that says the same; nil where none does.
  private func place(
    ofSame event: StatusEvent, _ tail: StatusTail
  ) throws(JournalError) -> (row: ModelRow, index: Int, events: [StatusEvent])? {
    guard let chunk = tail.row else { return nil }
    let row = ModelRow(key: chunk.key, value: chunk.value)
    let events = try self.events(of: row)
    return events.firstIndex(where: event.isSame).map { (row, $0, events) }
  }

  /// The row that holds the events of a time, or would.
  /// - Returns: nil where there is no row at all; with whether the time lies before all others, so that the first row begins with it from now on.
  private func place(
    of time: Timestamp, _ tail: StatusTail, _ rows: ModelTransaction
  ) throws(JournalError) -> (row: ModelRow, isBefore: Bool)? {
    if let row = tail.row, tail.isFirst || time >= tail.start { return (ModelRow(key: row.key, value: row.value), time < tail.start) }
    if let row = try rows.last(upTo: Self.key(tail.subject, time), beginningWith: tail.subject, in: table) { return (row, false) }
    return try rows.first(from: tail.subject, beginningWith: tail.subject, in: table).map { ($0, true) }
  }

  /// Writes events in place of a row, in several rows where they have grown too many.
  private func replace(_ row: ModelRow, with events: [StatusEvent], _ tail: StatusTail, _ rows: ModelTransaction) throws(JournalError) {
    let written = Self.rows(of: events, tail.subject)
    let isTail = row.key == tail.row?.key
    // What waits for the table goes first: the row as it was may be among it.
    if isTail { _ = try rows.value(of: row.key, in: table) }
    if written[0].key != row.key { try rows.remove(row.key, in: table) }
    for row in written { try rows.put(row.value, for: row.key, in: table) }
    if isTail, let last = written.last { try table.decoding { () throws(FormatError) in try tail.open(last) } }
  }

  private static func rows(of events: [StatusEvent], _ subject: [UInt8]) -> [ModelRow] {
    var value: [UInt8] = []
    var previous = (time: events[0].time, position: Int64(0))
    for event in events {
      let (distance, positionDistance) = event.distances(from: previous)
      event.append(distance: distance, positionDistance: positionDistance, to: &value)
      previous = (event.time, Int64(bitPattern: event.position.rawValue))
    }
    if value.count > chunkBytes, let middle = splitIndex(events) {
      return rows(of: Array(events[..<middle]), subject) + rows(of: Array(events[middle...]), subject)
    }
    return [ModelRow(key: key(subject, events[0].time), value: value)]
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
    for table in [table, beginnings] {
      while let row = try rows.first(from: subject, beginningWith: subject, in: table) { try rows.remove(row.key, in: table) }
    }
    for row in Self.rows(of: events, subject) { try rows.put(row.value, for: row.key, in: table) }
  }

  private func noteChange(of tail: StatusTail, _ rows: ModelTransaction) {
    if let row = tail.row { rows.memory.chunks(of: table).noteChange(of: row) }
  }
}
