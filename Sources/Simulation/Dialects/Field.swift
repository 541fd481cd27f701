/// The elements below the body child, by their local names.
enum Field: Int, CaseIterable {
  case transactionId, partnerIdType, partnerId, operatorIdType, operatorId, targetOperatorIdType, targetOperatorId, requestStatus
  case heartBeatPeriod, currentTime
  case evseIdType, evseId, userIdType, userId, requestedServiceId, partnerServiceSessionId, serviceSessionId, authorisationValue
  case intermediateCDRRequested, userContractIdAlias, meterLimitList, parameter, bookingId, salePartnerBookingId
  case salePartnerOperatorIdType, salePartnerOperatorId, execPartnerOperatorIdType, execPartnerOperatorId
  case chargeDetailRecord, cdrNature, execPartnerSessionId, salePartnerSessionId, partnerProductId, startTime, endTime
  case meterReportList, meterReport, meterTypeId, meterValue, meterUnit
  case sessionEvent, sessionEventNature, sessionEventId, sessionEventDateTime, sessionEventParameter, relatedSessionActionId
  case sessionAction, sessionActionNature, sessionActionId, sessionActionDateTime, sessionActionParameter
  case statusEventDate, availabilityStatus, availabilityStatusUntil, availabilityStatusComment
  case busyStatus, busyStatusUntil, busyStatusComment, availabilityStatusEventDate, busyStatusEventDate
  case chargingPoolIdType, chargingPoolId, chargingStationIdType, chargingStationId, chargingConnectorIdType, chargingConnectorId
  case authenticationDataList, authenticationData, actionType, expiryDate, lastRequestDate
  case maxCount, evseDynamicDataList, evseDynamicData, evseDescriptionList, evseDescription

  /// The element's local name: the case's own, but for those that begin with a capital.
  var localName: String {
    let name = String(describing: self)
    if name.hasPrefix("evse") { return "EVSE" + name.dropFirst(4) }
    if name.hasPrefix("cdr") { return "CDR" + name.dropFirst(3) }
    if name.hasPrefix("charging") { return "C" + name.dropFirst() }
    return name
  }

  /// The schema type that a sender names who writes `xsi:type`.
  var schemaType: String? {
    switch self {
    case .meterLimitList, .chargeDetailRecord, .meterReportList, .meterReport, .sessionEvent, .sessionAction, .authenticationDataList,
      .authenticationData, .evseDynamicDataList, .evseDynamicData, .evseDescriptionList, .evseDescription:
      nil
    case .currentTime, .startTime, .endTime, .sessionEventDateTime, .sessionActionDateTime, .statusEventDate, .availabilityStatusUntil,
      .busyStatusUntil, .availabilityStatusEventDate, .busyStatusEventDate, .expiryDate, .lastRequestDate:
      "xsd:dateTime"
    default: "xsd:string"
    }
  }
}
