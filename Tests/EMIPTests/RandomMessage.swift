import TestSupport

/// A SOAP message with random markup, most of it well-formed, and texts that can be drawn again for the same markup.
struct RandomMessage {
  /// Markup and places for texts, by turns.
  private var gaps: [String] = [""]
  private var random: SeededGenerator

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    if random.chance(8) { write("\u{feff}") }
    if random.chance(2) {
      write(pick(["<?xml version=\"1.0\" encoding=\"utf-8\"?>", "<?xml version='1.0'?>\r\n", "<?xml version='1.0' ?>\n"]))
    }
    if random.chance(40) { write("<!-- made by hand -->") }
    let namespace = pick([SOAP.namespace, SOAP.namespace, SOAP.namespace, SOAP.soap11Namespace, "urn:x"])
    write("<s:Envelope xmlns:s=\"\(namespace)\"\(attributes())>\(space())")
    switch random.below(6) {
    case 0: write("<s:Header/>")
    case 1: write("<s:Header>\(space())</s:Header>")
    case 2:
      write("<s:Header>")
      element(depth: 3)
      write("</s:Header>")
    default: break
    }
    write("\(space())<s:Body>\(space())")
    if !random.chance(30) { operation() }
    write("\(space())</s:Body>\(space())</s:Envelope>\(space())")
  }

  /// The message with texts of a seed's choice.
  func bytes(texts seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return Array(gaps.dropFirst().reduce(gaps[0]) { $0 + Self.text(&random) + $1 }.utf8)
  }

  private static func text(_ random: inout SeededGenerator) -> String {
    switch random.below(60) {
    case 0: ["&amp;", "a&#65;b", "&nope;", "&"][random.below(4)]
    case 1: ["<![CDATA[a<b]]>", "<!-- x -->", "a<?pi?>b", "<x>1</x>", "<x/>", "<"][random.below(6)]
    case 2: ["é", "\u{1}", "\u{7f}", "\u{85}", "\u{ffff}"][random.below(5)]
    case 3: ["]]>", "]", "a]b"][random.below(3)]
    case 4: ["\r\n a \r\n", "a\rb"][random.below(2)]
    case 5...9: ""
    case 10...14: [" ", "\n\t", " a", "a\n", "\t a b \n", "  >  "][random.below(6)]
    case 15...22: ["RFID-UID", "eMA", "1", "10201", "x"][random.below(5)]
    default: String(repeating: "FR*A23*E1-", count: random.below(4)) + String(random.next() % 1000)
    }
  }

  private mutating func operation() {
    let name = pick(["e:eMIP_ToIOP_HeartBeatRequest", "e:eMIP_FromIOP_SetChargeDetailRecordResponse", "e:Unknown", "s:Fault", "plain"])
    write("<\(name) xmlns:e='urn:e'\(attributes())>\(space())")
    for _ in 0..<random.below(6) { element(depth: 4) }
    write("</\(name)>")
  }

  private mutating func element(depth: Int) {
    let name = pick(Self.names)
    if random.chance(10) { return write("<\(name)\(attributes())\(pick(["/>", " />", "\n/>"]))\(space())") }
    write("<\(name)\(attributes())\(pick(["", "", " "]))>")
    if depth < 9, random.chance(3) {
      write(space())
      for _ in 0...random.below(3) { element(depth: depth + 1) }
      if random.chance(40) { write("mixed") }
    } else {
      gaps.append("")
    }
    write("</\(random.chance(400) ? "other" : name)\(pick(["", "", " "]))>\(space())")
  }

  private mutating func attributes() -> String {
    random.chance(60) ? pick([" a='1'", " xmlns:q=\"urn:/>\"", " b=\"<\"", " xml:lang='en'", " u:c=''"]) : ""
  }

  private mutating func space() -> String { pick(["", "", "", "\n  ", "\r\n", " "]) }
  private mutating func write(_ text: String) { gaps[gaps.count - 1] += text }
  private mutating func pick(_ choices: [String]) -> String { choices[random.below(choices.count)] }

  private static let names = [
    "transactionId", "partnerId", "operatorId", "requestStatus", "userIdType", "userId", "userContractIdAlias", "EVSEId", "parameter",
    "authenticationDataList", "authenticationData", "chargeDetailRecord", "meterReportList", "meterReport", "meterTypeId", "meterValue",
    "sessionEvent", "sessionEventId", "busyStatus", "s:Code", "s:Value", "s:Text", "faultCode", "x", "e:transactionId", "e:y", "anyList",
  ]
}
