public import JournalFormat

extension TermKind {
  /// eMIP's kinds and their names in output, which are eMIP's own where it has one.
  public static let eMIPKinds: [(kind: TermKind, name: String)] = [
    (.transactionId, "transactionId"),
    (.serviceSessionId, "serviceSessionId"),
    (.partnerServiceSessionId, "partnerServiceSessionId"),
    (.execPartnerSessionId, "execPartnerSessionId"),
    (.salePartnerSessionId, "salePartnerSessionId"),
    (.sessionEventId, "sessionEventId"),
    (.sessionActionId, "sessionActionId"),
    (.bookingId, "bookingId"),
    (.salePartnerBookingId, "salePartnerBookingId"),
    (.evseId, "EVSEId"),
    (.chargingStationId, "ChargingStationId"),
    (.chargingPoolId, "ChargingPoolId"),
    (.chargingConnectorId, "ChargingConnectorId"),
    (.userRFID, "userRFID"),
    (.userContract, "userContract"),
    (.operatorId, "operatorId"),
    (.personalText, "personalText"),
  ]

  /// The name in output; nil for a kind that eMIP does not have.
  public var name: String? { TermKind.namesByKind[self] }

  /// - Parameter name: in its own case. Nil where it is none of eMIP's.
  public init?(name: some StringProtocol) {
    guard let kind = TermKind.kindsByName[String(name)] else { return nil }
    self = kind
  }

  private static let namesByKind = Dictionary(uniqueKeysWithValues: eMIPKinds.map { ($0.kind, $0.name) })
  private static let kindsByName = Dictionary(uniqueKeysWithValues: eMIPKinds.map { ($0.name, $0.kind) })
}
