import JournalFormat

/// The attributes of a start tag that declare no namespace, told from the bytes of a tag that libxml2 has accepted.
enum AttributeValues {
  /// Calls `body` with the range of each one's local name and that between its quotes, in order.
  /// - Parameter end: where the tag's `>` or `/>` stands.
  static func forEach(in bytes: UnsafeBufferPointer<UInt8>, tagEnd end: Int, _ body: (_ name: Range<Int>, _ value: Range<Int>) -> Void) {
    var offset = bytes.tagStart(end: end)
    while offset < end, !bytes[offset].isXMLWhiteSpace { offset += 1 }
    while true {
      while offset < end, bytes[offset].isXMLWhiteSpace { offset += 1 }
      guard offset < end else { return }
      let name = offset
      while offset < end, bytes[offset] != UInt8(ascii: "\""), bytes[offset] != UInt8(ascii: "'") { offset += 1 }
      let declaresNamespace = isNamespaceDeclaration(bytes[name..<offset])
      let start = offset + 1
      guard start < end else { return }
      let quote = bytes[offset]
      offset = start
      while offset < end, bytes[offset] != quote { offset += 1 }
      if !declaresNamespace { body(localName(bytes, name..<start), start..<offset) }
      offset += 1
    }
  }

  /// - Parameter head: an attribute's name, the equals sign, the white space around it and the quote.
  private static func localName(_ bytes: UnsafeBufferPointer<UInt8>, _ head: Range<Int>) -> Range<Int> {
    let end = head.first { bytes[$0] == UInt8(ascii: "=") || bytes[$0].isXMLWhiteSpace } ?? head.upperBound
    let colon = bytes[head.lowerBound..<end].lastIndex(of: UInt8(ascii: ":"))
    return (colon.map { $0 + 1 } ?? head.lowerBound)..<end
  }

  /// - Parameter head: an attribute's name, the equals sign and the white space around it.
  private static func isNamespaceDeclaration(_ head: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    guard head.starts(with: "xmlns".utf8), let next = head.dropFirst(5).first else { return false }
    return next == UInt8(ascii: ":") || next == UInt8(ascii: "=") || next.isXMLWhiteSpace
  }
}
