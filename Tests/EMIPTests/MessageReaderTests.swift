import JournalFormat
import Testing
import XML

@testable import EMIP

@Suite struct MessageReaderTests {
  private let reader = MessageReader()

  @Test func `reads header fields, operation and namespace`() throws {
    let fields = "<targetOperatorIdType>eMI3</targetOperatorIdType><targetOperatorId> DE*C01\n</targetOperatorId>"
    let facts = try reader.facts(of: SOAP.message("eMIP_FromIOP_GetServiceAuthorisationRequest", fields))
    #expect(facts.operation == Operation(localName: "eMIP_FromIOP_GetServiceAuthorisationRequest"))
    #expect(facts.operation?.name == "GetServiceAuthorisation")
    #expect(facts.namespace == SOAP.authorisation)
    #expect(facts.soapVersion == .soap12)
    #expect(facts.transactionId == "T-1")
    #expect(facts.partnerId == "FR*A23")
    #expect(facts.operatorId == "FR*B45")
    #expect(facts.targetOperatorId == "DE*C01")
    #expect(facts.requestStatus == nil)
    #expect(!facts.isFault)
    #expect(facts.findings.isEmpty)
  }

  @Test(arguments: [
    "<e:OP xmlns:e='N'><transactionId>x</transactionId><requestStatus>10201</requestStatus></e:OP>",
    "<e:OP xmlns:e='N'><e:requestStatus>10201</e:requestStatus><e:transactionId>x</e:transactionId></e:OP>",
    "<OP xmlns='N'><transactionId>x</transactionId><requestStatus>10201</requestStatus></OP>",
    "<OP xmlns='N'\n><transactionId xmlns=''\r\n>\t x\n</transactionId ><requestStatus a='>' >10201</requestStatus></OP>",
    "<e:OP xmlns:e='N'><wrapper><transactionId>x</transactionId></wrapper><unknown/><requestStatus>10201</requestStatus></e:OP>",
    "<e:OP xmlns:e='N'><transactionId><![CDATA[x]]></transactionId><requestStatus>10<!-- split -->201</requestStatus></e:OP>",
  ])
  func `reads by local name whatever is qualified`(child: String) throws {
    let child = child.replacing("OP", with: "eMIP_ToIOP_HeartbeatResponse").replacing("'N'", with: "'urn:n'")
    let facts = try reader.facts(of: SOAP.body(child))
    #expect(facts.namespace == "urn:n")
    #expect(facts.operation?.name == "HeartBeat")
    #expect(facts.operation?.part == .response)
    #expect(facts.transactionId == "x")
    #expect(facts.requestStatus == .authorisationRejected)
    #expect(facts.marked(.transactionId) == ["x"])
  }

  @Test(arguments: [
    ("eMIP_ToIOP_SetSessionEventReportRequestRequest", "SetSessionEventReport", true),
    ("eMIP_ToIoP_SetSessionActionRequestRequest", "SetSessionActionRequest", true),
    ("eMIP_FromIOP_SetSessionActionRequestResponse", "SetSessionActionRequest", true),
    ("eMIP_ToIOP_SetMoonPhaseRequest", "SetMoonPhase", false),
    ("Ping", "Ping", false),
  ])
  func `reads irregular and unknown operations`(localName: String, name: String, isKnown: Bool) throws {
    let facts = try reader.facts(of: SOAP.message(localName, ""))
    #expect(facts.operation?.name == name)
    #expect(facts.operation?.isKnown == isKnown)
    #expect(facts.transactionId == "T-1")
  }

  @Test func `keeps unknown elements and headers as leaves`() throws {
    let header = "<s:Header><t:Trace xmlns:t='urn:t'><transactionId>not ours</transactionId><userId>badge</userId></t:Trace></s:Header>"
    let body = "<s:Body><Op><colour>blue</colour><deep><er>sea</er></deep></Op></s:Body><extra>tail</extra>"
    let facts = try reader.facts(of: SOAP.envelope(header + body))
    let texts = facts.leaves.map(facts.leafTexts.text)
    #expect(texts == ["not ours", "badge", "blue", "sea"])
    #expect(facts.leaves.map(\.path.name) == [0, 0, 0, 0])
    #expect(facts.leaves.map(\.path.parent) == [0, 0, WireName.operationElement, 0])
    #expect(facts.transactionId == nil)
    // Not an index term there, but still masked, as all that is not known.
    #expect(facts.marked(.personalText) == ["badge", "blue", "sea", "tail"])
    #expect(facts.marks.count == 4)
  }

  @Test func `reads SOAP 1.1 with a finding`() throws {
    let text = SOAP.message("eMIP_ToIOP_HeartBeatRequest", "").replacing(SOAP.namespace, with: SOAP.soap11Namespace)
    let facts = try reader.facts(of: text)
    #expect(facts.soapVersion == .soap11)
    #expect(facts.findings.count == 1)
    #expect(facts.transactionId == "T-1")
  }

  @Test func `a request status that is no number is a finding`() throws {
    let facts = try reader.facts(of: SOAP.message("eMIP_ToIOP_HeartBeatResponse", "<requestStatus>fine</requestStatus>"))
    #expect(facts.requestStatus == nil)
    #expect(facts.findings.count == 1)
  }

  @Test func `reads faults of both versions`() throws {
    let detail = "<s:Detail><faultCode>INTERNAL_ERROR</faultCode></s:Detail>"
    let code = "<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>e:Outer</s:Value><s:Subcode><s:Value>Inner</s:Value></s:Subcode>"
    let reason =
      "</s:Subcode></s:Code><s:Reason><s:Text xml:lang='en'>Cannot &amp; will not</s:Text><s:Text xml:lang='fr'>Non</s:Text></s:Reason>"
    let detailed = try reader.facts(of: SOAP.body("<s:Fault>\(code)\(reason)\(detail)</s:Fault>"))
    #expect(detailed.isFault)
    #expect(detailed.operation == nil)
    #expect(detailed.fault?.code == "INTERNAL_ERROR")
    #expect(detailed.fault?.soapCode == "Receiver")
    #expect(detailed.fault?.reason == "Cannot & will not")
    #expect(try reader.facts(of: SOAP.body("<s:Fault>\(code)\(reason)</s:Fault>")).fault?.code == "Inner")
    let old = "<s:Fault><faultcode>s:Server</faultcode><faultstring>Broken</faultstring></s:Fault>"
    let soap11 = try reader.facts(of: SOAP.body(old).replacing(SOAP.namespace, with: SOAP.soap11Namespace))
    #expect(soap11.fault?.code == "Server")
    #expect(soap11.fault?.reason == "Broken")
    // A Fault that is not SOAP's is an operation like any other.
    #expect(try reader.facts(of: SOAP.body("<Fault xmlns='urn:n'><a/></Fault>")).operation?.name == "Fault")
  }

  @Test func `refuses what is not one envelope with one body with one child`() {
    #expect(reader.refusal(of: "<Envelope/>")?.code == .wrongNamespace)
    #expect(reader.refusal(of: SOAP.envelope("<s:Body><a/></s:Body>", namespace: "urn:soap"))?.code == .wrongNamespace)
    #expect(reader.refusal(of: SOAP.envelope("<Body><a/></Body>"))?.code == .wrongNamespace)
    #expect(reader.refusal(of: SOAP.envelope("<o:Body xmlns:o='\(SOAP.soap11Namespace)'><a/></o:Body>"))?.code == .wrongNamespace)
    #expect(reader.refusal(of: "<s:Message xmlns:s='\(SOAP.namespace)'/>")?.code == .noEnvelope)
    #expect(reader.refusal(of: SOAP.envelope(""))?.code == .noBody)
    #expect(reader.refusal(of: SOAP.envelope("<s:Header><s:Body><a/></s:Body></s:Header>"))?.code == .noBody)
    #expect(reader.refusal(of: SOAP.envelope("<s:Body/>"))?.code == .emptyBody)
    #expect(reader.refusal(of: SOAP.envelope("<s:Body>text</s:Body>"))?.code == .emptyBody)
    let two = reader.refusal(of: SOAP.envelope("<s:Body><a/></s:Body>\n<s:Body><a/></s:Body>"))
    #expect(two?.code == .severalBodies)
    #expect(two?.line == 2)
    #expect(reader.refusal(of: SOAP.envelope("<s:Body><a/></s:Body><s:Body/>"))?.code == .severalBodies)
    #expect(reader.refusal(of: SOAP.body("<a/>\n\n<b/>"))?.code == .severalBodyChildren)
    #expect(reader.refusal(of: SOAP.body("<a/>\n\n<b/>"))?.line == 3)
  }

  @Test func `refuses with the reason of the XML reader`() {
    #expect(reader.refusal(of: "")?.code == .xml(.empty))
    #expect(reader.refusal(of: "not xml")?.code == .xml(.notXML))
    #expect(reader.refusal(of: "<!DOCTYPE a><a/>")?.code == .xml(.documentType))
    let message = SOAP.message("eMIP_ToIOP_HeartBeatRequest", "<x>é&amp;</x>")
    for count in 0..<message.utf8.count {
      guard case .refused(let refusal) = reader.read(Array(message.utf8.prefix(count))) else {
        Issue.record("cut to \(count) bytes it was read")
        continue
      }
      #expect(!refusal.reason.isEmpty)
    }
  }

  @Test func `a reader is as good as new after a refusal`() throws {
    let good = SOAP.message("eMIP_ToIOP_SetServiceAuthorisationRequest", "<userIdType>RFID-UID</userIdType><userId>04AB</userId>")
    let expected = try reader.facts(of: good)
    let bad = [
      "<s:Envelope", SOAP.envelope("<s:Body><chargeDetailRecord><meterReportList><meterReport><userId>"), SOAP.envelope(""),
      SOAP.body("<a><authenticationDataList><authenticationData><userId><x>"), SOAP.body("<a/><b/>"), "",
    ]
    for text in bad {
      #expect(reader.refusal(of: text) != nil)
      let facts = try reader.facts(of: good)
      #expect(facts.leaves == expected.leaves)
      #expect(facts.marks == expected.marks)
      #expect(facts.envelope == expected.envelope)
    }
  }

  @Test func `facts of stored leaves are those of the bytes`() throws {
    let fields = "<userIdType>RFID-UID</userIdType><userId>04&#65;B</userId><requestStatus>1</requestStatus>"
    let read = try reader.facts(of: SOAP.message("eMIP_ToIOP_SetServiceAuthorisationRequest", fields))
    // As a template hands them over: the texts by themselves, no bytes of a payload.
    let stored = read.leaves.enumerated().map { index, leaf in
      Leaf(path: leaf.path, item: leaf.item, subitem: leaf.subitem, range: 0..<0, traits: leaf.traits, decoded: index)
    }
    let texts = read.leaves.map { Array(read.leafTexts.text($0).utf8) }
    let envelope = try #require(read.layout).envelope
    let facts = try MessageFacts(layout: MessageLayout(leaves: stored, decodedTexts: texts, envelope: envelope), payload: [])
    #expect(facts.transactionId == "T-1")
    #expect(facts.partnerId == read.partnerId)
    #expect(facts.requestStatus == .ok)
    #expect(facts.serviceAuthorisation == read.serviceAuthorisation)
    #expect(facts.marks.map { $0.term(in: []) } == read.marks.map { $0.term(in: read.payload) })
  }
}
