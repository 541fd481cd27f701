internal import CLibXML2

/// Collects what a validation finds, up to the limit, then stops the parser at the next tag.
final class FindingCollector {
  private(set) var findings: [XMLFinding] = []
  /// Whether the limit ended the reading, and not something in the document.
  private(set) var hasStopped = false
  private let parser: SAXParser

  init(parser: SAXParser) { self.parser = parser }

  func add(_ error: xmlError) {
    guard !hasStopped else { return }
    findings.append(XMLFinding(line: parser.state.pointee.line, message: findingMessage(error)))
    guard findings.count == XMLSchema.maximumFindings, parser.state.pointee.failure == nil else { return }
    hasStopped = true
    // Seen by our callbacks, which stop the parser; this function is called from within libxml2 where stopping is not safe.
    parser.state.pointee.failure = XMLError(.malformed, "The message has too many schema findings.")
  }
}

func collectFinding(_ pointer: UnsafeMutableRawPointer?, _ error: xmlErrorPtr?) {
  guard let pointer, let error else { return }
  Unmanaged<FindingCollector>.fromOpaque(pointer).takeUnretainedValue().add(error.pointee)
}

/// libxml2's sentence where it speaks of names only. Where it would quote a value, which may be personal, only the element and the rule.
private func findingMessage(_ error: xmlError) -> String {
  let text = sentence(error.message)
  let quotesNoValue = [
    XML_SCHEMAV_ELEMENT_CONTENT, XML_SCHEMAV_CVC_ELT_1, XML_SCHEMAV_CVC_ELT_2, XML_SCHEMAV_CVC_ELT_3_1, XML_SCHEMAV_CVC_COMPLEX_TYPE_2_1,
    XML_SCHEMAV_CVC_COMPLEX_TYPE_2_2, XML_SCHEMAV_CVC_COMPLEX_TYPE_2_3, XML_SCHEMAV_CVC_COMPLEX_TYPE_2_4,
    XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_1, XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_2, XML_SCHEMAV_CVC_COMPLEX_TYPE_4, XML_SCHEMAV_CVC_TYPE_3_1_1,
    XML_SCHEMAV_CVC_TYPE_3_1_2,
  ].contains { $0.rawValue == UInt32(bitPattern: error.code) }
  if quotesNoValue { return text }
  // `Element '{ns}name', attribute 'x': [facet 'pattern'] The value …`: all before the value.
  guard let colon = text.ranges(of: "': ").first else { return "A value is not valid." }
  let place = text[..<colon.lowerBound] + "'"
  let rest = text[colon.upperBound...]
  guard rest.hasPrefix("[facet '"), let end = rest.firstIndex(of: "]") else { return "\(place): the value is not valid for its type." }
  return "\(place): the value is not valid (\(rest[rest.index(after: rest.startIndex)..<end]))."
}
