public import JournalFormat

/// The status of one EVCI element: pushed alone, as a synthetic status with both parts, or as an item of a list of changes.
public struct StatusReport: Hashable, Sendable {
  /// Which level of the infrastructure it is about.
  public enum Element: UInt8, Sendable, CaseIterable {
    case chargingPool = 1
    case chargingStation = 2
    case evse = 3
    case chargingConnector = 4
  }

  /// One of the two parts of a status.
  public struct Part<Status: OpenCode>: Hashable, Sendable {
    public let status: Field<Status>
    /// When it came to be so.
    public let eventDate: Field<Timestamp>?
    /// How long it is expected to stay so.
    public let until: Field<Timestamp>?
    /// Free text.
    public let comment: String?
  }

  public let element: Element
  /// As written.
  public let id: String
  public let availability: Part<AvailabilityStatus>?
  public let busy: Part<BusyStatus>?

  /// Nil where the leaves name no element or no status.
  init?(_ group: LeafGroup) {
    guard let (element, id) = StatusReport.element(of: group) else { return nil }
    self.element = element
    self.id = id
    availability = group.part(
      WireName.availabilityStatus, eventDate: WireName.availabilityStatusEventDate, until: WireName.availabilityStatusUntil,
      comment: WireName.availabilityStatusComment)
    busy = group.part(
      WireName.busyStatus, eventDate: WireName.busyStatusEventDate, until: WireName.busyStatusUntil, comment: WireName.busyStatusComment)
    guard availability != nil || busy != nil else { return nil }
  }

  /// The innermost that is named: a connector's report may name its EVSE too.
  private static func element(of group: LeafGroup) -> (Element, String)? {
    if let id = group.text(WireName.chargingConnectorId) { return (.chargingConnector, id) }
    if let id = group.text(WireName.evseId) { return (.evse, id) }
    if let id = group.text(WireName.chargingStationId) { return (.chargingStation, id) }
    if let id = group.text(WireName.chargingPoolId) { return (.chargingPool, id) }
    return nil
  }
}

extension LeafGroup {
  fileprivate func part<Status>(_ status: UInt16, eventDate: UInt16, until: UInt16, comment: UInt16) -> StatusReport.Part<Status>? {
    guard let code: Field<Status> = code(status) else { return nil }
    // A status pushed alone has one date for all, a synthetic one a date for each part; an item of a list may have that of its change alone.
    let eventDate = date(eventDate) ?? date(WireName.statusEventDate) ?? date(WireName.changeDate)
    return StatusReport.Part(status: code, eventDate: eventDate, until: date(until), comment: text(comment))
  }
}
