import JournalFormat
import Testing

@testable import EMIP

/// What personal text hides in: all that is not known to be something else.
@Suite struct PersonalTextTests {
  private let reader = MessageReader()

  private func personal(_ message: String, _ reader: MessageReader? = nil) throws -> [String] {
    let reader = reader ?? self.reader
    let facts = try #require(try? reader.facts(of: message))
    // Read again, by its markup where that was learnt, it has the same marks.
    #expect(try reader.facts(of: message).marks == facts.marks)
    return facts.marks.filter { $0.kind == .personalText }.map { String(decoding: $0.text(in: facts.payload), as: UTF8.self) }
  }

  private func personal(fields: String) throws -> [String] { try personal(SOAP.message("eMIP_ToIOP_SetEVSEBusyStatusRequest", fields)) }

  @Test func `a fault's texts and details are personal, its codes are not`() throws {
    let code = "<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>e:Inner</s:Value></s:Subcode></s:Code>"
    let reason = "<s:Reason><s:Text xml:lang='en'>No contract NL-MS4-C1</s:Text><s:Text xml:lang='fr'>Pas de contrat</s:Text></s:Reason>"
    let detail =
      "<s:Detail><faultCode>INTERNAL_ERROR</faultCode><faultMessage>jane@x.org</faultMessage><Value>Jane</Value><Text>Doe</Text><x><y>z</y></x></s:Detail>"
    let fault = "<s:Fault>\(code)\(reason)<s:Node>urn:n</s:Node><s:Role>urn:r</s:Role>\(detail)</s:Fault>"
    let expected = ["No contract NL-MS4-C1", "Pas de contrat", "urn:n", "urn:r", "jane@x.org", "Jane", "Doe", "z"]
    #expect(try personal(SOAP.body(fault)) == expected)
    let facts = try reader.facts(of: SOAP.body(fault))
    #expect(facts.fault?.code == "INTERNAL_ERROR" && facts.fault?.reason == "No contract NL-MS4-C1")
    #expect(try personal(SOAP.body("<s:Fault>\(code)<s:Detail>all of it</s:Detail></s:Fault>")) == ["all of it"])
    let old =
      "<s:Fault><faultcode>s:Server</faultcode><faultstring>Jane</faultstring><detail><n:e xmlns:n='urn:n'>Doe</n:e></detail></s:Fault>"
    #expect(try personal(SOAP.body(old).replacing(SOAP.namespace, with: SOAP.soap11Namespace)) == ["Jane", "Doe"])
  }

  @Test func `what stands in a code's place and is none is personal, whatever stood there before`() throws {
    func fault(_ outer: String, _ inner: String, _ detail: String) -> String {
      SOAP.body(
        "<s:Fault><s:Code><s:Value>\(outer)</s:Value><s:Subcode><s:Value>\(inner)</s:Value></s:Subcode></s:Code>"
          + "<s:Detail><faultCode>\(detail)</faultCode></s:Detail></s:Fault>")
    }
    func code(_ message: String) throws -> String? { try reader.facts(of: message).fault?.code }
    #expect(try personal(fault("s:Receiver", "e:10505", "INTERNAL_ERROR")) == [])
    #expect(try code(fault("s:Receiver", "e:10505", "INTERNAL_ERROR")) == "INTERNAL_ERROR")
    #expect(try personal(fault("s:Receiver", "e:10505", "No contract of Jane")) == ["No contract of Jane"])
    #expect(try code(fault("s:Receiver", "e:10505", "No contract of Jane")) == "10505")
    #expect(try personal(fault("s:Receiver", "jane@x.org", "é")) == ["jane@x.org", "é"])
    #expect(try code(fault("s:Receiver", "jane@x.org", "é")) == "Receiver")
    #expect(try personal(fault("Jane Doe", "", "a")) == ["Jane Doe"])
    #expect(try code(fault("Jane Doe", "x y", "a b")) == nil)
    // Outside of a fault, too, where markup is learnt.
    #expect(try personal(fields: "<faultCode>1</faultCode>").isEmpty && personal(fields: "<faultCode>J D</faultCode>") == ["J D"])
  }

  @Test func `what a fault's detail repeats is masked, and found all the same`() throws {
    let ids = "<transactionId>T-1</transactionId><EVSEId>FR*C01*E1</EVSEId><operatorId>Jane</operatorId>"
    let fault = SOAP.body("<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Detail><x>\(ids)</x></s:Detail></s:Fault>")
    #expect(try personal(fault) == ["T-1", "FR*C01*E1", "Jane"])
    let marks = try reader.facts(of: fault).marks
    #expect(marks.contains { $0.kind == .transactionId } && marks.contains { $0.kind == .evseId })
  }

  @Test(arguments: [
    "availabilityStatusComment", "busyStatusComment", "parameter", "sessionEventParameter", "sessionActionParameter", "faultMessage",
    "remark",
    "Username", "userid", "UserId", "chargeDetailRecord", "Value", "Text",
  ])
  func `free texts and what is not known are personal`(name: String) throws {
    #expect(try personal(fields: "<\(name)>Jane Doe</\(name)>") == ["Jane Doe"])
    #expect(try personal(fields: "<x><\(name)><![CDATA[Jane]]></\(name)></x>") == ["Jane"])
  }

  @Test(arguments: [
    "EVSEId", "busyStatus", "statusEventDate", "startTime", "meterValue", "requestStatus", "partnerProductId", "expiryDate", "operatorId",
    "userIdType", "busyStatusUntil", "serviceSessionId", "faultCode", "maxCount",
  ])
  func `what is known to be something else is not`(name: String) throws {
    #expect(try personal(fields: "<\(name)>1</\(name)><x><\(name)>2</\(name)></x>").isEmpty)
  }

  @Test func `attributes are personal but for those that tell of the markup`() throws {
    let known = "xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:type='xsd:string' i:nil='false' xml:lang='en'"
    #expect(try personal(fields: "<EVSEId \(known)>E1</EVSEId>").isEmpty)
    #expect(try personal(fields: "<EVSEId holder='Jane' Type = \"Doe\">E1</EVSEId>") == ["Jane", "Doe"])
  }

  @Test func `a header is personal but for eMIP's own fields`() throws {
    let token = "<w:UsernameToken><w:Username>svc</w:Username><w:Password Type='#Text'>secret</w:Password></w:UsernameToken>"
    let header =
      "<w:Security xmlns:w='urn:w' s:mustUnderstand='1'>\(token)</w:Security><t:Trace xmlns:t='urn:t'><transactionId>T-9</transactionId>"
    let more = "<Value>Jane</Value><userId>04AB</userId><text>Doe</text></t:Trace>"
    let message = SOAP.message("eMIP_ToIOP_HeartBeatRequest", "").replacing("<s:Header/>", with: "<s:Header>\(header)\(more)</s:Header>")
    #expect(try personal(message) == ["svc", "#Text", "secret", "Jane", "04AB", "Doe"])
    #expect(try reader.facts(of: message).transactionId == "T-1")
    let loose = SOAP.message("eMIP_ToIOP_HeartBeatRequest", "").replacing("<s:Header/>", with: "<s:Header> Jane </s:Header>")
    #expect(try personal(loose) == ["Jane"])
  }

  @Test func `what stands beside all leaves is personal`() throws {
    let fields =
      "<!-- for Jane -->Doe<?pi 04AB?><EVSEId>FR*<!-- E1 -->A</EVSEId> and <x>one<y>1</y>two</x><![CDATA[three]]><busyStatus> <!----> 1</busyStatus><!-- -->"
    #expect(try personal(fields: fields) == ["for Jane", "Doe", "pi 04AB", "E1", "and", "one", "1", "two", "three"])
    #expect(try reader.facts(of: SOAP.message("Op", fields)).marked(.evseId) == ["FR*A"])
    let around = "<!-- Jane -->\n" + SOAP.message("eMIP_ToIOP_HeartBeatRequest", "") + "<?pi Doe?>"
    for declaration in ["", "<?xml version='1.0'?>", "\u{feff}", "\u{feff}<?xml version='1.0' encoding='utf-8'?>\n"] {
      #expect(try personal(declaration + around) == ["Jane", "pi Doe"])
      #expect(try personal(declaration + SOAP.message("eMIP_ToIOP_HeartBeatRequest", "")).isEmpty)
    }
  }

  @Test func `any name makes all that it names personal`() throws {
    let reader = MessageReader(
      configuration: .init(personalNames: [WireName.userId, WireName.evseId], personalElements: ["Badge", "EVSEId", "lang"]))
    let fields = "<n:Badge xmlns:n='urn:n' a='1'>04<part>AB</part></n:Badge><EVSEId>E1</EVSEId><x xml:lang='en'/><badge><b>2</b></badge>"
    let message = SOAP.message("Op", fields)
    #expect(try personal(message, reader) == ["1", "04<part>AB</part>", "E1", "en", "2"])
    #expect(try reader.facts(of: message).leaves.first { $0.path.name == WireName.evseId }?.isPersonal == true)
  }

  @Test func `secrets are found by their names, in whatever message`() {
    func secrets(_ text: String) -> [String] {
      Secrets.ranges(in: Array(text.utf8)).map { String(decoding: Array(text.utf8)[$0], as: UTF8.self) }
    }
    #expect(secrets("<w:Password Type='#T'>a&amp;b</w:Password><Nonce>n</Nonce><x/>") == ["a&amp;b", "n"])
    #expect(secrets("<BinarySecurityToken><a>1</a></BinarySecurityToken><AUTHORIZATION >z</AUTHORIZATION>") == ["<a>1</a>", "z"])
    #expect(secrets("<x password=\"p>\" y='1' w:Nonce = 'n'>t</x>") == ["p>", "n"])
    // No message at all, or one that is cut off.
    #expect(secrets("<a><!-- <Password>p</Password> --><<Password>q") == ["p", "q"])
    #expect(secrets("<Passwords>1</Passwords><Password/><Password></Password>password=1<xPassword>2</xPassword>").isEmpty)
    #expect(Secrets.isSecret(header: "authorization") && !Secrets.isSecret(header: "Content-Type"))
  }
}
