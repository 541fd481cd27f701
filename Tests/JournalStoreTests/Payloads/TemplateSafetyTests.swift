import EMIP
import Foundation
import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

@Suite struct TemplateSafetyTests {
  private let secret = "SECRET0A1B2C"

  @Test(arguments: [
    "<userIdType>RFID-UID</userIdType><userId>SECRET0A1B2C</userId>", "<userId>&#83;ECRET0A1B2C</userId>",
    "<userId>a<b>SECRET0A1B2C</b></userId>",
    "<partnerId note=\"SECRET0A1B2C\">FR*C01</partnerId>", "<partnerId>FR*C01<!-- SECRET0A1B2C --></partnerId>",
    "<list><!-- SECRET0A1B2C --><partnerId>FR*C01</partnerId></list>", "<list>SECRET0A1B2C<partnerId>FR*C01</partnerId></list>",
    "<list><?pi SECRET0A1B2C?><partnerId>FR*C01</partnerId></list>", "<list><![CDATA[SECRET0A1B2C]]><a>1</a></list>",
    "<list note='SECRET0A1B2C'><a>1</a></list>", "<unknown>SECRET0A1B2C</unknown>",
    "<userContractIdAlias>SECRET0A1B2C</userContractIdAlias>",
    "<userId>SECRET0A1B2C-76fec679-6d83-4559-a048-9696c851817c</userId>", "<unknown>SECRET0A1B2C12345678</unknown>",
    "<partnerId>SECRET0A1B2C</partnerIds>",
  ])
  func `what may be somebody's is in no template and no word`(children: String) throws {
    let shelf = try TemplateShelf()
    for number in 0..<100 {
      let children = children + "<transactionId>T-\(number)</transactionId>"
      _ = shelf.encode(readContent(soapMessage(children)))
      _ = shelf.encode(readContent(soapMessage(children) + "<!-- \(secret) -->"))
    }
    let kept = String(decoding: try shelf.kept(), as: UTF8.self)
    #expect(!kept.contains("SECRET") && !kept.contains("ECRET0A"))
  }

  @Test func `a personal leaf makes no word though it is said to recur`() throws {
    let shelf = try TemplateShelf()
    var content = readContent(soapMessage("<userId>\(secret)</userId>"))
    content.layout!.leaves = content.layout!.leaves.map {
      Leaf(path: $0.path, item: 0, subitem: 0, range: $0.range, traits: $0.traits.union(.recurring))
    }
    for _ in 0..<100 { _ = shelf.encode(content) }
    #expect(!shelf.templates.isEmpty)
    #expect(!String(decoding: try shelf.kept(), as: UTF8.self).contains(secret))
  }

  @Test func `bytes that were changed are refused or read as something else, and never trap`() throws {
    var random = SeededGenerator()
    let shelf = try TemplateShelf()
    var payloads: [([UInt8], EntryContent)] = []
    for exchange in simulatedExchanges(300, seed: 11) {
      if let (bytes, _) = shelf.encode(exchange.request), bytes.count < 2_000 { payloads.append((bytes, exchange.request)) }
    }
    var refusals = 0
    let codec = try TemplateCodec()
    for round in 0..<4_000 {
      var (bytes, content) = payloads[random.below(payloads.count)]
      let hostile = try TemplateShelf()
      (hostile.templates, hostile.words) = (shelf.templates, shelf.words)
      if round % 2 == 0 {
        for _ in 0...random.below(3) { bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
      } else {
        // The payload is whole, and its template is not: changed below its compression, which would find it out.
        let number = UInt32(bytes[0] & 0x7f) >> 1
        guard bytes[0] < 0x80, let encoding = shelf.templates[number] else { continue }
        var template = try codec.content(of: encoding, number: number, forWriting: false) {
          _ = try codec.content(of: shelf.templates[1]!, number: 1, forWriting: false) {}
        }
        for _ in 0...random.below(3) { template[random.below(template.count)] = UInt8(truncatingIfNeeded: random.next()) }
        hostile.templates[number] = [0] + template
      }
      do { _ = try hostile.decode(bytes, request: payloads[0].1, observedAt: content.observedAt) } catch { refusals += 1 }
      content.layout = nil
    }
    #expect(refusals > 400)
  }

  @Test func `a small payload cannot ask for much memory`() throws {
    let shelf = try TemplateShelf()
    let holes = (0..<4_096).map { _ in
      TemplateHole(
        outline: LeafOutline(path: LeafPath(name: 0, parent: 0), traits: [], markKind: 0, step: ListStep(rawValue: 0)),
        form: ValueForm(.empty))
    }
    let item = Template(role: [], envelope: [], holes: holes, markup: [], pieceEnds: Array(repeating: 0, count: 4_096))
    let first = Template(role: .first, envelope: [], holes: [], markup: Array("<a>".utf8), pieceEnds: [3])
    for (number, template) in [(UInt32(1), first), (2, item)] {
      var content: [UInt8] = []
      template.encode(base: nil, to: &content)
      shelf.templates[number] = [0] + content
    }
    var bytes: [UInt8] = [2]
    for _ in 0..<64 {
      bytes.append(2)
      bytes.appendVarint(500_000)
    }
    #expect(throws: FormatError.self) { try shelf.decode(bytes, observedAt: Timestamp(rawValue: 0)) }
    // Parts without end, none of them with a value.
    shelf.templates[3] = shelf.templates[1]
    #expect(throws: FormatError.self) { try shelf.decode(Array(repeating: 2, count: 100_000), observedAt: Timestamp(rawValue: 0)) }
  }

  @Test func `a chain of templates made of each other ends`() throws {
    let shelf = try TemplateShelf()
    for number in UInt32(1)...16_384 {
      var content: [UInt8] = [7]
      content.appendVarint(UInt64(max(1, number - 1)))
      shelf.templates[number] = [0] + content
    }
    var bytes: [UInt8] = []
    bytes.appendVarint(UInt64(16_384 << 1))
    #expect(throws: FormatError.self) { try shelf.decode(bytes, observedAt: Timestamp(rawValue: 0)) }
  }

  @Test func `a hundred thousand markups keep to the bounds`() throws {
    let shelf = try TemplateShelf()
    let reader = MessageReader()
    for number in 0..<100_000 {
      let content = readContent(Array(soapMessage("<a\(number)><partnerId>P\(number)</partnerId></a\(number)>").utf8), reader: reader)
      // Seen once each, most make no template; every fourth comes again.
      _ = shelf.encode(content)
      if number % 4 == 0 { _ = shelf.encode(content) }
    }
    #expect(shelf.templates.count <= TemplateRegister.maximumCount && shelf.templates.count > 16_000)
    #expect(shelf.words.count <= WordList.maximumCount)
    let familiar = readContent(soapMessage("<a0><partnerId>P0</partnerId></a0>"))
    #expect(shelf.encode(familiar) != nil)
  }

  @Test func `long markup and long lists are for others`() throws {
    let shelf = try TemplateShelf()
    let padding = String(repeating: " ", count: Template.maximumMarkupBytes)
    #expect(shelf.encodeTwice(readContent(soapMessage("<a>1</a>\(padding)<b>2</b>"))) == nil)
    #expect(shelf.encodeTwice(readContent(soapMessage(String(repeating: "<a>1</a>", count: Template.maximumHoles + 1)))) == nil)
    #expect(shelf.templates.isEmpty)
  }
}
