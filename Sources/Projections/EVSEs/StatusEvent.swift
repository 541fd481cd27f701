internal import EMIP
public import JournalFormat

/// One of the two statuses that an element may have.
public enum StatusPart: UInt8, Sendable, CaseIterable {
  /// Whether it can be used at all (`AvailabilityStatus`).
  case availability = 1
  /// Whether it is in use (`BusyStatus`).
  case busy = 2
}

/// One part of a reported status: what it came to be, when, and when the journal learnt of it.
public struct StatusEvent: Hashable, Sendable {
  /// When it came to be so, as the reporter says; see ``isFuture`` and ``isDateAssumed``.
  public let time: Timestamp
  /// The position of the message that told it first.
  public let position: JournalPosition
  /// Open: see `AvailabilityStatus` and `BusyStatus`.
  public let status: UInt32
  /// How long it is expected to stay so.
  public let until: Timestamp?
  /// It came when a newer event of its part was known: it never overwrites that.
  public var isLate = false
  /// Its date lay more than a day ahead of the message; it counts as a day ahead.
  public let isFuture: Bool
  /// It had no valid date: the message's own time stands for it.
  public let isDateAssumed: Bool
  /// The platform told it, in a list of changes; no operator's push had told it before.
  public let isFromPlatform: Bool
  /// Whether the entry right behind it accepted it with requestStatus 1, as mostly: nothing that comes later changes that.
  private var isAcceptedAtOnce = false
  /// Other answers that changed something, in order.
  private var answers: [ReportAnswer] = []

  init(
    time: Timestamp, position: JournalPosition, status: UInt32, until: Timestamp?, isFuture: Bool, isDateAssumed: Bool, isFromPlatform: Bool
  ) {
    self.time = time
    self.position = position
    self.status = status
    self.until = until
    self.isFuture = isFuture
    self.isDateAssumed = isDateAssumed
    self.isFromPlatform = isFromPlatform
  }

  /// Whether another report says the same of the same part: then it is a repetition, on another leg, in a list or by a retry.
  func isSame(as other: StatusEvent) -> Bool { time == other.time && status == other.status && until == other.until }

  /// What the platform made of it; nil of what only the platform told.
  public var acceptance: ReportAcceptance? {
    if isAcceptedAtOnce { return .accepted(requestStatus: 1) }
    return ReportAcceptance(answers) ?? (isFromPlatform ? nil : .pending)
  }

  /// With those answers only that were known at a position; nil for all.
  func known(at position: JournalPosition?) -> StatusEvent {
    guard let position else { return self }
    var known = self
    if self.position.next > position { known.isAcceptedAtOnce = false }
    known.answers.removeAll { $0.position > position }
    return known
  }

  /// Takes an answer in; one that changes nothing is left out.
  /// - Returns: whether it changed anything.
  mutating func add(_ answer: ReportAnswer) -> Bool {
    guard !isAcceptedAtOnce else { return false }
    if answers.isEmpty && answer.position == position.next && answer.acceptance == .accepted(requestStatus: 1) {
      isAcceptedAtOnce = true
      return true
    }
    guard answers.isEmpty || ReportAcceptance(answers + [answer]) != ReportAcceptance(answers) else { return false }
    answers.append(answer)
    return true
  }
}

/// What one message says of one element.
struct ElementReport {
  let element: StatusReport.Element
  let id: String
  private let availability: StatusEvent?
  private let busy: StatusEvent?

  subscript(part: StatusPart) -> StatusEvent? { part == .busy ? busy : availability }

  /// A report may be dated a day ahead at most: what is further ahead would keep all that comes from counting.
  static let futureLimitMilliseconds: Int64 = 86_400_000

  /// All that a message says. The same at each call, so that an answer finds what its request told.
  static func all(of message: ProjectedMessage, isFromPlatform: Bool) -> [ElementReport] {
    guard let reports = message.facts?.statusReports else { return [] }
    return reports.compactMap { report in
      let availability = event(report.availability, message, isFromPlatform)
      let busy = event(report.busy, message, isFromPlatform)
      guard availability != nil || busy != nil else { return nil }
      return ElementReport(element: report.element, id: report.id, availability: availability, busy: busy)
    }
  }

  private static func event<Status: OpenCode>(
    _ part: StatusReport.Part<Status>?, _ message: ProjectedMessage, _ isFromPlatform: Bool
  ) -> StatusEvent? {
    guard let part, let status = part.status.value else { return nil }
    let observedAt = message.entry.content.observedAt
    let date = part.eventDate?.value
    let limit = min(observedAt, message.entry.recordedAt).adding(milliseconds: futureLimitMilliseconds)
    let time = date ?? observedAt
    return StatusEvent(
      time: min(time, limit), position: message.position, status: status.rawValue, until: part.until?.value, isFuture: time > limit,
      isDateAssumed: date == nil, isFromPlatform: isFromPlatform)
  }
}

// MARK: On disk
//
//     event    = distance position tag [status] [until] [details]
//     distance = varint       ; milliseconds from the event before; of the first from the chunk's key
//     position = zigzag       ; from that of the event before; of the first from 0
//     tag      = byte         ; bits 0-2 status, 7: it follows as a varint; 3 late; 4 until follows; 5 accepted with requestStatus 1 at the
//                             ; position right behind; 6 details follow
//     until    = zigzag       ; milliseconds from the event
//     details  = flags count *answer ; flags: bit 0 future, 1 date assumed, 2 from the platform
//     answer   = varint acceptance   ; positions from the event

extension StatusEvent {
  private enum Tag {
    static let otherStatus: UInt8 = 7
    static let late: UInt8 = 1 << 3
    static let until: UInt8 = 1 << 4
    static let acceptedNext: UInt8 = 1 << 5
    static let details: UInt8 = 1 << 6
    static let unknown: UInt8 = 1 << 7
  }

  /// See ``distances(from:)``.
  func append(distance: UInt64, positionDistance: Int64, to bytes: inout [UInt8]) {
    let flags: UInt8 = (isFuture ? 1 : 0) | (isDateAssumed ? 2 : 0) | (isFromPlatform ? 4 : 0)
    let hasDetails = flags != 0 || !answers.isEmpty
    var tag = UInt8(min(status, UInt32(Tag.otherStatus)))
    if isLate { tag |= Tag.late }
    if until != nil { tag |= Tag.until }
    if isAcceptedAtOnce { tag |= Tag.acceptedNext }
    if hasDetails { tag |= Tag.details }
    bytes.appendVarint(distance)
    bytes.appendSignedVarint(positionDistance)
    bytes.append(tag)
    if tag & 7 == Tag.otherStatus { bytes.appendVarint(UInt64(status)) }
    if let until { bytes.appendSignedVarint(until.milliseconds(since: time)) }
    guard hasDetails else { return }
    bytes.append(flags)
    bytes.appendVarint(answers.count)
    for answer in answers {
      bytes.appendVarint(answer.position.rawValue - position.rawValue)
      answer.acceptance.append(to: &bytes)
    }
  }

  /// More than most events take, with their answer.
  static let maximumPlainBytes = 24

  /// How far it lies from the event before.
  func distances(from previous: (time: Timestamp, position: Int64)) -> (time: UInt64, position: Int64) {
    (UInt64(time.milliseconds(since: previous.time)), Int64(bitPattern: position.rawValue) &- previous.position)
  }

  /// - Parameter previous: of the event before; of the first the row's time and 0.
  init(from reader: inout ByteReader, after previous: (time: Timestamp, position: Int64)) throws(FormatError) {
    let distance = try reader.varint()
    guard distance < 1 << 49 else { throw FormatError("a time lies too far ahead") }
    let time = previous.time.adding(milliseconds: Int64(distance))
    let position = JournalPosition(UInt64(bitPattern: previous.position &+ (try reader.signedVarint())))
    let tag = try reader.byte()
    guard tag & Tag.unknown == 0 else { throw FormatError("a status event has a mark of no meaning") }
    let status = tag & 7 == Tag.otherStatus ? UInt32(try reader.count(atMost: Int(UInt32.max))) : UInt32(tag & 7)
    let until = tag & Tag.until == 0 ? nil : time.adding(milliseconds: try reader.signedVarint())
    let flags = tag & Tag.details == 0 ? 0 : try reader.byte()
    self.init(
      time: time, position: position, status: status, until: until, isFuture: flags & 1 != 0, isDateAssumed: flags & 2 != 0,
      isFromPlatform: flags & 4 != 0)
    isLate = tag & Tag.late != 0
    isAcceptedAtOnce = tag & Tag.acceptedNext != 0
    guard tag & Tag.details != 0 else { return }
    for _ in 0..<(try reader.count(atMost: reader.remainingCount)) {
      let answerPosition = JournalPosition(position.rawValue &+ (try reader.varint()))
      answers.append(ReportAnswer(position: answerPosition, acceptance: try ReportAcceptance(from: &reader)))
    }
  }
}
