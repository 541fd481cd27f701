import EMIP
import JournalFormat
import TestSupport
import Testing

@testable import Recording

@Suite struct RecorderTests {
  private let recorder = Recorder()
  private static let time = Timestamp(rawValue: 1_740_787_260_918)

  private func request(_ text: String, operation: String? = nil, direction: Direction? = .toIOP) -> EntryContent {
    request(Array(text.utf8), operation: operation, direction: direction)
  }

  private func request(_ bytes: [UInt8], operation: String? = nil, direction: Direction? = .toIOP) -> EntryContent {
    recorder.request(
      ObservedMessage(bytes, observedAt: Self.time, direction: direction, peer: Peer(address: "192.0.2.1"), operation: operation))
  }

  private func response(_ text: String, status: UInt16? = 200) -> EntryContent {
    let message = ObservedMessage(Array(text.utf8), observedAt: Self.time.adding(milliseconds: 42), http: HTTPFacts(status: status))
    return recorder.response(message, to: request(Message.request("T-1")))
  }

  private func texts(_ content: EntryContent, _ kind: TermKind) -> [String] {
    content.texts(of: kind).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `a request is recorded with what it says of itself`() {
    let content = request(Message.request("T-1", more: "<EVSEId>FR*A23*E1</EVSEId><userIdType>RFID-UID</userIdType><userId>04AB</userId>"))
    let context = content.context
    #expect(context.kind == .request && context.protocolName == "eMIP" && context.operation == "GetServiceAuthorisation")
    #expect(context.partner == "FR*A23" && context.operator == "FR*A23" && context.direction == .toIOP)
    #expect(context.peer.address == "192.0.2.1" && context.outcome == Outcome() && context.reason == nil)
    #expect(texts(content, .transactionId) == ["T-1"] && texts(content, .evseId) == ["FR*A23*E1"] && texts(content, .userRFID) == ["04AB"])
    #expect(content.findings.isEmpty && content.latencyMilliseconds == nil)
    #expect(content.observedAt == Self.time)
  }

  @Test(
    arguments: [
      ("1", 200, OutcomeClass.ok, 1), ("201", 200, .warning, 201), ("10201", 200, .error, 10_201), ("1", 500, .error, 1),
    ] as [(String, UInt16, OutcomeClass, UInt32)])
  func `a response's outcome is told by HTTP and requestStatus`(status: String, http: UInt16, outcome: OutcomeClass, number: UInt32) {
    let content = response(Message.response("T-1", status: status), status: http)
    #expect(content.context.kind == .response)
    #expect(content.context.outcome == Outcome(outcome, requestStatus: number))
    #expect(content.context.operation == "GetServiceAuthorisation" && content.context.partner == "FR*A23")
    #expect(content.latencyMilliseconds == 42)
    #expect(content.findings.isEmpty)
  }

  @Test func `entries that say the same of themselves share one context`() {
    let (first, second, third) = (request(Message.request("T-1")), request(Message.request("T-2")), request(Message.fault))
    #expect(first.sharedContext === second.sharedContext && first.sharedContext !== third.sharedContext)
    // All that a hash may leave out counts all the same.
    let other = recorder.request(
      ObservedMessage(first.payload, observedAt: Self.time, direction: .fromIOP, peer: Peer(address: "192.0.2.1")))
    #expect(other.context.direction == .fromIOP && first.context.direction == .toIOP)
    #expect(request(Message.request("T-3")).context == first.context)
  }

  @Test func `what can be read is recorded with its layout`() throws {
    let content = request(Message.request("T-1"))
    let layout = try #require(content.layout)
    #expect(
      layout.leaves.map { String(decoding: content.payload[$0.range], as: UTF8.self) } == ["T-1", "eMI3", "FR*A23", "eMI3", "FR*A23"])
    #expect(!layout.envelope.isEmpty && layout.envelope.count <= 255)
    #expect(response(Message.fault).layout?.leaves.map(\.traits.rawValue) == [2, 4, 1])
  }

  @Test func `a fault with HTTP 500 is a fault, and its body is read`() {
    let content = response(Message.fault, status: 500)
    #expect(content.context.kind == .response)
    #expect(content.context.outcome.outcomeClass == .fault)
    #expect(content.context.outcome.faultCode == "Receiver")
    // Its text may name a person, and a context cannot be erased.
    #expect(content.context.outcome.faultReason == nil && texts(content, .personalText) == ["INTERNAL_ERROR"])
    #expect(content.context.http.status == 500)
  }

  @Test func `a page of a proxy is a refusal of the answer's`() {
    let page = "<html><head><title>502 Bad Gateway</title></head><body><hr></body></html>"
    let content = response(page, status: 502)
    #expect(content.context.kind == .refusal)
    #expect(content.context.outcome.outcomeClass == .refused)
    #expect(content.context.operation == "GetServiceAuthorisation")
    #expect(content.payload == Array(page.utf8))
    #expect(content.context.http.status == 502)
    #expect(content.context.reason?.isEmpty == false)
  }

  @Test func `a lost answer is a failure of the gateway's telling`() {
    let asked = request(Message.request("T-1"))
    let content = recorder.failure(
      "No answer came.", at: Self.time.adding(milliseconds: 15_000), latencyMilliseconds: 15_000, of: asked.context.peer, to: asked)
    #expect(content.context.kind == .failure && content.context.author == .gateway)
    #expect(content.context.outcome == Outcome(.lost) && content.context.reason == "No answer came.")
    #expect(content.context.operation == "GetServiceAuthorisation" && content.payload.isEmpty && content.latencyMilliseconds == 15_000)
  }

  @Test func `whoever was silent is named, on the leg on which it was`() {
    let asked = request(Message.request("T-1"))
    let backEnd = Peer(address: "10.0.0.7")
    let content = recorder.failure(
      "No answer came.", at: Self.time, latencyMilliseconds: nil, leg: .backEndGateway, of: backEnd, to: asked)
    #expect(content.context.leg == .backEndGateway && content.context.peer == backEnd && asked.context.leg == .gatewayIOP)
  }

  @Test func `another attempt is one, and its answer too`() {
    var message = ObservedMessage(Array(Message.request("T-1").utf8), observedAt: Self.time)
    message.attempt = 3
    let asked = recorder.request(message)
    #expect(asked.context.attempt == 3 && request(Message.request("T-1")).context.attempt == 1)
    let answer = recorder.response(ObservedMessage(Array(Message.response("T-1").utf8), observedAt: Self.time), to: asked)
    #expect(answer.context.attempt == 3)
  }

  @Test(arguments: [Message.request("T-1"), "no XML"]) func `what is not let in is a refusal with the check and the fault`(text: String) {
    let message = ObservedMessage(Array(text.utf8), observedAt: Self.time, direction: .toIOP, operation: "getserviceauthorisation")
    let content = recorder.refusal(message, reason: "The certificate may not speak for this operator.", faultCode: "NOT_ENTITLED")
    #expect(content.context.kind == .refusal && content.context.outcome == Outcome(.refused, faultCode: "NOT_ENTITLED"))
    #expect(content.context.reason == "The certificate may not speak for this operator." && content.payload == message.payload)
    #expect(content.context.operation == "GetServiceAuthorisation" && content.context.direction == .toIOP)
    // It is found by its ids, where it has any.
    #expect(texts(content, .transactionId) == (text == "no XML" ? [] : ["T-1"]))
  }

  @Test func `what an answer lacks or answers wrongly is found and recorded`() {
    let lacking = response(Message.response("T-1", status: nil))
    #expect(lacking.context.kind == .response && lacking.context.outcome.outcomeClass == .warning)
    #expect(lacking.findings.map(\.message) == ["It has no requestStatus."])
    let other = response(Message.response("T-1", operation: "SetChargeDetailRecord"))
    #expect(other.findings.map(\.message) == ["It answers SetChargeDetailRecord, and the request was GetServiceAuthorisation."])
    #expect(other.context.operation == "GetServiceAuthorisation")
    #expect(response(Message.response("T-1", status: "no")).findings.map(\.message) == ["The requestStatus is no number."])
  }

  @Test func `what does not fit how it was announced is found`() {
    let announced = request(Message.request("T-1"), operation: "HeartBeat", direction: .fromIOP)
    #expect(
      announced.findings.map(\.message) == ["It was announced as HeartBeat.", "Its name says toIOP, and it came as fromIOP."])
    #expect(request(Message.response("T-1")).findings.map(\.message) == ["A response came where a request belongs."])
    #expect(request(Message.fault).findings.map(\.message) == ["A fault came where a request belongs."])
    let hostile = request(Message.request("T-1"), operation: "\u{1b}[2J\u{202e}")
    #expect(hostile.findings.first?.message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7f } == true)
  }

  @Test func `SOAP 1_1 is read and flagged`() {
    let content = request(Message.request("T-1", namespace: Message.soap11))
    #expect(content.context.kind == .request && texts(content, .transactionId) == ["T-1"])
    #expect(content.findings.map(\.message) == ["The envelope is SOAP 1.1; eMIP uses SOAP 1.2."])
  }

  @Test(arguments: ["<![CDATA[T-]]>1", "T<!-- x -->-1", "T&#45;1", "<![CDATA[T]]><![CDATA[-1]]>"])
  func `a value in pieces is found by its whole text`(written: String) {
    let content = request(Message.request(written))
    #expect(texts(content, .transactionId) == ["T-1"])
    #expect(content.marks.first.map { String(decoding: content.payload[$0.range], as: UTF8.self) } == written)
  }

  @Test func `a message in UTF-8 is recorded as what it says, with a finding where it declares another encoding`() {
    let plain = Message.request("T-1", more: "<EVSEId>FR*A23*E1</EVSEId>")
    for (before, finding) in [
      ("<?xml version='1.0' encoding='utf-16'?>", "The message declares the encoding utf-16 and is in UTF-8, as which it was read."),
      ("\n<?xml version='1.0'?>", "White space stands before the XML declaration, which must come first."),
    ] {
      // The second time it may be read by the markup of the first.
      for _ in 1...2 {
        let content = request(before + plain)
        #expect(content.context.kind == .request && texts(content, .transactionId) == ["T-1"] && texts(content, .evseId) == ["FR*A23*E1"])
        #expect(content.findings == [Finding(line: 1, message: finding)])
      }
    }
  }

  @Test func `unknown elements, control characters and formulas are kept as they are`() {
    let text = Message.request("=1+1", more: "<unknown><deep>&#9;\u{9b}</deep></unknown>")
    #expect(request(text).payload == Array(text.utf8))
    #expect(texts(request(text), .transactionId) == ["=1+1"])
  }

  @Test func `an oversize body is refused and its beginning kept`() {
    let bytes = Array(Message.request("T-1", more: "<x>\(String(repeating: "y", count: 3 << 20))</x>").utf8)
    let content = request(bytes, operation: "getserviceauthorisation")
    #expect(content.context.kind == .refusal && content.context.operation == "GetServiceAuthorisation")
    #expect(content.payload == Array(bytes[..<(2 << 20)]))
    #expect(content.findings.map(\.message).contains("The message has \(bytes.count) bytes; its first 2097152 are kept."))
    #expect(content.context.reason?.hasPrefix("too-large: ") == true)
  }

  private static let hostile: [(String, [UInt8])] = {
    let plain = Message.request("T-1")
    func text(_ text: String) -> [UInt8] { Array(text.utf8) }
    func more(_ more: String) -> [UInt8] { Array(Message.request("T-1", more: more).utf8) }
    let utf16 = Array(plain.utf16).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    let entities = "<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">"
    let parameters = "<!ENTITY % x ''><!ENTITY % y '&#37;x;&#37;x;&#37;x;'><!ENTITY % z '&#37;y;&#37;y;&#37;y;'>%z;"
    return [
      ("document-type", text("<!DOCTYPE a [\(entities)]>" + plain)), ("document-type", text("<!DOCTYPE a [\(parameters)]>" + plain)),
      ("document-type", text("<!DOCTYPE a SYSTEM \"file:///etc/passwd\">" + plain)), ("document-type", text("<!DOCTYPE a>" + plain)),
      ("undefined-entity", more("<x>&xxe;</x>")),
      ("too-deep", more(String(repeating: "<x>", count: 100) + String(repeating: "</x>", count: 100))),
      ("too-many-attributes", more("<x " + (0..<5_000).map { "a\($0)='1' " }.joined() + "/>")),
      ("too-many-namespaces", more("<x " + (0..<60).map { "xmlns:n\($0)='urn:\($0)' " }.joined() + "/>")),
      ("too-many-elements", more(String(repeating: "<x/>", count: 250_000))), ("nul-byte", text(plain) + [0]),
      ("nul-byte", more("<x>\u{0}</x>")),
      ("invalid-utf-8", Array(plain.utf8.dropLast(3)) + [0xc3, 0x28]), ("encoding", [0xff, 0xfe] + utf16),
      ("encoding", text("<?xml version='1.0' encoding='UTF-7'?>" + plain)), ("version", text("<?xml version='1.1'?>" + plain)),
      ("truncated", Array(plain.utf8.dropLast(5))), ("unbound-prefix", more("<n:x/>")), ("malformed", more("<x></y>")),
      ("several-bodies", text(plain.replacing("</s:Body>", with: "</s:Body><s:Body/>"))),
      ("several-body-children", text(plain.replacing("</s:Body>", with: "<x/></s:Body>"))), ("empty-body", text(Message.envelope(""))),
      ("no-body", text("<s:Envelope xmlns:s=\"\(Message.namespace)\"/>")), ("no-envelope", text("<a/>")),
      ("wrong-namespace", text(Message.request("T-1", namespace: "urn:x"))), ("not-xml", text("{\"a\": 1}")), ("empty", []),
      ("empty", text(" \n")),
    ]
  }()

  @Test func `whatever is hostile is recorded as a refusal with its reason, byte for byte, and soon`() {
    for (code, bytes) in Self.hostile {
      let (content, time) = workTime { request(bytes, operation: "GetServiceAuthorisation") }
      #expect(time < .seconds(3), "\(code)")
      #expect(content.context.kind == .refusal, "\(code)")
      #expect(content.context.reason?.hasPrefix("\(code): ") == true, "\(code): \(content.context.reason ?? "")")
      #expect(content.context.outcome == Outcome(.refused))
      #expect(content.payload == bytes && content.layout == nil, "\(code)")
      #expect(content.marks.isEmpty)
      let answer = recorder.response(ObservedMessage(bytes, observedAt: Self.time), to: request(Message.request("T-1")))
      #expect(answer.context.kind == .refusal && answer.payload == bytes, "\(code)")
    }
  }
}
