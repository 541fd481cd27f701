internal import JournalFormat
internal import LMDB
internal import MerkleTree

/// The nodes of a segment's tree: one over each 256 leaves, the last over what is left (`Schemas/journal-format.md`, "Leaf").
struct LeafNodes {
  /// Leaves under one node.
  static let leafCount = 256

  private(set) var nodes: [MerkleHash] = []
  private var open = MerkleAccumulator()
  private var encoder = LeafEncoder()

  mutating func append(_ entry: Entry) {
    open.append(encoder.leafHash(of: entry))
    if open.leafCount == Self.leafCount { close() }
  }

  /// The nodes of all that was appended.
  mutating func finish() -> [MerkleHash] {
    if open.leafCount > 0 { close() }
    return nodes
  }

  private mutating func close() {
    nodes.append(open.root)
    open = MerkleAccumulator()
  }
}

extension SegmentReader {
  /// The node over the leaves from ``LeafNodes/leafCount`` times its number on; nil where the segment has none, as one that is not sealed.
  /// - Throws: ``JournalError`` where the segment cannot be read.
  func node(_ number: UInt32) throws(JournalError) -> MerkleHash? {
    try snapshot { () throws(JournalError) in
      try withValue(of: number, in: segment.tables.tree) { (bytes) throws(JournalError) in MerkleHash(bytes) } ?? nil
    }
  }
}

/// The comparison of a sealed segment's entries with its tree.
struct LeafCheck {
  private let segment: Manifest.Segment
  private let reader: SegmentReader
  private var nodes = LeafNodes()
  private var isWhole = true
  private(set) var report = Verification()

  init(_ segment: Manifest.Segment, _ reader: SegmentReader) {
    self.segment = segment
    self.reader = reader
  }

  /// Takes the next entry. What is damaged is named elsewhere; no node behind it can be compared.
  /// - Throws: ``JournalError`` where the segment's tree cannot be read.
  mutating func add(_ result: Result<Entry, JournalError>) throws(JournalError) {
    guard isWhole, case .success(let entry) = result else {
      isWhole = false
      return
    }
    let before = nodes.nodes.count
    nodes.append(entry)
    if nodes.nodes.count > before { try compare(before) }
  }

  /// Compares the last node, after the last entry.
  /// - Throws: ``JournalError`` where the segment's tree cannot be read.
  mutating func finish() throws(JournalError) {
    guard isWhole else { return }
    let before = nodes.nodes.count
    if nodes.finish().count > before { try compare(before) }
  }

  private mutating func compare(_ number: Int) throws(JournalError) {
    guard try reader.node(UInt32(number)) != nodes.nodes[number] else { return }
    let first = segment.firstPosition.advanced(by: number * LeafNodes.leafCount)
    report.add(
      .init(segment: segment.name, position: first.rawValue, message: "the entries from this position on are not those that were sealed"))
  }
}
