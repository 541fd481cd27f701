import TestSupport

/// Writes well-formed documents at random and knows what a reader must tell of them.
struct RandomDocument {
  private(set) var bytes: [UInt8] = []
  /// What is expected, in the order of the end tags.
  private(set) var elements: [RecordingHandler.Element] = []
  private var random: SeededGenerator

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    if random.chance(4) { write("\u{feff}") }
    if random.chance(2) {
      write(pick(["<?xml version=\"1.0\"?>", "<?xml version='1.0' encoding='UTF-8'?>\r\n", "<?xml version = '1.0' ?>"]))
    }
    misc()
    element(depth: 1, namespaces: ["": "", "xml": "http://www.w3.org/XML/1998/namespace"])
    misc()
  }

  private mutating func element(depth: Int, namespaces outer: [String: String]) {
    var namespaces = outer
    var (attributes, count) = ("", 0)
    for index in 0..<random.below(4) {
      attributes += pick([" ", "\n", "\t ", "\r\n"])
      switch random.below(3) {
      case 0:
        let prefix = pick(["p", "q", "é"])
        guard !attributes.contains("xmlns:\(prefix)=") else { continue }
        namespaces[prefix] = pick(["urn:a", "urn:&#98;"])
        attributes += "xmlns:\(prefix)=\"\(namespaces[prefix]!)\""
      case 1 where !attributes.contains("xmlns="):
        namespaces[""] = pick(["", "urn:c"])
        attributes += "xmlns='\(namespaces[""]!)'"
      default:
        attributes +=
          "a\(index)\(pick(["=", " =\n"]))'\(pick(["", ">", "/>", "\"", "&lt;&#10;", "é]]>", "<!--".replacing("<", with: "&lt;")]))'"
        count += 1
      }
    }
    let prefix = pick(namespaces.keys.filter { $0 != "xml" }.sorted())
    let local = pick(["a", "bb", "élan", "x-y.z"])
    let name = prefix.isEmpty ? local : "\(prefix):\(local)"
    write("<\(name)\(attributes)\(pick(["", " ", "\n"]))")
    let element = RecordingHandler.Element(
      name: local, namespace: namespaces[prefix]!.replacing("&#98;", with: "b"), attributes: count, range: 0..<0, hasChildElements: false,
      text: [], isVerbatim: true)
    if random.chance(6) {
      write("/>")
      finish(element, from: bytes.count, to: bytes.count, text: "", hasChildren: false)
    } else {
      write(">")
      let start = bytes.count
      let (text, hasChildren) = content(depth: depth, namespaces: namespaces)
      let end = bytes.count
      write("</\(name)\(pick(["", " ", "\n\t"]))>")
      finish(element, from: start, to: end, text: text, hasChildren: hasChildren)
    }
  }

  private mutating func finish(_ element: RecordingHandler.Element, from start: Int, to end: Int, text: String, hasChildren: Bool) {
    var element = element
    element.range = start..<end
    element.hasChildElements = hasChildren
    element.text = hasChildren ? [] : Array(text.utf8)
    element.isVerbatim = element.text.elementsEqual(bytes[start..<end])
    elements.append(element)
  }

  private mutating func content(depth: Int, namespaces: [String: String]) -> (text: String, hasChildren: Bool) {
    var (text, hasChildren) = ("", false)
    for _ in 0..<random.below(5) {
      switch random.below(8) {
      case 0 where depth < 8, 1 where depth < 8:
        element(depth: depth + 1, namespaces: namespaces)
        hasChildren = true
      case 2: write(pick(["<!-- <a> -->", "<!---->", "<!-- é\r\n& ]]> -->"]))
      case 3: write(pick(["<?pi?>", "<?pi <b/> ?>"]))
      default:
        let piece = pick([
          ("plain", "plain"), (" \n\t ", " \n\t "), ("é→🔌", "é→🔌"), ("&amp;", "&"), ("&lt;a&gt;", "<a>"), ("&#xe9;&#10;", "é\n"),
          ("<![CDATA[]]>", ""), ("<![CDATA[<b>&amp;]]>", "<b>&amp;"), ("\r\n", "\n"), ("x > y ' \"", "x > y ' \""), ("\ry", "\ny"),
          ("<![CDATA[\r\n]]]]>", "\n]]"),
        ])
        write(piece.0)
        text += piece.1
      }
    }
    return (text, hasChildren)
  }

  private mutating func misc() {
    for _ in 0..<random.below(3) { write(pick(["\n", "<!-- <x y='-->", "<?pi \">\"?>", "\r\n "])) }
  }

  private mutating func write(_ text: String) { bytes += Array(text.utf8) }
  private mutating func pick<T>(_ choices: [T]) -> T { choices[random.below(choices.count)] }
}
