import JournalFormat
import Testing

@testable import EMIP

@Suite struct MessageFactsTests {
  private let reader = MessageReader()

  private func facts(_ operation: String, _ fields: String) throws -> MessageFacts {
    try reader.facts(of: SOAP.message(operation, fields))
  }

  private static func record(_ number: Int) -> String {
    """
    <chargeDetailRecord><CDRNature>Final</CDRNature><serviceSessionId>S\(number)</serviceSessionId>
    <execPartnerSessionId>X\(number)</execPartnerSessionId><execPartnerOperatorId>FR*A23</execPartnerOperatorId>
    <salePartnerSessionId>Y\(number)</salePartnerSessionId><salePartnerOperatorId>FR*B45</salePartnerOperatorId>
    <requestedServiceId>1</requestedServiceId><EVSEIdType>eMI3</EVSEIdType><EVSEId>FR*A23*E1</EVSEId>
    <userContractIdAlias>A\(number)</userContractIdAlias><userIdType>RFID-UID</userIdType><userId>U\(number)</userId>
    <partnerProductId>P</partnerProductId><startTime>2025-03-01T10:00:00+01:00</startTime><endTime>tomorrow</endTime>
    <meterReportList>
      <meterReport><meterTypeId>1</meterTypeId><meterValue>30</meterValue><meterUnit>min</meterUnit></meterReport>
      <meterReport><meterIdType>2</meterIdType><meterValue>12.50</meterValue><meterUnit>Wh</meterUnit></meterReport>
      <meterReport><meterTypeId>x</meterTypeId></meterReport>
    </meterReportList></chargeDetailRecord>
    """
  }

  @Test func `header fields are not those of an item`() throws {
    let item = "<operatorId>X</operatorId><transactionId>T-2</transactionId><requestStatus>9</requestStatus>"
    let list = "<chargeDetailRecord>\(item)</chargeDetailRecord>"
    let message = try reader.facts(of: SOAP.body("<Op>\(list)<transactionId/><transactionId>T-3</transactionId></Op>"))
    #expect(message.transactionId == "T-3")
    #expect(message.operatorId == nil)
    #expect(message.requestStatus == nil)
    #expect(message.marked(.transactionId) == ["T-2", "T-3"])
  }

  @Test func `gives every record with its meters`() throws {
    let records = (1...3).map(MessageFactsTests.record).joined()
    let message = try facts("eMIP_ToIOP_GetChargeDetailRecordListResponse", "<chargeDetailRecordList>\(records)</chargeDetailRecordList>")
    let read = message.chargeDetailRecords
    // One alone is read as one of all.
    #expect((0...read.count).map(message.chargeDetailRecord) == read + [nil])
    #expect((0...read.count).map(message.recordFields) == message.recordFields + [nil])
    #expect(read.map(\.serviceSessionId) == ["S1", "S2", "S3"])
    #expect(read.map(\.user.userId) == ["U1", "U2", "U3"])
    #expect(read.map(\.user.userContractIdAlias) == ["A1", "A2", "A3"])
    let record = read[1]
    #expect(record.nature.map(CDRNature.Interpretation.standard.nature) == .final)
    #expect([record.execPartnerSessionId, record.salePartnerSessionId] == ["X2", "Y2"])
    #expect([record.execPartnerOperatorId, record.salePartnerOperatorId] == ["FR*A23", "FR*B45"])
    #expect([record.evseId, record.partnerProductId] == ["FR*A23*E1", "P"])
    #expect(record.requestedServiceId?.value == .genericCharge)
    #expect(record.user.userIdType == .rfidUID)
    #expect(record.startTime?.value == Timestamp("2025-03-01T09:00:00Z"))
    #expect(record.endTime == Field(text: "tomorrow", value: nil))
    #expect(record.meters.map(\.type?.value) == [.totalDuration, .totalEnergy, nil])
    #expect(record.meters.map(\.value) == ["30", "12.50", nil])
    #expect(record.meters.map(\.unit) == ["min", "Wh", nil])
    #expect(message.meterLimits.isEmpty)
  }

  @Test func `gives an authorisation with its limits`() throws {
    let fields = """
      <serviceSessionId>S</serviceSessionId><userIdType>EVCO</userIdType><userId>C</userId><requestedServiceId>1</requestedServiceId>
      <authorisationValue>1</authorisationValue><intermediateCDRRequested>1</intermediateCDRRequested><bookingId>B</bookingId>
      <meterLimitList><meterReport><meterTypeId>2</meterTypeId><meterValue>9</meterValue></meterReport></meterLimitList>
      """
    let message = try facts("eMIP_ToIOP_SetServiceAuthorisationRequest", fields)
    let authorisation = try #require(message.serviceAuthorisation)
    #expect(authorisation.serviceSessionId == "S")
    #expect(authorisation.bookingId == "B")
    #expect(authorisation.user.userId == "C")
    #expect(authorisation.authorisationValue?.value == .authorised)
    #expect(authorisation.intermediateCDRRequested?.value == true)
    #expect(authorisation.meterLimits.map(\.value) == ["9"])
    #expect(message.meterLimits == authorisation.meterLimits)
    #expect(message.authorisationValue?.value == .authorised)
    #expect(message.requestedServiceId?.value == .genericCharge)
    #expect(try facts("eMIP_ToIOP_SetChargeDetailRecordRequest", fields).serviceAuthorisation == nil)
  }

  @Test func `gives white list entries with their limits`() throws {
    let limit = "<meterLimitList><meterReport><meterTypeId>1</meterTypeId><meterValue>60</meterValue></meterReport></meterLimitList>"
    let first = "<actionType>3</actionType><userId>U1</userId>\(limit)<parameter>p</parameter>"
    let second = "<actionType>9</actionType><userId>U2</userId><expiryDate>2026-01-01T00:00:00Z</expiryDate>"
    let entries = "<authenticationData>\(first)</authenticationData><authenticationData>\(second)</authenticationData>"
    let list = try facts("eMIP_FromIOP_SetAuthenticationDataRequest", "<authenticationDataList>\(entries)</authenticationDataList>")
      .authenticationData
    #expect(list.map(\.actionType?.value) == [.delete, ActionType(rawValue: 9)])
    #expect(list.map(\.meterLimits.count) == [1, 0])
    #expect(list.map(\.parameter) == ["p", nil])
    #expect(list.map(\.expiryDate?.value) == [nil, Timestamp("2026-01-01T00:00:00Z")])
  }

  @Test func `what is there and cannot be read is handed on as it was written, and is not absent`() throws {
    let good = "<userIdType>RFID-UID</userIdType><userId>U1</userId>"
    let limit = "<meterLimitList><meterReport><meterTypeId>2</meterTypeId><meterValue>9,5</meterValue></meterReport></meterLimitList>"
    let bad = """
      <actionType>insert</actionType><userId>U2</userId><requestedServiceId>one</requestedServiceId>
      <authorisationValue>yes</authorisationValue><intermediateCDRRequested>no</intermediateCDRRequested>
      <expiryDate>31/12/2025</expiryDate>\(limit)
      """
    let entries = "<authenticationData>\(good)</authenticationData><authenticationData>\(bad)</authenticationData>"
    let message = try facts(
      "eMIP_FromIOP_SetAuthenticationDataRequest", "<authenticationDataList>\(entries)</authenticationDataList>")
    let texts = [
      "actionType": "insert", "requestedServiceId": "one", "authorisationValue": "yes", "intermediateCDRRequested": "no",
      "expiryDate": "31/12/2025",
    ]
    func told(_ unreadable: UnreadableValues) -> [String: String] {
      Dictionary(unreadable.values.map { ($0.name, $0.text) }) { first, _ in first }
    }
    #expect(message.authenticationData.map { told($0.unreadable) } == [[:], texts])
    #expect(message.authenticationData[1].meterLimits.map { told($0.unreadable) } == [["meterValue": "9,5"]])

    var read: [AuthenticationEntry] = []
    message.forEachAuthenticationEntry { read.append($0) }
    #expect(read.map { told($0.unreadable) } == [[:], texts.merging(["meterValue": "9,5"]) { first, _ in first }])
    #expect(read.map(\.service) == [.genericCharge, nil])
    #expect(read.map(\.isServiceAssumed) == [true, false])
    #expect(read.map(\.expiryDate) == [nil, nil])
  }

  @Test(arguments: [
    ("2025-12-31", "expiryDate"), ("2025-12-31T23:59:59+0100", "expiryDate"), ("31/12/2025", "expiryDate"),
    ("TRUE", "intermediateCDRRequested"),
    ("1.0", "authorisationValue"), ("4294967296", "actionType"),
  ])
  func `two entries that differ only in what cannot be read are two`(text: String, field: String) throws {
    func entry(_ text: String) throws -> AuthenticationEntry {
      let item = "<authenticationData><userId>U</userId><\(field)>\(text)</\(field)></authenticationData>"
      let message = try facts("eMIP_ToIOP_SetAuthenticationDataRequest", "<authenticationDataList>\(item)</authenticationDataList>")
      var entries: [AuthenticationEntry] = []
      message.forEachAuthenticationEntry { entries.append($0) }
      return try #require(entries.first)
    }
    #expect(try entry(text).unreadable[field] == text)
    #expect(try entry(text).detailsChecksum == entry(text).detailsChecksum)
    #expect(try entry(text).detailsChecksum != entry(text + "?").detailsChecksum)
  }

  @Test func `unreadable values of records, meters, authorisations, events and actions are told`() throws {
    let record = MessageFactsTests.record(1).replacing("12.50", with: "12,50")
    let records = try facts("eMIP_ToIOP_SetChargeDetailRecordRequest", record).chargeDetailRecords
    #expect(records[0].unreadable.values.map(\.name) == ["endTime"])
    #expect(records[0].unreadable["endTime"] == "tomorrow")
    #expect(records[0].meters.map(\.unreadable.values.first?.text) == [nil, "12,50", "x"])

    let asked = "<EVSEId>E</EVSEId><requestedServiceId>a</requestedServiceId><authorisationValue>b</authorisationValue>"
    let authorisation = try facts("eMIP_ToIOP_GetServiceAuthorisationResponse", asked)
    #expect(authorisation.serviceAuthorisation?.unreadable.values.map(\.text) == ["a", "b"])
    #expect(authorisation.sessionFields.unreadable.values.map(\.text) == ["a", "b"])

    let event = "<sessionEvent><sessionEventNature>end</sessionEventNature><sessionEventDateTime>noon</sessionEventDateTime></sessionEvent>"
    let told = try facts("eMIP_ToIOP_SetSessionEventReportRequest", event)
    #expect(told.sessionEvent?.unreadable == told.sessionFields.unreadable)
    #expect(told.sessionEvent?.unreadable.values.map(\.text) == ["end", "noon"])
    let action =
      "<sessionAction><sessionActionNature>stop</sessionActionNature><sessionActionDateTime>now</sessionActionDateTime></sessionAction>"
    let ordered = try facts("eMIP_ToIOP_SetSessionActionRequestRequest", action)
    #expect(ordered.sessionAction?.unreadable == ordered.sessionFields.unreadable)
    #expect(ordered.sessionAction?.unreadable["sessionActionDateTime"] == "now")
  }

  @Test(arguments: [
    ("ChargingPool", StatusReport.Element.chargingPool), ("ChargingStation", .chargingStation), ("EVSE", .evse),
    ("ChargingConnector", .chargingConnector),
  ])
  func `gives the status of every kind of element`(name: String, element: StatusReport.Element) throws {
    let id = "<\(name)IdType>eMI3</\(name)IdType><\(name)Id>FR*A23*X1</\(name)Id><statusEventDate>2025-03-01T00:00:00Z</statusEventDate>"
    let status = "<availabilityStatus>1</availabilityStatus><availabilityStatusComment>wet</availabilityStatusComment>"
    let report = try #require(try facts("eMIP_ToIOP_Set\(name)AvailabilityStatusRequest", id + status).statusReports.first)
    #expect(report.element == element)
    #expect(report.id == "FR*A23*X1")
    #expect(report.availability?.status.value == .outOfOrder)
    #expect(report.availability?.eventDate?.value == Timestamp("2025-03-01T00:00:00Z"))
    #expect(report.availability?.comment == "wet")
    #expect(report.busy == nil)
  }

  @Test func `gives both parts of a synthetic status and each of a list`() throws {
    func status(_ id: String, _ busy: Int) -> String {
      let first =
        "<availabilityStatusEventDate>2025-03-01T00:00:00Z</availabilityStatusEventDate><availabilityStatus>2</availabilityStatus>"
      let second = "<busyStatusEventDate>2025-03-02T00:00:00Z</busyStatusEventDate><busyStatus>\(busy)</busyStatus>"
      return "<EVSEId>\(id)</EVSEId>\(first)\(second)<busyStatusUntil>2025-03-03T00:00:00Z</busyStatusUntil>"
    }
    let report = try #require(try facts("eMIP_ToIOP_SetEVSESyntheticStatusRequest", status("E", 2)).statusReports.first)
    #expect(report.availability?.eventDate?.value == Timestamp("2025-03-01T00:00:00Z"))
    #expect(report.busy?.eventDate?.value == Timestamp("2025-03-02T00:00:00Z"))
    #expect(report.busy?.until?.value == Timestamp("2025-03-03T00:00:00Z"))
    #expect(report.busy?.status.value == .busy)
    let items = (1...3).map { "<EVSEDynamicDataChange>\(status("E\($0)", $0))</EVSEDynamicDataChange>" }.joined()
    let list = try facts("eMIP_FromIOP_SetEVSEDynamicDataChangesRequest", "<EVSEDynamicDataChangeList>\(items)</EVSEDynamicDataChangeList>")
    #expect(list.statusReports.map(\.id) == ["E1", "E2", "E3"])
    #expect(list.statusReports.map(\.busy?.status.value?.rawValue) == [1, 2, 3])
    #expect(try facts("eMIP_ToIOP_GetServiceAuthorisationRequest", "<EVSEId>E</EVSEId>").statusReports.isEmpty)
  }

  @Test func `every item of the simulator's lists of changes is a status of its own`() throws {
    var counts: [Int] = []
    for message in simulatedMessages(exchanges: 6_000, seed: 5) {
      guard case .message(let facts) = MessageReader().read(message), facts.operation?.name.hasSuffix("DynamicDataChanges") == true else {
        continue
      }
      let reports = facts.statusReports
      #expect(reports.map(\.id) == facts.texts(of: WireName.evseId))
      #expect(reports.allSatisfy { $0.availability?.eventDate?.value != nil && $0.busy?.eventDate?.value != nil })
      counts.append(reports.count)
    }
    #expect(counts.contains { $0 > 5 })
  }

  @Test func `gives events and actions`() throws {
    let session = "<serviceSessionId>S</serviceSessionId><execPartnerSessionId>X</execPartnerSessionId>"
    let event =
      "<sessionEventNature>12</sessionEventNature><sessionEventId>E</sessionEventId><relatedSessionActionId>A</relatedSessionActionId>"
    let date = "<sessionEventDateTime>2025-03-01T00:00:00Z</sessionEventDateTime><sessionEventParameter>p</sessionEventParameter>"
    let first = try facts("eMIP_ToIOP_SetSessionEventReportRequest", "\(session)<sessionEvent>\(event)\(date)</sessionEvent>")
    #expect(first.sessionEvent?.nature?.value == .endOfCharge)
    #expect(first.sessionEvent?.id == "E")
    #expect(first.sessionEvent?.relatedId == "A")
    #expect(first.sessionEvent?.dateTime?.value == Timestamp("2025-03-01T00:00:00Z"))
    #expect(first.sessionEvent?.parameter == "p")
    #expect(first.sessionEvent?.serviceSessionId == "S")
    #expect(first.sessionEvent?.execPartnerSessionId == "X")
    #expect(first.sessionAction == nil)
    let action =
      "<sessionActionNature>77</sessionActionNature><sessionActionId>A</sessionActionId><relatedSessionEventId>E</relatedSessionEventId>"
    let second = try facts("eMIP_FromIOP_SetSessionActionRequest", "\(session)<sessionAction>\(action)</sessionAction>")
    #expect(second.sessionAction?.nature?.value?.rawValue == 77)
    #expect(second.sessionAction?.id == "A")
    #expect(second.sessionAction?.relatedId == "E")
    #expect(second.sessionEvent == nil)
    // A response names the event by its id alone.
    #expect(try facts("eMIP_ToIOP_SetSessionEventReportResponse", "<sessionEventId>E</sessionEventId>").sessionEvent == nil)
  }

  @Test func `gives heartbeats and texts by name`() throws {
    let fields = "<heartBeatPeriod>300</heartBeatPeriod><currentTime>2025-03-01T00:00:00Z</currentTime><EVSEId/><EVSEId>a</EVSEId>"
    let message = try facts("eMIP_ToIOP_HeartBeatResponse", fields)
    #expect(message.heartBeatPeriod?.value == 300)
    #expect(message.currentTime?.value == Timestamp("2025-03-01T00:00:00Z"))
    #expect(message.text(of: WireName.evseId) == "a")
    #expect(message.texts(of: WireName.evseId) == ["a"])
    #expect(message.text(of: WireName.bookingId) == nil)
  }
}
