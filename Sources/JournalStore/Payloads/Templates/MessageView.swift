internal import Glibc
internal import JournalFormat

/// A message that is being encoded, lent: its bytes, its leaves, and what a template must know of each leaf.
struct MessageView {
  let payload: UnsafeBufferPointer<UInt8>
  let leaves: UnsafeBufferPointer<Leaf>
  let decodedTexts: [[UInt8]]
  let outlines: UnsafeBufferPointer<LeafOutline>
  let envelope: UnsafeBufferPointer<UInt8>

  /// Lends a content's message to `body`.
  /// - Parameter outlines: those of the leaves.
  /// - Throws: What `body` throws.
  @inline(__always)
  static func with<Result>(
    _ content: EntryContent, _ layout: MessageLayout, _ outlines: [LeafOutline], _ body: (MessageView) throws -> Result
  ) rethrows -> Result {
    try content.payload.withUnsafeBufferPointer { payload in
      try layout.leaves.withUnsafeBufferPointer { leaves in
        try layout.envelope.withUnsafeBufferPointer { envelope in
          try outlines.withUnsafeBufferPointer { outlines in
            try body(
              MessageView(
                payload: payload, leaves: leaves, decodedTexts: layout.decodedTexts, outlines: outlines, envelope: envelope))
          }
        }
      }
    }
  }

  @inline(__always)
  func text(_ leaf: Int) -> UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: payload[leaves[leaf].range]) }

  /// The text of the latest leaf before of the same path, if it is not far; nil where there is none whose content is its text.
  @inline(__always)
  func previousText(_ leaf: Int) -> UnsafeBufferPointer<UInt8>? {
    UnsafeBufferPointer(rebasing: leaves[..<leaf]).latest(leaves[leaf].path).map { UnsafeBufferPointer(rebasing: payload[$0]) }
  }

  /// Calls `body` with each piece of a part and with the number of the leaf behind it; nil behind the last piece.
  @inline(__always)
  private func forEachPiece(_ part: MessagePart, _ body: (UnsafeBufferPointer<UInt8>, _ leafBehind: Int?) -> Bool) -> Bool {
    var start = part.bytes.lowerBound
    var next = part.leaves.lowerBound
    if !part.role.contains(.first) {
      start = leaves[next].range.upperBound
      next += 1
    }
    while true {
      let isLast = next == part.leaves.upperBound
      let end = isLast ? part.bytes.upperBound : leaves[next].range.lowerBound
      guard body(UnsafeBufferPointer(rebasing: payload[start..<end]), isLast ? nil : next) else { return false }
      if isLast { return true }
      start = leaves[next].range.upperBound
      next += 1
    }
  }

  /// What a part is found by. Equal to the ``Template/hash`` of every template that it matches.
  func hash(_ part: MessagePart) -> UInt64 {
    var hash = MarkupHash()
    hash.add(UInt64(part.role.rawValue))
    hash.add(envelope(of: part))
    _ = forEachPiece(part) { piece, _ in
      hash.add(piece)
      return true
    }
    for leaf in part.leaves { hash.add(outlines[leaf].rawValue) }
    return hash.value
  }

  /// Tells most parts apart for a fraction of the work of a hash. Equal to the ``Template/sketch`` of every template that the part matches.
  func sketch(_ part: MessagePart) -> UInt64 {
    var hash = MarkupHash()
    var markupBytes = part.bytes.count
    for leaf in part.leaves {
      markupBytes -= leaves[leaf].range.count
      hash.add(outlines[leaf].rawValue)
    }
    hash.add(UInt64(markupBytes) << 8 | UInt64(part.role.rawValue))
    return hash.value
  }

  private func envelope(of part: MessagePart) -> UnsafeBufferPointer<UInt8> {
    part.role.contains(.first) ? envelope : UnsafeBufferPointer(start: nil, count: 0)
  }

  /// Whether a template has this part's markup, outlines and envelope.
  func matches(_ part: MessagePart, _ template: Template) -> Bool {
    guard template.role == part.role, template.holes.count == part.leafCount else { return false }
    for hole in 0..<part.leafCount where template.holes[hole].outline != outlines[part.leaves.lowerBound + hole] { return false }
    var piece = 0
    let isEqual = forEachPiece(part) { bytes, _ in
      defer { piece += 1 }
      return template.piece(piece).equals(bytes)
    }
    return isEqual && template.envelope.withUnsafeBufferPointer { $0.equals(envelope(of: part)) }
  }

  /// Whether a part's markup holds nothing that might be a value.
  func mayBeKept(_ part: MessagePart) -> Bool {
    var scan = MarkupScan(firstLeaf: part.role.contains(.first) ? nil : leaves[part.leaves.lowerBound].traits)
    if !part.role.contains(.first), !scan.leaf(leaves[part.leaves.lowerBound].traits) { return false }
    var isEnded = true
    let isMarkup = forEachPiece(part) { piece, leafBehind in
      guard scan.piece(piece) else { return false }
      if let leafBehind { return scan.leaf(leaves[leafBehind].traits) }
      isEnded = part.role.contains(.last) ? scan.isBetweenTags : true
      return true
    }
    return isMarkup && isEnded
  }

  /// The text of a recurring leaf that comes again, or what comes again of it; nil where the leaf is none, or nothing does.
  func recurringPart(_ leaf: Int) -> UnsafeBufferPointer<UInt8>? {
    outlines[leaf].isRecurring && !leaves[leaf].isDecoded ? ValueForm.recurringPart(of: text(leaf)) : nil
  }

  /// A part's markup as a template.
  /// - Parameter forms: the rule of each hole.
  func template(_ part: MessagePart, forms: [ValueForm]) -> Template {
    var markup: [UInt8] = []
    var ends: [Int32] = []
    _ = forEachPiece(part) { piece, _ in
      markup.append(contentsOf: piece)
      ends.append(Int32(markup.count))
      return true
    }
    let holes = zip(part.leaves, forms).map { TemplateHole(outline: outlines[$0], form: $1) }
    return Template(
      role: part.role, envelope: part.role.contains(.first) ? Array(envelope) : [], holes: holes, markup: markup, pieceEnds: ends)
  }
}

extension UnsafeBufferPointer<Leaf> {
  /// How many leaves before are looked at. A reader looks as far: what is on disk depends on it.
  private static var reach: Int { 64 }

  /// Where the latest leaf of a path stands, among the last few; nil where there is none whose content is its text.
  @inline(__always)
  func latest(_ path: LeafPath) -> Range<Int>? {
    for index in stride(from: count - 1, through: Swift.max(0, count - Self.reach), by: -1) where self[index].path == path {
      return self[index].isDecoded ? nil : self[index].range
    }
    return nil
  }
}
