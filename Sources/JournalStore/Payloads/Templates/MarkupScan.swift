internal import JournalFormat

/// Whether markup may be kept as a template: nothing but tags, white space, an XML declaration, and namespace declarations between the values.
///
/// Whatever else a message holds might be somebody's: comments, processing instructions, CDATA sections, text beside child elements, and attributes
/// that no leaf covers. Such markup is not kept. The scanner reads pieces, and is told of the leaves between them; it need not know whether tags
/// match, since the message was read before.
struct MarkupScan {
  private enum State {
    /// Between tags: nothing, or white space alone.
    case content
    /// Right behind `<`.
    case tagStart
    /// The name of a tag, and an end tag up to its end.
    case tagName
    /// A tag, between attributes.
    case tag
    case attributeName
    /// What stands behind the name of an attribute, before its quote.
    case equals
    /// A value that declares a namespace.
    case namespaceValue
    /// The beginning of a value that must be a leaf: right behind its quote.
    case valueStart
    /// The end of such a leaf, before the quote.
    case valueEnd
    /// The XML declaration.
    case declaration
  }

  private var state: State
  private var quote: UInt8 = 0
  private var nameStart = 0
  private var isNamespace = false
  /// How many bytes of white space or none were read: an XML declaration stands at the very start.
  private var readBytes = 0
  private let isDocumentStart: Bool

  /// - Parameter firstLeaf: the leaf that the markup begins with; nil where it begins with a piece, at the document's start.
  init(firstLeaf: LeafTraits?) {
    isDocumentStart = firstLeaf == nil
    state = .content
    if firstLeaf?.contains(.attribute) == true { state = .valueStart }
  }

  /// Passes a leaf; false where none may stand here.
  mutating func leaf(_ traits: LeafTraits) -> Bool {
    if traits.contains(.attribute) {
      guard state == .valueStart else { return false }
      state = .valueEnd
      return true
    }
    return state == .content
  }

  /// Whether the document may end here, or a part of it before an element's leaf.
  var isBetweenTags: Bool { state == .content }

  /// Reads a piece; false where it holds what must not be kept.
  mutating func piece(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var index = 0
    if isDocumentStart, readBytes == 0 {
      if bytes.starts(with: [0xef, 0xbb, 0xbf]) { index = 3 }
      if UnsafeBufferPointer(rebasing: bytes[index...]).starts(with: Array("<?xml ".utf8)) {
        state = .declaration
        index += 6
      }
    }
    readBytes += bytes.count
    while index < bytes.count {
      guard step(bytes[index], bytes, index) else { return false }
      index += 1
    }
    return state != .attributeName && state != .declaration
  }

  private mutating func step(_ byte: UInt8, _ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
    switch state {
    case .content:
      if byte == 0x3c { state = .tagStart } else { return byte.isXMLWhiteSpace }
    case .tagStart:
      // Comments, CDATA sections, document types and processing instructions.
      guard byte != 0x21, byte != 0x3f else { return false }
      state = .tagName
    case .tagName:
      if byte == 0x3e { state = .content } else if byte.isXMLWhiteSpace || byte == 0x2f { state = .tag }
    case .tag:
      if byte == 0x3e {
        state = .content
      } else if !byte.isXMLWhiteSpace, byte != 0x2f {
        (state, nameStart) = (.attributeName, index)
      }
    case .attributeName:
      if byte.isXMLWhiteSpace || byte == 0x3d {
        let name = UnsafeBufferPointer(rebasing: bytes[nameStart..<index])
        isNamespace = name.elementsEqual("xmlns".utf8) || name.starts(with: "xmlns:".utf8)
        state = .equals
      }
    case .equals:
      if byte == 0x22 || byte == 0x27 {
        quote = byte
        state = isNamespace ? .namespaceValue : .valueStart
      } else {
        return byte.isXMLWhiteSpace || byte == 0x3d
      }
    case .namespaceValue:
      if byte == quote { state = .tag }
    case .valueStart:
      return false
    case .valueEnd:
      // A part that begins with an attribute's leaf does not know its quote.
      guard byte == quote || (quote == 0 && (byte == 0x22 || byte == 0x27)) else { return false }
      state = .tag
    case .declaration:
      if byte == 0x3e { state = .content }
    }
    return true
  }
}
