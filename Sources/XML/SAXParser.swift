internal import CLibXML2
import Glibc

/// A libxml2 push parser with our callbacks, and the state that they share.
///
/// The state stands in memory of its own, whose address libxml2 hands to each callback: none costs a reference count.
/// Invariants: `frames` has room for one more than the depth limit; `text` holds the characters since the last tag.
final class SAXParser {
  let context: xmlParserCtxtPtr
  let state: UnsafeMutablePointer<SAXState>

  /// - Throws: `XMLError` internalFailure where there is no memory.
  init() throws(XMLError) {
    state = .allocate(capacity: 1)
    var sax = xmlSAXHandler()
    sax.initialized = UInt32(XML_SAX2_MAGIC)
    sax.internalSubset = { state, _, _, _ in saxDocumentType(state) }
    sax.externalSubset = { state, _, _, _ in saxDocumentType(state) }
    sax.startElementNs = { state, name, _, uri, namespaces, _, attributes, _, _ in
      saxStartElement(state, name, uri, namespaces, attributes)
    }
    sax.endElementNs = { state, _, _, _ in saxEndElement(state) }
    sax.characters = { state, text, count in saxCharacters(state, text, count) }
    // The same function as `characters`: else libxml2 looks at each text to tell whether its white space matters.
    sax.ignorableWhitespace = sax.characters
    sax.cdataBlock = { state, text, count in saxCharacterData(state, text, count) }
    sax.serror = { _, error in saxError(error) }
    guard let context = xmlCreatePushParserCtxt(&sax, state, nil, 0, nil) else {
      state.deallocate()
      throw XMLError(.internalFailure, "There is no memory for a parser.")
    }
    self.context = context
    context.pointee._private = UnsafeMutableRawPointer(state)
    state.initialize(to: SAXState(context: context))
  }

  deinit {
    state.pointee.release()
    state.deinitialize(count: 1)
    state.deallocate()
    xmlFreeParserCtxt(context)
  }

  var dictionarySize: Int { Int(xmlDictSize(context.pointee.dict)) }
  var hasLargeDictionary: Bool { dictionarySize > 4096 || xmlDictGetUsage(context.pointee.dict) > 1 << 20 }

  /// Parses one document. `prolog` tells where libxml2 begins; `validation` is plugged in between libxml2 and our callbacks.
  /// - Throws: ``XMLError`` where the document is refused.
  func parse(
    _ bytes: UnsafeBufferPointer<UInt8>, prolog: XMLProlog, handler: any XMLHandler, chunkSizeBytes: Int,
    validation: xmlSchemaValidCtxtPtr? = nil
  ) throws(XMLError) {
    guard xmlCtxtResetPush(context, nil, 0, nil, nil) == 0 else {
      throw XMLError(.internalFailure, "There is no memory for a parser.")
    }
    xmlCtxtUseOptions(context, Int32(XML_PARSE_NONET.rawValue))
    context.pointee.nsNr = 0
    state.pointee.begin(bytes, prolog: prolog, handler: handler)
    defer { state.pointee.end() }
    if let validation {
      guard feed(bytes, from: prolog.contentStart, chunkSizeBytes: chunkSizeBytes, through: validation) else {
        throw XMLError(.internalFailure, "The validation could not be set up.")
      }
    } else {
      feed(bytes, from: prolog.contentStart, chunkSizeBytes: chunkSizeBytes)
    }
    if let failure = state.pointee.failure { throw failure }
    // Belt and braces: every way to fail reports itself above.
    guard context.pointee.wellFormed == 1, context.pointee.nsWellFormed == 1, state.pointee.depth == 0, state.pointee.elementCount > 0
    else { throw XMLError(.malformed, "The message is not well-formed XML.") }
  }

  /// Returns false where the validation cannot be plugged in.
  private func feed(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, chunkSizeBytes: Int, through validation: xmlSchemaValidCtxtPtr
  ) -> Bool {
    guard let plug = xmlSchemaSAXPlug(validation, &context.pointee.sax, &context.pointee.userData) else { return false }
    defer { xmlSchemaSAXUnplug(plug) }
    // The plug takes over all callbacks but this one, and hands them on with our state.
    context.pointee.sax.pointee.serror = { _, error in saxError(error) }
    feed(bytes, from: start, chunkSizeBytes: chunkSizeBytes)
    return true
  }

  private func feed(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, chunkSizeBytes: Int) {
    var offset = start
    while state.pointee.failure == nil {
      let size = min(chunkSizeBytes, bytes.count - offset)
      let isLast = offset + size == bytes.count
      let chunk = UnsafeRawPointer(bytes.baseAddress! + offset).assumingMemoryBound(to: CChar.self)
      xmlParseChunk(context, chunk, Int32(size), isLast ? 1 : 0)
      offset += size
      if isLast { return }
    }
  }
}

/// An open element.
struct SAXFrame {
  var contentStart: Int
  /// The declarations on this element.
  var namespaceCount: Int
  var closesItself: Bool
  var hasChildElements: Bool
}

/// What the callbacks know of the document being read.
struct SAXState {
  let context: xmlParserCtxtPtr
  /// Alive for the whole of `parse`, whose parameter it is.
  unowned(unsafe) var handler: any XMLHandler
  var bytes: UnsafeBufferPointer<UInt8>
  /// What libxml2's own counters of bytes and lines leave out.
  var skippedBytes = 0
  var skippedLines = 0
  var depth = 0
  var elementCount = 0
  var namespacesInScope = 0
  var failure: XMLError?
  let frames: UnsafeMutablePointer<SAXFrame>
  var text: UnsafeMutablePointer<UInt8>
  var textCount = 0
  var textCapacity: Int
  /// Where a piece of CDATA ended in a carriage return, or -1.
  var returnEnd = -1

  private static let idleHandler = IdleHandler()
  private static let usualTextCapacity = 16 << 10

  init(context: xmlParserCtxtPtr) {
    self.context = context
    handler = SAXState.idleHandler.handler
    bytes = UnsafeBufferPointer(start: nil, count: 0)
    frames = .allocate(capacity: XMLLimits.depth + 1)
    textCapacity = SAXState.usualTextCapacity
    text = .allocate(capacity: textCapacity)
  }

  func release() {
    frames.deallocate()
    text.deallocate()
  }

  mutating func begin(_ bytes: UnsafeBufferPointer<UInt8>, prolog: XMLProlog, handler: any XMLHandler) {
    self.bytes = bytes
    self.handler = handler
    skippedBytes = prolog.contentStart
    skippedLines = prolog.lines
    depth = 0
    elementCount = 0
    namespacesInScope = 0
    textCount = 0
    returnEnd = -1
    failure = nil
  }

  mutating func end() {
    handler = SAXState.idleHandler.handler
    bytes = UnsafeBufferPointer(start: nil, count: 0)
    if textCapacity > 1 << 20 {
      text.deallocate()
      textCapacity = SAXState.usualTextCapacity
      text = .allocate(capacity: textCapacity)
    }
  }

  /// The offset in the payload of the byte that libxml2 looks at.
  var offset: Int {
    guard let input = context.pointee.input else { return 0 }
    return skippedBytes + Int(input.pointee.consumed) + (input.pointee.cur - input.pointee.base)
  }

  /// The line of that byte in the payload, from 1.
  var line: Int { (context.pointee.input.map { Int($0.pointee.line) } ?? 0) + skippedLines }

  mutating func append(_ characters: UnsafePointer<UInt8>, _ count: Int) {
    if textCount + count > textCapacity { growText(to: textCount + count) }
    memcpy(text + textCount, characters, count)
    textCount += count
  }

  private mutating func growText(to needed: Int) {
    let capacity = max(needed, textCapacity * 2)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    memcpy(larger, text, textCount)
    text.deallocate()
    text = larger
    textCapacity = capacity
  }
}

/// Keeps alive what stands in for a handler between documents. Immutable, so that threads may share it.
private struct IdleHandler: @unchecked Sendable {
  let handler = IgnoringHandler()
}
