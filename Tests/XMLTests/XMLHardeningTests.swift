import TestSupport
import Testing

@testable import XML

@Suite struct XMLHardeningTests {
  private let reader = XMLReader()

  /// Each must be refused within this much work, in a debug build; a bomb that goes off takes half a minute to years.
  private static let patience = Duration.seconds(2)

  private func refusesQuickly(_ document: [UInt8], _ code: XMLError.Code, _ location: SourceLocation = #_sourceLocation) {
    let (refusal, time) = workTime { reader.refusal(of: document) }
    #expect(refusal?.code == code, sourceLocation: location)
    #expect(time < XMLHardeningTests.patience, sourceLocation: location)
  }

  private func refusesQuickly(_ document: String, _ code: XMLError.Code, _ location: SourceLocation = #_sourceLocation) {
    refusesQuickly(Array(document.utf8), code, location)
  }

  @Test func `refuses every document type declaration`() {
    let declarations = [
      "<!DOCTYPE a>", "<!DOCTYPE a []>", "<!DOCTYPE a SYSTEM \"http://192.0.2.1/a.dtd\">", "<!DOCTYPE a PUBLIC '-//x' 'a.dtd' []>",
      "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>", "<!DOCTYPE a [<!ELEMENT a ANY>]>",
    ]
    for declaration in declarations { refusesQuickly("<?xml version='1.0'?>\n\(declaration)<a>&e;</a>", .documentType) }
  }

  @Test func `refuses entity bombs of both kinds`() {
    var laughs = "<!DOCTYPE a [<!ENTITY l0 \"lol\">"
    for level in 1...12 { laughs += "<!ENTITY l\(level) \"" + String(repeating: "&l\(level - 1);", count: 10) + "\">" }
    refusesQuickly(laughs + "]><a>&l12;</a>", .documentType)
    // 400 bytes of parameter entities keep libxml2 2.9 busy for half a minute.
    var parameters = "<!DOCTYPE a [<!ENTITY % x ''>"
    for level in 1...8 {
      let before = level == 1 ? "&#37;x;" : "&#37;p\(level - 1);"
      parameters += "<!ENTITY % p\(level) '" + String(repeating: before, count: 3) + "'>"
    }
    refusesQuickly(parameters + "%p8;]><a/>", .documentType)
  }

  @Test func `refuses undefined entities and does not fetch them`() {
    refusesQuickly("<a>&passwd;</a>", .undefinedEntity)
    refusesQuickly("<a x='&nbsp;'/>", .undefinedEntity)
  }

  @Test func `refuses what is nested too deep`() {
    refusesQuickly(String(repeating: "<a>", count: 65) + String(repeating: "</a>", count: 65), .tooDeep)
    refusesQuickly(String(repeating: "<a>", count: 600_000), .tooDeep)
  }

  @Test(arguments: [65, 97, 1000, 5000, 200_000])
  func `refuses many attributes`(count: Int) {
    refusesQuickly("<a" + (1...count).map { " a\($0)=''" }.joined() + "/>", .tooManyAttributes)
  }

  @Test func `refuses many attributes that hide behind others`() {
    let hidden = (1...100_000).map { " b\($0)=\">\"" }.joined()
    refusesQuickly("<a x='>'\(hidden)/>", .tooManyAttributes)
    refusesQuickly("<z><a x='\"'\(hidden)></a></z>", .tooManyAttributes)
    refusesQuickly("<a\(hidden)", .tooManyAttributes)
  }

  @Test func `quotes in text, comments and sections are no attributes`() {
    let quotes = String(repeating: "it's 'so' \"they\" say, ", count: 1000)
    for content in [quotes, "<!-- < \(quotes)-->", "<![CDATA[1 < 2 \(quotes)]]>", "<?pi \(quotes)?>", "</a ><a>\(quotes)"] {
      #expect(reader.refusal(of: "<r><a>\(content)</a></r>") == nil)
    }
  }

  @Test func `refuses many namespaces`() {
    refusesQuickly("<a" + (1...33).map { " xmlns:n\($0)='urn:n'" }.joined() + "/>", .tooManyNamespaces)
    refusesQuickly("<a" + (1...50_000).map { " xmlns:n\($0)='urn:n'" }.joined() + "/>", .tooManyAttributes)
    let level = (1...30).map { " xmlns:n\($0)='urn:n'" }.joined()
    refusesQuickly(String(repeating: "<a\(level)>", count: 20), .tooManyNamespaces)
  }

  @Test func `counts only namespaces in scope`() throws {
    let sibling = "<b" + (1...30).map { " xmlns:n\($0)='urn:n'" }.joined() + "/>"
    #expect(try reader.elements(of: "<a>" + String(repeating: sibling, count: 100) + "</a>").count == 101)
  }

  @Test func `refuses many elements`() {
    refusesQuickly("<a>" + String(repeating: "<b/>", count: 200_000) + "</a>", .tooManyElements)
  }

  @Test func `refuses many names`() {
    refusesQuickly("<a>" + (0..<100_000).map { "<n\($0)/>" }.joined() + "</a>", .tooManyNames)
    refusesQuickly("<a>" + (0..<100_000).map { "<n a\($0)=''/>" }.joined() + "</a>", .tooManyNames)
    #expect(reader.refusal(of: "<a>" + (0..<10_000).map { "<n\($0)/>" }.joined() + "</a>") == nil)
  }

  @Test func `refuses what is too large`() {
    refusesQuickly("<a>" + String(repeating: "x", count: XMLLimits.sizeBytes - 6) + "</a>", .tooLarge)
  }

  @Test func `refuses NUL wherever it is`() {
    let document = Array("<?xml version='1.0'?>\n<a b='c'>text<!-- d --></a>\n".utf8)
    for offset in 2...document.count {
      var bytes = document
      bytes.insert(0, at: offset)
      refusesQuickly(bytes, .nulByte)
    }
  }

  @Test(
    arguments: [
      [0x80], [0xc0, 0xaf], [0xc1, 0xbf], [0xc3], [0xe0, 0x80, 0xaf], [0xed, 0xa0, 0x80], [0xe9], [0xf0, 0x80, 0x80, 0xaf],
      [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff], [0xe2, 0x82], [0xf0, 0x9f, 0x94],
    ] as [[UInt8]])
  func `refuses invalid UTF-8`(sequence: [UInt8]) {
    for padding in 0..<9 {
      let text = Array(String(repeating: "x", count: padding).utf8)
      refusesQuickly(Array("<a>".utf8) + text + sequence + Array("</a>".utf8), .invalidUTF8)
      refusesQuickly(Array("<a b='".utf8) + text + sequence + Array("'/>".utf8), .invalidUTF8)
      refusesQuickly(Array("<a/>".utf8) + text + sequence, .invalidUTF8)
    }
  }

  @Test func `refuses other encodings`() {
    let ascii = "<?xml version='1.0'?><a/>"
    let wide = Array(ascii.utf16)
    refusesQuickly([0xff, 0xfe] + wide.flatMap { [UInt8($0), 0] }, .encoding)
    refusesQuickly([0xfe, 0xff] + wide.flatMap { [0, UInt8($0)] }, .encoding)
    refusesQuickly(wide.flatMap { [UInt8($0), 0] }, .encoding)
    refusesQuickly(wide.flatMap { [0, UInt8($0)] }, .encoding)
    refusesQuickly([0xff, 0xfe, 0, 0] + wide.flatMap { [UInt8($0), 0, 0, 0] }, .encoding)
    refusesQuickly([0, 0, 0xfe, 0xff] + wide.flatMap { [0, 0, 0, UInt8($0)] }, .encoding)
  }

  @Test(arguments: [
    "UTF-7", "unicode-1-1-utf-7", "csUnicode11UTF7", "HZ", "hz-gb-2312", "ISO-2022-JP", "iso2022jp", "ISO_2022-KR", "EBCDIC-CP-US",
    "cp-ebcdic", "IBM037",
    "cp037", "IBM01140", "ibm-1047", "x-IBM1047", "ccsid00500", "windows-20273", "cp65000", "cp50220", "SCSU", "BOCU-1", "ISO646-FR",
    "JIS_Encoding", " utf-7 ",
    "UTF_7",
  ])
  func `refuses encodings in which ASCII bytes may mean something else`(name: String) {
    refusesQuickly("<?xml version='1.0' encoding='\(name)'?><a/>", .encoding)
    refusesQuickly("\u{feff}<?xml version='1.0' encoding='\(name)'?><a>é</a>", .encoding)
    refusesQuickly("\n<?xml version='1.0' encoding='\(name)'?><a/>", .encoding)
  }

  @Test func `refuses other versions and malformed declarations`() {
    for version in ["1.1", "1.2", "2.0", "", "1.0 ", "1.00"] { refusesQuickly("<?xml version='\(version)'?><a/>", .version) }
    let malformed = [
      "<?xml ?><a/>", "<?xml encoding='UTF-8'?><a/>", "<?xml version='1.0' encoding='UTF-8'><a/>", "<?xml version=1.0?><a/>",
      "<?xml version='1.0'encoding='UTF-8'?><a/>", "<?xml version='1.0' standalone='maybe'?><a/>", "<?xml version='1.0\"?><a/>",
      "<?xml version='1.0'?><?xml version='1.0'?><a/>", "<?xml version='1.0'?>\n<?xml version='1.0'?><a/>",
      "<?XML version='1.0'?><a/>", "<?xml version='1.0' encoding='UTF-8' encoding='UTF-8'?><a/>",
    ]
    for document in malformed { refusesQuickly(document, .malformed) }
  }

  @Test func `refuses unbound prefixes`() {
    refusesQuickly("<p:a/>", .unboundPrefix)
    refusesQuickly("<a p:x='1'/>", .unboundPrefix)
    refusesQuickly("<a><b xmlns:p='urn:p'/><p:c/></a>", .unboundPrefix)
    refusesQuickly("<a xmlns:p='urn:p'><p:b xmlns:p=''/></a>", .malformed)
    #expect(reader.refusal(of: "<a xml:lang='fr'/>") == nil)
  }

  @Test(arguments: ["", " \r\n\t", "\u{feff}", "\u{feff}\n"])
  func `refuses a document of nothing`(document: String) { refusesQuickly(document, .empty) }

  @Test(arguments: ["{\"json\": true}", "HTTP/1.1 200 OK", "x<a/>", "\u{feff}\u{feff}<a/>"])
  func `refuses what is not XML`(document: String) { refusesQuickly(document, .notXML) }

  @Test(arguments: [
    "<a></b>", "<a/><b/>", "<a/>text", "<a b='1' b='2'/>", "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", "<a b=1/>", "<a b='<'/>",
    "<a>]]></a>", "<a>\u{1}</a>", "<a>&#0;</a>", "<a>&#x1f;</a>", "<a><!-- -- --></a>", "<1/>", "<a>\u{fffe}</a>", "<a:b:c xmlns:a='u'/>",
  ])
  func `refuses what is not well-formed`(document: String) { refusesQuickly(document, .malformed) }

  @Test func `refuses a document cut at any byte`() {
    let document = Array("\u{feff}<?xml version='1.0'?><s:a xmlns:s='urn:s'><!-- c --><b x='é'>t&amp;u<![CDATA[v]]></b><c/></s:a>".utf8)
    #expect(reader.refusal(of: document) == nil)
    for count in 0..<document.count { #expect(reader.refusal(of: Array(document[..<count])) != nil, "cut to \(count) bytes") }
    refusesQuickly("<a><b>text", .truncated)
    refusesQuickly("<a><b", .truncated)
  }

  @Test func `stays quick with long tokens`() {
    let long = String(repeating: "x", count: XMLLimits.sizeBytes - 100)
    refusesQuickly("<a><!--\(long)", .truncated)
    refusesQuickly("<a b='\(long)", .truncated)
    refusesQuickly("<a><![CDATA[\(long)", .truncated)
    #expect(reader.refusal(of: "<a><!--\(long)--></a>") == nil)
    #expect(reader.refusal(of: "<a>" + String(repeating: "&lt;", count: 500_000) + "</a>") == nil)
  }

  @Test func `forgets hostile names`() {
    for round in 0..<20 {
      let names = (0..<5000).map { "<n\(round)_\($0)/>" }.joined()
      #expect(reader.refusal(of: "<a>\(names)</a>") == nil)
      #expect(reader.dictionarySize < 6000)
    }
  }

  @Test(arguments: [
    "<a><b>for <NL-MS4-C12345678-9>, sorry</b></a>", "<a>&NL-MS4-C12345678-9;</a>", "<a><b NL-MS4-C12345678-9></b></a>",
    "<a NL-MS4-C12345678-9='' NL-MS4-C12345678-9=''/>", "<NL-MS4-C12345678-9:a/>", "<a></NL-MS4-C12345678-9>",
  ])
  func `messages quote nothing of the document`(document: String) {
    let message = reader.refusal(of: document)?.message ?? ""
    #expect(!message.isEmpty && !message.contains("C12345678"))
  }

  @Test func `messages are one clean sentence`() {
    let hostile = ["<a></b\u{9b}31m>", "<a>&\u{e9}\u{202e};</a>", "<a></" + String(repeating: "long", count: 1000) + ">", "<\u{7f}/>"]
    for document in hostile {
      let message = reader.refusal(of: document)?.message ?? ""
      #expect(!message.isEmpty && message.utf8.count <= 200)
      #expect(message.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f })
    }
  }
}
