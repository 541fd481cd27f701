internal import JournalFormat

/// The sum over all rows of a table: how many there are, and a figure in which every byte of each of them counts, in whatever order they are added.
/// It is kept with the rows and compared with them: LMDB's pages have no checksums, and a flipped bit may change rows or hide them.
public struct RowSum: Hashable, Sendable {
  /// How many rows there are.
  var count: UInt64 = 0
  /// The sum of their figures, modulo 2^64.
  var value: UInt64 = 0

  /// Adds a row.
  mutating func add(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    count &+= 1
    self.value &+= Self.figure(key, value)
  }

  /// Takes a row away again.
  mutating func remove(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    count &-= 1
    self.value &-= Self.figure(key, value)
  }

  /// A step can be undone: two rows of the same lengths that differ in one word never have the same figure. It keeps no one from forging rows.
  private static func figure(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> UInt64 {
    var figure = UInt64(truncatingIfNeeded: key.count) << 32 ^ UInt64(truncatingIfNeeded: value.count)
    mix(key, into: &figure)
    mix(value, into: &figure)
    figure ^= figure >> 29
    figure &*= 0xbf58_476d_1ce4_e5b9
    return figure ^ figure >> 32
  }

  private static func mix(_ bytes: UnsafeRawBufferPointer, into figure: inout UInt64) {
    func take(_ word: UInt64) {
      figure = (figure ^ word) &* 0x9e37_79b9_7f4a_7c15
      figure ^= figure >> 32
    }
    var offset = 0
    while offset + 8 <= bytes.count {
      take(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset += 8
    }
    guard offset < bytes.count else { return }
    var word: UInt64 = 0
    for byte in bytes[offset...] { word = word << 8 | UInt64(byte) }
    take(word)
  }
}
