public import JournalFormat

/// What a message says about the authorisation of one user at one EVSE (guide 6.4): a request, an answer, or both in one.
public struct ServiceAuthorisation: Hashable, Sendable {
  /// The EVSE, as written.
  public let evseId: String?
  /// How the user is named.
  public let user: UserIdentity
  /// The service that is asked for.
  public let requestedServiceId: Field<RequestedServiceId>?
  /// The id that IOP gave the session.
  public let serviceSessionId: String?
  /// The CPO's or the eMSP's own, by operation and direction.
  public let partnerServiceSessionId: String?
  /// The id that IOP gave the booking.
  public let bookingId: String?
  /// The eMSP's id of the booking.
  public let salePartnerBookingId: String?
  /// The eMSP, as written.
  public let salePartnerOperatorId: String?
  /// The CPO, as written.
  public let execPartnerOperatorId: String?
  /// Whether the user may charge.
  public let authorisationValue: Field<AuthorisationValue>?
  /// Whether records are wanted while the session lasts.
  public let intermediateCDRRequested: Field<Bool>?
  /// What the session may take at most.
  public let meterLimits: [MeterReading]
  /// Free text.
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
  /// Whether the entry is inserted, updated or deleted.
  public let actionType: Field<ActionType>?
  /// How the user is named.
  public let user: UserIdentity
  /// The service that is asked for.
  public let requestedServiceId: Field<RequestedServiceId>?
  /// Whether the user may charge.
  public let authorisationValue: Field<AuthorisationValue>?
  /// Whether records are wanted while the session lasts.
  public let intermediateCDRRequested: Field<Bool>?
  /// What the session may take at most.
  public let meterLimits: [MeterReading]
  /// Free text.
  public let parameter: String?
  /// Until when it holds.
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
