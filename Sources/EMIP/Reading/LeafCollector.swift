import JournalFormat
import XML

/// What is kept of a message's markup.
struct CollectedMessage {
  let envelope: MessageEnvelope
  let leaves: [Leaf]
  /// The texts of those that are decoded.
  let decodedTexts: [[UInt8]]
  /// The items of the outer list or lists, from the start tag to the end tag.
  let items: [Range<Int>]
}

/// Collects a message's leaves while it is read, and checks that it is one envelope with one body with one child.
///
/// Depths: 1 the envelope, 2 header and body, 3 header blocks and the operation, 4 and below its leaves.
final class LeafCollector: XMLHandler {
  private var state: State

  init(configuration: MessageReaderConfiguration) { state = State(configuration: configuration) }

  func begin(_ bytes: UnsafeBufferPointer<UInt8>) { state.begin(bytes) }
  func end() -> Result<CollectedMessage, MessageRefusal> { state.end() }
  func startElement(_ name: XMLName, attributeCount: Int) { state.startElement(name, attributeCount) }
  func endElement(_ content: XMLContent) { state.endElement(content) }
}

/// An open element.
private struct Frame {
  var name: UInt16
  /// Those of its text, where it has no child elements.
  var traits: LeafTraits = .personal
  /// Whether it stands in the detail of a fault, which may say anything.
  var isOfDetail = false
  /// Its children are items of a list if this is true and none is open.
  var isList: Bool
  var isItem: Bool
}

/// What the collector knows of the message that is being read.
private struct State {
  private let names: WireName.Table
  /// The traits of an element's text, by the element's number. What is not known to be impersonal is personal.
  private let traits: [LeafTraits]
  /// Elements all of which is personal, by number and by their own spelling.
  private let wholeNames: [Bool]
  private let wholeSpellings: [[UInt8]]
  /// Open elements by depth; those above the root's are not used.
  private var frames: [Frame]
  private var bytes = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  private var depth = 0
  private var leaves: [Leaf] = []
  private var decodedTexts: [[UInt8]] = []
  private var items: [Range<Int>] = []
  private var itemStart = 0
  private var refusal: MessageRefusal?
  private var soapVersion = SOAPVersion.soap12
  private var isInBody = false
  private var bodyCount = 0
  private var namespace = ""
  private var operation: Operation?
  private var bodyChildCount = 0
  /// The number of the item that is open, or 0; and how many there have been.
  private var item: UInt32 = 0
  private var itemCount: UInt32 = 0
  private var subitem: UInt32 = 0
  private var subitemCount: UInt32 = 0
  private var subitemDepth = 0
  /// The depth of the personal element that is open, or 0. All it holds is personal, so it makes one leaf whatever it holds.
  private var personalDepth = 0
  /// Body namespaces seen lately: a string for each message would be one allocation more.
  private var namespaces: [(bytes: [UInt8], text: String)] = []

  init(configuration: MessageReaderConfiguration) {
    names = configuration.names
    let numbers = configuration.personalNames
    let all = 0...max(255, numbers.max() ?? 0)
    wholeNames = all.map { $0 > 0 && numbers.contains($0) }
    wholeSpellings = configuration.personalElements.sorted().map { Array($0.utf8) }
    traits = all.map { number in
      if numbers.contains(number) { return .personal }
      return WireName.isRecurring(number) ? .recurring : WireName.isImpersonal(number) ? [] : .personal
    }
    frames = Array(repeating: Frame(name: 0, isList: false, isItem: false), count: XMLLimits.depth + 1)
  }

  mutating func begin(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    depth = 0
    leaves = []
    leaves.reserveCapacity(24)
    decodedTexts = []
    items = []
    refusal = nil
    isInBody = false
    bodyCount = 0
    operation = nil
    bodyChildCount = 0
    item = 0
    itemCount = 0
    subitem = 0
    subitemCount = 0
    subitemDepth = 0
    personalDepth = 0
  }

  mutating func end() -> Result<CollectedMessage, MessageRefusal> {
    bytes = UnsafeBufferPointer(start: nil, count: 0)
    defer {
      leaves = []
      decodedTexts = []
      items = []
    }
    if let refusal { return .failure(refusal) }
    if bodyCount == 0 { return .failure(MessageRefusal(.noBody, line: 0)) }
    if bodyChildCount == 0 { return .failure(MessageRefusal(.emptyBody, line: 0)) }
    let envelope = MessageEnvelope(soapVersion: soapVersion, namespace: namespace, operation: operation)
    return .success(CollectedMessage(envelope: envelope, leaves: leaves, decodedTexts: decodedTexts, items: items))
  }

  mutating func startElement(_ name: XMLName, _ attributeCount: Int) {
    depth += 1
    guard refusal == nil else { return }
    switch depth {
    case 1: startEnvelope(name)
    case 2: startEnvelopeChild(name)
    case 3 where isInBody: startOperation(name)
    default: startDescendant(name)
    }
    if attributeCount > 0 { appendAttributes(tagEnd: name.tagEnd) }
  }

  mutating func endElement(_ content: XMLContent) {
    defer { depth -= 1 }
    guard refusal == nil, depth > 2 else {
      if depth == 2 { isInBody = false }
      return
    }
    if personalDepth == 0 {
      if !content.hasChildElements { appendLeaf(content, frames[depth].traits) }
    } else if personalDepth == depth {
      appendLeaf(content, .personal)
      personalDepth = 0
    }
    if subitemDepth == depth {
      subitem = 0
      subitemDepth = 0
    }
    if frames[depth].isItem {
      items.append(itemStart..<bytes.elementEnd(content.range))
      item = 0
      subitemCount = 0
    }
  }

  private mutating func startEnvelope(_ name: XMLName) {
    frames[depth] = Frame(name: WireName.envelope, isList: false, isItem: false)
    guard name.local.equals("Envelope") else { return refuse(.noEnvelope, name) }
    if name.namespace.equals("http://www.w3.org/2003/05/soap-envelope") {
      soapVersion = .soap12
    } else if name.namespace.equals("http://schemas.xmlsoap.org/soap/envelope/") {
      soapVersion = .soap11
    } else {
      refuse(.wrongNamespace, name)
    }
  }

  private mutating func startEnvelopeChild(_ name: XMLName) {
    let isBody = name.local.equals("Body")
    frames[depth] = Frame(name: isBody ? WireName.body : WireName.header, isList: false, isItem: false)
    isInBody = isBody
    guard isBody else { return }
    guard isEnvelopeNamespace(name.namespace) else { return refuse(.wrongNamespace, name) }
    bodyCount += 1
    if bodyCount > 1 { refuse(.severalBodies, name) }
  }

  private mutating func startOperation(_ name: XMLName) {
    bodyChildCount += 1
    guard bodyChildCount == 1 else { return refuse(.severalBodyChildren, name) }
    let isFault = name.local.equals("Fault") && isEnvelopeNamespace(name.namespace)
    namespace = string(ofNamespace: name.namespace)
    operation = isFault ? nil : Operation(localName: name.local, in: names)
    frames[depth] = Frame(name: isFault ? WireName.fault : WireName.operationElement, isList: false, isItem: false)
  }

  private mutating func startDescendant(_ name: XMLName) {
    let number = names.name(of: name.local)
    // A header's names are another vocabulary: they are kept without a number, and all the same masked where they look personal.
    frames[depth] = Frame(name: isInBody ? number : 0, isList: name.local.hasSuffix("List"), isItem: false)
    frames[depth].isOfDetail = isInBody && isOfDetail(number)
    frames[depth].traits = traits(of: number)
    if personalDepth == 0, wholeNames[Int(number)] || isWhole(name.local) { personalDepth = depth }
    guard isInBody else { return }
    if WireName.isSubitem(number) {
      guard subitemDepth == 0 else { return }
      subitemCount += 1
      subitem = subitemCount
      subitemDepth = depth
    } else if item == 0, WireName.isItem(number) || frames[depth - 1].isList {
      itemCount += 1
      item = itemCount
      subitemCount = 0
      frames[depth].isItem = true
      itemStart = bytes.tagStart(end: name.tagEnd)
    }
  }

  private func isOfDetail(_ number: UInt16) -> Bool {
    if frames[depth - 1].isOfDetail { return true }
    return frames[depth - 1].name == WireName.fault && (number == WireName.detail || number == WireName.soap11Detail)
  }

  /// The traits of the innermost element's text. What SOAP calls by a name that others may use, too, is trusted where SOAP has it only.
  private func traits(of number: UInt16) -> LeafTraits {
    let own = traits[Int(number)]
    if !isInBody { return WireName.isEMIP(number) ? own.subtracting(.recurring) : .personal }
    switch number {
    case WireName.value:
      let parent = frames[depth - 1].name
      return parent == WireName.code || parent == WireName.subcode ? own : .personal
    case WireName.faultCode: return own
    // Whatever a fault's detail repeats, it may say of somebody: an identifier is found there all the same.
    default: return frames[depth].isOfDetail ? .personal : own
    }
  }

  private func isWhole(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    !wholeSpellings.isEmpty && wholeSpellings.contains { name.elementsEqual($0) }
  }

  private mutating func appendLeaf(_ content: XMLContent, _ traits: LeafTraits) {
    let path = LeafPath(name: frames[depth].name, parent: frames[depth - 1].name)
    let range = bytes.trimmed(content.range)
    let isText = WireName.isFaultCode(path.name) && !MessageFault.isCode(bytes[range])
    let traits = isText ? .personal : traits
    var decoded: Int?
    if !content.isVerbatim && !content.hasChildElements {
      let text = content.text.trimmed(content.text.indices)
      if !content.text[text].elementsEqual(bytes[range]) {
        decoded = decodedTexts.count
        decodedTexts.append(Array(content.text[text]))
      }
    }
    leaves.append(Leaf(path: path, item: item, subitem: subitem, range: range, traits: traits, decoded: decoded))
  }

  private mutating func appendAttributes(tagEnd: Int) {
    // Within a personal element they are part of its one leaf.
    guard personalDepth == 0 || personalDepth == depth else { return }
    let path = LeafPath(name: 0, parent: frames[depth].name)
    AttributeValues.forEach(in: bytes, tagEnd: tagEnd) { name, range in
      let local = UnsafeBufferPointer(rebasing: bytes[name])
      let isImpersonal = personalDepth == 0 && Self.impersonalAttributes.contains { local.equals($0) } && !isWhole(local)
      let traits: LeafTraits = isImpersonal ? .attribute : [.attribute, .personal]
      leaves.append(Leaf(path: path, item: item, subitem: subitem, range: range, traits: traits))
    }
  }

  /// Attributes of XML Schema, XML and SOAP, which tell of the markup; any other may be free text.
  private static let impersonalAttributes: [StaticString] = [
    "type", "nil", "schemaLocation", "noNamespaceSchemaLocation", "lang", "space", "mustUnderstand", "encodingStyle", "role", "actor",
    "relay",
  ]

  private mutating func refuse(_ code: MessageRefusal.Code, _ name: XMLName) { refusal = MessageRefusal(code, line: name.line) }

  private func isEnvelopeNamespace(_ namespace: UnsafeBufferPointer<UInt8>) -> Bool {
    switch soapVersion {
    case .soap12: namespace.equals("http://www.w3.org/2003/05/soap-envelope")
    case .soap11: namespace.equals("http://schemas.xmlsoap.org/soap/envelope/")
    }
  }

  private mutating func string(ofNamespace namespace: UnsafeBufferPointer<UInt8>) -> String {
    for known in namespaces where known.bytes.elementsEqual(namespace) { return known.text }
    let text = String(decoding: namespace, as: UTF8.self)
    if namespaces.count >= 8 { namespaces.removeFirst() }
    if namespace.count <= 256 { namespaces.append((Array(namespace), text)) }
    return text
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// The range without the white space at its ends.
  func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, self[start].isXMLWhiteSpace { start += 1 }
    while start < end, self[end - 1].isXMLWhiteSpace { end -= 1 }
    return start..<end
  }

  /// Where the start tag begins whose `>` or `/>` stands at `end`: within a tag there is no other `<` (XML 1.0, production 10).
  func tagStart(end: Int) -> Int {
    self[..<end].lastIndex(of: UInt8(ascii: "<")) ?? 0
  }

  /// Whether an element with this content closes itself: then its content is empty and stands behind the tag.
  func closesItself(_ content: Range<Int>) -> Bool {
    content.isEmpty && self[content.lowerBound - 1] == UInt8(ascii: ">") && self[content.lowerBound - 2] == UInt8(ascii: "/")
  }

  /// Where an element with this content ends.
  fileprivate func elementEnd(_ content: Range<Int>) -> Int {
    guard !closesItself(content) else { return content.upperBound }
    var end = content.upperBound
    while end < count, self[end] != UInt8(ascii: ">") { end += 1 }
    return Swift.min(end + 1, count)
  }

  fileprivate func equals(_ word: StaticString) -> Bool { count == word.utf8CodeUnitCount && hasSuffix(word) }

  fileprivate func hasSuffix(_ word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard count >= length else { return false }
    for index in 0..<length where self[count - length + index] != word.utf8Start[index] { return false }
    return true
  }
}
