extension WireName {
  /// Each number's spelling on the wire. A name that the reference platform and its clients spell in two ways stands a second time in
  /// ``standardAliases``.
  static let spellings: [(number: UInt16, spelling: String)] = [
    (envelope, "Envelope"), (header, "Header"), (body, "Body"), (fault, "Fault"), (code, "Code"), (subcode, "Subcode"), (value, "Value"),
    (reason, "Reason"), (text, "Text"), (node, "Node"), (role, "Role"), (detail, "Detail"), (soap11FaultCode, "faultcode"),
    (soap11FaultString, "faultstring"), (soap11FaultActor, "faultactor"), (soap11Detail, "detail"), (faultCode, "faultCode"),
    (faultMessage, "faultMessage"), (operationElement, "#operation"), (transactionId, "transactionId"), (partnerIdType, "partnerIdType"),
    (partnerId, "partnerId"), (operatorIdType, "operatorIdType"), (operatorId, "operatorId"),
    (targetOperatorIdType, "targetOperatorIdType"), (targetOperatorId, "targetOperatorId"), (requestStatus, "requestStatus"),
    (heartBeatPeriod, "heartBeatPeriod"), (currentTime, "currentTime"), (serviceSessionId, "serviceSessionId"),
    (partnerServiceSessionId, "partnerServiceSessionId"), (execPartnerSessionId, "execPartnerSessionId"),
    (salePartnerSessionId, "salePartnerSessionId"), (bookingId, "bookingId"), (salePartnerBookingId, "salePartnerBookingId"),
    (execPartnerOperatorIdType, "execPartnerOperatorIdType"), (execPartnerOperatorId, "execPartnerOperatorId"),
    (salePartnerOperatorIdType, "salePartnerOperatorIdType"), (salePartnerOperatorId, "salePartnerOperatorId"),
    (evseIdType, "EVSEIdType"), (evseId, "EVSEId"), (chargingPoolIdType, "ChargingPoolIdType"), (chargingPoolId, "ChargingPoolId"),
    (chargingStationIdType, "ChargingStationIdType"), (chargingStationId, "ChargingStationId"),
    (chargingConnectorIdType, "ChargingConnectorIdType"), (chargingConnectorId, "ChargingConnectorId"), (userIdType, "userIdType"),
    (userId, "userId"), (userContractIdAlias, "userContractIdAlias"), (requestedServiceId, "requestedServiceId"),
    (authorisationValue, "authorisationValue"), (intermediateCDRRequested, "intermediateCDRRequested"), (parameter, "parameter"),
    (authenticationDataList, "authenticationDataList"), (authenticationData, "authenticationData"), (actionType, "actionType"),
    (expiryDate, "expiryDate"), (lastRequestDate, "lastRequestDate"), (chargeDetailRecordList, "chargeDetailRecordList"),
    (chargeDetailRecord, "chargeDetailRecord"), (cdrNature, "CDRNature"), (partnerProductId, "partnerProductId"),
    (startTime, "startTime"), (endTime, "endTime"), (meterReportList, "meterReportList"), (meterLimitList, "meterLimitList"),
    (meterReport, "meterReport"), (meterTypeId, "meterTypeId"), (meterValue, "meterValue"), (meterUnit, "meterUnit"),
    (sessionEvent, "sessionEvent"), (sessionEventNature, "sessionEventNature"), (sessionEventId, "sessionEventId"),
    (sessionEventDateTime, "sessionEventDateTime"), (sessionEventParameter, "sessionEventParameter"),
    (relatedSessionActionId, "relatedSessionActionId"), (sessionAction, "sessionAction"), (sessionActionNature, "sessionActionNature"),
    (sessionActionId, "sessionActionId"), (sessionActionDateTime, "sessionActionDateTime"),
    (sessionActionParameter, "sessionActionParameter"), (relatedSessionEventId, "relatedSessionEventId"),
    (statusEventDate, "statusEventDate"), (availabilityStatusEventDate, "availabilityStatusEventDate"),
    (availabilityStatus, "availabilityStatus"), (availabilityStatusUntil, "availabilityStatusUntil"),
    (availabilityStatusComment, "availabilityStatusComment"), (busyStatusEventDate, "busyStatusEventDate"), (busyStatus, "busyStatus"),
    (busyStatusUntil, "busyStatusUntil"), (busyStatusComment, "busyStatusComment"),
    (evseStaticDataChangeList, "EVSEStaticDataChangeList"), (evseStaticDataChange, "EVSEStaticDataChange"),
    (evseDynamicDataChangeList, "EVSEDynamicDataChangeList"), (evseDynamicDataChange, "EVSEDynamicDataChange"),
    (evseDescripList, "EVSEDescripList"), (evseDescrip, "EVSEDescrip"), (evseList, "EVSEList"), (evse, "EVSE"),
    (changeType, "changeType"), (changeDate, "changeDate"), (maxCount, "maxCount"), (fromDate, "fromDate"), (toDate, "toDate"),
  ]

  /// Other spellings that every table reads.
  static let standardAliases: [(spelling: String, number: UInt16)] = [
    ("meterIdType", meterTypeId),
    // Lists of changes and descriptions, as they are called without the word for the change.
    ("EVSEStaticDataList", evseStaticDataChangeList), ("EVSEStaticData", evseStaticDataChange),
    ("EVSEDynamicDataList", evseDynamicDataChangeList), ("EVSEDynamicData", evseDynamicDataChange),
    ("EVSEDescriptionList", evseDescripList), ("EVSEDescription", evseDescrip),
  ]
}
