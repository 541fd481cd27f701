import Foundation
import JournalFormat
import TestSupport
import Testing

@testable import EMIP

@Suite struct LearnedMarkupTests {
  private let reader = MessageReader()

  /// Read by libxml2: a new reader has learned nothing.
  private func parsed(_ bytes: [UInt8]) -> MessageReading { MessageReader().read(bytes) }

  private func isKnown(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBufferPointer { reader.learned.read($0) } != nil }

  private func isSame(_ left: MessageReading, _ right: MessageReading) -> Bool {
    switch (left, right) {
    case (.message(let left), .message(let right)):
      // All other facts are made of these.
      left.envelope == right.envelope && left.leaves == right.leaves && left.layout == right.layout && left.marks == right.marks
        && left.findings == right.findings && left.requestStatus == right.requestStatus && left.transactionId == right.transactionId
    case (.refused(let left), .refused(let right)): left == right
    default: false
    }
  }

  @Test func `whatever came before, a message is read as libxml2 reads it`() {
    var random = SeededGenerator()
    var learned = 0
    for _ in 0..<400 {
      let message = RandomMessage(seed: random.next())
      for _ in 0..<4 {
        var bytes = message.bytes(texts: random.next())
        if random.chance(3) { mutate(&bytes, &random) }
        learned += isKnown(bytes) ? 1 : 0
        let same = isSame(reader.read(bytes), parsed(bytes))
        #expect(same, "\(String(decoding: bytes, as: UTF8.self))")
      }
    }
    #expect(learned > 100, "only \(learned) messages had a markup that was known")
  }

  /// Items of a few kinds in every order, among them what is no item, and lists beside lists.
  @Test func `lists of any length are read as libxml2 reads them`() {
    var random = SeededGenerator()
    let meter = "<meterReport><meterTypeId>1</meterTypeId></meterReport>"
    let items = [
      "<authenticationData><userIdType>RFID-UID</userIdType><userId>U</userId></authenticationData>", "<authenticationData/>",
      "<authenticationData></authenticationData>", "<authenticationData><x>\(meter)\(meter)</x><userId/></authenticationData>", "<y>1</y>",
      "<chargeDetailRecord>\(meter)<aList><b/><b>2</b></aList></chargeDetailRecord>", "<z><userId><v>1</v></userId></z>",
    ]
    let others = [meter, "<!-- c -->", "text", "</authenticationDataList><authenticationDataList>", "<authenticationData>", "<w a='1'/>"]
    let heads = ["", meter, "<chargeDetailRecord><userId>U</userId></chargeDetailRecord>", "<cdrList/>"]
    var known = 0
    for _ in 0..<1_500 {
      let space = random.chance(2) ? "" : "\n "
      var list = (0..<random.below(7)).map { _ in items[random.below(random.chance(2) ? 3 : items.count)] }
      if random.chance(6) { list.insert(others[random.below(others.count)], at: random.below(list.count + 1)) }
      let content = list.map { space + $0 }.joined() + space
      let tail = random.chance(2) ? "" : meter
      let name = random.chance(4) ? "other" : "authenticationDataList"
      let bytes = message("\(heads[random.below(random.chance(2) ? 1 : 4)])<\(name)>\(content)</\(name)>\(tail)")
      known += isKnown(bytes) ? 1 : 0
      let same = isSame(reader.read(bytes), parsed(bytes))
      #expect(same, "\(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(known > 300, "only \(known) lists were known")
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    for _ in 0...random.below(2) {
      let offset = random.below(bytes.count)
      switch random.below(4) {
      case 0: bytes[offset] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes.remove(at: offset)
      case 2: bytes.insert(Array("<>&]/'\" \r\n\0".utf8)[random.below(11)], at: offset)
      default: bytes.removeLast(random.below(bytes.count / 2))
      }
    }
  }

  @Test func `all traffic is read as libxml2 reads it, and most of it without`() {
    var (count, learned) = (0, 0)
    for message in simulatedMessages(exchanges: 1_500, seed: 5) {
      count += 1
      learned += isKnown(message) ? 1 : 0
      let same = isSame(reader.read(message), parsed(message))
      #expect(same, "\(String(decoding: message, as: UTF8.self))")
    }
    #expect(learned > count * 2 / 3, "\(learned) of \(count)")
  }

  private func message(_ fields: String) -> [UInt8] { Array(SOAP.message("eMIP_ToIOP_HeartBeatRequest", fields).utf8) }

  @Test(arguments: [
    "x", "", " \n\t", "  a b > c ' \"  ", "\u{7f}", String(repeating: "long ", count: 1_000),
  ])
  func `a plain text needs no parser`(text: String) {
    _ = reader.read(message("<a>1</a>\n<b/>"))
    let bytes = message("<a>\(text)</a>\n<b/>")
    #expect(isKnown(bytes))
    #expect(reader.read(bytes).everything == parsed(bytes).everything)
  }

  @Test(arguments: [
    "é", "&amp;", "]", "a]]>", "\r\n", "\u{1}", "\u{0}", "<b/>", "<!-- -->", "<![CDATA[x]]>", "<?pi?>", "&", "<", "</a><a>", "</b>",
  ])
  func `any other text is the parser's`(text: String) {
    _ = reader.read(message("<a>1</a>"))
    #expect(isKnown(message("<a>2</a>")))
    let bytes = message("<a>\(text)</a>")
    #expect(!isKnown(bytes))
    #expect(reader.read(bytes).everything == parsed(bytes).everything)
  }

  @Test(arguments: [
    "<a b='1'>1</a>", "<a>1</a><!-- c -->", "<a>&amp;</a>", "<a><![CDATA[1]]></a>", "<?pi?><a>1</a>", "<userId><x>1</x></userId>",
  ])
  func `what is unusual is not learned`(fields: String) {
    let bytes = message(fields)
    _ = reader.read(bytes)
    #expect(!isKnown(bytes))
  }

  @Test func `a list with more or fewer items than before shares their markup`() throws {
    func list(_ count: Int) -> [UInt8] {
      let items = (0..<count).map { "<authenticationData><userIdType>RFID-UID</userIdType><userId>\($0)</userId></authenticationData>" }
      return message("<authenticationDataList>\(items.joined())</authenticationDataList>")
    }
    _ = reader.read(list(100))
    let size = reader.learned.sizeBytes
    for count in [1, 2, 50, 101] {
      #expect(isKnown(list(count)))
      #expect(reader.read(list(count)).everything == parsed(list(count)).everything)
    }
    #expect(reader.learned.sizeBytes == size && size < 3_000)
    #expect(isKnown(list(300)))
    #expect(reader.read(list(300)).everything == parsed(list(300)).everything)
  }

  @Test func `a message that is too large is refused whatever is known of it`() {
    _ = reader.read(message("<a>1</a>"))
    let bytes = message("<a>\(String(repeating: "x", count: 2 << 20))</a>")
    #expect(reader.read(bytes).everything == parsed(bytes).everything)
  }

  @Test func `memory is bounded, whatever markup comes, and what came last is known`() {
    let learned = LearnedMarkup()
    let envelope = MessageEnvelope(soapVersion: .soap12, namespace: "", operation: nil)
    func markup(_ number: Int) -> [UInt8] { Array("<a><b\(number)>x</b\(number)><tail of=\"any\"/></a>".utf8) }
    var largest = 0
    for number in 0..<100_000 {
      let start = 6 + String(number).utf8.count
      let leaf = Leaf(path: LeafPath(name: 0, parent: 0), item: 0, subitem: 0, range: start..<start + 1, traits: [])
      markup(number).withUnsafeBufferPointer {
        learned.learn($0, CollectedMessage(envelope: envelope, leaves: [leaf], decodedTexts: [], items: []), [])
      }
      largest = max(largest, learned.sizeBytes)
    }
    #expect(largest > LearnedMarkup.limitBytes / 2 && largest <= LearnedMarkup.limitBytes)
    #expect(markup(99_999).withUnsafeBufferPointer { learned.read($0)?.leaves.count } == 1)
  }

  @Test func `a configured schema sees messages whose markup is known`() throws {
    let schemas = URL(filePath: #filePath).appending(path: "../../../Schemas/messages.xsd").standardizedFileURL
    let schema = try MessageSchema(path: schemas.path)
    let reader = MessageReader(configuration: .init(schema: schema))
    func findings(_ bytes: [UInt8]) -> [Finding] {
      guard case .message(let facts) = reader.read(bytes) else { return [] }
      return facts.findings
    }
    let first = findings(message("<requestStatus>1</requestStatus>"))
    #expect(findings(message("<requestStatus>one</requestStatus>")).count > first.count)
    #expect(findings(message("<requestStatus>1</requestStatus>")) == first)
  }
}
