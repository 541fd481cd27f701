/// A meter's value as an exact decimal, never a binary fraction (XML Schema 1.1 part 2, 3.3.3 "decimal").
///
///     decimal = ["+" / "-"] (1*DIGIT ["." *DIGIT] / "." 1*DIGIT)
///
/// At most 15 digits before the point and 18 behind it count, zeros at the ends aside; what has more is no quantity.
public struct MeterQuantity: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// In units of 10^-18.
  public let attos: Int128

  /// Nothing.
  public static let zero = MeterQuantity(attos: 0)
  /// One.
  public static let unit: Int128 = 1_000_000_000_000_000_000
  private static let integerDigits = 15
  private static let fractionDigits = 18

  /// So many times 10⁻¹⁸ of the unit.
  public init(attos: Int128) { self.attos = attos }

  /// A whole number.
  public init(_ value: Int64) { attos = Int128(value) * Self.unit }

  /// Nil where the text is no decimal, or has too many digits. White space around it is wrong.
  public init?(_ text: some StringProtocol) {
    var (integer, integerCount): (UInt64, Int) = (0, 0)
    var (fraction, fractionCount): (UInt64, Int) = (0, 0)
    // Zeros of the fraction, which count where another digit follows.
    var zeroCount = 0
    var (isFirst, isNegative, hasPoint, hasDigit) = (true, false, false, false)
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39:
        hasDigit = true
        let digit = UInt64(byte - 0x30)
        if !hasPoint {
          guard digit > 0 || integerCount > 0 else { break }
          integer = integer * 10 + digit
          integerCount += 1
          guard integerCount <= Self.integerDigits else { return nil }
        } else if digit == 0 {
          zeroCount += 1
        } else {
          fractionCount += zeroCount + 1
          guard fractionCount <= Self.fractionDigits else { return nil }
          for _ in 0...zeroCount { fraction *= 10 }
          fraction += digit
          zeroCount = 0
        }
      case UInt8(ascii: "."):
        guard !hasPoint else { return nil }
        hasPoint = true
      case UInt8(ascii: "+"), UInt8(ascii: "-"):
        guard isFirst else { return nil }
        isNegative = byte == UInt8(ascii: "-")
      default: return nil
      }
      isFirst = false
    }
    guard hasDigit else { return nil }
    for _ in fractionCount..<Self.fractionDigits { fraction *= 10 }
    let magnitude = Int128(integer) * Self.unit + Int128(fraction)
    attos = isNegative ? -magnitude : magnitude
  }

  public static func < (left: MeterQuantity, right: MeterQuantity) -> Bool { left.attos < right.attos }
  /// Exact up to 10^20; beyond that it stays at the largest quantity that there is.
  public static func + (left: MeterQuantity, right: MeterQuantity) -> MeterQuantity {
    let (sum, isOver) = left.attos.addingReportingOverflow(right.attos)
    return MeterQuantity(attos: isOver ? (left.attos < 0 ? .min : .max) : sum)
  }

  /// As `+`.
  public static func - (left: MeterQuantity, right: MeterQuantity) -> MeterQuantity {
    let (difference, isOver) = left.attos.subtractingReportingOverflow(right.attos)
    return MeterQuantity(attos: isOver ? (left.attos < 0 ? .min : .max) : difference)
  }

  /// As `+`.
  public static func * (left: MeterQuantity, factor: Int64) -> MeterQuantity {
    let (product, isOver) = left.attos.multipliedReportingOverflow(by: Int128(factor))
    return MeterQuantity(attos: isOver ? ((left.attos < 0) == (factor < 0) ? .max : .min) : product)
  }

  /// Without its sign.
  public var magnitude: MeterQuantity { attos < 0 ? MeterQuantity.zero - self : self }
  /// Whether it is less than nothing.
  public var isNegative: Bool { attos < 0 }

  /// Its shortest spelling: `-12.5`, `0`, `3806`.
  public var description: String {
    let (whole, rest) = attos.magnitude.quotientAndRemainder(dividingBy: Self.unit.magnitude)
    let text = (isNegative ? "-" : "") + String(whole)
    guard rest > 0 else { return text }
    var (fraction, count) = (UInt64(rest), Self.fractionDigits)
    while fraction.isMultiple(of: 10) { (fraction, count) = (fraction / 10, count - 1) }
    let digits = String(fraction)
    return text + "." + String(repeating: "0", count: count - digits.utf8.count) + digits
  }
}

extension MeterReading {
  /// Nil where there is no value, or none that is a decimal.
  public var quantity: MeterQuantity? { value.flatMap { MeterQuantity($0) } }
}
