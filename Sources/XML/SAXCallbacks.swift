internal import CLibXML2
import Glibc

// libxml2 calls these. A C callback must be a closure that calls a function of file scope. After a
// failure libxml2 may still call once or twice, hence the looks at `failure`.

typealias StatePointer = UnsafeMutablePointer<SAXState>

private func state(_ pointer: UnsafeMutableRawPointer?) -> StatePointer { pointer!.assumingMemoryBound(to: SAXState.self) }

/// Keeps the first reason and stops the parser.
func fail(_ state: StatePointer, _ code: XMLError.Code, _ message: String) {
  guard state.pointee.failure == nil else { return }
  state.pointee.failure = XMLError(code, message, line: state.pointee.line)
  xmlStopParser(state.pointee.context)
}

func saxDocumentType(_ pointer: UnsafeMutableRawPointer?) {
  fail(state(pointer), .documentType, "The message has a document type declaration.")
}

func saxStartElement(
  _ pointer: UnsafeMutableRawPointer?, _ name: UnsafePointer<UInt8>?, _ uri: UnsafePointer<UInt8>?, _ namespaceCount: Int32,
  _ attributeCount: Int32
) {
  let state = state(pointer)
  guard state.pointee.failure == nil, let name else { return xmlStopParser(state.pointee.context) }
  let depth = state.pointee.depth
  guard depth < XMLLimits.depth else { return fail(state, .tooDeep, "Elements are nested deeper than \(XMLLimits.depth).") }
  guard attributeCount <= XMLLimits.attributes else {
    return fail(state, .tooManyAttributes, "An element has more than \(XMLLimits.attributes) attributes.")
  }
  guard namespaceCount <= XMLLimits.namespaces else {
    return fail(state, .tooManyNamespaces, "An element declares more than \(XMLLimits.namespaces) namespaces.")
  }
  state.pointee.namespacesInScope += Int(namespaceCount)
  guard state.pointee.namespacesInScope <= XMLLimits.namespacesInScope else {
    return fail(state, .tooManyNamespaces, "More than \(XMLLimits.namespacesInScope) namespaces are declared at one place.")
  }
  state.pointee.elementCount += 1
  guard state.pointee.elementCount <= XMLLimits.elements else {
    return fail(state, .tooManyElements, "The message has more than \(XMLLimits.elements) elements.")
  }
  guard xmlDictSize(state.pointee.context.pointee.dict) <= XMLLimits.names else {
    return fail(state, .tooManyNames, "The message has more than some \(XMLLimits.names) different names.")
  }
  // The parser calls before it looks for the `>`: a tag may be cut off by the document's end.
  let tagEnd = min(state.pointee.offset, state.pointee.bytes.count)
  let closesItself = state.pointee.context.pointee.input.pointee.cur.pointee == UInt8(ascii: "/")
  if depth > 0 { state.pointee.frames[depth - 1].hasChildElements = true }
  state.pointee.frames[depth] = SAXFrame(
    contentStart: tagEnd + (closesItself ? 2 : 1), namespaceCount: Int(namespaceCount), closesItself: closesItself,
    hasChildElements: false)
  state.pointee.depth = depth + 1
  state.pointee.textCount = 0
  let expandedName = XMLName(
    local: buffer(name), namespace: uri.map(buffer) ?? UnsafeBufferPointer(start: nil, count: 0), line: state.pointee.line,
    tagEnd: tagEnd)
  state.pointee.handler.startElement(expandedName, attributeCount: Int(attributeCount))
}

func saxEndElement(_ pointer: UnsafeMutableRawPointer?) {
  let state = state(pointer)
  guard state.pointee.failure == nil, state.pointee.depth > 0 else { return xmlStopParser(state.pointee.context) }
  state.pointee.depth -= 1
  let frame = state.pointee.frames[state.pointee.depth]
  state.pointee.namespacesInScope -= frame.namespaceCount
  let bytes = state.pointee.bytes
  var end = frame.contentStart
  if !frame.closesItself {
    // libxml2 stands behind the end tag, in which there is no other `<` than its first.
    end = state.pointee.offset - 1
    while end > frame.contentStart, bytes[end] != UInt8(ascii: "<") { end -= 1 }
    guard end >= frame.contentStart, end + 1 < bytes.count, bytes[end] == UInt8(ascii: "<"), bytes[end + 1] == UInt8(ascii: "/") else {
      return fail(state, .internalFailure, "The parser's offsets do not fit the message.")
    }
  }
  let range = frame.contentStart..<end
  let text = UnsafeBufferPointer(start: state.pointee.text, count: frame.hasChildElements ? 0 : state.pointee.textCount)
  let isVerbatim = text.count == range.count && memcmp(text.baseAddress!, bytes.baseAddress! + range.lowerBound, text.count) == 0
  state.pointee.handler.endElement(
    XMLContent(range: range, hasChildElements: frame.hasChildElements, text: text, isVerbatim: isVerbatim))
  state.pointee.textCount = 0
}

func saxCharacters(_ pointer: UnsafeMutableRawPointer?, _ characters: UnsafePointer<UInt8>?, _ count: Int32) {
  guard let characters else { return }
  state(pointer).pointee.append(characters, Int(count))
}

/// A piece of a CDATA section. libxml2's push parser forgets to normalise the line ends of these (XML 1.0, section 2.11).
func saxCharacterData(_ pointer: UnsafeMutableRawPointer?, _ characters: UnsafePointer<UInt8>?, _ count: Int32) {
  guard let characters, count > 0 else { return }
  let state = state(pointer)
  var rest = UnsafeBufferPointer(start: characters, count: Int(count))[...]
  // libxml2 stands before the piece. One that goes on where the last one ended may begin with the other half of a line end.
  let start = state.pointee.offset
  if start == state.pointee.returnEnd, rest.first == 0x0a { rest.removeFirst() }
  state.pointee.returnEnd = characters[Int(count) - 1] == 0x0d ? start + Int(count) : -1
  while let end = rest.firstIndex(of: 0x0d) {
    state.pointee.append(characters + rest.startIndex, end - rest.startIndex)
    state.pointee.append([0x0a], 1)
    rest = rest[(end + 1)...]
    if rest.first == 0x0a { rest.removeFirst() }
  }
  state.pointee.append(characters + rest.startIndex, rest.count)
}

/// The first error ends the reading; warnings (a namespace name that is no absolute URI, say) do not. To libxml2 an unbound prefix is an
/// error that it goes on after; here it is the end too.
///
/// Does not stop the parser: libxml2 reports from deep within a function that still holds pointers into what stopping frees. It ends by
/// itself after a fatal error, and the next tag stops it after another.
func saxError(_ error: xmlErrorPtr?) {
  guard let error, error.pointee.level != XML_ERR_WARNING, let context = error.pointee.ctxt else { return }
  let parser = context.assumingMemoryBound(to: xmlParserCtxt.self)
  guard let pointer = parser.pointee._private else { return }
  let state = state(pointer)
  guard state.pointee.failure == nil else { return }
  let line = Int(error.pointee.line) + state.pointee.skippedLines
  let libraryCode = error.pointee.code
  // libxml2 calls it extra content where the input ends within an element.
  if libraryCode == XML_ERR_DOCUMENT_END.rawValue, state.pointee.depth > 0 || state.pointee.elementCount == 0 {
    state.pointee.failure = XMLError(.truncated, "The message ends too early.", line: line, libraryCode: libraryCode)
  } else {
    let code = XMLError.Code(libraryCode: libraryCode, isAtEnd: state.pointee.offset >= state.pointee.bytes.count)
    state.pointee.failure = XMLError(code, sentenceWithoutQuotations(error.pointee), line: line, libraryCode: libraryCode)
  }
}

private func buffer(_ name: UnsafePointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
  UnsafeBufferPointer(start: name, count: strlen(UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self)))
}
