import TestSupport
import Testing

@testable import JournalFormat

@Suite struct ByteCodingTests {
  private static let edges: [UInt64] = [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, UInt64(UInt32.max), 1 << 62, 1 << 63, .max - 1, .max]

  @Test func `every number comes back from its varint, in as few bytes as it needs`() throws {
    var generator = SeededGenerator()
    let numbers = Self.edges + (0..<1_000).map { _ in generator.next() >> UInt64(generator.below(64)) }
    for number in numbers {
      var bytes: [UInt8] = []
      bytes.appendVarint(number)
      #expect(bytes.count == max(1, (64 - number.leadingZeroBitCount + 6) / 7))
      #expect(try reading(bytes) { reader throws(FormatError) in try reader.varint() } == number)
    }
  }

  @Test func `every signed number comes back, and small ones are short`() throws {
    var generator = SeededGenerator()
    let random = (0..<1_000).map { _ in Int64(bitPattern: generator.next()) >> Int64(generator.below(64)) }
    for number in [0, 1, -1, 63, -64, 64, .max, .min] + random {
      var bytes: [UInt8] = []
      bytes.appendSignedVarint(number)
      #expect(bytes.count == 1 || !(-64...63).contains(number))
      #expect(try reading(bytes) { reader throws(FormatError) in try reader.signedVarint() } == number)
    }
  }

  @Test func `a varint that is cut short or too large is refused`() {
    for number in Self.edges where number > 0x7f {
      var bytes: [UInt8] = []
      bytes.appendVarint(number)
      #expect(throws: FormatError.self) { try reading(Array(bytes.dropLast())) { reader throws(FormatError) in try reader.varint() } }
    }
    let ones = [UInt8](repeating: 0xff, count: 9)
    for tooLarge in [ones + [0x02], ones + [0x81, 0], ones + [0x7f], [UInt8](repeating: 0x80, count: 20)] {
      #expect(throws: FormatError.self) { try reading(tooLarge) { reader throws(FormatError) in try reader.varint() } }
    }
  }

  @Test func `a count over its bound and a length over the end are refused`() {
    #expect(throws: FormatError.self) { try reading([5]) { reader throws(FormatError) in try reader.count(atMost: 4) } }
    #expect(throws: FormatError.self) { try reading([3, 1, 2]) { reader throws(FormatError) in try reader.string() } }
    var huge: [UInt8] = []
    huge.appendVarint(UInt64.max)
    #expect(throws: FormatError.self) { try reading(huge) { reader throws(FormatError) in try reader.string() } }
    #expect(throws: FormatError.self) { try reading([1, 2, 3]) { reader throws(FormatError) in try reader.littleEndian(UInt32.self) } }
    #expect(throws: FormatError.self) { try reading([1]) { reader throws(FormatError) in try reader.take(-1).count } }
    #expect(throws: FormatError.self) { try reading([]) { reader throws(FormatError) in try reader.byte() } }
  }

  @Test func `integers stand in the byte order that the format says`() throws {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(UInt32(0x0102_0304))
    bytes.appendBigEndian(UInt32(0x0102_0304))
    #expect(bytes == [4, 3, 2, 1, 1, 2, 3, 4])
    #expect(try reading(bytes) { reader throws(FormatError) in try reader.littleEndian(UInt32.self) } == 0x0102_0304)
  }
}

@Suite struct CRC32CTests {
  /// RFC 3720, appendix B.4.
  @Test(
    arguments: [
      ([UInt8](repeating: 0, count: 32), 0x8a91_36aa), ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
      (Array(0..<32), 0x46dd_794e), (Array((0..<32).reversed()), 0x113f_db5c), (iSCSIRead, 0xd996_3a56),
      (Array("123456789".utf8), 0xe306_9283), ([], 0),
    ] as [([UInt8], UInt32)])
  func `the checksums are those of the RFC`(bytes: [UInt8], sum: UInt32) { #expect(CRC32C.of(bytes) == sum) }

  private static let iSCSIRead: [UInt8] =
    [0x01, 0xc0, 0, 0] + [UInt8](repeating: 0, count: 12) + [0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28]
    + [UInt8](repeating: 0, count: 7) + [0x02] + [UInt8](repeating: 0, count: 7)

  @Test func `a checksum does not depend on how the bytes come in pieces`() {
    var generator = SeededGenerator()
    for _ in 0..<200 {
      let bytes = generator.bytes(generator.below(200))
      let cut = generator.below(bytes.count + 1)
      var crc = CRC32C()
      bytes.withUnsafeBytes { all in
        crc.update(UnsafeRawBufferPointer(rebasing: all[..<cut]))
        crc.update(UnsafeRawBufferPointer(rebasing: all[cut...]))
      }
      #expect(crc.value == CRC32C.of(bytes))
      #expect(crc.value == Self.bitwise(bytes))
    }
  }

  /// The definition, a bit at a time.
  private static func bitwise(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xffff_ffff
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
    }
    return ~crc
  }
}
