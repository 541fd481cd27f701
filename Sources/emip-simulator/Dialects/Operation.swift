/// The operations that occur in the traffic, without `eMIP_`, direction and `Request` or `Response`.
enum Operation: Int, CaseIterable {
  case HeartBeat, GetServiceAuthorisation, SetServiceAuthorisation, SetChargeDetailRecord, SetSessionEventReport
  case SetSessionActionRequest, SetEVSEAvailabilityStatus, SetEVSEBusyStatus, SetEVSESyntheticStatus
  case SetChargingPoolAvailabilityStatus, SetChargingStationAvailabilityStatus, SetChargingConnectorAvailabilityStatus
  case GetAuthenticationData, SetAuthenticationData, GetChargeDetailRecordList, SearchEVSE, GetEVSEDynamicDataChanges
  case SetEVSEDynamicDataChanges, ActivateEVSEDynamicDataChangesFlow

  var name: String { String(describing: self) }

  /// The target namespace of the service that the operation belongs to.
  var namespace: String {
    let service =
      switch self {
      case .HeartBeat: "Platform"
      case .SetEVSEAvailabilityStatus, .SetEVSEBusyStatus, .SetEVSESyntheticStatus, .SetChargingPoolAvailabilityStatus,
        .SetChargingStationAvailabilityStatus, .SetChargingConnectorAvailabilityStatus:
        "EVCIDynamic"
      case .SearchEVSE, .GetEVSEDynamicDataChanges, .SetEVSEDynamicDataChanges, .ActivateEVSEDynamicDataChangesFlow: "EVCIDataDownload"
      default: "Authorisation"
      }
    return "https://api-iop.gireve.com/schemas/\(service)V1/"
  }

  /// Whether what was not delivered is kept by the sender and sent again.
  var isStoredAndForwarded: Bool {
    switch self {
    case .SetChargeDetailRecord, .SetEVSEAvailabilityStatus, .SetEVSEBusyStatus, .SetEVSESyntheticStatus,
      .SetChargingPoolAvailabilityStatus, .SetChargingStationAvailabilityStatus, .SetChargingConnectorAvailabilityStatus:
      true
    default: false
    }
  }
}

/// Who calls whom.
enum Direction: Int, CaseIterable {
  case toIOP, fromIOP
}

/// The two halves of an exchange.
enum Part: Int, CaseIterable {
  case request, response
}
