import JournalFormat
import Testing

@testable import EMIP

@Suite struct MessageLayoutTests {
  private let reader = MessageReader()

  private func layout(_ text: String) throws -> (MessageLayout, [String]) {
    let facts = try reader.facts(of: text)
    let layout = try #require(facts.layout)
    return (layout, layout.leaves.map { String(decoding: facts.payload[$0.range], as: UTF8.self) })
  }

  @Test func `every attribute that declares no namespace is a leaf before its element's own`() throws {
    let fields = """
      <a one='1' xmlns:n="urn:n" n:two = "2>'/>" xmlnsx='3'\n>text</a><b xmlns='urn:b' c=""/>\
      <authenticationData id='x'><userIdType k='v'>EVCO</userIdType></authenticationData>
      """
    let (layout, texts) = try layout(SOAP.body("<Op z='&amp;é'>\(fields)</Op>").replacing("<s:Header", with: "<s:Header h=' h '"))
    #expect(texts == [" h ", "&amp;é", "1", "2>'/>", "3", "text", "", "", "x", "v", "EVCO"])
    #expect(layout.leaves.map(\.isAttribute) == [true, true, true, true, true, false, true, false, true, true, false])
    let attributes = layout.leaves.filter(\.isAttribute)
    #expect(attributes.allSatisfy { $0.path.name == 0 && !$0.isDecoded && $0.traits == [.attribute, .personal] })
    #expect(
      attributes.map(\.path.parent) == [
        WireName.header, WireName.operationElement, 0, 0, 0, 0, WireName.authenticationData, WireName.userIdType,
      ])
    #expect(layout.leaves.map(\.item) == [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1])
  }

  @Test func `leaves stand in document order and do not overlap`() throws {
    var leafCount = 0
    for message in simulatedMessages(exchanges: 500, seed: 11) {
      guard case .message(let facts) = reader.read(message) else { continue }
      var end = 0
      for leaf in try #require(facts.layout).leaves {
        #expect(leaf.range.lowerBound >= end)
        end = leaf.range.upperBound
        leafCount += 1
      }
      #expect(end <= message.count)
    }
    #expect(leafCount > 5_000)
  }

  @Test func `an attribute of a personal element is personal, and one inside it is part of its leaf`() throws {
    let (layout, texts) = try layout(SOAP.message("Op", "<userId kind='card'><part n='7'>04AB</part></userId><userId n=''>x</userId>"))
    #expect(texts.suffix(4) == ["card", "<part n='7'>04AB</part>", "", "x"])
    #expect(layout.leaves.suffix(4).map(\.isPersonal) == [true, true, true, true])
    #expect(layout.leaves.suffix(4).map(\.isAttribute) == [true, false, true, false])
  }

  @Test func `attributes change no fact`() throws {
    // Each of them would be an item, an event, a status or a header field if it were taken for an element.
    let fields = """
      <authenticationData A><userIdType A>RFID-UID</userIdType><userId A>04AB</userId></authenticationData><authenticationData A/>\
      <sessionEvent A/><chargeDetailRecord A/><requestStatus A>1</requestStatus><EVSEId A>FR*A23*E1</EVSEId><busyStatus A>1</busyStatus>
      """
    let message = SOAP.message("eMIP_ToIOP_SetAuthenticationDataRequest", fields)
    let plain = try reader.facts(of: message.replacing(" A", with: ""))
    let attributed = try reader.facts(of: message.replacing(" A", with: " a='1' b='2'"))
    // Where things stand differs; what they say does not. But what an attribute says of a user is masked.
    let differing: Set = ["leaves", "layout", "payload", "marks"]
    func facts(_ facts: MessageFacts) -> [String] {
      facts.everything.filter { !differing.contains(String($0.prefix { $0 != ":" })) } + facts.leaves.map { "\($0.path) \($0.item)" }
        + facts.marks.filter { $0.kind != .personalText }.map {
          "\($0.kind) \(String(decoding: $0.text(in: facts.payload), as: UTF8.self))"
        }
    }
    #expect(facts(attributed) == facts(plain))
    #expect(attributed.authenticationData.count == 1)
    #expect(attributed.marked(.personalText) == Array(repeating: ["1", "2"], count: 9).flatMap(\.self))
  }

  @Test func `codes, operators and ids recur, and nothing that tells of a user does`() throws {
    func recurring(_ name: String, _ reader: MessageReader) throws -> Bool {
      try #require(reader.facts(of: SOAP.message("Op", "<\(name)>x</\(name)>")).leaves.last).traits == .recurring
    }
    for name in [
      "partnerId", "operatorId", "EVSEId", "EVSEIdType", "userIdType", "requestStatus", "meterUnit", "CDRNature", "faultCode",
      "transactionId", "serviceSessionId", "execPartnerSessionId", "salePartnerSessionId", "bookingId", "partnerServiceSessionId",
      "salePartnerBookingId", "sessionEventId", "sessionActionId", "relatedSessionEventId",
    ] {
      #expect(try recurring(name, reader), "\(name)")
    }
    for name in [
      "userId", "userContractIdAlias", "parameter",
      "sessionEventParameter", "sessionActionParameter", "availabilityStatusComment", "busyStatusComment", "Text", "faultMessage",
      "faultstring", "somethingElse",
    ] {
      #expect(try !recurring(name, reader), "\(name)")
    }
    let personal = MessageReader(configuration: .init(personalNames: [WireName.evseId]))
    #expect(try !recurring("EVSEId", personal))
    #expect(try recurring("operatorId", personal))
  }

  @Test func `an envelope comes back from its bytes`() throws {
    let operations =
      [nil]
      + ["eMIP_ToIOP_HeartBeatRequest", "FromIOP_Heartbeat", "SetChargeDetailRecordResponse", "été", "Response"].map {
        Operation(localName: $0)
      }
    for version in SOAPVersion.allCases {
      for namespace in ["", SOAP.authorisation, "urn:é"] {
        for operation in operations {
          let envelope = MessageEnvelope(soapVersion: version, namespace: namespace, operation: operation)
          let bytes = try #require(envelope.encoded)
          #expect(try MessageEnvelope(decoding: bytes) == envelope)
          for cut in 0..<min(3, bytes.count) {
            #expect(throws: FormatError.self) { try MessageEnvelope(decoding: Array(bytes.prefix(cut))) }
          }
        }
      }
    }
    // On disk: never edit.
    let known = MessageEnvelope(soapVersion: .soap12, namespace: "urn:n", operation: Operation(localName: "eMIP_FromIOP_HeartbeatResponse"))
    #expect(known.encoded == [1, 0b1010_1110, 5] + Array("urn:nHeartBeat".utf8))
    #expect(MessageEnvelope(soapVersion: .soap11, namespace: "", operation: nil).encoded == [1, 1, 0])
    #expect(throws: FormatError.self) { try MessageEnvelope(decoding: [2, 1, 0]) }
    #expect(throws: FormatError.self) { try MessageEnvelope(decoding: [1, 1, 0, 0x61]) }
  }

  @Test func `an envelope too long to be kept leaves the message without a layout`() throws {
    let long = String(repeating: "n", count: 300)
    let facts = try reader.facts(of: SOAP.body("<Op xmlns='urn:\(long)'><transactionId>x</transactionId></Op>"))
    #expect(facts.layout == nil)
    #expect(facts.transactionId == "x")
    #expect(facts.namespace == "urn:\(long)")
  }

  @Test func `what an entry says is told by its layout, and by its bytes where it has none`() throws {
    let payload = Array(SOAP.message("eMIP_ToIOP_HeartBeatResponse", "<x>&amp;</x><requestStatus>1</requestStatus>").utf8)
    let read = try reader.facts(of: String(decoding: payload, as: UTF8.self))
    var content = EntryContent(observedAt: Timestamp(rawValue: 0), context: EntryContext(kind: .response), payload: payload)
    #expect(reader.read(content).everything == read.everything)
    content.layout = read.layout
    #expect(reader.read(content).everything == read.everything)
    // The layout is believed: no second look at the bytes.
    content.layout?.leaves = []
    guard case .message(let facts) = reader.read(content) else {
      Issue.record("the layout was not read")
      return
    }
    #expect(facts.transactionId == nil && facts.operation == read.operation)
    // Nor does a layout of another protocol make it unreadable.
    content.layout?.envelope = [99]
    #expect(reader.read(content).everything == read.everything)
  }

  @Test func `facts of stored leaves are those of the bytes, over all traffic`() throws {
    var (count, faults) = (0, 0)
    for message in simulatedMessages(exchanges: 1_000, seed: 3) {
      guard case .message(let read) = reader.read(message) else { continue }
      let layout = try #require(read.layout)
      let stored = try MessageFacts(layout: layout, payload: message)
      #expect(stored.everything == read.everything, "\(String(decoding: message, as: UTF8.self))")
      count += 1
      faults += stored.isFault ? 1 : 0
    }
    #expect(count > 1_800 && faults > 0)
  }
}
