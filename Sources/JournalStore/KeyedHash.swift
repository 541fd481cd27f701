internal import Crypto

/// HMAC-SHA-256 (RFC 2104) under one key, with what the key alone decides hashed beforehand. For keys and messages as short as ours the
/// library's own takes several times as long as its hashes do.
struct KeyedHash {
  private let inner: SHA256
  private let outer: SHA256

  private static let blockBytes = 64

  /// - Parameter key: at most 64 bytes.
  init(key: [UInt8]) {
    precondition(key.count <= Self.blockBytes, "a longer key would have to be hashed first")
    inner = Self.hash(key, padding: 0x36)
    outer = Self.hash(key, padding: 0x5c)
  }

  private static func hash(_ key: [UInt8], padding: UInt8) -> SHA256 {
    var hash = SHA256()
    withUnsafeTemporaryAllocation(byteCount: blockBytes, alignment: 8) { block in
      for place in 0..<blockBytes { block[place] = place < key.count ? key[place] ^ padding : padding }
      hash.update(bufferPointer: UnsafeRawBufferPointer(block))
    }
    return hash
  }

  /// The code of a message that comes in two pieces.
  func code(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer? = nil) -> SHA256.Digest {
    var hash = inner
    hash.update(bufferPointer: first)
    if let second { hash.update(bufferPointer: second) }
    var code = outer
    hash.finalize().withUnsafeBytes { code.update(bufferPointer: $0) }
    return code.finalize()
  }
}
