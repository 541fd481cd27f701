public import JournalFormat

/// A charge detail record of a message (guide 6.5). Every field is optional: what a partner leaves out is nil.
public struct ChargeDetailRecord: Hashable, Sendable {
  /// As written; ``CDRNature/Interpretation`` tells what it means.
  public let nature: String?
  /// Absent where the CPO authorised from its white list (guide 6.4.2): then `execPartnerSessionId` identifies the session.
  public let serviceSessionId: String?
  /// The CPO's id of the session.
  public let execPartnerSessionId: String?
  /// The CPO, as written.
  public let execPartnerOperatorId: String?
  /// The eMSP's id of the session.
  public let salePartnerSessionId: String?
  /// The eMSP, as written.
  public let salePartnerOperatorId: String?
  /// The service that is asked for.
  public let requestedServiceId: Field<RequestedServiceId>?
  /// The EVSE, as written.
  public let evseId: String?
  /// How the user is named.
  public let user: UserIdentity
  /// The tariff, by the partner's name for it.
  public let partnerProductId: String?
  /// When charging began.
  public let startTime: Field<Timestamp>?
  /// When charging ended.
  public let endTime: Field<Timestamp>?
  /// In document order.
  public let meters: [MeterReading]

  init(_ group: LeafGroup) {
    nature = group.text(WireName.cdrNature)
    serviceSessionId = group.text(WireName.serviceSessionId)
    execPartnerSessionId = group.text(WireName.execPartnerSessionId)
    execPartnerOperatorId = group.text(WireName.execPartnerOperatorId)
    salePartnerSessionId = group.text(WireName.salePartnerSessionId)
    salePartnerOperatorId = group.text(WireName.salePartnerOperatorId)
    requestedServiceId = group.code(WireName.requestedServiceId)
    evseId = group.text(WireName.evseId)
    user = UserIdentity(group)
    partnerProductId = group.text(WireName.partnerProductId)
    startTime = group.date(WireName.startTime)
    endTime = group.date(WireName.endTime)
    meters = MeterReading.readings(of: group)
  }
}

/// One meter of a record, or one limit of an authorisation (guide 5.5.2).
public struct MeterReading: Hashable, Sendable {
  /// What is measured.
  public let type: Field<MeterType>?
  /// An XML decimal, as written: sums of money and energy are not for binary fractions.
  public let value: String?
  /// The unit, as written.
  public let unit: String?

  init(_ group: LeafGroup) {
    type = group.code(WireName.meterTypeId)
    value = group.text(WireName.meterValue)
    unit = group.text(WireName.meterUnit)
  }

  static func readings(of group: LeafGroup) -> [MeterReading] {
    var readings: [MeterReading] = []
    group.leaves.forEachRun(by: \.subitem) { leaves in
      if readings.isEmpty { readings.reserveCapacity(8) }
      readings.append(MeterReading(LeafGroup(leaves: leaves, texts: group.texts)))
      return true
    }
    return readings
  }
}

/// How a message names a user. Personal.
public struct UserIdentity: Hashable, Sendable {
  /// The kind of the user's id.
  public let userIdType: UserIdType?
  /// The user's id, as written.
  public let userId: String?
  /// The user's contract, as written.
  public let userContractIdAlias: String?

  init(_ group: LeafGroup) {
    userIdType = group.text(WireName.userIdType).map(UserIdType.init)
    userId = group.text(WireName.userId)
    userContractIdAlias = group.text(WireName.userContractIdAlias)
  }

  init(userIdType: UserIdType?, userId: String?, userContractIdAlias: String?) {
    self.userIdType = userIdType
    self.userId = userId
    self.userContractIdAlias = userContractIdAlias
  }
}
