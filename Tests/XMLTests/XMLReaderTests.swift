import Testing

@testable import XML

@Suite struct XMLReaderTests {
  private let reader = XMLReader()

  /// The text between a marker element's tags, found by hand.
  private func rawContent(_ document: String, _ range: Range<Int>) -> String {
    String(decoding: Array(document.utf8)[range], as: UTF8.self)
  }

  @Test func `tells name, namespace and content of each element`() throws {
    let document = "<s:a xmlns:s='urn:s'><b xmlns='urn:d' x='1' y='2'>text</b><c/></s:a>"
    let elements = try reader.elements(of: document)
    #expect(elements.map(\.name) == ["b", "c", "a"])
    #expect(elements.map(\.namespace) == ["urn:d", "", "urn:s"])
    #expect(elements.map(\.attributes) == [2, 0, 0])
    #expect(elements.map(\.hasChildElements) == [false, false, true])
    #expect(elements.map { String(decoding: $0.text, as: UTF8.self) } == ["text", "", ""])
    #expect(rawContent(document, elements[0].range) == "text")
    #expect(rawContent(document, elements[2].range) == "<b xmlns='urn:d' x='1' y='2'>text</b><c/>")
  }

  @Test(arguments: [
    ("plain", "plain", true),
    ("", "", true),
    (" \n padded\t", " \n padded\t", true),
    ("a&amp;b", "a&b", false),
    ("&#65;&#x42;", "AB", false),
    ("<![CDATA[<x> & ]]>", "<x> & ", false),
    ("<![CDATA[a\r\nb\rc]]><![CDATA[\n\r]]><![CDATA[\n]]>", "a\nb\nc\n\n\n", false),
    ("one<!-- <two> -->three", "onethree", false),
    ("one<?two three?>four", "onefour", false),
    ("<!---->", "", false),
    ("line\r\nend\r", "line\nend\n", false),
    ("Zoë 充電 🔌", "Zoë 充電 🔌", true),
    ("Zoë&lt;<![CDATA[é]]>", "Zoë<é", false),
    ("a > b", "a > b", true),
  ])
  func `reads text whole and says whether it stands there`(content: String, text: String, isVerbatim: Bool) throws {
    for prefix in ["", "\u{feff}", "<?xml version=\"1.0\" encoding='utf-8' ?>\r\n", "\u{feff}<?xml version='1.0'?>", "<!-- é -->\n"] {
      let document = "\(prefix)<a é='>'><b x=\"/>\" >\(content)</b\n ></a>"
      let element = try #require(try reader.elements(of: document).first)
      #expect(String(decoding: element.text, as: UTF8.self).utf8.elementsEqual(text.utf8))
      #expect(rawContent(document, element.range).utf8.elementsEqual(content.utf8), "after \(prefix.debugDescription)")
      #expect(element.isVerbatim == isVerbatim)
    }
  }

  @Test func `elements that close themselves have an empty range behind the tag`() throws {
    let document = "<a><b/><c x='>' /></a>"
    let elements = try reader.elements(of: document)
    #expect(elements[0].range == 7..<7)
    #expect(elements[1].range == 18..<18)
    #expect(elements[0].isVerbatim)
  }

  @Test func `does not mix the text of an element with its neighbours`() throws {
    let elements = try reader.elements(of: "<a>1<b>2</b>3<c>4</c>5</a>")
    #expect(elements.map { String(decoding: $0.text, as: UTF8.self) } == ["2", "4", ""])
  }

  @Test func `reads the same in chunks of any size`() throws {
    let document =
      "\u{feff}<?xml version=\"1.0\"?>\r\n<s:a xmlns:s='urn:s' q='a>b'>\r\n<!-- <x y=\"-->\r\n<b z=\"<&amp;>\">é&amp;<![CDATA[<q w=\"]]>\r\r\n</b></s:a>\r\n"
      .replacing("z=\"<&amp;>\"", with: "z=\"&lt;>\"")
    let whole = try reader.elements(of: document)
    #expect(whole.count == 2)
    for size in 1...document.utf8.count {
      #expect(try XMLReader(chunkSizeBytes: size).elements(of: document) == whole, "in chunks of \(size) bytes")
    }
  }

  @Test func `reads long sections whole wherever libxml2 cuts them`() throws {
    for length in 295...305 {
      let text = String(repeating: "é\r\n", count: length) + "x"
      // So that the cuts, every 300 bytes, fall between the halves of a line end, too.
      let shift = String(repeating: "y", count: length % 5)
      let document = "<a><![CDATA[\(shift)\(text)]]></a>"
      let expected = shift + String(repeating: "é\n", count: length) + "x"
      for size in [1, 7, 300, 64 << 10] {
        let read = try #require(try XMLReader(chunkSizeBytes: size).elements(of: document).first)
        #expect(read.text == Array(expected.utf8))
      }
    }
  }

  @Test func `a reader is as good as new after a refusal`() throws {
    let good = "<a xmlns='urn:a'><b>text</b></a>"
    let expected = try reader.elements(of: good)
    let bad = [
      "", "x", "<a", "<a></b>", "<!DOCTYPE a><a/>", "<p:a/>", "<a>&x;</a>", "<p:a xmlns:p='urn:p'><p:b>", "<a>text",
      String(repeating: "<a>", count: 70),
    ]
    for document in bad {
      #expect(reader.refusal(of: document) != nil)
      #expect(try reader.elements(of: good) == expected)
    }
    // A declaration of the document before is forgotten.
    #expect(reader.refusal(of: "<p:a xmlns:p='urn:p'><p:b>") != nil)
    #expect(reader.refusal(of: "<p:a/>")?.code == .unboundPrefix)
  }

  @Test func `accepts what is at every limit`() throws {
    let deep = String(repeating: "<a>", count: 64) + String(repeating: "</a>", count: 64)
    #expect(try reader.elements(of: deep).count == 64)
    let attributes = (1...64).map { " a\($0)='x'" }.joined()
    let namespaces = (1...32).map { " xmlns:n\($0)='urn:\($0)'" }.joined()
    #expect(try reader.elements(of: "<a\(attributes)\(namespaces)/>").first?.attributes == 64)
    #expect(try reader.elements(of: "<a>" + String(repeating: "<b/>", count: 199_999) + "</a>").count == 200_000)
    let filler = String(repeating: "x", count: XMLLimits.sizeBytes - 7)
    #expect(try reader.elements(of: "<a>\(filler)</a>").first?.text.count == XMLLimits.sizeBytes - 7)
  }

  @Test(arguments: ["<?xml version='1.0' encoding='UTF-8'?>", "<?xml version=\"1.0\" encoding=\"us-ascii\" standalone=\"yes\" ?>"])
  func `accepts UTF-8 and ASCII however they are written`(declaration: String) throws {
    #expect(try reader.elements(of: declaration + "<a>b</a>").first?.range == declaration.utf8.count + 3..<declaration.utf8.count + 4)
  }

  @Test(arguments: ["utf-16", "UTF8", "ISO-8859-1", "windows-1252", "UCS-4", "Shift_JIS", "IBM850", "cp437", "unicode", "", "utf-8 "])
  func `reads UTF-8 whatever encoding it declares, and says so`(name: String) throws {
    let document = "<?xml version='1.0' encoding='\(name)'?><a>é</a>"
    #expect(try reader.elements(of: document).first?.text == Array("é".utf8))
    let remark = XMLReader.declarationRemark(of: document)
    #expect(remark?.contains("UTF-8") == true && remark?.contains(name.isEmpty || name == "utf-8 " ? "another" : name) == true)
  }

  @Test(arguments: ["\n", " \r\n\t", "\u{feff}\n", "\n\u{feff}"])
  func `reads a declaration behind white space, and says so`(space: String) throws {
    let document = space + "<?xml version='1.0' encoding='utf-8'?>\n<a>b</a>"
    let start = document.utf8.count - 5
    #expect(try reader.elements(of: document).first?.range == start..<start + 1)
    #expect(XMLReader.declarationRemark(of: document)?.contains("White space") == true)
    #expect(reader.refusal(of: space + "<?xml version='1.0'?>\n<p:a/>")?.line == space.count { $0.isNewline } + 2)
  }

  @Test(arguments: [
    "<a/>", "\n<a/>", "\u{feff}<?xml version='1.0'?><a>é</a>", "<?xml version='1.0' encoding='us-ascii'?><a/>", "<?xml", "", "\u{0}",
  ])
  func `nothing is said of a declaration that is right, or missing, or of what is refused`(document: String) {
    #expect(XMLReader.declarationRemark(of: document) == nil)
  }

  @Test func `ASCII is declared and is not`() throws {
    #expect(XMLReader.declarationRemark(of: "<?xml version='1.0' encoding='US-ASCII'?><a>é</a>")?.contains("US-ASCII") == true)
  }

  @Test func `names lines of the whole document`() {
    let document = "<?xml version='1.0'\n?>\n<a>\n<b>\n</c></a>"
    #expect(reader.refusal(of: document)?.line == 5)
    #expect(reader.refusal(of: "<a>\n\n<p:b/></a>")?.line == 3)
  }
}

extension XMLReader {
  fileprivate static func declarationRemark(of document: String) -> String? {
    var document = document
    return document.withUTF8 { declarationRemark($0) }
  }
}
