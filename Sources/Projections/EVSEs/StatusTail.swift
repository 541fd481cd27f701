internal import JournalFormat
internal import JournalStore

/// The last row of the events of one part of an element, and the newest event of all, which ends it: mostly the next one comes behind, and the next
/// answer is its.
final class StatusTail {
  /// See ``StatusEventTable/subject(_:_:)``.
  let subject: [UInt8]
  /// Nil before the first event.
  private(set) var row: OpenChunk?
  /// The time of the row's first event.
  private(set) var start = Timestamp(rawValue: 0)
  private(set) var newest: StatusEvent?
  /// The latest date that an event of the row is known by: later than all of their times where one was dated ahead.
  private(set) var latestSaid = Timestamp(rawValue: .min)
  /// Whether it is known that there is no other row.
  private(set) var isFirst = false
  /// Where the newest event begins in the row, and how far it lies from the one before.
  private var newestOffset = 0
  private var distance: UInt64 = 0
  private var positionDistance: Int64 = 0

  init(_ subject: [UInt8]) { self.subject = subject }

  /// Takes a row as it is stored.
  func open(_ row: ModelRow) throws(FormatError) {
    start = try StatusEventTable.time(ofKey: row.key)
    newest = nil
    latestSaid = Timestamp(rawValue: .min)
    isFirst = false
    self.row = OpenChunk(key: row.key, value: row.value, lastPosition: .first)
    var previous = (time: start, position: Int64(0))
    try row.value.reading { (reader) throws(FormatError) in
      while !reader.isAtEnd {
        newestOffset = reader.offset
        let event = try StatusEvent(from: &reader, after: previous)
        (distance, positionDistance) = event.distances(from: previous)
        newest = event
        latestSaid = max(latestSaid, event.said)
        previous = (event.time, Int64(bitPattern: event.position.rawValue))
      }
    }
  }

  /// Begins a row with an event that is newer than all.
  func begin(_ event: StatusEvent) {
    isFirst = row == nil
    start = event.time
    row = OpenChunk(key: StatusEventTable.key(subject, event.time), value: [], lastPosition: event.position)
    newest = nil
    latestSaid = Timestamp(rawValue: .min)
    append(event)
  }

  /// Adds an event that is newer than all to the row.
  func append(_ event: StatusEvent) {
    guard let row else { return begin(event) }
    (distance, positionDistance) = event.distances(from: newest.map { ($0.time, Int64(bitPattern: $0.position.rawValue)) } ?? (start, 0))
    newestOffset = row.value.count
    newest = event
    latestSaid = max(latestSaid, event.said)
    event.append(distance: distance, positionDistance: positionDistance, to: &row.value)
  }

  /// Takes an answer to the newest event in.
  /// - Returns: whether it changed anything.
  func settleNewest(_ answer: ReportAnswer) -> Bool {
    guard let row, newest?.add(answer) ?? false else { return false }
    row.value.removeLast(row.value.count - newestOffset)
    newest?.append(distance: distance, positionDistance: positionDistance, to: &row.value)
    return true
  }
}
