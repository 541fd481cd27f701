import JournalFormat
import Testing

@testable import EMIP

@Suite struct MessageMarksTests {
  private let reader = MessageReader()

  private func facts(_ fields: String) throws -> MessageFacts {
    try reader.facts(of: SOAP.message("eMIP_ToIOP_SetChargeDetailRecordRequest", fields))
  }

  @Test(arguments: [
    ("serviceSessionId", TermKind.serviceSessionId), ("partnerServiceSessionId", .partnerServiceSessionId),
    ("execPartnerSessionId", .execPartnerSessionId), ("salePartnerSessionId", .salePartnerSessionId),
    ("sessionEventId", .sessionEventId), ("relatedSessionEventId", .sessionEventId), ("sessionActionId", .sessionActionId),
    ("relatedSessionActionId", .sessionActionId), ("bookingId", .bookingId), ("salePartnerBookingId", .salePartnerBookingId),
    ("EVSEId", .evseId), ("ChargingStationId", .chargingStationId), ("ChargingPoolId", .chargingPoolId),
    ("ChargingConnectorId", .chargingConnectorId), ("userContractIdAlias", .userContract), ("salePartnerOperatorId", .operatorId),
    ("execPartnerOperatorId", .operatorId),
  ])
  func `marks every identifier wherever it stands`(name: String, kind: TermKind) throws {
    let message = try facts("<\(name)> one </\(name)><x><\(name)>t&#119;o</\(name)></x><\(name)/><\(name)> \n </\(name)>")
    #expect(message.marked(kind) == ["one", "two"])
    let marks = message.marks.filter { $0.kind == kind }
    #expect(marks.map { message.raw($0) } == ["one", "t&#119;o"])
    #expect(marks.map { $0.inlineText != nil } == [false, true])
    #expect(message.marks.count == 3)  // and the transactionId
  }

  @Test func `header operators and types are no marks`() throws {
    #expect(try facts("<EVSEIdType>eMI3</EVSEIdType><requestedServiceId>1</requestedServiceId>").marks.map(\.kind) == [.transactionId])
  }

  @Test(arguments: [
    ("<userIdType>RFID-UID</userIdType><userId>04AB</userId>", [TermKind.userRFID]),
    ("<userIdType> rfid-uid\n</userIdType><x>1</x><userId>04AB</userId>", [.userRFID]),
    ("<userIdType>RFID<!-- -->-UID</userIdType><userId>04AB</userId>", [.userRFID]),
    ("<userId>04AB</userId><x>1</x><userIdType>RFID-UID</userIdType>", [.userRFID]),
    ("<userId>04AB</userId><userIdType>RFID-UID</userIdType><userId>b</userId><userIdType>EVCO</userIdType>", [.userRFID, .userContract]),
    ("<userIdType>EVCO</userIdType><userId>a</userId><userIdType>RFID-UID</userIdType><userId>04AB</userId>", [.userContract, .userRFID]),
    ("<userIdType>eMA</userIdType><userId>FRA23C1</userId>", [.userContract]),
    ("<userId>FRA23C1</userId>", [.userContract]),
    ("<userIdType>RFID-UID</userIdType><authenticationData><userId>a</userId></authenticationData>", [.userContract]),
  ])
  func `takes the kind of a user from the type beside it`(fields: String, kinds: [TermKind]) throws {
    #expect(try facts(fields).marks.map(\.kind).filter { $0 != .transactionId && $0 != .personalText } == kinds)
  }

  @Test func `a list of 500 users marks each`() throws {
    let entries = (0..<500).map { number in
      let type = number % 3 == 0 ? "RFID-UID" : "EVCO"
      let user = "<actionType>1</actionType><userIdType>\(type)</userIdType><userId>U\(number)</userId>"
      return "<authenticationData>\(user)<userContractIdAlias>A\(number)</userContractIdAlias></authenticationData>\n"
    }
    let message = try facts("<authenticationDataList>\(entries.joined())</authenticationDataList><requestStatus>1</requestStatus>")
    #expect(message.marked(.userRFID) == (0..<500).filter { $0 % 3 == 0 }.map { "U\($0)" })
    #expect(message.marks.count == 1001)
    #expect(Set(message.marks.map { message.raw($0) }).count == 1001)
    #expect(message.leaves.last?.item == 0)
    #expect(message.leaves.first { $0.item == 500 } != nil)
    #expect(message.authenticationData.map { $0.user.userId } == (0..<500).map { "U\($0)" })
    #expect(message.authenticationData.allSatisfy { $0.actionType?.value == .insert })
    for item in message.authenticationData { #expect(message.authenticationData(item: item.item) == item) }
    #expect(message.authenticationData(item: 0) == nil && message.authenticationData(item: 501) == nil)
  }

  @Test func `every personal range is marked, also where the text repeats`() throws {
    let message = try facts("<userId>SAME</userId><x><userId>SAME</userId></x>")
    let ranges = message.marks.filter { $0.kind.isPersonal }.map(\.range)
    #expect(ranges.count == 2)
    #expect(Set(ranges.map(\.lowerBound)).count == 2)
    #expect(message.leaves.count { $0.isPersonal } == 2)
  }

  @Test func `whatever a personal element holds is personal`() throws {
    let message = try facts("<userId> 04<part>AB</part>CD </userId><userId><!-- 04 -->AB</userId>")
    let marks = message.marks.filter { $0.kind.isPersonal }
    #expect(marks.map { message.raw($0) } == ["04<part>AB</part>CD", "<!-- 04 -->AB"])
    #expect(message.marked(.userContract) == ["04<part>AB</part>CD", "AB"])
  }

  @Test func `what is configured to be personal is, and found all the same`() throws {
    let configuration = MessageReaderConfiguration(personalNames: [WireName.userId, WireName.busyStatus, WireName.evseId])
    let message = try MessageReader(configuration: configuration).facts(
      of: SOAP.message("eMIP_ToIOP_SetServiceAuthorisationRequest", "<busyStatus>1</busyStatus><EVSEId>FRA23E1</EVSEId>"))
    #expect(message.marked(.personalText) == ["1", "FRA23E1"])
    #expect(message.marked(.evseId) == ["FRA23E1"])
    #expect(try facts("<busyStatus>1</busyStatus>").marked(.personalText) == [])
  }

  @Test func `a partner's names are read as ours`() throws {
    let names = try WireName.Table(aliases: ["badge": "userId", "colour": "userIdType"])
    let message = try MessageReader(configuration: MessageReaderConfiguration(names: names)).facts(
      of: SOAP.message("eMIP_ToIOP_SetServiceAuthorisationRequest", "<colour>RFID-UID</colour><badge>04AB</badge>"))
    #expect(message.marked(.userRFID) == ["04AB"])
  }

  @Test func `items of unknown lists count`() throws {
    let items = (1...3).map { "<thing><EVSEId>E\($0)</EVSEId><list><inner>1</inner></list></thing>" }.joined()
    let message = try facts("<somethingList>\(items)</somethingList><EVSEId>E4</EVSEId>")
    #expect(message.leaves.filter { $0.path.name == WireName.evseId }.map(\.item) == [1, 2, 3, 0])
  }

  @Test func `meters count within their record`() throws {
    let meter = "<meterReport><meterTypeId>1</meterTypeId><meterValue>2</meterValue></meterReport>"
    let record = "<chargeDetailRecord><meterReportList>\(meter)\(meter)</meterReportList><endTime>x</endTime></chargeDetailRecord>"
    let message = try facts("<meterLimitList>\(meter)</meterLimitList>\(record)\(record)<x>\(meter)</x>")
    let values = message.leaves.filter { $0.path.name == WireName.meterValue }
    #expect(values.map(\.item) == [0, 1, 1, 2, 2, 0])
    #expect(values.map(\.subitem) == [1, 1, 2, 1, 2, 1])
    #expect(message.leaves.filter { $0.path.name == WireName.endTime }.map(\.subitem) == [0, 0])
  }
}
