/// A moment in UTC, in milliseconds since 1970-01-01T00:00:00Z. Years 1 to 9999.
public struct Timestamp: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Milliseconds since the Unix epoch.
  public let rawValue: Int64

  /// The years 1 to 9999, as raw values.
  public static let range: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

  public init(rawValue: Int64) { self.rawValue = rawValue }
  /// The moment so many milliseconds after the epoch.
  public init(milliseconds: Int64) { rawValue = milliseconds }

  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.rawValue < right.rawValue }

  /// The moment that many milliseconds later.
  public func adding(milliseconds: Int64) -> Timestamp { Timestamp(rawValue: rawValue + milliseconds) }

  /// The same of a number that may be anything.
  /// - Throws: where the moment is not in ``range``.
  @inlinable
  public func adding(read milliseconds: Int64) throws(FormatError) -> Timestamp {
    let (sum, overflow) = rawValue.addingReportingOverflow(milliseconds)
    guard !overflow, Self.range.contains(sum) else { throw FormatError("a time is out of range") }
    return Timestamp(rawValue: sum)
  }

  /// Milliseconds from `earlier` to this; negative where this comes first.
  public func milliseconds(since earlier: Timestamp) -> Int64 { rawValue - earlier.rawValue }

  /// RFC 3339 in UTC with milliseconds: `2025-03-01T00:01:00.918Z`.
  public var description: String {
    let (days, inDay) = rawValue.flooredDivision(by: 86_400_000)
    let date = CivilDate(daysSinceEpoch: days)
    let (second, millisecond) = inDay.quotientAndRemainder(dividingBy: 1000)
    var text: [UInt8] = []
    text.reserveCapacity(24)
    text.appendDecimal(date.year, width: 4)
    text.append(UInt8(ascii: "-"))
    text.appendDecimal(date.month, width: 2)
    text.append(UInt8(ascii: "-"))
    text.appendDecimal(date.day, width: 2)
    text.append(UInt8(ascii: "T"))
    text.appendDecimal(Int(second / 3600), width: 2)
    text.append(UInt8(ascii: ":"))
    text.appendDecimal(Int(second / 60 % 60), width: 2)
    text.append(UInt8(ascii: ":"))
    text.appendDecimal(Int(second % 60), width: 2)
    text.append(UInt8(ascii: "."))
    text.appendDecimal(Int(millisecond), width: 3)
    text.append(UInt8(ascii: "Z"))
    return String(decoding: text, as: UTF8.self)
  }

  /// The UTC calendar month, which names a segment.
  public var period: Period {
    let date = CivilDate(daysSinceEpoch: rawValue.flooredDivision(by: 86_400_000).quotient)
    return Period(year: date.year, month: date.month)
  }

  /// Reads an `xsd:dateTime` or RFC 3339 date-time: `T` or a blank between date and time, any number of fractional digits (beyond
  /// milliseconds they are cut), `Z`, an offset or nothing (UTC). `24:00:00` is the next day's midnight. White space around it is allowed.
  /// Nil where it is none, or outside the years 1 to 9999 in UTC.
  public init?(_ text: some StringProtocol) { self.init(utf8: Array(text.utf8)) }

  /// See ``init(_:)``.
  public init?(utf8 bytes: some RandomAccessCollection<UInt8>) {
    var scanner = DateTimeScanner(bytes)
    guard let value = scanner.dateTime() else { return nil }
    rawValue = value
  }
}

/// A calendar month in UTC.
public struct Period: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The year of the Common Era.
  public let year: Int
  /// 1 to 12.
  public let month: Int

  /// The period of a year and a month from 1 to 12.
  public init(year: Int, month: Int) {
    self.year = year
    self.month = month
  }

  /// `2025-03`.
  public init?(_ text: some StringProtocol) {
    let digits = Array(text.utf8)
    // `Int` would take a sign for a digit.
    guard digits.count == 7, digits[4] == UInt8(ascii: "-"), (digits[..<4] + digits[5...]).allSatisfy(\.isASCIIDigit),
      let year = Int(text.prefix(4)), let month = Int(text.suffix(2)), (1...12).contains(month)
    else { return nil }
    self.init(year: year, month: month)
  }

  public var description: String {
    var text: [UInt8] = []
    text.appendDecimal(year, width: 4)
    text.append(UInt8(ascii: "-"))
    text.appendDecimal(month, width: 2)
    return String(decoding: text, as: UTF8.self)
  }

  public static func < (left: Period, right: Period) -> Bool { (left.year, left.month) < (right.year, right.month) }
}

/// Days to year, month and day in the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
public struct CivilDate {
  /// The year of the Common Era.
  public let year: Int
  /// The month, from 1.
  public let month: Int
  /// The day of the month, from 1.
  public let day: Int

  /// The date so many days after 1970-01-01.
  public init(daysSinceEpoch days: Int64) {
    let shifted = days + 719_468
    let (era, dayOfEra) = shifted.flooredDivision(by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
    year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
  }

  /// The days from 1970-01-01 to a date that exists.
  public static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int64 {
    let shiftedYear = Int64(month <= 2 ? year - 1 : year)
    let (era, yearOfEra) = shiftedYear.flooredDivision(by: 400)
    let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// 28 to 31; the month must be 1 to 12.
  public static func daysInMonth(year: Int, month: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

/// Reads a date and time as XML Schema Part 2, section 3.2.7.1, has it.
private struct DateTimeScanner<Bytes: RandomAccessCollection<UInt8>> {
  private var rest: Bytes.SubSequence

  init(_ bytes: Bytes) { rest = bytes[...] }

  mutating func dateTime() -> Int64? {
    skipBlanks()
    guard let year = digits(4), take("-"), let month = digits(2), take("-"), let day = digits(2), take("T") || take("t") || take(" "),
      let hour = digits(2), take(":"), let minute = digits(2), take(":"), let second = digits(2)
    else { return nil }
    let millisecond: Int
    if take(".") {
      guard let fraction = self.fraction() else { return nil }
      millisecond = fraction
    } else {
      millisecond = 0
    }
    guard let offset = zone() else { return nil }
    skipBlanks()
    guard rest.isEmpty, year >= 1, (1...12).contains(month), day >= 1, day <= CivilDate.daysInMonth(year: year, month: month),
      hour <= 23 || (hour == 24 && minute == 0 && second == 0 && millisecond == 0), minute <= 59, second <= 60
    else { return nil }
    let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
    let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second) - Int64(offset * 60)
    let value = seconds * 1000 + Int64(millisecond)
    return Timestamp.range.contains(value) ? value : nil
  }

  /// Minutes east of UTC.
  private mutating func zone() -> Int? {
    if take("Z") || take("z") { return 0 }
    let sign = take("+") ? 1 : take("-") ? -1 : 0
    guard sign != 0 else { return 0 }
    guard let hours = digits(2), take(":"), let minutes = digits(2), hours * 60 + minutes <= 14 * 60, minutes <= 59 else { return nil }
    return sign * (hours * 60 + minutes)
  }

  private mutating func fraction() -> Int? {
    var value = 0
    var count = 0
    while let byte = rest.first, byte.isASCIIDigit {
      if count < 3 { value = value * 10 + Int(byte - 0x30) }
      count += 1
      rest.removeFirst()
    }
    guard count > 0 else { return nil }
    for _ in min(count, 3)..<3 { value *= 10 }
    return value
  }

  private mutating func digits(_ count: Int) -> Int? {
    var value = 0
    for _ in 0..<count {
      guard let byte = rest.first, byte.isASCIIDigit else { return nil }
      value = value * 10 + Int(byte - 0x30)
      rest.removeFirst()
    }
    return value
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard let byte = rest.first, UInt32(byte) == character.value else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func skipBlanks() {
    while let byte = rest.first, byte.isXMLWhiteSpace { rest.removeFirst() }
    while let byte = rest.last, byte.isXMLWhiteSpace { rest.removeLast() }
  }
}

extension UInt8 {
  /// White space of XML 1.0, production 3.
  public var isXMLWhiteSpace: Bool { self == 0x20 || self == 0x0a || self == 0x0d || self == 0x09 }
  /// Whether it is one of `0` to `9`.
  public var isASCIIDigit: Bool { self >= 0x30 && self <= 0x39 }
}

extension Int64 {
  func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

extension [UInt8] {
  fileprivate mutating func appendDecimal(_ value: Int, width: Int) {
    let digits = String(value).utf8
    for _ in 0..<Swift.max(0, width - digits.count) { append(UInt8(ascii: "0")) }
    append(contentsOf: digits)
  }
}
