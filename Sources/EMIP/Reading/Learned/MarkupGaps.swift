import JournalFormat

/// Where the texts of a message's leaves stand, with the white space around them.
struct MarkupGaps {
  struct Hole {
    var range: Range<Int>
    /// Whether the element closes itself.
    var isClosed: Bool
  }

  private(set) var holes: [Hole] = []

  /// Nil where there are attributes, decoded texts, personal elements with children, comments, CDATA sections or processing instructions.
  init?(_ bytes: UnsafeBufferPointer<UInt8>, _ leaves: [Leaf]) {
    holes.reserveCapacity(leaves.count)
    var offset = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    // The XML declaration, which is none of these.
    if bytes[offset...].starts(with: "<?xml".utf8) { offset += 2 }
    for leaf in leaves {
      guard !leaf.isAttribute, !leaf.isDecoded, let hole = Self.hole(bytes, leaf.range),
        Self.isPlainMarkup(bytes[offset..<hole.range.lowerBound])
      else { return nil }
      holes.append(hole)
      offset = hole.range.upperBound
    }
    guard Self.isPlainMarkup(bytes[offset...]) else { return nil }
  }

  private static func hole(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Hole? {
    var (start, end) = (range.lowerBound, range.upperBound)
    if bytes.closesItself(range) { return Hole(range: range, isClosed: true) }
    while bytes[start - 1].isXMLWhiteSpace { start -= 1 }
    while bytes[end].isXMLWhiteSpace { end += 1 }
    guard !bytes[start..<end].contains(UInt8(ascii: "<")) else { return nil }
    return Hole(range: start..<end, isClosed: false)
  }

  private static func isPlainMarkup(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    let markup = UnsafeBufferPointer(rebasing: bytes)
    for offset in markup.indices where markup[offset] == UInt8(ascii: "<") && offset + 1 < markup.count {
      let next = markup[offset + 1]
      if next == UInt8(ascii: "!") || next == UInt8(ascii: "?") { return false }
    }
    return true
  }
}
