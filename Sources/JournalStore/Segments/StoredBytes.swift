internal import JournalFormat

// How the keys and values of a segment's tables are written.

/// The bytes of a number, the highest first, so that keys sort as numbers do.
package func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

/// The four-byte big-endian number at the front of a key or value; 0 where there are fewer bytes.
func leadingNumber(of bytes: UnsafeRawBufferPointer) -> UInt32 {
  bytes.count >= 4 ? UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)) : 0
}

/// A value and its CRC-32C behind it.
func withChecksum(_ value: [UInt8]) -> [UInt8] {
  var result = value
  result.appendLittleEndian(CRC32C.of(value))
  return result
}

/// What ``withChecksum(_:)`` made; nil where it was damaged.
func checked(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
  guard bytes.count >= 4 else { return nil }
  let value = UnsafeRawBufferPointer(rebasing: bytes.dropLast(4))
  var crc = CRC32C()
  crc.update(value)
  return crc.value == UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: value.count, as: UInt32.self)) ? value : nil
}
