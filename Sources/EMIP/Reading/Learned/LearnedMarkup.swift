import Glibc
import JournalFormat
import XML

/// The markup of messages that libxml2 has accepted, so that a message that repeats one of them is read without it.
///
/// A tree of bytes. A path from its root spells a message with a hole for the text of each leaf; messages that begin alike share the
/// beginning. A message that follows a path to its end has the same markup byte for byte, and differs in texts that hold no markup, no
/// reference and nothing that XML forbids: libxml2 would accept it too, and give leaves of the same names in the same places. Whatever
/// is not quite so is not found here, and libxml2 reads it.
///
/// The items of a list (``RepeatedItems``) are paths of their own from one node back to it: an item is balanced, so what may come after
/// one may come after any number, and what was seen of one list helps with lists of other lengths.
///
/// Memory: some 4 MiB (``limitBytes``). When that is full, all is forgotten and learned anew.
final class LearnedMarkup {
  /// What a message says by its markup alone.
  struct Ending {
    let envelope: MessageEnvelope
    /// As a layout holds it.
    let encoded: [UInt8]
  }

  /// Larger messages are not learned: one would drive out many.
  static let messageLimitBytes = 64 << 10
  /// With one list, most of which is the same again and again.
  static let listMessageLimitBytes = 256 << 10
  static let leafLimit = 16_384
  /// Names of elements and namespaces in a list that is read here: so many that libxml2 would never refuse it for them or for the number
  /// of its elements, whatever stands before and after the list.
  private static let nameLimit = XMLLimits.names * 3 / 4
  static let limitBytes = 4 << 20

  private var nodes: [Node] = [Node(.text)]
  /// The bytes of all nodes.
  private var text: [UInt8] = []
  private var endings: [Ending] = []
  private var endingIndexes: [MessageEnvelope: Int32] = [:]
  /// The leaves of the message being read.
  private let found = UnsafeMutablePointer<Found>.allocate(capacity: leafLimit)

  deinit { found.deallocate() }

  /// What is remembered, in bytes.
  var sizeBytes: Int { text.count + nodes.count * MemoryLayout<Node>.stride }

  // MARK: Reading

  /// The ending and the leaves of a message whose markup is known; nil for any other.
  func read(_ bytes: UnsafeBufferPointer<UInt8>) -> (ending: Ending, leaves: [Leaf])? {
    guard let base = bytes.baseAddress, bytes.count <= XMLLimits.sizeBytes, !text.isEmpty else { return nil }
    return nodes.withUnsafeBufferPointer { nodes in
      let walk = text.withUnsafeBufferPointer { follow(base, bytes.count, nodes.baseAddress!, $0.baseAddress!) }
      guard let (ending, count) = walk else { return nil }
      let leaves = [Leaf](unsafeUninitializedCapacity: count) { leaves, initializedCount in
        for index in 0..<count {
          let leaf = found[index]
          let shape = nodes[leaf.node].shape
          (leaves.baseAddress! + index).initialize(
            to: Leaf(
              path: shape.path, item: leaf.item, subitem: shape.subitem, range: bytes.trimmed(leaf.start..<leaf.end), traits: shape.traits)
          )
        }
        initializedCount = count
      }
      return (endings[Int(ending)], leaves)
    }
  }

  /// Follows a message through the tree and notes its leaves.
  private func follow(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, _ nodes: UnsafePointer<Node>, _ text: UnsafePointer<UInt8>
  ) -> (ending: Int32, leafCount: Int)? {
    var (node, offset, leafCount) = (0, 0, 0)
    var (list, itemCount, nameCount) = (0, 0, 0)
    while true {
      guard offset < count else {
        return nodes[node].ending >= 0 && nameCount <= Self.nameLimit ? (nodes[node].ending, leafCount) : nil
      }
      guard let next = step(from: node, bytes, offset, count, nodes) else { return nil }
      node = next
      switch nodes[node].kind {
      case .text:
        let length = Int(nodes[node].textCount)
        guard length <= count - offset, memcmp(text + Int(nodes[node].textStart), bytes + offset, length) == 0 else { return nil }
        offset += length
      case .hole, .emptyLeaf:
        guard leafCount < Self.leafLimit else { return nil }
        let end = nodes[node].kind == .hole ? PlainText.end(in: bytes, from: offset, count) : offset
        let item = nodes[node].shape.item
        found[leafCount] = Found(node: node, start: offset, end: end, item: item == 0 ? 0 : item + UInt32(itemCount))
        leafCount += 1
        offset = end
      case .list: list = node
      case .itemEnd:
        itemCount += 1
        nameCount += Int(nodes[node].nameCount)
        node = list
      case .listEnd: break
      }
    }
  }

  /// The node that goes on from another with the bytes at `offset`.
  @inline(__always)
  private func step(
    from node: Int, _ bytes: UnsafePointer<UInt8>, _ offset: Int, _ count: Int, _ nodes: UnsafePointer<Node>
  ) -> Int? {
    var next: Int?
    var child = Int(nodes[node].child)
    while child >= 0 {
      switch nodes[child].kind {
      case .text: if nodes[child].first == bytes[offset] { next = child }
      case .hole:
        let end = PlainText.end(in: bytes, from: offset, count)
        // Else the element has children this time, and another path goes on with them.
        if end + 1 < count, bytes[end] == UInt8(ascii: "<"), bytes[end + 1] == UInt8(ascii: "/") { return child }
      case .emptyLeaf, .itemEnd: return child
      case .list: if RepeatedItems.elementFollows(bytes, from: offset, count) { return child }
      case .listEnd: if !RepeatedItems.elementFollows(bytes, from: offset, count) { return child }
      }
      child = Int(nodes[child].sibling)
    }
    return next
  }

  // MARK: Learning

  /// Remembers the markup of a message that libxml2 has accepted, unless there is anything unusual in it.
  /// - Parameter encoded: the message's envelope as a layout holds it.
  func learn(_ bytes: UnsafeBufferPointer<UInt8>, _ message: CollectedMessage, _ encoded: [UInt8]) {
    let leaves = message.leaves
    guard bytes.count <= Self.listMessageLimitBytes, leaves.count <= Self.leafLimit else { return }
    let list = RepeatedItems(bytes, message.items)
    guard list != nil || bytes.count <= Self.messageLimitBytes, let gaps = MarkupGaps(bytes, leaves) else { return }
    if sizeBytes + bytes.count + (2 * leaves.count + 2) * MemoryLayout<Node>.stride > Self.limitBytes { forget() }
    var path = Path(bytes: bytes, list: list)
    for (leaf, hole) in zip(leaves, gaps.holes) {
      passItems(&path, before: hole.range.lowerBound)
      extend(&path, to: hole.range.lowerBound)
      var shape = Shape(leaf)
      if list != nil, shape.item > 0 { shape.item = 1 }
      path.node = child(hole.isClosed ? .emptyLeaf : .hole, shape, below: path.node)
      path.offset = hole.range.upperBound
    }
    passItems(&path, before: bytes.count)
    extend(&path, to: bytes.count)
    nodes[path.node].ending = index(of: Ending(envelope: message.envelope, encoded: encoded))
  }

  /// How far a message being learned has come.
  private struct Path {
    let bytes: UnsafeBufferPointer<UInt8>
    let list: RepeatedItems?
    var node = 0
    var offset = 0
    /// The list's node, once it is reached.
    var listNode = 0
    var itemCount = 0
    var itemStart = 0
  }

  private func extend(_ path: inout Path, to end: Int) {
    path.node = insert(UnsafeBufferPointer(rebasing: path.bytes[path.offset..<end]), below: path.node)
    path.offset = end
  }

  /// Puts in what marks the list and its items as far as they begin and end before an offset.
  private func passItems(_ path: inout Path, before offset: Int) {
    guard let list = path.list else { return }
    if path.listNode == 0, list.start < offset {
      extend(&path, to: list.start)
      path.node = child(.list, Shape(), below: path.node)
      path.listNode = path.node
      path.itemStart = list.start
    }
    while path.itemCount < list.ends.count, list.ends[path.itemCount] < offset {
      extend(&path, to: list.ends[path.itemCount])
      let end = child(.itemEnd, Shape(), below: path.node)
      nodes[end].nameCount = UInt32(RepeatedItems.nameCount(path.bytes[path.itemStart..<path.offset]))
      path.itemStart = path.offset
      path.itemCount += 1
      path.node = path.itemCount < list.ends.count ? path.listNode : child(.listEnd, Shape(), below: path.listNode)
    }
  }

  private func forget() {
    nodes = [Node(.text)]
    text = []
    endings = []
    endingIndexes = [:]
  }

  private func index(of ending: Ending) -> Int32 {
    if let index = endingIndexes[ending.envelope] { return index }
    let index = Int32(endings.count)
    endings.append(ending)
    endingIndexes[ending.envelope] = index
    return index
  }

  /// The node at the end of the bytes, made where there is none.
  private func insert(_ bytes: UnsafeBufferPointer<UInt8>, below parent: Int) -> Int {
    var node = parent
    var rest = bytes
    while let first = rest.first {
      guard let child = child(of: node, where: { $0.kind == .text && $0.first == first }) else {
        var new = Node(.text)
        new.first = first
        new.textStart = UInt32(text.count)
        new.textCount = UInt32(rest.count)
        text.append(contentsOf: rest)
        return append(new, below: node)
      }
      let known = Int(nodes[child].textStart)..<Int(nodes[child].textStart + nodes[child].textCount)
      let common = text.withUnsafeBufferPointer { rest.commonPrefixCount(UnsafeBufferPointer(rebasing: $0[known])) }
      if common < known.count { split(child, at: common) }
      node = child
      rest = UnsafeBufferPointer(rebasing: rest[common...])
    }
    return node
  }

  private func child(_ kind: Node.Kind, _ shape: Shape, below parent: Int) -> Int {
    if let child = child(of: parent, where: { $0.kind == kind }) {
      assert(nodes[child].shape == shape, "the markup before a leaf tells all about it but its text")
      return child
    }
    var new = Node(kind)
    new.shape = shape
    return append(new, below: parent)
  }

  /// Keeps the node's first bytes in it and gives the rest, and what follows, to a new one below.
  private func split(_ node: Int, at count: Int) {
    var rest = nodes[node]
    rest.textStart += UInt32(count)
    rest.textCount -= UInt32(count)
    rest.first = text[Int(rest.textStart)]
    rest.sibling = -1
    nodes[node].textCount = UInt32(count)
    nodes[node].child = Int32(nodes.count)
    nodes[node].ending = -1
    nodes.append(rest)
  }

  private func append(_ node: Node, below parent: Int) -> Int {
    var node = node
    node.sibling = nodes[parent].child
    nodes[parent].child = Int32(nodes.count)
    nodes.append(node)
    return nodes.count - 1
  }

  private func child(of parent: Int, where isWanted: (Node) -> Bool) -> Int? {
    var child = Int(nodes[parent].child)
    while child >= 0, !isWanted(nodes[child]) { child = Int(nodes[child].sibling) }
    return child >= 0 ? child : nil
  }
}

/// A step of a path.
private struct Node {
  enum Kind {
    /// Bytes that must stand there.
    case text
    /// A leaf's text.
    case hole
    /// A leaf that closed itself, and so has no text.
    case emptyLeaf
    /// A list begins: below are its items, and its end.
    case list
    /// Back to the list.
    case itemEnd
    case listEnd
  }

  let kind: Kind
  /// The first byte of a text.
  var first: UInt8 = 0
  var textStart: UInt32 = 0
  var textCount: UInt32 = 0
  /// What ends a leaf.
  var shape = Shape()
  /// What ends an item.
  var nameCount: UInt32 = 0
  /// The first of those that may follow; -1 for none.
  var child: Int32 = -1
  /// The next that may stand here instead; -1 for none.
  var sibling: Int32 = -1
  /// What a message that ends here says; -1 where none does.
  var ending: Int32 = -1

  init(_ kind: Kind) { self.kind = kind }
}

/// A leaf without its text. Within a list its item is 1.
private struct Shape: Equatable {
  var path = LeafPath(name: 0, parent: 0)
  var item: UInt32 = 0
  var subitem: UInt32 = 0
  var traits: LeafTraits = []

  init() {}

  init(_ leaf: Leaf) {
    path = leaf.path
    item = leaf.item
    subitem = leaf.subitem
    traits = leaf.traits
  }
}

/// A leaf of the message being read, by its node, and its whole content.
private struct Found {
  var node: Int
  var start: Int
  var end: Int
  var item: UInt32
}

extension UnsafeBufferPointer<UInt8> {
  fileprivate func commonPrefixCount(_ other: Self) -> Int {
    let limit = Swift.min(count, other.count)
    var common = 0
    while common < limit, self[common] == other[common] { common += 1 }
    return common
  }
}
