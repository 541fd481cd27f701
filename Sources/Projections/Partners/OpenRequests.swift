internal import JournalFormat
internal import JournalStore

/// The last request of all, as long as it has no record: its answer may follow at once.
struct LastRequest: Hashable {
  let position: JournalPosition
  let numbers: PartnerNumbers
  let isRetry: Bool

  /// Before the keys of all open requests. Its value is empty where there is none.
  static let key: [UInt8] = [0]

  init(position: JournalPosition, numbers: PartnerNumbers, isRetry: Bool) {
    self.position = position
    self.numbers = numbers
    self.isRetry = isRetry
  }

  init?(_ rows: any ModelRows) throws(JournalError) {
    guard let value = try rows.value(of: Self.key, in: PartnerTables.open), !value.isEmpty else { return nil }
    (position, isRetry, numbers) = try PartnerTables.open.reading(value) { (reader) throws(FormatError) in
      (JournalPosition(try reader.varint()), try reader.byte() == 1, try PartnerNumbers(from: &reader))
    }
  }

  func encode(to bytes: inout [UInt8]) {
    bytes.appendVarint(position.rawValue)
    bytes.append(isRetry ? 1 : 0)
    numbers.encode(to: &bytes)
  }
}

/// A request that has a record of its own and no answer, or a failure that an answer may still follow.
struct OpenRequest: Hashable {
  let numbers: PartnerNumbers
  let isLost: Bool

  func encoded() -> [UInt8] {
    var bytes: [UInt8] = [isLost ? 1 : 0]
    numbers.encode(to: &bytes)
    return bytes
  }

  init(numbers: PartnerNumbers, isLost: Bool) {
    self.numbers = numbers
    self.isLost = isLost
  }

  init(_ bytes: [UInt8]) throws(FormatError) {
    (isLost, numbers) = try bytes.reading { (reader) throws(FormatError) in (try reader.byte() == 1, try PartnerNumbers(from: &reader)) }
  }
}

/// The requests that wait for an answer, or that a failure was noted of: those of late are remembered, all stand in rows.
struct OpenRequests {
  struct Last {
    let request: LastRequest
    /// Nil where it was read from the rows.
    let tail: PartnerTail?
  }

  private(set) var last: Last?
  private var lastRow = OpenChunk(key: LastRequest.key, value: [], lastPosition: .first)
  private var known: [JournalPosition: OpenRequest] = [:]

  /// More are not remembered: all are forgotten then.
  private static let limit = 4_096

  mutating func load(_ rows: any ModelRows) throws(JournalError) {
    last = try LastRequest(rows).map { Last(request: $0, tail: nil) }
    last?.request.encode(to: &lastRow.value)
  }

  mutating func begin(_ request: LastRequest, _ tail: PartnerTail, _ rows: ModelTransaction) {
    last = Last(request: request, tail: tail)
    lastRow.value.removeAll(keepingCapacity: true)
    request.encode(to: &lastRow.value)
    rows.memory.chunks(of: PartnerTables.open).noteChange(of: lastRow)
  }

  mutating func endLast(_ rows: ModelTransaction) {
    last = nil
    lastRow.value.removeAll(keepingCapacity: true)
    rows.memory.chunks(of: PartnerTables.open).noteChange(of: lastRow)
  }

  func request(at position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) -> OpenRequest? {
    if let known = known[position] { return known }
    guard let value = try rows.value(of: Self.key(position), in: PartnerTables.open) else { return nil }
    return try PartnerTables.open.decoding { () throws(FormatError) in try OpenRequest(value) }
  }

  mutating func put(_ request: OpenRequest, at position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
    if known.count >= Self.limit { known.removeAll(keepingCapacity: true) }
    known[position] = request
    try rows.put(request.encoded(), for: Self.key(position), in: PartnerTables.open)
  }

  mutating func remove(at position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
    known[position] = nil
    try rows.remove(Self.key(position), in: PartnerTables.open)
  }

  private static func key(_ position: JournalPosition) -> [UInt8] { [1] + bigEndianBytes(position.rawValue).suffix(5) }
}
