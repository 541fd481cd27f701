import JournalFormat
import XML

/// How a transactionId is added to a request that has none: as the operation's first child, with the prefix of the child that was first, and the white
/// space before it.
public struct TransactionIdInsertion: Hashable, Sendable {
  /// Where the bytes are put in, in bytes of the payload: where the child that was first begins.
  public let offset: Int
  /// What is put in.
  public let bytes: [UInt8]

  /// Nil where the message cannot be read, where a `transactionId` stands there already, be it empty, and where the operation has no child at all.
  /// - Parameter transactionId: what it is to be.
  public init?(_ transactionId: String, into payload: [UInt8]) {
    let finder = FirstChildFinder()
    guard payload.withUnsafeBufferPointer(finder.read), !finder.hasTransactionId, let operationEnd = finder.operationTagEnd,
      let childEnd = finder.childTagEnd,
      // In a tag there is no `<` but its first byte (XML 1.0, 3.1).
      let start = payload[..<childEnd].lastIndex(of: UInt8(ascii: "<"))
    else { return nil }
    let tag = StartTag(payload[start..<childEnd])
    let name = tag.prefix.isEmpty ? "transactionId" : "\(tag.prefix):transactionId"
    let element = "<\(name)\(tag.declarations)>\(XMLText.escaped(transactionId))</\(name)>"
    let before = payload[(operationEnd + 1)..<start]
    offset = start
    bytes = Array(element.utf8) + (before.allSatisfy(\.isXMLWhiteSpace) ? before : [])
  }

  /// The message with the bytes in it.
  public func applied(to payload: [UInt8]) -> [UInt8] { Array(payload[..<offset] + bytes + payload[offset...]) }
}

/// Finds where the start tags of the operation and of its first child end.
private final class FirstChildFinder: XMLHandler {
  private(set) var operationTagEnd: Int?
  private(set) var childTagEnd: Int?
  private(set) var hasTransactionId = false
  private var depth = 0
  private var isInBody = false

  /// Whether the message can be read.
  func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    do {
      try XMLReader().read(bytes, handler: self)
      return true
    } catch { return false }
  }

  func startElement(_ name: XMLName, attributeCount: Int) {
    depth += 1
    switch depth {
    case 2: isInBody = WireName.Table.standard.name(of: name.local) == WireName.body
    case 3 where isInBody: operationTagEnd = operationTagEnd ?? name.tagEnd
    case 4 where isInBody:
      childTagEnd = childTagEnd ?? name.tagEnd
      if WireName.Table.standard.name(of: name.local) == WireName.transactionId { hasTransactionId = true }
    default: break
    }
  }

  func endElement(_ content: XMLContent) { depth -= 1 }
}

/// What a start tag says of its name's prefix, and which namespaces it declares.
private struct StartTag {
  let prefix: String
  /// The declarations as they stand, a blank before each: what they bind is bound nowhere else.
  let declarations: String

  /// - Parameter bytes: from `<` to before `>` or `/>`, well-formed.
  init(_ bytes: ArraySlice<UInt8>) {
    let name = bytes.dropFirst().prefix { !$0.isXMLWhiteSpace && $0 != UInt8(ascii: "/") }
    prefix = name.firstIndex(of: UInt8(ascii: ":")).map { String(decoding: name[..<$0], as: UTF8.self) } ?? ""
    var declarations = ""
    var rest = bytes[name.endIndex...]
    // Each attribute: name, `=`, and a value in quotes.
    while let start = rest.firstIndex(where: { !$0.isXMLWhiteSpace }), let equals = rest[start...].firstIndex(of: UInt8(ascii: "=")),
      let open = rest[equals...].firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'") }),
      let close = rest[(open + 1)...].firstIndex(of: rest[open])
    {
      let name = rest[start..<equals].prefix { !$0.isXMLWhiteSpace && $0 != UInt8(ascii: ":") }
      if name.elementsEqual("xmlns".utf8) { declarations += " " + String(decoding: rest[start...close], as: UTF8.self) }
      rest = rest[(close + 1)...]
    }
    self.declarations = declarations
  }
}
