public import JournalFormat

/// What a message says about the authorisation of one user at one EVSE (guide 6.4): a request, an answer, or both in one.
public struct ServiceAuthorisation: Hashable, Sendable {
  public let evseId: String?
  public let user: UserIdentity
  public let requestedServiceId: Field<RequestedServiceId>?
  public let serviceSessionId: String?
  /// The CPO's or the eMSP's own, by operation and direction.
  public let partnerServiceSessionId: String?
  public let bookingId: String?
  public let salePartnerBookingId: String?
  public let salePartnerOperatorId: String?
  public let execPartnerOperatorId: String?
  public let authorisationValue: Field<AuthorisationValue>?
  public let intermediateCDRRequested: Field<Bool>?
  public let meterLimits: [MeterReading]
  public let parameter: String?

  init(_ group: LeafGroup) {
    evseId = group.text(WireName.evseId)
    user = UserIdentity(group)
    requestedServiceId = group.code(WireName.requestedServiceId)
    serviceSessionId = group.text(WireName.serviceSessionId)
    partnerServiceSessionId = group.text(WireName.partnerServiceSessionId)
    bookingId = group.text(WireName.bookingId)
    salePartnerBookingId = group.text(WireName.salePartnerBookingId)
    salePartnerOperatorId = group.text(WireName.salePartnerOperatorId)
    execPartnerOperatorId = group.text(WireName.execPartnerOperatorId)
    authorisationValue = group.code(WireName.authorisationValue)
    intermediateCDRRequested = group.flag(WireName.intermediateCDRRequested)
    meterLimits = MeterReading.readings(of: group)
    parameter = group.text(WireName.parameter)
  }
}

/// One entry of a white list (guide 7.3.2).
public struct AuthenticationData: Hashable, Sendable {
  /// Which item of the message it is, from 1.
  public let item: UInt32
  /// Whose user it is, where the item names it: a download may bring the lists of several eMSPs.
  public let operatorId: String?
  public let actionType: Field<ActionType>?
  public let user: UserIdentity
  public let requestedServiceId: Field<RequestedServiceId>?
  public let authorisationValue: Field<AuthorisationValue>?
  public let intermediateCDRRequested: Field<Bool>?
  public let meterLimits: [MeterReading]
  public let parameter: String?
  public let expiryDate: Field<Timestamp>?

  init(_ group: LeafGroup) {
    item = group.leaves.first?.item ?? 0
    operatorId = group.text(WireName.salePartnerOperatorId) ?? group.text(WireName.operatorId)
    actionType = group.code(WireName.actionType)
    user = UserIdentity(group)
    requestedServiceId = group.code(WireName.requestedServiceId)
    authorisationValue = group.code(WireName.authorisationValue)
    intermediateCDRRequested = group.flag(WireName.intermediateCDRRequested)
    meterLimits = MeterReading.readings(of: group)
    parameter = group.text(WireName.parameter)
    expiryDate = group.date(WireName.expiryDate)
  }
}
