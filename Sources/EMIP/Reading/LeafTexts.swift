import JournalFormat

/// What the texts of a message's leaves are made of.
struct LeafTexts: Sendable {
  let payload: [UInt8]
  /// As ``MessageLayout/decodedTexts``.
  let decoded: [[UInt8]]

  func isEmpty(_ leaf: Leaf) -> Bool { leaf.decoded.map { decoded[$0].isEmpty } ?? leaf.range.isEmpty }

  /// Lends the leaf's text.
  func withText<Result>(_ leaf: Leaf, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let index = leaf.decoded { return decoded[index].withUnsafeBufferPointer(body) }
    return payload.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[leaf.range])) }
  }

  func text(_ leaf: Leaf) -> String { withText(leaf) { String(decoding: $0, as: UTF8.self) } }
}

extension Leaf {
  var isAttribute: Bool { traits.contains(.attribute) }
}
