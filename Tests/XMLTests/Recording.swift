@testable import XML

/// Keeps all that a reader tells, in owned values.
final class RecordingHandler: XMLHandler {
  struct Element: Equatable {
    var name: String
    var namespace: String
    var attributes: Int
    var range: Range<Int>
    var hasChildElements: Bool
    var text: [UInt8]
    var isVerbatim: Bool
  }

  /// In the order of the end tags.
  private(set) var elements: [Element] = []
  private var open: [(name: String, namespace: String, attributes: Int)] = []

  func startElement(_ name: XMLName, attributeCount: Int) {
    open.append((String(decoding: name.local, as: UTF8.self), String(decoding: name.namespace, as: UTF8.self), attributeCount))
  }

  func endElement(_ content: XMLContent) {
    let element = open.removeLast()
    elements.append(
      Element(
        name: element.name, namespace: element.namespace, attributes: element.attributes, range: content.range,
        hasChildElements: content.hasChildElements, text: Array(content.text), isVerbatim: content.isVerbatim))
  }
}

extension XMLReader {
  func elements(of document: [UInt8]) throws(XMLError) -> [RecordingHandler.Element] {
    let handler = RecordingHandler()
    if let failure = document.withUnsafeBufferPointer({ failure(of: $0, handler) }) { throw failure }
    return handler.elements
  }

  func elements(of document: String) throws(XMLError) -> [RecordingHandler.Element] { try elements(of: Array(document.utf8)) }

  /// Why the document is refused; nil where it is read.
  func refusal(of document: [UInt8]) -> XMLError? { document.withUnsafeBufferPointer { failure(of: $0, IgnoringHandler()) } }

  func refusal(of document: String) -> XMLError? { refusal(of: Array(document.utf8)) }

  private func failure(of bytes: UnsafeBufferPointer<UInt8>, _ handler: any XMLHandler) -> XMLError? {
    do throws(XMLError) {
      try read(bytes, handler: handler)
      return nil
    } catch {
      return error
    }
  }
}
