extension ByteBuffer {
  /// Upper- or lower-case hexadecimal digits.
  enum HexCase: Sendable { case lower, upper }

  /// A decimal number without leading zeros.
  mutating func appendDecimal(_ value: Int) {
    if value < 0 { append(UInt8(ascii: "-")) }
    let rest = value.magnitude
    var width = 1
    var power: UInt = 10
    while width < 19, rest >= power {
      width &+= 1
      power &*= 10
    }
    appendDecimal(Int(bitPattern: rest), width: width)
  }

  /// The last `width` decimal digits, with leading zeros.
  @inline(__always)
  mutating func appendDecimal(_ value: Int, width: Int) {
    let place = room(width)
    var rest = UInt(bitPattern: value)
    var index = width &- 1
    while index >= 0 {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      place[index] = 0x30 &+ UInt8(truncatingIfNeeded: digit)
      rest = quotient
      index &-= 1
    }
    advance(width)
  }

  /// The last `digits` hexadecimal digits of `value`.
  @inline(__always)
  mutating func appendHex(_ value: UInt64, digits: Int, _ letters: HexCase) {
    let place = room(digits)
    Self.writeHex(value, digits, letters, place)
    advance(digits)
  }

  /// A version 4 UUID (RFC 9562, section 5.4) made of `key`.
  mutating func appendUUID(_ key: UInt64, _ letters: HexCase = .lower, dashes: Bool = true) {
    let high = SplitMix64.derive(key, 101) & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    let low = SplitMix64.derive(key, 102) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    guard dashes else {
      appendHex(high, digits: 16, letters)
      return appendHex(low, digits: 16, letters)
    }
    let place = room(36)
    Self.writeHex(high >> 32, 8, letters, place)
    place[8] = UInt8(ascii: "-")
    Self.writeHex(high >> 16, 4, letters, place + 9)
    place[13] = UInt8(ascii: "-")
    Self.writeHex(high, 4, letters, place + 14)
    place[18] = UInt8(ascii: "-")
    Self.writeHex(low >> 48, 4, letters, place + 19)
    place[23] = UInt8(ascii: "-")
    Self.writeHex(low, 12, letters, place + 24)
    advance(36)
  }

  @inline(__always)
  private static func writeHex(_ value: UInt64, _ digits: Int, _ letters: HexCase, _ place: UnsafeMutablePointer<UInt8>) {
    let letterOffset: UInt8 = letters == .lower ? 0x57 : 0x37
    var rest = value
    var index = digits &- 1
    while index >= 0 {
      let digit = UInt8(truncatingIfNeeded: rest & 0xF)
      place[index] = digit &+ (digit < 10 ? 0x30 : letterOffset)
      rest >>= 4
      index &-= 1
    }
  }
}
