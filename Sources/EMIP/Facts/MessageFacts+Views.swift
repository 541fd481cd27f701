public import JournalFormat

// What the read models ask a message for. Each is built anew when it is asked for: keep it.
extension MessageFacts {
  /// In document order; a message may carry one or many.
  public var chargeDetailRecords: [ChargeDetailRecord] { items(WireName.chargeDetailRecord).map(ChargeDetailRecord.init) }

  /// One of ``chargeDetailRecords``; the others are not decoded.
  /// - Parameter number: from 0.
  /// - Returns: nil where there are not so many.
  public func chargeDetailRecord(at number: Int) -> ChargeDetailRecord? {
    item(WireName.chargeDetailRecord, at: number).map(ChargeDetailRecord.init)
  }

  /// The entries of a white list.
  public var authenticationData: [AuthenticationData] { items(WireName.authenticationData).map(AuthenticationData.init) }

  /// Those of ``authenticationData`` with a number, which is that of the item in the message; the others are not decoded.
  public func authenticationData(item: UInt32) -> AuthenticationData? {
    var found: AuthenticationData?
    leaves[...].forEachRun(by: \.item) { leaves in
      guard leaves[leaves.startIndex].item == item else { return true }
      if leaves.isItem(WireName.authenticationData) { found = AuthenticationData(LeafGroup(leaves: leaves, texts: leafTexts)) }
      return false
    }
    return found
  }

  /// The statuses of pools, stations, EVSEs and connectors: that of a message about one element, or of each item of a list of changes.
  public var statusReports: [StatusReport] { StatusReport.all(of: leaves, leafTexts) }

  /// The event that it reports; nil where it reports none.
  public var sessionEvent: SessionReport<SessionEventNature>? { SessionReport(event: all) }
  /// The action that it asks for; nil where it asks for none.
  public var sessionAction: SessionReport<SessionActionNature>? { SessionReport(action: all) }

  /// The authorisation that it asks for or answers, of one user at one EVSE; nil for all other messages.
  public var serviceAuthorisation: ServiceAuthorisation? {
    guard let name = operation?.name, name == "GetServiceAuthorisation" || name == "SetServiceAuthorisation" else { return nil }
    return ServiceAuthorisation(all)
  }

  /// Outside any item.
  public var meterLimits: [MeterReading] {
    MeterReading.readings(of: LeafGroup(leaves: leaves.filter { $0.item == 0 }[...], texts: leafTexts))
  }

  /// The service that is asked for.
  public var requestedServiceId: Field<RequestedServiceId>? { all.code(WireName.requestedServiceId) }
  /// Whether the user may charge.
  public var authorisationValue: Field<AuthorisationValue>? { all.code(WireName.authorisationValue) }

  /// In seconds.
  public var heartBeatPeriod: Field<UInt32>? { all.field(WireName.heartBeatPeriod) { UInt32($0) } }
  /// The time that IOP tells in a heartbeat.
  public var currentTime: Field<Timestamp>? { all.date(WireName.currentTime) }
}

// Of lists.
extension MessageFacts {
  /// The items of a kind, in document order.
  /// - Parameter parent: what stands around the fields of one, a number of ``WireName``.
  func items(_ parent: UInt16) -> [LeafGroup] {
    var items: [LeafGroup] = []
    leaves[...].forEachRun(by: \.item) { leaves in
      if leaves.isItem(parent) { items.append(LeafGroup(leaves: leaves, texts: leafTexts)) }
      return true
    }
    return items
  }

  /// One of ``items(_:)``; nil where there are not so many.
  func item(_ parent: UInt16, at number: Int) -> LeafGroup? {
    var remaining = number
    var found: LeafGroup?
    leaves[...].forEachRun(by: \.item) { leaves in
      guard leaves.isItem(parent) else { return true }
      if remaining == 0 { found = LeafGroup(leaves: leaves, texts: leafTexts) }
      remaining -= 1
      return found == nil
    }
    return found
  }
}
