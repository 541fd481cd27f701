internal import JournalFormat

/// An id that a spreadsheet took for a number and wrote anew: without its zeros, in powers of ten, or with zeros for what lies behind its 15th digit.
struct MangledId: Hashable {
  /// The digits that count, without zeros at the ends.
  private let digits: [UInt8]
  /// Where the point stands, from the first of them.
  private let exponent: Int
  /// How many digits were shown.
  let shownCount: Int

  /// What spreadsheets keep of a number.
  private static let keptDigits = 15
  private static let zero = UInt8(ascii: "0")

  /// Reads `47375747`, `47.375.747,00`, `4.73757E+15`, `4,73757E+15` or `12E05`; nil for what is no such number.
  init?(_ text: some StringProtocol) {
    var rest = (SpreadsheetNumber(String(text))?.wholeDigits ?? Array(text.utf8))[...]
    var digits: [UInt8] = []
    var pointIndex: Int?
    while let byte = rest.first, byte.isASCIIDigit || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ",") {
      rest.removeFirst()
      if byte.isASCIIDigit {
        digits.append(byte)
      } else {
        guard pointIndex == nil, !digits.isEmpty else { return nil }
        pointIndex = digits.count
      }
    }
    guard !digits.isEmpty else { return nil }
    var power = 0
    if let mark = rest.first {
      guard mark == UInt8(ascii: "E") || mark == UInt8(ascii: "e") else { return nil }
      let sign = rest.dropFirst().first
      let powerDigits = rest.dropFirst(sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") ? 2 : 1)
      guard (1...3).contains(powerDigits.count), powerDigits.allSatisfy(\.isASCIIDigit) else { return nil }
      power = powerDigits.reduce(0) { $0 * 10 + Int($1 - Self.zero) } * (sign == UInt8(ascii: "-") ? -1 : 1)
    } else if pointIndex != nil {
      // A number with a fraction is no id, mangled or not.
      return nil
    }
    let zeros = digits.prefix { $0 == Self.zero }.count
    let significant = digits.dropFirst(zeros)
    guard !significant.isEmpty else { return nil }
    exponent = (pointIndex ?? digits.count) - zeros + power
    // Zeros at an integer's end may have been digits.
    shownCount = rest.isEmpty ? min(significant.count, Self.keptDigits) : significant.count
    self.digits = Self.trimmed(Array(significant))
  }

  private init(digits: [UInt8], exponent: Int, shownCount: Int) {
    (self.digits, self.exponent, self.shownCount) = (Self.trimmed(digits), exponent, shownCount)
  }

  private static func trimmed(_ digits: [UInt8]) -> [UInt8] { Array(digits.reversed().drop { $0 == zero }.reversed()) }

  /// What a spreadsheet may have made of this, where it shows so many digits: rounded, or cut off at the last that it keeps.
  func shown(_ count: Int) -> Set<MangledId> {
    guard digits.count > count else { return [MangledId(digits: digits, exponent: exponent, shownCount: count)] }
    var rounded = Array(digits[..<count])
    var exponent = exponent
    if digits[count] >= UInt8(ascii: "5") {
      while let last = rounded.last, last == UInt8(ascii: "9") { rounded.removeLast() }
      if rounded.isEmpty {
        (rounded, exponent) = ([UInt8(ascii: "1")], exponent + 1)
      } else {
        rounded[rounded.count - 1] += 1
      }
    }
    let cut = MangledId(digits: Array(digits[..<count]), exponent: self.exponent, shownCount: count)
    return [cut, MangledId(digits: rounded, exponent: exponent, shownCount: count)]
  }
}
