public import JournalFormat

// What the read models ask a message for. Each is built anew when it is asked for: keep it.
extension MessageFacts {
  /// In document order; a message may carry one or many.
  public var chargeDetailRecords: [ChargeDetailRecord] {
    items { $0.path.parent == WireName.chargeDetailRecord }.map(ChargeDetailRecord.init)
  }

  /// The entries of a white list.
  public var authenticationData: [AuthenticationData] {
    items { $0.path.parent == WireName.authenticationData }.map(AuthenticationData.init)
  }

  /// The statuses of pools, stations, EVSEs and connectors: that of a message about one element, or of each item of a list of changes.
  public var statusReports: [StatusReport] { StatusReport.all(of: leaves, leafTexts) }

  public var sessionEvent: SessionReport<SessionEventNature>? { SessionReport(event: all) }
  public var sessionAction: SessionReport<SessionActionNature>? { SessionReport(action: all) }

  /// Of a message about one user at one EVSE, or its answer. Nil for all others.
  public var serviceAuthorisation: ServiceAuthorisation? {
    guard let name = operation?.name, name == "GetServiceAuthorisation" || name == "SetServiceAuthorisation" else { return nil }
    return ServiceAuthorisation(all)
  }

  /// Outside any item.
  public var meterLimits: [MeterReading] {
    MeterReading.readings(of: LeafGroup(leaves: leaves.filter { $0.item == 0 }[...], texts: leafTexts))
  }

  public var requestedServiceId: Field<RequestedServiceId>? { all.code(WireName.requestedServiceId) }
  public var authorisationValue: Field<AuthorisationValue>? { all.code(WireName.authorisationValue) }

  /// In seconds.
  public var heartBeatPeriod: Field<UInt32>? { all.field(WireName.heartBeatPeriod) { UInt32($0) } }
  public var currentTime: Field<Timestamp>? { all.date(WireName.currentTime) }

  /// When what the message tells of happened: every date of an event, an action, a status or a record, in document order.
  public var eventDates: [EventDate] {
    leaves.compactMap { leaf in
      guard EventDate.names.contains(leaf.path.name), !leafTexts.isEmpty(leaf) else { return nil }
      let text = leafTexts.text(leaf)
      return EventDate(name: leaf.path.name, item: leaf.item, date: Field(text: text, value: Timestamp(text)))
    }
  }

  private func items(where isOfItem: (Leaf) -> Bool) -> [LeafGroup] {
    all.split(by: \.item).filter { $0.leaves.contains(where: isOfItem) }
  }
}

/// A date of something that happened.
public struct EventDate: Hashable, Sendable {
  /// A number of ``WireName``.
  public let name: UInt16
  /// The item that it belongs to, from 1; 0 outside any.
  public let item: UInt32
  public let date: Field<Timestamp>

  static let names: Set<UInt16> = [
    WireName.statusEventDate, WireName.availabilityStatusEventDate, WireName.busyStatusEventDate, WireName.sessionEventDateTime,
    WireName.sessionActionDateTime, WireName.startTime, WireName.endTime, WireName.changeDate,
  ]
}
