public import EMIP
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
  /// From when it counts: its ``date``, but not before the message was sent. It was true at most then, whatever the reporter's clock says, so that
  /// later reports rule over it. The moment of the message stands for a date that is absent or cannot be read.
  public let time: Timestamp
  /// When it came to be so, as the reporter says; nil where there is no date, or none that can be read.
  public let date: Timestamp?
  /// The position of the message that told it first.
  public let position: JournalPosition
  /// Open: see `AvailabilityStatus` and `BusyStatus`. Nil where it cannot be read.
  public let status: UInt32?
  /// How long it is expected to stay so.
  public let until: Timestamp?
  /// It came when a newer event of its part was known: it never overwrites that.
  public var isLate = false
  /// What is there and cannot be read, of `status`, `eventDate` and `until`; long texts are cut.
  public let unreadable: UnreadableValues
  /// The platform told it, in a list of changes; no operator's push had told it before.
  public let isFromPlatform: Bool
  /// Whether the entry right behind it accepted it with requestStatus 1, as mostly: nothing that comes later changes that.
  private var isAcceptedAtOnce = false
  /// Other answers that changed something, in order.
  private var answers: [ReportAnswer] = []

  init(
    time: Timestamp, date: Timestamp?, position: JournalPosition, status: UInt32?, until: Timestamp?,
    unreadable: UnreadableValues = UnreadableValues(), isFromPlatform: Bool
  ) {
    self.time = time
    self.date = date
    self.position = position
    self.status = status
    self.until = until
    self.unreadable = unreadable
    self.isFromPlatform = isFromPlatform
  }

  /// How far its date lies ahead of the moment when it was sent; nil where it does not.
  public var aheadMilliseconds: Int64? { date.flatMap { $0 > time ? $0.milliseconds(since: time) : nil } }

  /// The date that was sent; the moment of the message where there is none. It is known by it when it comes again.
  public var said: Timestamp { date ?? time }

  /// Whether another report says the same of the same part: then it is a repetition, on another leg, in a list or by a retry.
  func isSame(as other: StatusEvent) -> Bool {
    said == other.said && status == other.status && until == other.until && unreadable == other.unreadable
  }

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
    guard let part else { return nil }
    let sentAt = min(message.entry.content.observedAt, message.entry.recordedAt)
    let date = part.eventDate?.value
    return StatusEvent(
      time: min(date ?? sentAt, sentAt), date: date, position: message.position, status: part.status.value?.rawValue,
      until: part.until?.value, unreadable: unreadable(part), isFromPlatform: isFromPlatform)
  }

  /// More of a text than this is not kept.
  private static let keptCharacters = 60

  private static func unreadable<Status: OpenCode>(_ part: StatusReport.Part<Status>) -> UnreadableValues {
    var unreadable = UnreadableValues()
    func note<Value>(_ name: String, _ field: Field<Value>?) {
      if let field, field.isUnreadable { unreadable.note(name, text: String(field.text.prefix(keptCharacters))) }
    }
    note("status", part.status)
    note("eventDate", part.eventDate)
    note("until", part.until)
    return unreadable
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
//     details  = flags [ahead] [unreadable] count *answer
//                             ; flags: bit 0 dated ahead, 1 without a date, 2 from the platform, 3 something cannot be read, 4 its status cannot
//     ahead    = varint       ; milliseconds from the event to its date
//     unreadable = count *(name text)
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
    let ahead = aheadMilliseconds
    let flags: UInt8 =
      (ahead == nil ? 0 : 1) | (date == nil ? 2 : 0) | (isFromPlatform ? 4 : 0) | (unreadable.isEmpty ? 0 : 8) | (status == nil ? 16 : 0)
    let hasDetails = flags != 0 || !answers.isEmpty
    let status = status ?? 0
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
    if let ahead { bytes.appendVarint(UInt64(ahead)) }
    if !unreadable.isEmpty {
      bytes.appendVarint(unreadable.values.count)
      for value in unreadable.values { for text in [value.name, value.text] { bytes.appendCounted(text.utf8) } }
    }
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
    let date = flags & 2 != 0 ? nil : flags & 1 == 0 ? time : try time.adding(read: Int64(try reader.count(atMost: 1 << 49)))
    var unreadable = UnreadableValues()
    if flags & 8 != 0 {
      for _ in 0..<(try reader.count(atMost: reader.remainingCount)) { unreadable.note(try reader.string(), text: try reader.string()) }
    }
    self.init(
      time: time, date: date, position: position, status: flags & 16 == 0 ? status : nil, until: until, unreadable: unreadable,
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
