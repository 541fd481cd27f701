import JournalFormat
import Testing

@testable import EMIP

@Suite struct OperationTests {
  @Test(arguments: OperationFacts.all)
  func `every known operation is read back from its reference spelling, in both directions`(facts: OperationFacts) {
    for direction in Direction.allCases {
      for part in [Operation.Part.request, .response] {
        let operation = Operation(localName: facts.localName(direction, part))
        #expect(operation.name == facts.name)
        #expect(operation.direction == direction)
        #expect(operation.part == part)
        #expect(operation.isKnown)
        #expect(operation.facts == facts)
      }
    }
  }

  @Test(arguments: [
    ("eMIP_ToIOP_HeartbeatRequest", "HeartBeat", Direction.toIOP, Operation.Part.request),
    ("eMIP_ToIoP_HeartBeatResponse", "HeartBeat", .toIOP, .response),
    ("emip_fromiop_setevsebusystatusREQUEST", "SetEVSEBusyStatus", .fromIOP, .request),
    ("eMIP_ToIOP_SetSessionEventReportRequestRequest", "SetSessionEventReport", .toIOP, .request),
    ("eMIP_FromIOP_SetSessionEventReportRequest", "SetSessionEventReport", .fromIOP, .request),
    ("eMIP_ToIOP_SetSessionEventReportRequestResponse", "SetSessionEventReport", .toIOP, .response),
    ("eMIP_ToIOP_SetSessionActionRequestRequest", "SetSessionActionRequest", .toIOP, .request),
    ("eMIP_ToIOP_SetSessionActionRequest", "SetSessionActionRequest", .toIOP, .request),
    ("eMIP_ToIOP_SetSessionActionResponse", "SetSessionActionRequest", .toIOP, .response),
    ("eMIP_FromIOP_SetSessionActionRequestResponse", "SetSessionActionRequest", .fromIOP, .response),
    ("eMIP_ToIOP_SetChargingPoolAvailabilityStatusRequest", "SetChargingPoolAvailabilityStatus", .toIOP, .request),
    ("eMIP_ToIOP_GetChargeDetailRecordListResponse", "GetChargeDetailRecordList", .toIOP, .response),
    ("eMIP_ToIOP_GetChargeDetailRecordResponse", "GetChargeDetailRecord", .toIOP, .response),
  ])
  func `irregular spellings are the same operation`(localName: String, name: String, direction: Direction, part: Operation.Part) {
    let operation = Operation(localName: localName)
    #expect(operation.name == name)
    #expect(operation.direction == direction)
    #expect(operation.part == part)
    #expect(operation.isKnown)
  }

  @Test(arguments: ["HeartBeatRequest", "eMIP_heartbeatRequest"])
  func `a name without a direction says none`(localName: String) {
    let operation = Operation(localName: localName)
    #expect(operation.name == "HeartBeat")
    #expect(operation.direction == nil)
    #expect(operation.part == .request)
  }

  @Test(arguments: [
    ("eMIP_ToIOP_SetTariffRequest", "SetTariff", Direction?.some(.toIOP), Operation.Part?.some(.request)),
    ("eMIP_FROMIOP_setTARIFFresponse", "setTARIFF", .fromIOP, .response),
    ("eMIP_ToIOP_HeartBeat", "HeartBeat", .toIOP, nil),
    ("Request", "Request", nil, .none),
    ("eMIP_ToIOP_", "ToIOP_", nil, nil),
    ("Fault", "Fault", nil, nil),
    ("", "", nil, nil),
    ("eMIP_ToIOP_ÉtatRequest", "État", .toIOP, .request),
  ])
  func `an unknown operation is kept as it is spelt`(localName: String, name: String, direction: Direction?, part: Operation.Part?) {
    let operation = Operation(localName: localName)
    #expect(operation.name == name)
    #expect(operation.direction == direction)
    #expect(operation.part == part)
    #expect(!operation.isKnown)
    #expect(operation.facts == nil)
  }

  @Test func `bytes that are no text do no harm`() {
    let bytes: [UInt8] = [0xff, 0x00, 0xc3]
    #expect(!bytes.withUnsafeBufferPointer { Operation(localName: $0) }.isKnown)
    #expect(!Operation(localName: UnsafeBufferPointer(start: nil, count: 0)).isKnown)
  }

  @Test func `SOAP actions and namespaces are the reference platform's`() throws {
    let heartbeat = try #require(OperationFacts.named("Heartbeat"))
    #expect(heartbeat.soapAction(.toIOP) == "https://api-iop.gireve.com/services/eMIP_ToIOP_HeartBeatV1/")
    #expect(heartbeat.soapAction(.fromIOP) == "https://api-iop.gireve.com/services/eMIP_FromIOP_HeartBeatV1/")
    #expect(heartbeat.namespace == "https://api-iop.gireve.com/schemas/PlatformV1/")
    #expect(OperationFacts.named("SetAuthenticationData")?.namespace == "https://api-iop.gireve.com/schemas/AuthorisationV1/")
    #expect(OperationFacts.named("SetEVSEBusyStatus")?.namespace == "https://api-iop.gireve.com/schemas/EVCIDynamicV1/")
  }

  @Test func `a call to the platform may take three times as long as one from it`() {
    #expect(OperationFacts.Timing.limit(.fromIOP) == .seconds(5))
    #expect(OperationFacts.Timing.limit(.toIOP) == .seconds(15))
  }
}
