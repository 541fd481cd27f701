internal import CLibXML2

/// Reads documents with libxml2's push parser and its SAX2 interface: one pass, no tree, hardened against hostile input.
///
/// Refused at once, in bounded time and memory: what exceeds ``XMLLimits``, any document type declaration, NUL, invalid UTF-8, what declares an
/// encoding in which ASCII bytes may mean something else, other XML versions, unbound prefixes, undefined entities, and what is not well-formed. Nothing is
/// ever fetched or printed.
///
/// A reader keeps its parser from document to document: about 5 µs for 1 KB. Not thread-safe: one reader per thread.
public final class XMLReader {
  private var parser: SAXParser?
  private let chunkSizeBytes: Int

  /// A reader that hands the parser 64 KiB at a time.
  public convenience init() { self.init(chunkSizeBytes: 64 << 10) }

  /// - Parameter chunkSizeBytes: how much is fed at a time; another value than the default is for tests.
  init(chunkSizeBytes: Int) {
    precondition(chunkSizeBytes > 0)
    self.chunkSizeBytes = chunkSizeBytes
    LibXML2.prepare()
  }

  /// Reads one whole document and tells the handler of each element. Offsets count from the first of `bytes`, also behind a byte order
  /// mark and an XML declaration. The handler must not call `read` of the same reader.
  /// - Throws: `XMLError` of any code but `schema`.
  /// - Returns: what ``declarationRemark(_:)`` says.
  @discardableResult
  public func read(_ bytes: UnsafeBufferPointer<UInt8>, handler: any XMLHandler) throws(XMLError) -> String? {
    let prolog = try XMLProlog(bytes)
    let parser = try reusedParser()
    try parser.parse(bytes, prolog: prolog, handler: handler, chunkSizeBytes: chunkSizeBytes)
    return prolog.remark
  }

  /// What is wrong with the XML declaration of a document that is read all the same: it declares another encoding than UTF-8, in which the document is, or
  /// white space stands before it. Nil where nothing is, and where the document would be refused before its root. One sentence of printable ASCII.
  public static func declarationRemark(_ bytes: UnsafeBufferPointer<UInt8>) -> String? { (try? XMLProlog(bytes))?.remark }

  /// Checks a document as `read` does, without a look at its content.
  /// - Throws: as `read`.
  public func check(_ bytes: UnsafeBufferPointer<UInt8>) throws(XMLError) { try read(bytes, handler: IgnoringHandler()) }

  /// How many names the parser remembers; for tests.
  var dictionarySize: Int { parser?.dictionarySize ?? 0 }

  /// libxml2 keeps each name it ever saw in the parser's dictionary: hostile names must not make it grow for ever.
  private func reusedParser() throws(XMLError) -> SAXParser {
    if let parser, !parser.hasLargeDictionary { return parser }
    parser = nil
    let fresh = try SAXParser()
    parser = fresh
    return fresh
  }
}

final class IgnoringHandler: XMLHandler {
  func startElement(_ name: XMLName, attributeCount: Int) {}
  func endElement(_ content: XMLContent) {}
}
