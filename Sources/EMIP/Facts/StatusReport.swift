public import JournalFormat

/// The status of one EVCI element: pushed alone, as a synthetic status with both parts, or as an item of a list of changes.
public struct StatusReport: Hashable, Sendable {
  /// Which level of the infrastructure it is about.
  public enum Element: UInt8, Sendable, CaseIterable {
    /// A group of stations at one place.
    case chargingPool = 1
    /// A station.
    case chargingStation = 2
    /// A point that charges one vehicle at a time.
    case evse = 3
    /// A plug or socket of an EVSE.
    case chargingConnector = 4
  }

  /// One of the two parts of a status.
  public struct Part<Status: OpenCode>: Hashable, Sendable {
    /// What the status is.
    public let status: Field<Status>
    /// When it came to be so.
    public let eventDate: Field<Timestamp>?
    /// How long it is expected to stay so.
    public let until: Field<Timestamp>?
    /// Free text.
    public let comment: String?
  }

  /// Which level it is about.
  public let element: Element
  /// As written.
  public let id: String
  /// Whether it can be used; nil where it does not say.
  public let availability: Part<AvailabilityStatus>?
  /// Whether it is in use; nil where it does not say.
  public let busy: Part<BusyStatus>?

  /// Nil where the leaves name no element or no status.
  fileprivate init?(_ fields: StatusFields, _ leaves: [Leaf], _ texts: LeafTexts) {
    guard fields.availability.status >= 0 || fields.busy.status >= 0, let (element, id) = fields.element else { return nil }
    self.element = element
    self.id = texts.text(leaves[Int(id)])
    let dates = fields.statusEventDate >= 0 ? fields.statusEventDate : fields.changeDate
    availability = Part(fields.availability, otherDate: dates, leaves, texts)
    busy = Part(fields.busy, otherDate: dates, leaves, texts)
  }
}

extension StatusReport.Part {
  /// Nil where there is no such part.
  fileprivate init?(_ fields: StatusFields.Part, otherDate: Int32, _ leaves: [Leaf], _ texts: LeafTexts) {
    guard fields.status >= 0 else { return nil }
    let status = leaves[Int(fields.status)]
    self.status = Field(text: texts.text(status), value: texts.withText(status) { Status(utf8: $0) })
    eventDate = Self.date(fields.eventDate >= 0 ? fields.eventDate : otherDate, leaves, texts)
    until = Self.date(fields.until, leaves, texts)
    comment = fields.comment >= 0 ? texts.text(leaves[Int(fields.comment)]) : nil
  }

  private static func date(_ index: Int32, _ leaves: [Leaf], _ texts: LeafTexts) -> Field<Timestamp>? {
    guard index >= 0 else { return nil }
    let leaf = leaves[Int(index)]
    return Field(text: texts.text(leaf), value: texts.withText(leaf) { Timestamp(utf8: $0) })
  }
}

extension StatusReport {
  /// All that a message tells: of the one element that it is about, then of each item of a list.
  static func all(of leaves: [Leaf], _ texts: LeafTexts) -> [StatusReport] {
    var reports: [StatusReport] = []
    var message = StatusFields()
    var item = StatusFields()
    var itemNumber: UInt32 = 0
    for (index, leaf) in leaves.enumerated() {
      if leaf.item != itemNumber {
        if itemNumber > 0, let report = StatusReport(item, leaves, texts) { reports.append(report) }
        itemNumber = leaf.item
        item = StatusFields()
      }
      guard leaf.path.name != 0, !texts.isEmpty(leaf) else { continue }
      if itemNumber == 0 { message.take(leaf.path.name, Int32(index)) } else { item.take(leaf.path.name, Int32(index)) }
    }
    if itemNumber > 0, let report = StatusReport(item, leaves, texts) { reports.append(report) }
    if let report = StatusReport(message, leaves, texts) { reports.insert(report, at: 0) }
    return reports
  }
}

/// Where the fields of a status stand among the leaves of a message: the first of each name; -1 where there is none.
private struct StatusFields {
  struct Part {
    var status: Int32 = -1
    var eventDate: Int32 = -1
    var until: Int32 = -1
    var comment: Int32 = -1
  }

  private var connector: Int32 = -1
  private var evse: Int32 = -1
  private var station: Int32 = -1
  private var pool: Int32 = -1
  /// A status pushed alone has one date for all, a synthetic one a date for each part; an item of a list may have that of its change alone.
  private(set) var statusEventDate: Int32 = -1
  private(set) var changeDate: Int32 = -1
  private(set) var availability = Part()
  private(set) var busy = Part()

  /// The innermost that is named: a connector's report may name its EVSE too.
  var element: (element: StatusReport.Element, id: Int32)? {
    if connector >= 0 { return (.chargingConnector, connector) }
    if evse >= 0 { return (.evse, evse) }
    if station >= 0 { return (.chargingStation, station) }
    return pool >= 0 ? (.chargingPool, pool) : nil
  }

  mutating func take(_ name: UInt16, _ index: Int32) {
    switch name {
    case WireName.chargingConnectorId: Self.note(index, in: &connector)
    case WireName.evseId: Self.note(index, in: &evse)
    case WireName.chargingStationId: Self.note(index, in: &station)
    case WireName.chargingPoolId: Self.note(index, in: &pool)
    case WireName.statusEventDate: Self.note(index, in: &statusEventDate)
    case WireName.changeDate: Self.note(index, in: &changeDate)
    case WireName.availabilityStatus: Self.note(index, in: &availability.status)
    case WireName.availabilityStatusEventDate: Self.note(index, in: &availability.eventDate)
    case WireName.availabilityStatusUntil: Self.note(index, in: &availability.until)
    case WireName.availabilityStatusComment: Self.note(index, in: &availability.comment)
    case WireName.busyStatus: Self.note(index, in: &busy.status)
    case WireName.busyStatusEventDate: Self.note(index, in: &busy.eventDate)
    case WireName.busyStatusUntil: Self.note(index, in: &busy.until)
    case WireName.busyStatusComment: Self.note(index, in: &busy.comment)
    default: return
    }
  }

  private static func note(_ index: Int32, in place: inout Int32) { if place < 0 { place = index } }
}
