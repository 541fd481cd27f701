public import EMIP
public import JournalFormat
public import Projections

/// The status of an element, as machines get it.
public struct ElementStatusRow: Encodable, Sendable {
  /// The status.
  public let status: ElementStatus
  /// The findings of the element that hold.
  public let findings: [ReportedFinding]

  /// The columns of CSV, in their order.
  public static let columns = [
    "id", "level", "availabilityStatus", "availabilityEventDate", "busyStatus", "busyEventDate", "position", "availabilityUntil",
    "busyUntil", "availabilityUnknownSince", "busyUnknownSince", "availabilityAcceptance", "busyAcceptance", "findings",
    "availabilitySince", "busySince", "assumed", "unreadable",
  ]

  init(_ status: ElementStatus, findings: [ReportedFinding]) {
    self.status = status
    self.findings = findings
  }

  private enum Key: String, CodingKey {
    case id, level, position, findings, assumed, unreadable
    case availabilitySince, availabilityAheadMilliseconds, busySince, busyAheadMilliseconds
    case availabilityStatus, availabilityEventDate, availabilityUntil, availabilityUnknownSince, availabilityAcceptance
    case availabilityRequestStatus
    case busyStatus, busyEventDate, busyUntil, busyUnknownSince, busyAcceptance, busyRequestStatus
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(status.id, forKey: .id)
    try container.encode(status.element.level, forKey: .level)
    try container.encode(status.position?.rawValue, forKey: .position)
    try container.encode(findings.map(\.rule.id), forKey: .findings)
    let (availability, busy) = (status.availability, status.busy)
    try container.encode(availability?.event.status, forKey: .availabilityStatus)
    try container.encode(availability?.event.dateText, forKey: .availabilityEventDate)
    try container.encode(availability?.event.time.description, forKey: .availabilitySince)
    try container.encode(availability?.event.aheadMilliseconds, forKey: .availabilityAheadMilliseconds)
    try container.encode(availability?.event.until?.description, forKey: .availabilityUntil)
    try container.encode(availability?.unknownSince?.description, forKey: .availabilityUnknownSince)
    try container.encode(availability?.event.acceptance?.word, forKey: .availabilityAcceptance)
    try container.encode(availability?.event.acceptance?.requestStatus, forKey: .availabilityRequestStatus)
    try container.encode(busy?.event.status, forKey: .busyStatus)
    try container.encode(busy?.event.dateText, forKey: .busyEventDate)
    try container.encode(busy?.event.time.description, forKey: .busySince)
    try container.encode(busy?.event.aheadMilliseconds, forKey: .busyAheadMilliseconds)
    try container.encode(busy?.event.until?.description, forKey: .busyUntil)
    try container.encode(busy?.unknownSince?.description, forKey: .busyUnknownSince)
    try container.encode(busy?.event.acceptance?.word, forKey: .busyAcceptance)
    try container.encode(busy?.event.acceptance?.requestStatus, forKey: .busyRequestStatus)
    var (assumed, unreadable) = ([] as [String], UnreadableValues())
    for (part, status) in [(StatusPart.availability, availability), (.busy, busy)] {
      guard let event = status?.event else { continue }
      if event.isDateAssumed { assumed.append(part.name + "EventDate") }
      for value in event.unreadable.values {
        unreadable.note(part.name + value.name.prefix(1).uppercased() + value.name.dropFirst(), text: value.text)
      }
    }
    try container.encode(assumed, forKey: .assumed)
    try container.encode(UnreadableDocument(unreadable), forKey: .unreadable)
  }
}

/// One report of a status, as machines get it.
public struct StatusEventRow: Encodable, Sendable {
  /// The id of the element.
  public let id: String
  /// The level of the element.
  public let element: StatusReport.Element
  /// The part of the status that was reported.
  public let part: StatusPart
  /// The report.
  public let event: StatusEvent
  /// When the journal recorded it; nil where the message is gone.
  public let recordedAt: Timestamp?

  /// The columns of CSV, in their order.
  public static let columns = [
    "id", "level", "part", "status", "eventDate", "until", "recordedAt", "position", "acceptance", "requestStatus", "flags", "source",
    "since", "aheadMilliseconds", "assumed", "unreadable",
  ]

  /// What is odd about it, by word: `late`, `ahead`, `dateAssumed`.
  public var flags: [String] {
    var flags: [String] = []
    if event.isLate { flags.append("late") }
    if event.aheadMilliseconds != nil { flags.append("ahead") }
    if event.isDateAssumed { flags.append("dateAssumed") }
    return flags
  }

  private enum Key: String, CodingKey {
    case id, level, part, status, eventDate, until, recordedAt, position, acceptance, requestStatus, flags, source
    case since, aheadMilliseconds, assumed, unreadable
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(id, forKey: .id)
    try container.encode(element.level, forKey: .level)
    try container.encode(part.name, forKey: .part)
    try container.encode(event.status, forKey: .status)
    try container.encode(event.dateText, forKey: .eventDate)
    try container.encode(event.time.description, forKey: .since)
    try container.encode(event.aheadMilliseconds, forKey: .aheadMilliseconds)
    try container.encode(event.until?.description, forKey: .until)
    try container.encode(recordedAt?.description, forKey: .recordedAt)
    try container.encode(event.position.rawValue, forKey: .position)
    try container.encode(event.acceptance?.word, forKey: .acceptance)
    try container.encode(event.acceptance?.requestStatus, forKey: .requestStatus)
    try container.encode(flags, forKey: .flags)
    try container.encode(event.isFromPlatform ? "platform" : "operator", forKey: .source)
    try container.encode(event.isDateAssumed ? ["eventDate"] : [], forKey: .assumed)
    try container.encode(UnreadableDocument(event.unreadable), forKey: .unreadable)
  }
}

extension StatusEvent {
  /// Whether the moment of the message stands for a date.
  var isDateAssumed: Bool { date == nil }

  /// The date that was sent; where there was none, the moment that stands for it; nil where it cannot be read.
  fileprivate var dateText: String? { unreadable["eventDate"] == nil ? said.description : nil }
}

extension StatusPart {
  /// The part by its word: `availability` or `busy`.
  public var name: String { self == .availability ? "availability" : "busy" }
}

/// A message about a status, ready to be sent to the platform.
public struct StatusMessageRow: Encodable, Sendable {
  /// The name of the operation.
  public let operation: String
  /// The way it goes.
  public let direction: String
  /// What the HTTP request says it is.
  public let soapAction: String
  /// The body.
  public let request: String

  init(_ message: StatusMessage) {
    operation = message.operation
    direction = "\(Direction.toIOP)"
    soapAction = message.soapAction
    request = message.request
  }
}
