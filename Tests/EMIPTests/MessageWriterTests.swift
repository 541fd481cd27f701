import EMIP
import Foundation
import JournalFormat
import Testing

/// What is written here is read here, and is as the schemas say.
@Suite struct MessageWriterTests {
  private let reader: MessageReader

  init() throws {
    let schemas = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Schemas/messages.xsd")
    reader = MessageReader(configuration: MessageReaderConfiguration(schema: try MessageSchema(path: schemas.standardized.path)))
  }

  private func facts(_ message: [UInt8]?) throws -> MessageFacts {
    switch reader.read(try #require(message)) {
    case .message(let facts): return facts
    case .refused(let refusal): throw refusal
    }
  }

  /// A request as a partner or the platform sends it.
  private func request(
    _ operation: String, _ direction: Direction = .toIOP, _ fields: [(name: UInt16, text: String)] = [], _ version: SOAPVersion = .soap12
  ) throws -> MessageFacts {
    let header: [(UInt16, String)] = [
      (WireName.transactionId, "T-1 <&>"), (WireName.partnerIdType, "eMI3"), (WireName.partnerId, "FR*A23"),
      (WireName.operatorIdType, "eMI3"),
      (WireName.operatorId, "FR*B45"),
    ]
    return try facts(MessageWriter(version).message(OperationFacts.named(operation)!, direction, .request, header + fields))
  }

  @Test func `a heartbeat names partner and operator`() throws {
    let heartBeat = try facts(MessageWriter().heartBeat(transactionId: "T-\"<&>'", partnerId: "FR*A23", operatorId: "FR*B45"))
    #expect(heartBeat.findings.isEmpty && heartBeat.operation == Operation(localName: "eMIP_ToIOP_HeartBeatRequest"))
    #expect(heartBeat.transactionId == "T-\"<&>'" && heartBeat.partnerId == "FR*A23" && heartBeat.operatorId == "FR*B45")
  }

  @Test(arguments: SOAPVersion.allCases) func `a heartbeat of the platform is answered in its version and direction`(version: SOAPVersion)
    throws
  {
    let asked = try request("HeartBeat", .fromIOP, [], version)
    let time = Timestamp("2025-03-01T10:00:00.250Z")!
    let answer = try facts(MessageWriter.heartBeatAnswer(to: asked, periodSeconds: 300, at: time))
    #expect(answer.soapVersion == version && answer.operation == Operation(localName: "eMIP_FromIOP_HeartBeatResponse"))
    #expect(answer.transactionId == "T-1 <&>" && answer.requestStatus?.rawValue == 1 && answer.heartBeatPeriod?.value == 300)
    #expect(answer.text(of: WireName.currentTime) == time.description)
    #expect(answer.findings.allSatisfy { $0.message.contains("SOAP 1.1") == (version == .soap11) })
    #expect(MessageWriter.heartBeatAnswer(to: try request("SearchEVSE"), periodSeconds: 300, at: time) == nil)
  }

  @Test func `what is stored and forwarded has a deferred answer, and nothing else`() throws {
    for operation in OperationFacts.all {
      let asked = try request(operation.name)
      let isExpected =
        operation.name.hasSuffix("Status") || operation.name.hasSuffix("StaticData") || operation.name == "SetChargeDetailRecord"
      guard let answer = MessageWriter.deferredAnswer(to: asked, status: 42) else {
        #expect(!isExpected, "\(operation.name)")
        continue
      }
      let read = try facts(answer)
      #expect(isExpected && read.operation?.name == operation.name && read.operation?.part == .response)
      #expect(read.requestStatus?.rawValue == 42 && read.transactionId == "T-1 <&>" && read.findings.isEmpty, "\(operation.name)")
      // The platform never waits for a back end that is away.
      #expect(MessageWriter.deferredAnswer(to: try request(operation.name, .fromIOP), status: 42) == nil)
    }
  }

  @Test func `a deferred record is answered with its session`() throws {
    let record = "<chargeDetailRecord><serviceSessionId>S-1</serviceSessionId></chargeDetailRecord>"
    let asked = try facts(
      Array(SOAP.message("eMIP_ToIOP_SetChargeDetailRecordRequest", record).utf8))
    #expect(try facts(MessageWriter.deferredAnswer(to: asked, status: 1)).text(of: WireName.serviceSessionId) == "S-1")
    let nameless = try facts(Array(SOAP.message("eMIP_ToIOP_SetChargeDetailRecordRequest", "<chargeDetailRecord/>").utf8))
    #expect(try facts(MessageWriter.deferredAnswer(to: nameless, status: 1)).text(of: WireName.serviceSessionId) == nil)
  }

  @Test(arguments: [true, false]) func `whether a user is managed is answered where that is asked`(isManaged: Bool) throws {
    let asked = try request("GetServiceAuthorisation", .fromIOP, [(WireName.requestedServiceId, "0")])
    let answer = try facts(MessageWriter.managedUserAnswer(to: asked, isManaged: isManaged))
    #expect(answer.text(of: WireName.authorisationValue) == (isManaged ? "1" : "2") && answer.findings.isEmpty)
    let other = try request("GetServiceAuthorisation", .fromIOP, [(WireName.requestedServiceId, "1")])
    #expect(MessageWriter.managedUserAnswer(to: other, isManaged: isManaged) == nil)
  }

  @Test func `an event is acknowledged with its own ids`() throws {
    let event =
      "<serviceSessionId>S-1</serviceSessionId><sessionEvent><sessionEventNature>3</sessionEventNature>"
      + "<sessionEventId>E-1</sessionEventId><sessionEventDateTime>2025-03-01T10:00:00Z</sessionEventDateTime></sessionEvent>"
    let asked = try facts(Array(SOAP.message("eMIP_FromIOP_SetSessionEventReportRequest", event).utf8))
    let answer = try facts(MessageWriter.eventAcknowledgement(to: asked))
    #expect(answer.text(of: WireName.serviceSessionId) == "S-1" && answer.text(of: WireName.sessionEventId) == "E-1")
    #expect(answer.findings.isEmpty && answer.operation?.direction == .fromIOP)
    // An answer is not answered.
    #expect(MessageWriter.eventAcknowledgement(to: answer) == nil)
  }

  @Test(arguments: SOAPVersion.allCases) func `a fault says whose it is, which it is and why`(version: SOAPVersion) throws {
    let fault = SOAPFault(.sender, name: "OPERATOR_NOT_HOSTED", reason: "The <operator> & co are not hosted here.")
    let read = try facts(MessageWriter(version).fault(fault))
    #expect(read.isFault && read.soapVersion == version)
    #expect(read.fault?.soapCode == (version == .soap11 ? "Client" : "Sender"))
    #expect(read.fault?.code == fault.name && read.fault?.reason == fault.reason)
    #expect(read.findings.allSatisfy { $0.message.contains("SOAP 1.1") })
  }

  @Test func `a fault names the headers that were not understood, and the envelopes that are`() throws {
    let blocks = [
      SOAPFault.HeaderBlock(namespace: "urn:a?b=1&c", localName: "Security"), SOAPFault.HeaderBlock(namespace: "", localName: "plain"),
    ]
    let understood = MessageWriter().fault(SOAPFault(.mustUnderstand(blocks), name: "HEADER_NOT_UNDERSTOOD", reason: "No."))
    #expect(try facts(understood).fault?.soapCode == "MustUnderstand")
    let text = String(decoding: understood, as: UTF8.self)
    #expect(text.contains("<soap:NotUnderstood qname=\"h:Security\" xmlns:h=\"urn:a?b=1&amp;c\"/><soap:NotUnderstood qname=\"plain\"/>"))
    let version = MessageWriter().fault(SOAPFault(.versionMismatch, name: "ENVELOPE_UNKNOWN", reason: "No."))
    #expect(try facts(version).fault?.soapCode == "VersionMismatch")
    for known in SOAPVersion.allCases { #expect(String(decoding: version, as: UTF8.self).contains("xmlns:e=\"\(known.namespace)\"/>")) }
  }
}
