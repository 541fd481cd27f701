internal import CLibXML2
import Glibc

/// What is set once for the whole process.
enum LibXML2 {
  private static let prepared: Void = {
    xmlInitParser()
    // Denies every external entity, whoever parses in this process; a schema that is being loaded may read its own directory.
    xmlSetExternalEntityLoader { url, _, context in loadEntity(url, context) }
  }()

  static func prepare() { _ = prepared }
}

/// libxml2's words for an error, as one sentence.
func sentence(_ message: UnsafePointer<CChar>?) -> String {
  var text = message.map { String(cString: $0) } ?? "The message is not well-formed"
  while let last = text.unicodeScalars.last, last == "\n" || last == " " { text.unicodeScalars.removeLast() }
  text = XMLError.printable(text)
  return text.hasSuffix(".") ? text : text + "."
}

/// libxml2's words for an error of a message, without what they quote of it: where a `<` in a text is not escaped, the name of an element is that text, and
/// it may name a person.
func sentenceWithoutQuotations(_ error: xmlError) -> String {
  guard let message = error.message else { return sentence(nil) }
  var bytes = Array(UnsafeBufferPointer(start: message, count: strlen(message)).map(UInt8.init(bitPattern:)))
  for quotation in [error.str1, error.str2, error.str3] {
    guard let quotation else { continue }
    bytes.hide(Array(UnsafeBufferPointer(start: quotation, count: strlen(quotation)).map(UInt8.init(bitPattern:))))
  }
  bytes = bytes.map { $0 < 0x80 ? $0 : UInt8(ascii: "?") } + [0]
  return bytes.withUnsafeBytes { sentence($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
}

extension [UInt8] {
  /// Puts three dots in the place of each word that is another's text.
  fileprivate mutating func hide(_ text: [UInt8]) {
    guard !text.isEmpty else { return }
    var result: [UInt8] = []
    var offset = 0
    while offset < count {
      let end = offset + text.count
      let isWord = end <= count && (offset == 0 || !self[offset - 1].isOfWord) && (end == count || !self[end].isOfWord)
      if isWord, self[offset..<end].elementsEqual(text) {
        result += "...".utf8
        offset = end
      } else {
        result.append(self[offset])
        offset += 1
      }
    }
    self = result
  }
}

extension UInt8 {
  fileprivate var isOfWord: Bool {
    self >= 0x80 || (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7a || self >= 0x30 && self <= 0x39
  }
}

extension XMLError.Code {
  /// - Parameter isAtEnd: whether the input had been read to its last byte.
  init(libraryCode: Int32, isAtEnd: Bool) {
    switch xmlParserErrors(UInt32(bitPattern: libraryCode)) {
    case XML_ERR_NO_MEMORY, XML_ERR_INTERNAL_ERROR: self = isAtEnd ? .truncated : .internalFailure
    case XML_ERR_UNDECLARED_ENTITY: self = .undefinedEntity
    case XML_NS_ERR_UNDEFINED_NAMESPACE: self = .unboundPrefix
    case XML_ERR_DOCUMENT_EMPTY: self = isAtEnd ? .truncated : .notXML
    case XML_ERR_COMMENT_NOT_FINISHED, XML_ERR_CDATA_NOT_FINISHED, XML_ERR_PI_NOT_FINISHED, XML_ERR_TAG_NOT_FINISHED: self = .truncated
    case XML_ERR_TAG_NAME_MISMATCH, XML_ERR_DOCUMENT_END: self = .malformed
    case XML_ERR_INVALID_ENCODING, XML_ERR_UNSUPPORTED_ENCODING: self = .encoding
    default: self = isAtEnd ? .truncated : .malformed
    }
  }
}
