/// A Merkle tree that grows by a hash at a time and keeps what its root needs only: one hash for each bit of its size.
public struct MerkleAccumulator: Sendable {
  /// The roots of the complete subtrees, the largest first, each with its number of leaves.
  private var subtrees: [(size: Int, hash: MerkleHash)] = []
  /// How many leaves were appended.
  public private(set) var leafCount = 0

  /// The accumulator of an empty tree.
  public init() {}

  /// Takes the next leaf's hash.
  public mutating func append(_ hash: MerkleHash) {
    var subtree = (size: 1, hash: hash)
    while let last = subtrees.last, last.size == subtree.size {
      subtree = (last.size * 2, .node(last.hash, subtree.hash))
      subtrees.removeLast()
    }
    subtrees.append(subtree)
    leafCount += 1
  }

  /// The root as of now (RFC 9162, section 2.1.1).
  public var root: MerkleHash {
    guard var hash = subtrees.last?.hash else { return .empty }
    for subtree in subtrees.dropLast().reversed() { hash = .node(subtree.hash, hash) }
    return hash
  }
}
