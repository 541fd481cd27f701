internal import JournalFormat

/// How an `xsd:dateTime` is spelled: an argument of the form `dateTime`. Bits 0 and 1 the number of fractional digits; bits 2 and 3 the zone; bit 4
/// that all fractional digits are 0, so that the value counts seconds; bits 5 to 15 the offset in minutes, zigzag; bit 16 that it is an hour more in
/// summer; bits 17 to 19 how many zeros stand behind the third fractional digit.
struct DateTimeSpelling {
  /// What stands at the end.
  enum Zone: UInt64 {
    case none = 0
    case utc = 1
    /// The offset that the argument names.
    case fixed = 2
    /// The value begins with the offset in minutes.
    case offset = 3
  }

  let fractionDigits: Int
  let zone: Zone
  let isWholeSecond: Bool
  let offsetMinutes: Int
  /// Whether a fixed offset is an hour more in European summer time: so a list has one spelling for dates of the whole year.
  let hasSummerTime: Bool
  /// How many zeros stand behind three fractional digits, as those write who count a second in 100 ns.
  let zeroDigits: Int

  init(
    fractionDigits: Int, zone: Zone, isWholeSecond: Bool, offsetMinutes: Int = 0, hasSummerTime: Bool = false, zeroDigits: Int = 0
  ) {
    self.zeroDigits = zeroDigits
    self.hasSummerTime = hasSummerTime
    self.fractionDigits = fractionDigits
    self.zone = zone
    self.isWholeSecond = isWholeSecond
    self.offsetMinutes = offsetMinutes
  }

  /// Reads an argument; nil where the offset is beyond 14 hours, the zeros are too many, or a bit says what the others make impossible.
  init?(argument: UInt64) {
    fractionDigits = Int(argument & 3)
    zone = Zone(rawValue: argument >> 2 & 3)!
    isWholeSecond = argument & 16 != 0
    hasSummerTime = argument & Self.summerTimeBit != 0
    zeroDigits = Int(argument >> 17)
    let zigzag = argument >> 5 & 0x7ff
    offsetMinutes = Int(zigzag >> 1) ^ -Int(zigzag & 1)
    let latest = hasSummerTime ? offsetMinutes + 60 : offsetMinutes
    guard max(abs(offsetMinutes), abs(latest)) <= Self.maximumOffsetMinutes, zone == .fixed || (zigzag == 0 && !hasSummerTime),
      zeroDigits == 0 || (fractionDigits == 3 && zeroDigits <= Self.maximumZeroDigits), fractionDigits > 0 || !isWholeSecond
    else { return nil }
  }

  static let maximumOffsetMinutes = 14 * 60
  static let maximumZeroDigits = 6
  private static let summerTimeBit: UInt64 = 1 << 16

  var argument: UInt64 {
    let zigzag = UInt64(offsetMinutes << 1 ^ offsetMinutes >> 63)
    return UInt64(fractionDigits) | zone.rawValue << 2 | (isWholeSecond ? 16 : 0) | zigzag << 5
      | (hasSummerTime ? Self.summerTimeBit : 0) | UInt64(zeroDigits) << 17
  }

  /// The fixed offset at a moment.
  func offsetMinutes(at milliseconds: Int64) -> Int {
    hasSummerTime && EuropeanSummerTime.contains(milliseconds) ? offsetMinutes + 60 : offsetMinutes
  }

  /// The unit that values count, in milliseconds.
  var unit: Int64 {
    if isWholeSecond { return 1000 }
    switch fractionDigits {
    case 0: return 1000
    case 1: return 100
    case 2: return 10
    default: return 1
    }
  }
}

/// Summer time: from 01:00 UTC on the last Sunday of March to 01:00 UTC on that of October (Directive 2000/84/EC), in every year.
enum EuropeanSummerTime {
  static func contains(_ milliseconds: Int64) -> Bool {
    // Counted from an hour later, days begin when the time changes.
    let day = ValueForm.flooredQuotient(milliseconds &- 3_600_000, 86_400_000)
    let date = CivilDate(daysSinceEpoch: day)
    switch date.month {
    case 4...9: return true
    case 3: return date.day >= lastSunday(after: day - Int64(date.day))
    case 10: return date.day < lastSunday(after: day - Int64(date.day))
    default: return false
    }
  }

  /// The day of the last Sunday of a month of 31 days.
  /// - Parameter end: the day before its first, counted from 1970-01-01, a Thursday.
  private static func lastSunday(after end: Int64) -> Int { 31 - Int(((end + 31 + 4) % 7 + 7) % 7) }
}

/// A moment and how it was spelled (XML Schema Part 2, section 3.2.7.1).
struct DateTimeText {
  /// What writing takes: 29 bytes and the zeros, and one that is written and then not counted.
  static let maximumBytes = 30 + DateTimeSpelling.maximumZeroDigits

  let milliseconds: Int64
  /// Its spelling, with a fixed zone where it has an offset.
  let spelling: DateTimeSpelling

  /// Reads a text; nil where it is no dateTime, or one that could not be written back: a year beyond 9999, 24:00:00, a leap second, the offset -00:00.
  init?(_ text: UnsafeBufferPointer<UInt8>) {
    guard text.count >= 19, text.count < Self.maximumBytes, let year = Self.number(text, 0, 4), let month = Self.number(text, 5, 2),
      let day = Self.number(text, 8, 2), let hour = Self.number(text, 11, 2), let minute = Self.number(text, 14, 2),
      let second = Self.number(text, 17, 2), text[4] == 0x2d, text[7] == 0x2d, text[10] == 0x54, text[13] == 0x3a, text[16] == 0x3a,
      year >= 1, (1...12).contains(month), day >= 1, day <= CivilDate.daysInMonth(year: year, month: month), hour <= 23, minute <= 59,
      second <= 59
    else { return nil }
    var index = 19
    var fraction = 0
    var digits = 0
    var zeroDigits = 0
    if index < text.count, text[index] == 0x2e {
      index += 1
      while index < text.count, digits < 3, text[index].isASCIIDigit {
        fraction = fraction * 10 + Int(text[index] &- 0x30)
        digits += 1
        index += 1
      }
      guard digits > 0 else { return nil }
      while index < text.count, text[index] == 0x30, zeroDigits < DateTimeSpelling.maximumZeroDigits {
        zeroDigits += 1
        index += 1
      }
    }
    guard let (zone, offset) = Self.zone(UnsafeBufferPointer(rebasing: text[index...])) else { return nil }
    spelling = DateTimeSpelling(
      fractionDigits: digits, zone: zone, isWholeSecond: digits > 0 && fraction == 0, offsetMinutes: offset, zeroDigits: zeroDigits)
    for _ in digits..<3 { fraction *= 10 }
    let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
    milliseconds = (days * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset * 60)) * 1000 + Int64(fraction)
  }

  private static func zone(_ text: UnsafeBufferPointer<UInt8>) -> (DateTimeSpelling.Zone, Int)? {
    if text.isEmpty { return (.none, 0) }
    if text.count == 1, text[0] == 0x5a { return (.utc, 0) }
    guard text.count == 6, text[0] == 0x2b || text[0] == 0x2d, text[3] == 0x3a, let hours = number(text, 1, 2),
      let minutes = number(text, 4, 2), minutes <= 59
    else { return nil }
    let offset = (hours * 60 + minutes) * (text[0] == 0x2d ? -1 : 1)
    guard abs(offset) <= DateTimeSpelling.maximumOffsetMinutes, offset != 0 || text[0] == 0x2b else { return nil }
    return (.fixed, offset)
  }

  @inline(__always)
  private static func number(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ count: Int) -> Int? {
    var value = 0
    for index in start..<start + count {
      let digit = text[index] &- 0x30
      guard digit < 10 else { return nil }
      value = value * 10 + Int(digit)
    }
    return value
  }

  /// Writes a moment in a spelling; not outside the years 1 to 9999. Answers how many bytes.
  /// - Throws: `FormatError` for a moment outside the years.
  static func write(
    milliseconds: Int64, _ spelling: DateTimeSpelling, offsetMinutes: Int, to target: UnsafeMutablePointer<UInt8>
  ) throws(FormatError) -> Int {
    let (local, overflow) = milliseconds.addingReportingOverflow(Int64(offsetMinutes) * 60_000)
    guard !overflow, Timestamp.range.contains(local) else { throw FormatError("a date is out of bounds") }
    let days = (local >= 0 ? local : local - 86_399_999) / 86_400_000
    let date = CivilDate(daysSinceEpoch: days)
    let inDay = Int(local - days * 86_400_000)
    let second = inDay / 1000
    var place = target
    write(date.year, 4, &place, before: 0x2d)
    write(date.month, 2, &place, before: 0x2d)
    write(date.day, 2, &place, before: 0x54)
    write(second / 3600, 2, &place, before: 0x3a)
    write(second / 60 % 60, 2, &place, before: 0x3a)
    write(second % 60, 2, &place, before: 0x2e)
    let digits = spelling.fractionDigits
    if digits == 0 {
      place -= 1
    } else {
      let millisecond = inDay % 1000
      write(digits == 3 ? millisecond : digits == 2 ? millisecond / 10 : millisecond / 100, digits, &place, before: 0)
      place -= 1
      for _ in 0..<spelling.zeroDigits {
        place[0] = 0x30
        place += 1
      }
    }
    switch spelling.zone {
    case .none: break
    case .utc:
      place[0] = 0x5a
      place += 1
    case .fixed, .offset:
      place[0] = offsetMinutes < 0 ? 0x2d : 0x2b
      place += 1
      write(abs(offsetMinutes) / 60, 2, &place, before: 0x3a)
      write(abs(offsetMinutes) % 60, 2, &place, before: 0)
      place -= 1
    }
    return place - target
  }

  /// Writes digits and one byte more.
  @inline(__always)
  private static func write(_ number: Int, _ digits: Int, _ place: inout UnsafeMutablePointer<UInt8>, before next: UInt8) {
    var rest = number
    for index in stride(from: digits - 1, through: 0, by: -1) {
      place[index] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    place[digits] = next
    place += digits + 1
  }
}
