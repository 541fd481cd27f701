import EMIP
import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

@Suite struct TemplateTests {
  /// Encodes exchanges as a writer would, and checks that a reader gets each back. Answers how many messages were templates.
  @discardableResult
  private func write(_ exchanges: [SimulatedExchange], to shelf: TemplateShelf) throws -> (messages: Int, templates: Int, bytes: Int) {
    let decoder = try TemplateDecoder()
    var counts = (messages: 0, templates: 0, bytes: 0)
    for exchange in exchanges {
      var request: EntryContent?
      for content in [exchange.request, exchange.response].compactMap({ $0 }) {
        counts.messages += 1
        guard let (bytes, tellsMarks) = shelf.encode(content, request: request) else { continue }
        counts.templates += 1
        counts.bytes += bytes.count
        let message = try decoder.decode(bytes, request: request, observedAt: content.observedAt, shelf)
        #expect(message.payload == content.payload)
        #expect(message.layout == content.layout)
        #expect(tellsMarks && message.marks == content.marks)
        request = content
      }
    }
    return counts
  }

  @Test func `traffic of every dialect comes back with its layout and marks, in few bytes`() throws {
    let shelf = try TemplateShelf()
    let exchanges = simulatedExchanges(1_500, seed: 7)
    try write(exchanges, to: shelf)
    let counts = try write(exchanges, to: shelf)
    #expect(counts.templates * 100 >= counts.messages * 97, "\(counts)")
    #expect(counts.bytes < counts.templates * 70, "\(counts)")
  }

  @Test func `a segment that was opened again goes on as it would have`() throws {
    let shelf = try TemplateShelf()
    try write(simulatedExchanges(800, seed: 8), to: shelf)
    let reopened = try TemplateShelf(reopening: shelf)
    for exchange in simulatedExchanges(200, seed: 8) {
      guard let (bytes, _) = shelf.encode(exchange.request), shelf.templates.count == reopened.templates.count,
        shelf.words == reopened.words
      else { continue }
      #expect(reopened.encode(exchange.request)?.bytes == bytes)
    }
    try write(simulatedExchanges(200, seed: 9), to: reopened)
  }

  @Test func `markup of the segment before is a template at first sight, with the rules learnt there`() throws {
    let exchanges = simulatedExchanges(400, seed: 10)
    let before = try TemplateShelf()
    try write(exchanges, to: before)
    let settled = try write(exchanges, to: before)
    let next = try TemplateShelf(after: before)
    let counts = try write(exchanges, to: next)
    #expect(counts.templates >= settled.templates)
    #expect(counts.bytes <= settled.bytes + settled.bytes / 20)
  }

  @Test func `a list of many items is one item and a count`() throws {
    let shelf = try TemplateShelf()
    func list(_ count: Int) -> EntryContent {
      let items = (0..<count).map { item in
        "<authenticationData>\n <userIdType>RFID-UID</userIdType><userId>0404\(1000 + item)</userId></authenticationData>\n"
      }
      return readContent(
        soapMessage("<authenticationDataList>" + items.joined() + "</authenticationDataList><requestStatus>1</requestStatus>"))
    }
    _ = shelf.encode(list(5))
    _ = shelf.encode(list(6))
    let templates = shelf.templates.count
    for count in [3, 17, 500] {
      let content = list(count)
      let (bytes, tellsMarks) = try #require(shelf.encode(content))
      #expect(bytes.count < 12 + 8 * count)
      let message = try shelf.decode(bytes, observedAt: content.observedAt)
      #expect(message.payload == content.payload && message.layout == content.layout)
      #expect(tellsMarks && message.marks == content.marks)
    }
    #expect(shelf.templates.count == templates)
  }

  /// A list of badges, whose dates end as said.
  private func badges(_ count: Int, dates zone: String) -> EntryContent {
    var random = SeededGenerator(seed: UInt64(count))
    let items = (0..<count).map { _ in
      let badge = "04" + String(UInt64.random(in: 1 << 44..<1 << 48, using: &random), radix: 16, uppercase: true)
      let check = Character(UnicodeScalar(UInt8(random.chance(3) ? 0x30 + random.below(10) : 0x41 + random.below(26))))
      let date = "2026-0\(1 + random.below(9))-\(10 + random.below(19))T0\(random.below(10)):00:00\(zone)"
      return "<authenticationData><userId>\(badge)</userId><expiryDate>\(date)</expiryDate>"
        + "<userContractIdAlias>FR-ABC-C\(10_000_000 + random.below(90_000_000))-\(check)</userContractIdAlias></authenticationData>"
    }
    return readContent(soapMessage("<authenticationDataList>" + items.joined() + "</authenticationDataList>"))
  }

  @Test func `what items share with the one before is not said again`() throws {
    let shelf = try TemplateShelf()
    for count in 20..<60 { _ = shelf.encode(badges(count, dates: "Z")) }
    let content = badges(100, dates: "Z")
    let (bytes, _) = try #require(shelf.encode(content))
    // Twelve digits in six bytes, a date in four, nine characters of a contract in four; all of the first item, and how it is said.
    #expect(bytes.count < 100 * 14 + 60, "\(bytes.count)")
    #expect(try shelf.decode(bytes, observedAt: content.observedAt).payload == content.payload)
  }

  @Test func `two senders of one markup do not pay for each other's spelling`() throws {
    let shelf = try TemplateShelf()
    for count in 20..<60 { _ = shelf.encode(badges(count, dates: "Z")) }
    let templates = shelf.templates.count
    _ = shelf.encode(badges(60, dates: "+02:00"))
    #expect(shelf.templates.count == templates + 1)
    for zone in ["Z", "+02:00"] {
      let content = badges(100, dates: zone)
      let (bytes, _) = try #require(shelf.encode(content))
      #expect(bytes.count < 100 * 14 + 60, "\(zone): \(bytes.count)")
      #expect(try shelf.decode(bytes, observedAt: content.observedAt).payload == content.payload)
    }
    // Short lists have the better of both rules, too.
    let sizes = try ["Z", "+02:00"].map { try #require(shelf.encode(badges(5, dates: $0))).bytes.count }
    #expect(abs(sizes[0] - sizes[1]) < 8, "\(sizes)")
    #expect(shelf.templates.count == templates + 1)
  }

  @Test func `no more than a few templates are made of one markup`() throws {
    let shelf = try TemplateShelf()
    for count in 20..<60 { _ = shelf.encode(badges(count, dates: "Z")) }
    let templates = shelf.templates.count
    for minutes in 0..<40 { _ = shelf.encode(badges(40, dates: "+11:\(10 + minutes)")) }
    #expect(shelf.templates.count <= templates + 8)
  }

  @Test func `an answer refers to its request`() throws {
    let shelf = try TemplateShelf()
    func exchange(_ id: Int) -> (EntryContent, EntryContent) {
      let text = "<transactionId>some-partner's own id: \(id * 7_919)</transactionId>"
      return (readContent(soapMessage(text)), readContent(soapMessage(text + "<requestStatus>1</requestStatus>")))
    }
    for id in 0..<3 { _ = shelf.encode(exchange(id).1, request: exchange(id).0) }
    let (request, response) = exchange(1_000)
    let bytes = try #require(shelf.encode(response, request: request)).bytes
    #expect(bytes.count <= 3)
    #expect(try shelf.decode(bytes, request: request, observedAt: response.observedAt).payload == response.payload)
    #expect(throws: FormatError.self) { try shelf.decode(bytes, observedAt: response.observedAt) }
  }

  @Test func `marks that the leaves do not tell are left to the caller`() throws {
    let shelf = try TemplateShelf()
    var content = readContent(soapMessage("<transactionId>T-1</transactionId><EVSEId>FR*C01*E1</EVSEId>"))
    content.marks.reverse()
    let (bytes, tellsMarks) = try #require(shelf.encodeTwice(content))
    #expect(!tellsMarks)
    #expect(try shelf.decode(bytes, observedAt: content.observedAt).marks.isEmpty)
  }

  @Test func `rules that prove bad are replaced, once`() throws {
    let shelf = try TemplateShelf()
    var sizes: [Int] = []
    for id in 0..<200 {
      // At first sight the two are the same; afterwards they are not, and the operator always is.
      let content = readContent(
        soapMessage(
          "<transactionId>aaaaaaaa-0000-0000-0000-\(100_000_000_000 + id)</transactionId><partnerId>FR*C01</partnerId>"
            + "<operatorId>FR*C0\(id < 2 ? 1 : 2)</operatorId>"))
      if let (bytes, _) = shelf.encode(content) { sizes.append(bytes.count) }
    }
    #expect(sizes.last! < sizes[1])
    #expect(sizes.last == 17)
    #expect(shelf.templates.count == 2)
  }

  @Test func `random messages come back byte by byte`() throws {
    var random = SeededGenerator()
    let shelf = try TemplateShelf()
    let reader = MessageReader()
    var (read, encoded, told) = (0, 0, 0)
    for _ in 0..<6_000 {
      let payload = Array(
        soapMessage(RandomChildren(&random).text, prolog: ["", "<?xml version='1.0'?>\r\n", "\u{feff}"][random.below(3)]).utf8)
      let content = readContent(random.chance(20) ? damaged(payload, &random) : payload, reader: reader)
      if content.layout != nil { read += 1 }
      guard let (bytes, tellsMarks) = shelf.encodeTwice(content) else { continue }
      encoded += 1
      let message = try shelf.decode(bytes, observedAt: content.observedAt)
      #expect(message.payload == content.payload && message.layout == content.layout)
      // What is personal besides leaves, such as a comment, no template tells.
      let isOfLeaves = content.marks.allSatisfy { mark in content.layout?.leaves.contains { $0.range == mark.range } ?? false }
      #expect(tellsMarks ? message.marks == content.marks : !isOfLeaves)
      if tellsMarks { told += 1 }
    }
    #expect(read > 3_000 && encoded > 1_000 && told > encoded / 2, "\(read) read, \(encoded) encoded, \(told) with their marks")
  }

  private func damaged(_ payload: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var payload = payload
    payload[random.below(payload.count)] = UInt8(truncatingIfNeeded: random.next())
    return payload
  }
}

/// Random children of an operation: of every kind of markup, and with values of every kind.
private struct RandomChildren {
  private(set) var text = ""

  init(_ random: inout SeededGenerator) {
    for _ in 0..<random.below(5) { element(&random, depth: 0) }
    if random.chance(30) {
      let item = "<authenticationData><userId>\(random.below(1_000_000))</userId></authenticationData>"
      text += "<authenticationDataList>" + String(repeating: item, count: random.below(600)) + "</authenticationDataList>"
    }
  }

  private mutating func element(_ random: inout SeededGenerator, depth: Int) {
    let name = ["transactionId", "partnerId", "userId", "meterReport", "a", "x:y", "authenticationData"][random.below(7)]
    let attribute = ["", "", "", " k='v&lt;\(random.below(3))'", " z=\"\"", "\n b = '2' c='3'"][random.below(6)]
    text += "<\(name)\(name == "x:y" ? " xmlns:x=\"urn:x\"" : "")\(attribute)"
    if random.chance(8) {
      text += "/>"
      return
    }
    text += ">"
    if depth < 3, random.chance(3) {
      if random.chance(12) { text += "mixed" }
      for _ in 0..<random.below(6) { element(&random, depth: depth + 1) }
    } else {
      text +=
        [
          "", "1", " \t padded ", "&amp;", "<![CDATA[<b>]]>", "plain", "é→", "2025-03-01T00:00:57Z", "FR*C01*E1",
          "76fec679-6d83-4559-a048-9696c851817c", "4<!-- in the text -->2", "13.50",
        ][random.below(12)]
    }
    if random.chance(25) { text += ["<!-- c -->", "<?pi x?>", "\r\n"][random.below(3)] }
    text += "</\(name)\(random.chance(9) ? " " : "")>"
    if random.chance(9) { text += "\n  " }
  }
}
