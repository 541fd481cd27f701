internal import JournalFormat

/// How a UUID is spelled at the end of a text: an argument of the form `uuid`. Bit 0 upper case; bits 1 and 2 the prefix; the rest a word.
struct UUIDSpelling {
  /// What stands before the UUID.
  enum Prefix: UInt64 {
    case none = 0
    /// The value begins with the number of a word.
    case word = 1
    /// The value begins with the prefix, counted.
    case bytes = 2
    /// The word that the argument names.
    case fixed = 3
  }

  let isUpperCase: Bool
  let prefix: Prefix
  let fixedWord: UInt32

  init(isUpperCase: Bool, prefix: Prefix, fixedWord: UInt32 = 0) {
    self.isUpperCase = isUpperCase
    self.prefix = prefix
    self.fixedWord = fixedWord
  }

  init(argument: UInt64) {
    isUpperCase = argument & 1 != 0
    prefix = Prefix(rawValue: argument >> 1 & 3)!
    fixedWord = UInt32(truncatingIfNeeded: argument >> 3)
  }

  var argument: UInt64 { (isUpperCase ? 1 : 0) | prefix.rawValue << 1 | UInt64(fixedWord) << 3 }
  var word: UInt32? { prefix == .fixed ? fixedWord : nil }
}

/// The 36 characters of a UUID (RFC 9562, section 4), all of one case.
enum UUIDText {
  static let count = 36

  /// The sixteen bytes of the UUID at the end of a text, as two numbers; nil where it ends otherwise.
  static func value(endOf text: UnsafeBufferPointer<UInt8>, isUpperCase: Bool) -> (high: UInt64, low: UInt64)? {
    guard text.count >= count else { return nil }
    let digits = text.baseAddress! + (text.count - count)
    guard digits[8] == 0x2d, digits[13] == 0x2d, digits[18] == 0x2d, digits[23] == 0x2d else { return nil }
    var isValid = true
    let letter = HexadecimalText.letter(isUpperCase)
    let high =
      number(digits, 0..<8, letter, &isValid) << 32 | number(digits, 9..<13, letter, &isValid) << 16
      | number(digits, 14..<18, letter, &isValid)
    let low = number(digits, 19..<23, letter, &isValid) << 48 | number(digits, 24..<36, letter, &isValid)
    return isValid ? (high, low) : nil
  }

  @inline(__always)
  private static func number(
    _ digits: UnsafePointer<UInt8>, _ range: Range<Int>, _ letter: UInt8, _ isValid: inout Bool
  ) -> UInt64 {
    var value: UInt64 = 0
    for index in range {
      let nibble = HexadecimalText.nibble(digits[index], letter: letter)
      isValid = isValid && nibble < 16
      value = value << 4 | UInt64(nibble)
    }
    return value
  }

  /// Writes the text of sixteen bytes.
  static func write(_ bytes: UnsafeBufferPointer<UInt8>, isUpperCase: Bool, to target: UnsafeMutablePointer<UInt8>) {
    let letter = HexadecimalText.letter(isUpperCase)
    var place = 0
    for index in 0..<16 {
      if index == 4 || index == 6 || index == 8 || index == 10 {
        target[place] = 0x2d
        place += 1
      }
      target[place] = HexadecimalText.character(bytes[index] >> 4, letter: letter)
      target[place + 1] = HexadecimalText.character(bytes[index] & 0xf, letter: letter)
      place += 2
    }
  }
}

/// Hexadecimal digits, all of one case.
enum HexadecimalText {
  /// The letter of ten.
  static func letter(_ isUpperCase: Bool) -> UInt8 { isUpperCase ? 0x41 : 0x61 }

  /// The value of a digit; 255 where it is none.
  @inline(__always)
  static func nibble(_ character: UInt8, letter: UInt8) -> UInt8 {
    let digit = character &- 0x30
    if digit < 10 { return digit }
    let rest = character &- letter
    return rest < 6 ? rest &+ 10 : 255
  }

  @inline(__always)
  static func character(_ nibble: UInt8, letter: UInt8) -> UInt8 { nibble < 10 ? 0x30 &+ nibble : letter &+ nibble &- 10 }

  /// Appends two digits in a byte, of an odd number the first alone; false, and nothing appended, where the text is something else.
  static func append(_ text: UnsafeBufferPointer<UInt8>, isUpperCase: Bool, to output: inout [UInt8]) -> Bool {
    let letter = letter(isUpperCase)
    let start = output.count
    var index = 0
    if text.count & 1 == 1 {
      let first = nibble(text[0], letter: letter)
      guard first < 16 else { return false }
      output.append(first)
      index = 1
    }
    while index < text.count {
      let (high, low) = (nibble(text[index], letter: letter), nibble(text[index + 1], letter: letter))
      guard high < 16, low < 16 else {
        output.removeLast(output.count - start)
        return false
      }
      output.append(high << 4 | low)
      index += 2
    }
    return true
  }

  static func write(
    _ bytes: UnsafeBufferPointer<UInt8>, digitCount: Int, isUpperCase: Bool, to target: UnsafeMutablePointer<UInt8>
  ) {
    let letter = letter(isUpperCase)
    for index in 0..<digitCount {
      let nibble = index + (digitCount & 1)
      let byte = bytes[nibble / 2]
      target[index] = character(nibble & 1 == 0 ? byte >> 4 : byte & 0xf, letter: letter)
    }
  }
}

extension UInt8 {
  /// Whether it is a hexadecimal digit, of either case.
  var isHexadecimalDigit: Bool { HexadecimalText.nibble(self, letter: 0x41) < 16 || HexadecimalText.nibble(self, letter: 0x61) < 16 }
}
