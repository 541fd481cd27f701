internal import CLibXML2

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
