internal import CLibXML2

/// Reads documents with libxml2's push parser and its SAX2 interface: one pass, no tree, hardened against hostile input.
///
/// Refused at once, in bounded time and memory: what exceeds ``XMLLimits``, any document type declaration, NUL, invalid UTF-8, other
/// encodings and XML versions, unbound prefixes, undefined entities, and what is not well-formed. Nothing is ever fetched or printed.
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
  public func read(_ bytes: UnsafeBufferPointer<UInt8>, handler: any XMLHandler) throws(XMLError) {
    let prolog = try XMLProlog(bytes)
    let parser = try reusedParser()
    try parser.parse(bytes, prolog: prolog, handler: handler, chunkSizeBytes: chunkSizeBytes)
  }

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
