/// Text that means in XML what its bytes say: printable ASCII, tabs and line feeds, without `&`, `<` and `]`.
enum PlainText {
  /// The first byte from `start` on that is none; `count` where all are. Eight at a time.
  @inline(__always)
  static func end(in bytes: UnsafePointer<UInt8>, from start: Int, _ count: Int) -> Int {
    var offset = start
    let raw = UnsafeRawPointer(bytes)
    while offset &+ 8 <= count {
      let others = others(raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      guard others != 0 else {
        offset &+= 8
        continue
      }
      offset &+= others.trailingZeroBitCount / 8
      guard bytes[offset] == 0x09 || bytes[offset] == 0x0a else { return offset }
      offset &+= 1
    }
    while offset < count, isPlain(bytes[offset]) { offset &+= 1 }
    return offset
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: "]"): false
    case 0x20..<0x80, 0x09, 0x0a: true
    default: false
    }
  }

  /// Bit 7 of each byte of a word that is below 0x20, above 0x7f, or one of the three. Bytes behind the first of them may have it wrongly:
  /// a borrow goes on from one.
  @inline(__always)
  private static func others(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
    let low = (word &- ones &* 0x20) & ~word
    let marks = zeros(word ^ ones &* 0x26) | zeros(word ^ ones &* 0x3c) | zeros(word ^ ones &* 0x5d)
    return (word | low | marks) & 0x8080_8080_8080_8080
  }
}
