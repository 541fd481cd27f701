/// CRC-32C (Castagnoli; RFC 3720, appendix B.4): polynomial 0x1EDC6F41, reflected, as iSCSI and ext4 use it. Eight bytes at a step
/// ("slicing by eight").
public struct CRC32C: Sendable {
  private var state: UInt32 = 0xffff_ffff

  /// The checksum of no bytes.
  public init() {}

  /// The checksum of all bytes so far.
  public var value: UInt32 { ~state }

  /// Takes more bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var crc = state
    Self.tables.withUnsafeBufferPointer { tables in
      var offset = 0
      while offset + 8 <= bytes.count {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) ^ UInt64(crc)
        crc =
          tables[7 &* 256 &+ Int(word & 0xff)] ^ tables[6 &* 256 &+ Int(word >> 8 & 0xff)] ^ tables[5 &* 256 &+ Int(word >> 16 & 0xff)]
          ^ tables[4 &* 256 &+ Int(word >> 24 & 0xff)]
        crc ^=
          tables[3 &* 256 &+ Int(word >> 32 & 0xff)] ^ tables[2 &* 256 &+ Int(word >> 40 & 0xff)] ^ tables[256 &+ Int(word >> 48 & 0xff)]
          ^ tables[Int(word >> 56)]
        offset += 8
      }
      while offset < bytes.count {
        crc = crc >> 8 ^ tables[Int((crc ^ UInt32(bytes[offset])) & 0xff)]
        offset += 1
      }
    }
    state = crc
  }

  /// The checksum of one run of bytes.
  public static func of(_ bytes: [UInt8]) -> UInt32 {
    var crc = CRC32C()
    bytes.withUnsafeBytes { crc.update($0) }
    return crc.value
  }

  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for index in 0..<256 {
      var crc = UInt32(index)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
      tables[index] = crc
    }
    for slice in 1..<8 {
      for index in 0..<256 {
        let previous = tables[(slice - 1) * 256 + index]
        tables[slice * 256 + index] = previous >> 8 ^ tables[Int(previous & 0xff)]
      }
    }
    return tables
  }()
}
