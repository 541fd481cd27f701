/// The operations that occur in the traffic, without `eMIP_`, direction and `Request` or `Response`.
enum Operation: Int, CaseIterable {
  case heartBeat, getServiceAuthorisation, setServiceAuthorisation, setChargeDetailRecord, setSessionEventReport
  case setSessionActionRequest, setEVSEAvailabilityStatus, setEVSEBusyStatus, setEVSESyntheticStatus
  case setChargingPoolAvailabilityStatus, setChargingStationAvailabilityStatus, setChargingConnectorAvailabilityStatus
  case getAuthenticationData, setAuthenticationData, getChargeDetailRecordList, searchEVSE, getEVSEDynamicDataChanges
  case setEVSEDynamicDataChanges, activateEVSEDynamicDataChangesFlow

  var name: String {
    let name = String(describing: self)
    return name.prefix(1).uppercased() + name.dropFirst()
  }

  /// The target namespace of the service that the operation belongs to.
  var namespace: String {
    let service =
      switch self {
      case .heartBeat: "Platform"
      case .setEVSEAvailabilityStatus, .setEVSEBusyStatus, .setEVSESyntheticStatus, .setChargingPoolAvailabilityStatus,
        .setChargingStationAvailabilityStatus, .setChargingConnectorAvailabilityStatus:
        "EVCIDynamic"
      case .searchEVSE, .getEVSEDynamicDataChanges, .setEVSEDynamicDataChanges, .activateEVSEDynamicDataChangesFlow: "EVCIDataDownload"
      default: "Authorisation"
      }
    return "https://api-iop.gireve.com/schemas/\(service)V1/"
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
