import JournalFormat

extension OperationFacts {
  /// The operations of guide 6.1, 6.6, 7.1 and 7.5.
  public static let all: [OperationFacts] = [
    .init("HeartBeat", Namespace.platform, [.toIOP(.cpo), .toIOP(.eMSP), .fromIOP(.cpo, .optional), .fromIOP(.eMSP, .optional)]),

    .init("GetServiceAuthorisation", Namespace.authorisation, [.toIOP(.cpo), .fromIOP(.eMSP)]),
    .init("SetServiceAuthorisation", Namespace.authorisation, [.toIOP(.eMSP, .optional), .fromIOP(.cpo)]),
    // The platform, too, sends a record again that was not answered.
    .init("SetChargeDetailRecord", Namespace.authorisation, [.toIOP(.cpo).storedAndForwarded, .fromIOP(.eMSP).storedAndForwarded]),
    .init("GetChargeDetailRecordList", Namespace.authorisation, [.toIOP(.eMSP, .optional)]),
    .init("GetChargeDetailRecord", Namespace.authorisation, [.toIOP(.eMSP, .optional)]),
    // Optional by the summary (7.1.2); by 7.5.1 an eMSP shall take it, and at least trace it.
    .init("SetSessionEventReport", Namespace.authorisation, [.toIOP(.cpo, .optional), .fromIOP(.eMSP, .conditional)]),
    .init("SetSessionActionRequest", Namespace.authorisation, [.toIOP(.eMSP, .conditional), .fromIOP(.cpo)]),
    .init("GetAuthenticationData", Namespace.authorisation, [.toIOP(.cpo, .optional)]),
    .init("SetAuthenticationData", Namespace.authorisation, [.toIOP(.eMSP)]),

    .init("SetEVSEAvailabilityStatus", Namespace.dynamicData, [.toIOP(.cpo).storedAndForwarded]),
    .init("SetEVSEBusyStatus", Namespace.dynamicData, [.toIOP(.cpo).storedAndForwarded]),
    .init("SetEVSESyntheticStatus", Namespace.dynamicData, [.toIOP(.cpo, .optional).storedAndForwarded]),
    .init("SetChargingPoolAvailabilityStatus", Namespace.dynamicData, [.toIOP(.cpo, .optional).storedAndForwarded]),
    .init("SetChargingStationAvailabilityStatus", Namespace.dynamicData, [.toIOP(.cpo, .optional).storedAndForwarded]),
    .init("SetChargingConnectorAvailabilityStatus", Namespace.dynamicData, [.toIOP(.cpo, .optional).storedAndForwarded]),

    // Not active on the platform yet (guide 6.2.3).
    .init("SetChargingPoolStaticData", nil, [.toIOP(.cpo, .optional).storedAndForwarded]),
    .init("SetChargingStationStaticData", nil, [.toIOP(.cpo, .optional).storedAndForwarded]),
    .init("SetEVSEStaticData", nil, [.toIOP(.cpo, .optional).storedAndForwarded]),
    .init("SetChargingConnectorStaticData", nil, [.toIOP(.cpo, .optional).storedAndForwarded]),

    .init("SetEVSEStaticDataChanges", Namespace.dataDownload, [.fromIOP(.eMSP, .conditional)]),
    .init("SetEVSEDynamicDataChanges", Namespace.dataDownload, [.fromIOP(.eMSP, .conditional)]),
    .init("GetEVSEStaticDataChanges", Namespace.dataDownload, [.toIOP(.eMSP, .optional)]),
    .init("GetEVSEDynamicDataChanges", Namespace.dataDownload, [.toIOP(.eMSP, .optional)]),
    .init("ActivateEVSEStaticDataChangesFlow", Namespace.dataDownload, [.toIOP(.eMSP, .optional)]),
    .init("DeActivateEVSEStaticDataChangesFlow", Namespace.dataDownload, [.toIOP(.eMSP, .optional)]),
    .init("ActivateEVSEDynamicDataChangesFlow", Namespace.dataDownload, [.toIOP(.eMSP, .optional)]),
    .init("DeActivateEVSEDynamicDataChangesFlow", Namespace.dataDownload, [.toIOP(.eMSP, .optional)]),

    .init("SearchEVSE", nil, [.toIOP(.eMSP, .optional)]),
  ]

  private init(_ name: String, _ namespace: String?, _ calls: [Call]) {
    self.name = name
    self.namespace = namespace
    self.calls = calls
  }
}

extension OperationFacts.Call {
  fileprivate static func toIOP(_ party: OperationFacts.Party, _ obligation: OperationFacts.Obligation = .mandatory) -> Self {
    Self(direction: .toIOP, party: party, obligation: obligation, isStoredAndForwarded: false)
  }

  fileprivate static func fromIOP(_ party: OperationFacts.Party, _ obligation: OperationFacts.Obligation = .mandatory) -> Self {
    Self(direction: .fromIOP, party: party, obligation: obligation, isStoredAndForwarded: false)
  }

  fileprivate var storedAndForwarded: Self {
    Self(direction: direction, party: party, obligation: obligation, isStoredAndForwarded: true)
  }
}
