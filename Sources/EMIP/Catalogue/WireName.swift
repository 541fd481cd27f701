/// The numbers of the element names of eMIP and SOAP: what a ``LeafPath`` holds instead of a name. 0 is every name not listed.
///
/// The numbers are on disk: append, never renumber, never reuse. The spellings stand beside them in `WireName+Table.swift`; the
/// official WSDL files are not public, so a partner who has them corrects a spelling with an alias file (``WireName/Table``) and not
/// here.
public enum WireName {
  /// A name that is not listed.
  public static let unknown: UInt16 = 0

  // MARK: SOAP 1.1 and 1.2
  public static let envelope: UInt16 = 1
  public static let header: UInt16 = 2
  public static let body: UInt16 = 3
  public static let fault: UInt16 = 4
  public static let code: UInt16 = 5
  public static let subcode: UInt16 = 6
  public static let value: UInt16 = 7
  public static let reason: UInt16 = 8
  public static let text: UInt16 = 9
  public static let node: UInt16 = 10
  public static let role: UInt16 = 11
  public static let detail: UInt16 = 12
  /// SOAP 1.1.
  public static let soap11FaultCode: UInt16 = 13
  /// SOAP 1.1.
  public static let soap11FaultString: UInt16 = 14
  /// SOAP 1.1.
  public static let soap11FaultActor: UInt16 = 15
  /// SOAP 1.1 spells it in lower case.
  public static let soap11Detail: UInt16 = 16
  /// In the detail of the platform's faults.
  public static let faultCode: UInt16 = 17
  public static let faultMessage: UInt16 = 18
  /// Stands for the child of the SOAP body, whatever the operation; it has no spelling of its own and the table never finds it.
  public static let operationElement: UInt16 = 19

  // MARK: Header fields of requests and responses (guide 5.3.5)
  public static let transactionId: UInt16 = 20
  public static let partnerIdType: UInt16 = 21
  public static let partnerId: UInt16 = 22
  public static let operatorIdType: UInt16 = 23
  public static let operatorId: UInt16 = 24
  public static let targetOperatorIdType: UInt16 = 25
  public static let targetOperatorId: UInt16 = 26
  public static let requestStatus: UInt16 = 27

  // MARK: Heartbeat
  public static let heartBeatPeriod: UInt16 = 28
  public static let currentTime: UInt16 = 29

  // MARK: Session identifiers (guide 5.5.1)
  public static let serviceSessionId: UInt16 = 30
  public static let partnerServiceSessionId: UInt16 = 31
  public static let execPartnerSessionId: UInt16 = 32
  public static let salePartnerSessionId: UInt16 = 33
  public static let bookingId: UInt16 = 34
  public static let salePartnerBookingId: UInt16 = 35

  // MARK: Operators named in the body
  public static let execPartnerOperatorIdType: UInt16 = 36
  public static let execPartnerOperatorId: UInt16 = 37
  public static let salePartnerOperatorIdType: UInt16 = 38
  public static let salePartnerOperatorId: UInt16 = 39

  // MARK: EVCI elements (guide 3.3)
  public static let evseIdType: UInt16 = 40
  public static let evseId: UInt16 = 41
  public static let chargingPoolIdType: UInt16 = 42
  public static let chargingPoolId: UInt16 = 43
  public static let chargingStationIdType: UInt16 = 44
  public static let chargingStationId: UInt16 = 45
  public static let chargingConnectorIdType: UInt16 = 46
  public static let chargingConnectorId: UInt16 = 47

  // MARK: Users and authorisation (guide 6.4.3)
  public static let userIdType: UInt16 = 48
  public static let userId: UInt16 = 49
  public static let userContractIdAlias: UInt16 = 50
  public static let requestedServiceId: UInt16 = 51
  public static let authorisationValue: UInt16 = 52
  public static let intermediateCDRRequested: UInt16 = 53
  public static let parameter: UInt16 = 54

  // MARK: White list
  public static let authenticationDataList: UInt16 = 55
  public static let authenticationData: UInt16 = 56
  public static let actionType: UInt16 = 57
  public static let expiryDate: UInt16 = 58
  public static let lastRequestDate: UInt16 = 59

  // MARK: Charge detail records and meters (guide 5.5.2, 6.5)
  public static let chargeDetailRecordList: UInt16 = 60
  public static let chargeDetailRecord: UInt16 = 61
  public static let cdrNature: UInt16 = 62
  public static let partnerProductId: UInt16 = 63
  public static let startTime: UInt16 = 64
  public static let endTime: UInt16 = 65
  public static let meterReportList: UInt16 = 66
  public static let meterLimitList: UInt16 = 67
  public static let meterReport: UInt16 = 68
  /// Called `meterIdType` in the guide's prose, which is an alias from the start.
  public static let meterTypeId: UInt16 = 69
  public static let meterValue: UInt16 = 70
  public static let meterUnit: UInt16 = 71

  // MARK: Events and actions (guide 6.6)
  public static let sessionEvent: UInt16 = 72
  public static let sessionEventNature: UInt16 = 73
  public static let sessionEventId: UInt16 = 74
  public static let sessionEventDateTime: UInt16 = 75
  public static let sessionEventParameter: UInt16 = 76
  public static let relatedSessionActionId: UInt16 = 77
  public static let sessionAction: UInt16 = 78
  public static let sessionActionNature: UInt16 = 79
  public static let sessionActionId: UInt16 = 80
  public static let sessionActionDateTime: UInt16 = 81
  public static let sessionActionParameter: UInt16 = 82
  public static let relatedSessionEventId: UInt16 = 83

  // MARK: Statuses of EVCI elements
  public static let statusEventDate: UInt16 = 84
  public static let availabilityStatusEventDate: UInt16 = 85
  public static let availabilityStatus: UInt16 = 86
  public static let availabilityStatusUntil: UInt16 = 87
  public static let availabilityStatusComment: UInt16 = 88
  public static let busyStatusEventDate: UInt16 = 89
  public static let busyStatus: UInt16 = 90
  public static let busyStatusUntil: UInt16 = 91
  public static let busyStatusComment: UInt16 = 92

  // MARK: Change lists and search. These spellings are conjecture: no public source shows them.
  public static let evseStaticDataChangeList: UInt16 = 93
  public static let evseStaticDataChange: UInt16 = 94
  public static let evseDynamicDataChangeList: UInt16 = 95
  public static let evseDynamicDataChange: UInt16 = 96
  public static let evseDescripList: UInt16 = 97
  public static let evseDescrip: UInt16 = 98
  public static let evseList: UInt16 = 99
  public static let evse: UInt16 = 100
  public static let changeType: UInt16 = 101
  public static let changeDate: UInt16 = 102
  public static let maxCount: UInt16 = 103
  public static let fromDate: UInt16 = 104
  public static let toDate: UInt16 = 105
}

extension WireName {
  /// Whether an element's texts come again and again and are never personal, so that a segment may keep each of them once, as a word:
  /// codes, types, units, statuses, the ids of operators and of what they run, and those of messages and sessions, whose beginnings recur.
  ///
  /// An allow-list. What tells of a user, and what anybody may write freely, MUST NOT be on it.
  public static func isRecurring(_ name: UInt16) -> Bool {
    switch name {
    case value, soap11FaultCode, faultCode, requestStatus, heartBeatPeriod: true
    case partnerIdType, operatorIdType, targetOperatorIdType, execPartnerOperatorIdType, salePartnerOperatorIdType: true
    case partnerId, operatorId, targetOperatorId, execPartnerOperatorId, salePartnerOperatorId: true
    case evseIdType, chargingPoolIdType, chargingStationIdType, chargingConnectorIdType, userIdType: true
    case evseId, chargingPoolId, chargingStationId, chargingConnectorId: true
    case requestedServiceId, authorisationValue, intermediateCDRRequested, actionType, cdrNature: true
    case meterTypeId, meterUnit, sessionEventNature, sessionActionNature: true
    case availabilityStatus, busyStatus, changeType: true
    case transactionId, serviceSessionId, partnerServiceSessionId, execPartnerSessionId, salePartnerSessionId: true
    case sessionEventId, relatedSessionEventId, sessionActionId, relatedSessionActionId, bookingId, salePartnerBookingId: true
    default: false
    }
  }

  /// Whether an element that is not recurring holds what is measured, counted or dated, or an address of a service: a value that tells of no person.
  ///
  /// An allow-list, as ``isRecurring(_:)``: whatever else a message holds may be free text, and is personal.
  public static func isImpersonal(_ name: UInt16) -> Bool {
    switch name {
    case currentTime, expiryDate, lastRequestDate, partnerProductId, startTime, endTime, meterValue: true
    case sessionEventDateTime, sessionActionDateTime, statusEventDate, availabilityStatusEventDate, busyStatusEventDate: true
    case availabilityStatusUntil, busyStatusUntil, changeDate, maxCount, fromDate, toDate: true
    default: false
    }
  }

  /// Whether the element holds the code of a fault, where it stands in one.
  static func isFaultCode(_ name: UInt16) -> Bool { name == value || name == soap11FaultCode || name == faultCode }

  /// Whether the element is one of eMIP's own, and none of SOAP's.
  static func isEMIP(_ name: UInt16) -> Bool { name >= transactionId }

  /// Whether the element is an item of a message's outer list: each stands for a message pushed alone.
  public static func isItem(_ name: UInt16) -> Bool {
    switch name {
    case authenticationData, chargeDetailRecord, evseStaticDataChange, evseDynamicDataChange, evseDescrip, evse: true
    default: false
    }
  }

  /// Whether the element is an item of an inner list: a meter of a record or of an authorisation.
  public static func isSubitem(_ name: UInt16) -> Bool { name == meterReport }
}
