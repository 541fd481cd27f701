/// The insides of JSON strings (RFC 8259, section 7), eight bytes at a time.
enum JSONText {
  /// The bytes that a checked string stands for.
  static func decoded(_ text: FlatObjectScanner.Text, in bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    guard text.hasEscapes else { return Array(bytes[text.range]) }
    return Array(unsafeUninitializedCapacity: text.range.count) { output, count in
      // No escape is longer decoded than written, so that the text's own length suffices.
      count = decode(bytes, text.range, into: output)
    }
  }

  /// The index of the first byte from `start` that is a quote, a backslash, a control character or not ASCII; `bytes.count` without one.
  static func plainEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    guard let base = UnsafeRawPointer(bytes.baseAddress) else { return 0 }
    var index = start
    while index &+ 8 <= bytes.count {
      let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      let found = (zeros(word ^ each(0x22)) | zeros(word ^ each(0x5c)) | ((word &- each(0x20)) & ~word) | word) & each(0x80)
      // A borrow can flag a byte too many, but only above one that is rightly flagged.
      if found != 0 { return index + found.trailingZeroBitCount / 8 }
      index &+= 8
    }
    while index < bytes.count, isPlain(bytes[index]) { index += 1 }
    return index
  }

  /// The bytes of the well-formed UTF-8 sequence at an index (Unicode, table 3-7); 0 where there is none.
  static func scalarLength(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
    func byte(_ offset: Int) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }
    func continues(_ offset: Int) -> Bool { byte(offset) & 0xc0 == 0x80 }
    switch byte(0) {
    case 0x00..<0x80: return 1
    case 0xc2...0xdf: return continues(1) ? 2 : 0
    case 0xe0: return byte(1) >= 0xa0 && continues(1) && continues(2) ? 3 : 0
    case 0xed: return byte(1) <= 0x9f && continues(1) && continues(2) ? 3 : 0
    case 0xe1...0xef: return continues(1) && continues(2) ? 3 : 0
    case 0xf0: return byte(1) >= 0x90 && continues(1) && continues(2) && continues(3) ? 4 : 0
    case 0xf1...0xf3: return continues(1) && continues(2) && continues(3) ? 4 : 0
    case 0xf4: return byte(1) <= 0x8f && continues(1) && continues(2) && continues(3) ? 4 : 0
    default: return 0
    }
  }

  /// Whether a backslash and a letter are one of the eight short escapes.
  @inline(__always)
  static func isSimpleEscape(_ letter: UInt8) -> Bool {
    // Bits for " and / below 64, for \ b f n r t from 64 on.
    let set: UInt64 = letter < 64 ? 1 << 0x22 | 1 << 0x2f : 1 << 0x1c | 1 << 0x22 | 1 << 0x26 | 1 << 0x2e | 1 << 0x32 | 1 << 0x34
    return letter < 128 && set >> UInt64(letter & 63) & 1 == 1
  }

  /// What a backslash and a letter stand for, being one of the short escapes.
  private static func simpleEscape(_ letter: UInt8) -> UInt8 {
    switch letter {
    case UInt8(ascii: "n"): 0x0a
    case UInt8(ascii: "t"): 0x09
    case UInt8(ascii: "r"): 0x0d
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0c
    default: letter
    }
  }

  /// The number of four hexadecimal digits; nil where they are none.
  static func codeUnit(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt32? {
    guard index + 4 <= bytes.count else { return nil }
    var unit: UInt32 = 0
    for digit in bytes[index..<index + 4] {
      switch digit {
      case 0x30...0x39: unit = unit << 4 | UInt32(digit - 0x30)
      case 0x41...0x46, 0x61...0x66: unit = unit << 4 | UInt32((digit | 0x20) - 0x61 + 10)
      default: return nil
      }
    }
    return unit
  }

  private static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into output: UnsafeMutableBufferPointer<UInt8>
  ) -> Int {
    var count = 0
    var index = range.lowerBound
    while index < range.upperBound {
      let end = backslash(bytes, from: index, to: range.upperBound)
      // Both buffers hold at least `end - index` bytes more, and they do not overlap.
      (output.baseAddress! + count).update(from: bytes.baseAddress! + index, count: end - index)
      count += end - index
      guard end < range.upperBound else { break }
      index = end + 2
      if isSimpleEscape(bytes[end + 1]) {
        output[count] = simpleEscape(bytes[end + 1])
        count += 1
      } else {
        index = unicode(bytes, at: end, into: output, &count)
      }
    }
    return count
  }

  /// Writes the scalar of a checked `\u` escape or of a pair of them; the index behind it.
  private static func unicode(
    _ bytes: UnsafeBufferPointer<UInt8>, at index: Int, into output: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int
  ) -> Int {
    var value = codeUnit(bytes, at: index + 2)!
    var end = index + 6
    if (0xd800..<0xdc00).contains(value) {
      value = 0x10000 + (value - 0xd800) << 10 + (codeUnit(bytes, at: end + 2)! - 0xdc00)
      end += 6
    }
    for byte in UTF8.encode(Unicode.Scalar(value)!)! {
      output[count] = byte
      count += 1
    }
    return end
  }

  private static func backslash(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Int {
    let base = UnsafeRawPointer(bytes.baseAddress!)
    var index = start
    while index + 8 <= end {
      let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      let found = zeros(word ^ each(0x5c)) & each(0x80)
      if found != 0 { return index + found.trailingZeroBitCount / 8 }
      index &+= 8
    }
    while index < end, bytes[index] != UInt8(ascii: "\\") { index += 1 }
    return index
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  @inline(__always)
  private static func each(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

  /// Sets the high bit of the lowest byte that is 0 (and perhaps of some above it).
  @inline(__always)
  private static func zeros(_ word: UInt64) -> UInt64 { (word &- each(0x01)) & ~word }
}
