import Testing

@testable import EMIP

@Suite struct WireNameTests {
  @Test func `numbers are dense and spellings unique, so that none is lost or taken for another`() {
    #expect(WireName.spellings.map(\.number) == Array(1...UInt16(WireName.spellings.count)))
    #expect(Set(WireName.spellings.map(\.spelling)).count == WireName.spellings.count)
  }

  // Numbers are on disk, in every template. Never edit a line of this list; new names come behind it.
  private static let spellingsOnDisk = """
    Envelope Header Body Fault Code Subcode Value Reason Text Node Role Detail faultcode faultstring faultactor detail faultCode \
    faultMessage #operation transactionId partnerIdType partnerId operatorIdType operatorId targetOperatorIdType targetOperatorId \
    requestStatus heartBeatPeriod currentTime serviceSessionId partnerServiceSessionId execPartnerSessionId salePartnerSessionId \
    bookingId salePartnerBookingId execPartnerOperatorIdType execPartnerOperatorId salePartnerOperatorIdType \
    salePartnerOperatorId EVSEIdType EVSEId ChargingPoolIdType ChargingPoolId ChargingStationIdType ChargingStationId \
    ChargingConnectorIdType ChargingConnectorId userIdType userId userContractIdAlias requestedServiceId authorisationValue \
    intermediateCDRRequested parameter authenticationDataList authenticationData actionType expiryDate lastRequestDate \
    chargeDetailRecordList chargeDetailRecord CDRNature partnerProductId startTime endTime meterReportList meterLimitList \
    meterReport meterTypeId meterValue meterUnit sessionEvent sessionEventNature sessionEventId sessionEventDateTime \
    sessionEventParameter relatedSessionActionId sessionAction sessionActionNature sessionActionId sessionActionDateTime \
    sessionActionParameter relatedSessionEventId statusEventDate availabilityStatusEventDate availabilityStatus \
    availabilityStatusUntil availabilityStatusComment busyStatusEventDate busyStatus busyStatusUntil busyStatusComment \
    EVSEStaticDataChangeList EVSEStaticDataChange EVSEDynamicDataChangeList EVSEDynamicDataChange EVSEDescripList EVSEDescrip \
    EVSEList EVSE changeType changeDate maxCount fromDate toDate
    """

  @Test func `a number on disk keeps its meaning`() {
    let spellings = Self.spellingsOnDisk.split(separator: " ").map(String.init)
    #expect(spellings.count == 105)
    for (index, spelling) in spellings.enumerated() { #expect(WireName.spelling(of: UInt16(index + 1)) == spelling) }
  }

  @Test func `every spelling is found, in its own case only`() {
    let table = WireName.Table()
    for (number, spelling) in WireName.spellings where number != WireName.operationElement {
      #expect(table.name(of: spelling) == number)
      #expect(table.spelling(of: number) == spelling)
    }
    #expect(table.name(of: "TransactionId") == WireName.unknown)
    #expect(table.name(of: "evseid") == WireName.unknown)
  }

  @Test(arguments: ["", "x", "transactionI", "transactionIdd", "requestStatuS", "#operation", "é", String(repeating: "a", count: 5000)])
  func `anything else is unknown`(name: String) {
    #expect(WireName.Table.standard.name(of: name) == WireName.unknown)
  }

  @Test func `the guide's name of the meter type is read from the start`() {
    #expect(WireName.Table.standard.name(of: "meterIdType") == WireName.meterTypeId)
  }

  @Test(arguments: [
    ("EVSEDynamicDataList", WireName.evseDynamicDataChangeList), ("EVSEDynamicData", WireName.evseDynamicDataChange),
    ("EVSEStaticDataList", WireName.evseStaticDataChangeList), ("EVSEStaticData", WireName.evseStaticDataChange),
    ("EVSEDescriptionList", WireName.evseDescripList), ("EVSEDescription", WireName.evseDescrip),
  ])
  func `lists of changes are read under their shorter names`(spelling: String, number: UInt16) {
    #expect(WireName.Table.standard.name(of: spelling) == number)
  }

  @Test func `an alias file corrects names of elements and operations`() throws {
    let table = try WireName.Table(
      contentsOf: """
        # from the official WSDL
        natureOfCDR = CDRNature   # a comment
        \t
        busyStatus=availabilityStatus
        SetCDR = setchargedetailrecord\r
        """)
    #expect(table.name(of: "natureOfCDR") == WireName.cdrNature)
    #expect(table.name(of: "CDRNature") == WireName.cdrNature)
    #expect(table.name(of: "busyStatus") == WireName.availabilityStatus)
    #expect(table.name(of: "availabilityStatus") == WireName.availabilityStatus)
    #expect(Operation(localName: "eMIP_ToIOP_SetCDRRequest", in: table).name == "SetChargeDetailRecord")
    #expect(Operation(localName: "eMIP_ToIOP_SetCDRRequest").name == "SetCDR")
  }

  @Test(arguments: [
    ("a = userId\n\nb = userID", 3, "no element or operation is called \"userID\""),
    ("userId", 1, "expected \"theirName = ourName\""),
    ("a = b = userId", 1, "expected \"theirName = ourName\""),
    ("\n = userId", 2, "\"\" is no name of an XML element"),
    ("ns:a = userId", 1, "\"ns:a\" is no name of an XML element"),
    ("a b = userId", 1, "\"a b\" is no name of an XML element"),
    ("9a = userId", 1, "\"9a\" is no name of an XML element"),
    ("a = userId\na = operatorId", 2, "\"a\" was given a meaning in line 1 already"),
    ("a =", 1, "no element or operation is called \"\""),
  ])
  func `a faulty alias file is refused with the line and the reason`(text: String, line: Int, message: String) {
    let error = #expect(throws: EMIPError.self) { try WireName.Table(contentsOf: text) }
    #expect(error == EMIPError(.aliasFile, message, line: line))
  }

  @Test func `aliases given in code are checked, too`() throws {
    #expect(try WireName.Table(aliases: ["theirs": "userId"]).name(of: "theirs") == WireName.userId)
    #expect(throws: EMIPError.self) { try WireName.Table(aliases: ["theirs": "nothing"]) }
  }

  @Test func `a table tells names apart that share length and ends`() {
    var names: [(spelling: String, number: UInt16)] = []
    for number in 1...2000 { names.append(("prefix--\(number + 10_000)--suffix00", UInt16(number))) }
    let table = SpellingTable(names, ignoringCase: false)
    for (spelling, number) in names { #expect(Array(spelling.utf8).withUnsafeBufferPointer { table.number(of: $0) } == number) }
    #expect(Array("prefix--99999--suffix00".utf8).withUnsafeBufferPointer { table.number(of: $0) } == 0)
  }
}
