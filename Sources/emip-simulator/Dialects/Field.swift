/// The elements below the body child, by their local names.
enum Field: Int, CaseIterable {
  case transactionId, partnerIdType, partnerId, operatorIdType, operatorId, targetOperatorIdType, targetOperatorId, requestStatus
  case heartBeatPeriod, currentTime
  case EVSEIdType, EVSEId, userIdType, userId, requestedServiceId, partnerServiceSessionId, serviceSessionId, authorisationValue
  case intermediateCDRRequested, userContractIdAlias, meterLimitList, parameter, bookingId, salePartnerBookingId
  case salePartnerOperatorIdType, salePartnerOperatorId, execPartnerOperatorIdType, execPartnerOperatorId
  case chargeDetailRecord, CDRNature, execPartnerSessionId, salePartnerSessionId, partnerProductId, startTime, endTime
  case meterReportList, meterReport, meterTypeId, meterValue, meterUnit
  case sessionEvent, sessionEventNature, sessionEventId, sessionEventDateTime, sessionEventParameter, relatedSessionActionId
  case sessionAction, sessionActionNature, sessionActionId, sessionActionDateTime, sessionActionParameter
  case statusEventDate, availabilityStatus, availabilityStatusUntil, availabilityStatusComment
  case busyStatus, busyStatusUntil, busyStatusComment, availabilityStatusEventDate, busyStatusEventDate
  case ChargingPoolIdType, ChargingPoolId, ChargingStationIdType, ChargingStationId, ChargingConnectorIdType, ChargingConnectorId
  case authenticationDataList, authenticationData, actionType, expiryDate, lastRequestDate
  case maxCount, EVSEDynamicDataList, EVSEDynamicData, EVSEDescriptionList, EVSEDescription

  /// The element's local name: the case's own.
  var localName: String { String(describing: self) }

  /// The schema type that a sender names who writes `xsi:type`.
  var schemaType: String? {
    switch self {
    case .meterLimitList, .chargeDetailRecord, .meterReportList, .meterReport, .sessionEvent, .sessionAction, .authenticationDataList,
      .authenticationData, .EVSEDynamicDataList, .EVSEDynamicData, .EVSEDescriptionList, .EVSEDescription:
      nil
    case .currentTime, .startTime, .endTime, .sessionEventDateTime, .sessionActionDateTime, .statusEventDate, .availabilityStatusUntil,
      .busyStatusUntil, .availabilityStatusEventDate, .busyStatusEventDate, .expiryDate, .lastRequestDate:
      "xsd:dateTime"
    default: "xsd:string"
    }
  }
}
