import JournalFormat

extension OperationFacts {
  /// The operations of guide 6.1, 6.6, 7.1 and 7.5.
  public static let all: [OperationFacts] = [
    .init("HeartBeat", Namespace.platform),

    .init("GetServiceAuthorisation", Namespace.authorisation),
    .init("SetServiceAuthorisation", Namespace.authorisation),
    .init("SetChargeDetailRecord", Namespace.authorisation),
    .init("GetChargeDetailRecordList", Namespace.authorisation),
    .init("GetChargeDetailRecord", Namespace.authorisation),
    .init("SetSessionEventReport", Namespace.authorisation),
    .init("SetSessionActionRequest", Namespace.authorisation),
    .init("GetAuthenticationData", Namespace.authorisation),
    .init("SetAuthenticationData", Namespace.authorisation),

    .init("SetEVSEAvailabilityStatus", Namespace.dynamicData),
    .init("SetEVSEBusyStatus", Namespace.dynamicData),
    .init("SetEVSESyntheticStatus", Namespace.dynamicData),
    .init("SetChargingPoolAvailabilityStatus", Namespace.dynamicData),
    .init("SetChargingStationAvailabilityStatus", Namespace.dynamicData),
    .init("SetChargingConnectorAvailabilityStatus", Namespace.dynamicData),

    // Not active on the platform yet (guide 6.2.3).
    .init("SetChargingPoolStaticData", nil),
    .init("SetChargingStationStaticData", nil),
    .init("SetEVSEStaticData", nil),
    .init("SetChargingConnectorStaticData", nil),

    .init("SetEVSEStaticDataChanges", Namespace.dataDownload),
    .init("SetEVSEDynamicDataChanges", Namespace.dataDownload),
    .init("GetEVSEStaticDataChanges", Namespace.dataDownload),
    .init("GetEVSEDynamicDataChanges", Namespace.dataDownload),
    .init("ActivateEVSEStaticDataChangesFlow", Namespace.dataDownload),
    .init("DeActivateEVSEStaticDataChangesFlow", Namespace.dataDownload),
    .init("ActivateEVSEDynamicDataChangesFlow", Namespace.dataDownload),
    .init("DeActivateEVSEDynamicDataChangesFlow", Namespace.dataDownload),

    .init("SearchEVSE", nil),
  ]

  private init(_ name: String, _ namespace: String?) {
    self.name = name
    self.namespace = namespace
  }
}
