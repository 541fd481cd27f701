internal import Crypto

/// A hash of a Merkle tree (RFC 9162, section 2.1.1): SHA-256, 32 bytes.
public struct MerkleHash: Hashable, Sendable, CustomStringConvertible {
  /// The bytes of a hash.
  public static let sizeBytes = 32
  /// The hash itself.
  public let bytes: [UInt8]

  /// Nil for any other number of bytes than 32.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.sizeBytes else { return nil }
    self.bytes = Array(bytes)
  }

  private init(digest: SHA256.Digest) { bytes = Array(digest) }

  /// The hash of an empty tree.
  public static let empty = MerkleHash(digest: SHA256.hash(data: [UInt8]()))

  /// The hash of a leaf's content: a zero byte before it tells it from a node.
  public static func leaf(_ content: UnsafeRawBufferPointer) -> MerkleHash {
    var hash = SHA256()
    hash.update(data: [0])
    hash.update(bufferPointer: content)
    return MerkleHash(digest: hash.finalize())
  }

  /// The hash of a node over two others.
  public static func node(_ left: MerkleHash, _ right: MerkleHash) -> MerkleHash {
    var hash = SHA256()
    hash.update(data: [1])
    hash.update(data: left.bytes)
    hash.update(data: right.bytes)
    return MerkleHash(digest: hash.finalize())
  }

  /// The root of a tree over hashes, in their order.
  public static func root(of hashes: some Collection<MerkleHash>) -> MerkleHash {
    var tree = MerkleAccumulator()
    for hash in hashes { tree.append(hash) }
    return tree.root
  }

  /// Lower-case hexadecimal.
  public var description: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
