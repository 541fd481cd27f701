internal import JournalFormat

/// A decimal number of at most eighteen digits, as everybody writes it: no zeros before it, no plus, no minus before zero.
enum DecimalText {
  static let maximumDigits = 18
  /// The longest text: the digits, a sign and a point.
  static let maximumBytes = 20

  /// The number without its point, and how many digits stand behind the point; nil where a text could not be written back.
  static func value(_ text: UnsafeBufferPointer<UInt8>) -> (number: Int64, scale: Int)? {
    var index = 0
    let isNegative = text.first == 0x2d
    if isNegative { index = 1 }
    let start = index
    var number: Int64 = 0
    var point: Int?
    // A point beside the digits; without one a nineteenth digit would be taken for it.
    guard text.count - start <= maximumDigits + (text.contains(0x2e) ? 1 : 0) else { return nil }
    while index < text.count {
      let digit = text[index] &- 0x30
      if digit < 10 {
        number = number * 10 + Int64(digit)
      } else {
        guard text[index] == 0x2e, point == nil, index > start else { return nil }
        point = index
      }
      index += 1
    }
    let wholeDigits = (point ?? index) - start
    let scale = point.map { index - $0 - 1 } ?? 0
    guard wholeDigits >= 1, wholeDigits + scale <= maximumDigits, point == nil || scale > 0, wholeDigits == 1 || text[start] != 0x30,
      !isNegative || number != 0
    else { return nil }
    return (isNegative ? -number : number, scale)
  }

  /// Writes a number; at most ``maximumBytes``. Answers how many.
  /// - Throws: `FormatError` for more digits than a number may have.
  static func write(_ number: Int64, scale: Int, to target: UnsafeMutablePointer<UInt8>) throws(FormatError) -> Int {
    guard scale < maximumDigits, number.magnitude < 1_000_000_000_000_000_000 else { throw FormatError("a number is out of bounds") }
    var rest = number.magnitude
    var digitCount = scale + 1
    var bound: UInt64 = 1
    for _ in 0..<digitCount { bound *= 10 }
    while rest >= bound {
      bound *= 10
      digitCount += 1
    }
    let sign = number < 0 ? 1 : 0
    let count = sign + digitCount + (scale > 0 ? 1 : 0)
    var place = count
    for digit in 0..<digitCount {
      if digit == scale, scale > 0 {
        place -= 1
        target[place] = 0x2e
      }
      place -= 1
      target[place] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    if sign == 1 { target[0] = 0x2d }
    return count
  }
}
