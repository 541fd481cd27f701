internal import Foundation
internal import JournalFormat

/// In which order a date's numbers stand.
public enum DateOrder: Sendable {
  /// `31/12/2025`, `12/31/2025`, `2025/12/31`.
  case dayFirst, monthFirst, yearFirst

  /// Reads `dd/mm/yyyy`, `m.d.yy hh:mm`, `YYYY-MM-DD` and the like; nil for what has not one run each of d, m and y. What stands behind a blank is
  /// no part of the date.
  public init?(pattern: some StringProtocol) {
    var letters: [UInt8] = []
    for byte in pattern.lowercased().utf8.prefix(while: { $0 != UInt8(ascii: " ") }) where "dmy".utf8.contains(byte) && letters.last != byte
    {
      letters.append(byte)
    }
    switch String(decoding: letters, as: UTF8.self) {
    case "dmy": self = .dayFirst
    case "mdy": self = .monthFirst
    case "ymd": self = .yearFirst
    default: return nil
    }
  }
}

/// Where the clocks of a spreadsheet stood.
public struct SpreadsheetZone: Sendable {
  /// Its name in the database of time zones.
  public let name: String
  private let zone: TimeZone

  /// Where no zone is named.
  public static let utc = SpreadsheetZone(name: "UTC", zone: TimeZone(secondsFromGMT: 0)!)

  private init(name: String, zone: TimeZone) {
    (self.name, self.zone) = (name, zone)
  }

  /// Looks a name such as `Europe/Paris` up; nil where this machine does not know it.
  public init?(_ name: String) {
    guard let zone = TimeZone(identifier: name) else { return nil }
    self.init(name: name, zone: zone)
  }

  /// The moments at which clocks there showed a time: none in the hour that they skip in spring, two in the one that they repeat in autumn.
  /// - Parameter local: what they showed, as if it were UTC.
  func moments(_ local: Timestamp) -> [Timestamp] {
    let day: Int64 = 86_400_000
    var found: Set<Timestamp> = []
    for probe in [-day, 0, day] {
      let offset = offset(at: local.adding(milliseconds: probe))
      let moment = local.adding(milliseconds: -offset)
      if self.offset(at: moment) == offset { found.insert(moment) }
    }
    return found.sorted()
  }

  /// Milliseconds east of UTC.
  private func offset(at time: Timestamp) -> Int64 {
    Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time.rawValue) / 1000))) * 1000
  }
}

/// A date, mostly with a time, as a spreadsheet writes it.
///
///     time = date [("T" / *1"," 1*blank) clock [blank] [AM / PM] [blank] [zone]]
///     date = 1*4DIGIT mark 1*2DIGIT mark 1*4DIGIT        ; mark is one of / . -, twice the same
///     clock = 1*2DIGIT ":" 2DIGIT [":" 2DIGIT [("." / ",") 1*DIGIT]]
///     zone = "Z" / "UTC" / "GMT" / ("+" / "-") 2DIGIT [[":"] 2DIGIT]
struct SpreadsheetTime {
  private let numbers: [Int]
  private let hasYearFirst: Bool
  /// Whether the year has two digits, of this century.
  private let isYearShort: Bool
  private let hasDots: Bool
  /// Milliseconds of the day; nil where only a date is given.
  private let clock: Int64?
  /// How many milliseconds look the same, beyond the first: those of a minute where no seconds are given, and so on.
  private let spanMilliseconds: Int64
  /// Milliseconds east of UTC; nil where no zone is named.
  private let offset: Int64?

  /// What a time may be.
  enum Meaning {
    /// Any moment of one of these: two where clocks were put back. Each as long as what is written does not tell: a day where there is no time, a minute
    /// where there are no seconds.
    case moments([ClosedRange<Timestamp>])
    /// No such date or time, or not in that zone.
    case none
    /// Day and month may be either way round.
    case ambiguous
  }

  /// Nil where the text is written otherwise.
  init?(_ text: String) {
    // Blanks of any kind are one, and stand for themselves.
    let blanks = text.unicodeScalars.map { $0.properties.isWhitespace ? " " : $0 }
    let words = Array(String(String.UnicodeScalarView(blanks)).uppercased().utf8).trimmed
    var scanner = Scanner(words)
    guard let first = scanner.number(1...4), let mark = scanner.take("/.-"), let second = scanner.number(1...2), scanner.take(mark),
      let third = scanner.number(1...4)
    else { return nil }
    numbers = [first.value, second.value, third.value]
    hasYearFirst = first.count == 4
    isYearShort = first.count <= 2 && third.count == 2
    hasDots = mark == UInt8(ascii: ".")
    guard hasYearFirst ? third.count <= 2 : first.count <= 2 && [2, 4].contains(third.count) else { return nil }
    if scanner.isAtEnd {
      (clock, offset, spanMilliseconds) = (nil, nil, 0)
      return
    }
    guard scanner.skipToClock(), let read = scanner.clock() else { return nil }
    (clock, spanMilliseconds) = read
    scanner.skipBlanks()
    let zone = scanner.zone()
    guard zone.isValid else { return nil }
    offset = zone.offset
  }

  /// The order that this date has, if it can only be that one; nil where day and month may be either way round, or are the same.
  var certainOrder: DateOrder? {
    if hasYearFirst { return nil }
    // Nobody writes a month before a day with dots between them.
    if hasDots || numbers[0] > 12 { return numbers[0] <= 31 && numbers[1] <= 12 ? .dayFirst : nil }
    return numbers[1] > 12 && numbers[1] <= 31 ? .monthFirst : nil
  }

  /// - Parameters:
  ///   - order: of all dates of the file; nil where that is not known.
  ///   - zone: of times that name none.
  func meaning(_ order: DateOrder?, _ zone: SpreadsheetZone) -> Meaning {
    let year: Int
    let month: Int
    let day: Int
    if hasYearFirst {
      // Nobody writes the day behind the year.
      (year, month, day) = (numbers[0], numbers[1], numbers[2])
    } else {
      switch order ?? certainOrder ?? (numbers[0] == numbers[1] ? .dayFirst : nil) {
      case .dayFirst: (day, month, year) = (numbers[0], numbers[1], numbers[2])
      case .monthFirst: (month, day, year) = (numbers[0], numbers[1], numbers[2])
      case .yearFirst: (year, month, day) = (numbers[0], numbers[1], numbers[2])
      case nil: return numbers[0] <= 12 && numbers[1] <= 12 ? .ambiguous : .none
      }
    }
    let fullYear = isYearShort ? 2000 + year : year
    guard fullYear >= 1, (1...12).contains(month), day >= 1, day <= CivilDate.daysInMonth(year: fullYear, month: month) else {
      return .none
    }
    let dayLength: Int64 = 86_400_000
    let midnight = Timestamp(milliseconds: CivilDate.daysSinceEpoch(year: fullYear, month: month, day: day) * dayLength)
    guard let clock else {
      let (begins, ends) = (moments(midnight, zone), moments(midnight.adding(milliseconds: dayLength), zone))
      guard let begin = begins.first, let end = ends.last else { return .none }
      return .moments([begin...end.adding(milliseconds: -1)])
    }
    let found = moments(midnight.adding(milliseconds: clock), zone)
    return found.isEmpty ? .none : .moments(found.map { $0...$0.adding(milliseconds: spanMilliseconds) })
  }

  private func moments(_ local: Timestamp, _ zone: SpreadsheetZone) -> [Timestamp] {
    offset.map { [local.adding(milliseconds: -$0)] } ?? zone.moments(local)
  }
}

/// Reads a time's parts, byte by byte, in upper case.
private struct Scanner {
  private let bytes: [UInt8]
  private var index = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { index == bytes.count }
  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  mutating func number(_ counts: ClosedRange<Int>) -> (value: Int, count: Int)? {
    var (value, count) = (0, 0)
    while let byte = next, byte.isASCIIDigit {
      count += 1
      guard count <= counts.upperBound else { return nil }
      value = value * 10 + Int(byte - 0x30)
      index += 1
    }
    return count >= counts.lowerBound ? (value, count) : nil
  }

  mutating func twoDigits() -> Int? {
    guard index + 2 <= bytes.count, bytes[index].isASCIIDigit, bytes[index + 1].isASCIIDigit else { return nil }
    index += 2
    return Int(bytes[index - 2] - 0x30) * 10 + Int(bytes[index - 1] - 0x30)
  }

  mutating func take(_ any: String) -> UInt8? {
    guard let byte = next, any.utf8.contains(byte) else { return nil }
    index += 1
    return byte
  }

  mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    index += 1
    return true
  }

  mutating func takeWord(_ word: String) -> Bool {
    guard bytes[index...].starts(with: word.utf8) else { return false }
    index += word.utf8.count
    return true
  }

  mutating func skipBlanks() { while take(UInt8(ascii: " ")) {} }

  mutating func skipToClock() -> Bool {
    if take(UInt8(ascii: "T")) { return true }
    _ = take(",")
    let start = index
    skipBlanks()
    return index > start
  }

  /// Milliseconds of the day, and how many more look the same.
  mutating func clock() -> (start: Int64, span: Int64)? {
    let colon = UInt8(ascii: ":")
    guard let hour = number(1...2)?.value, take(colon), let minute = twoDigits() else { return nil }
    var (second, milliseconds) = (0, 0)
    var span: Int64 = 59_999
    if take(colon) {
      guard let read = twoDigits() else { return nil }
      second = read
      span = 999
      if take(".,") != nil {
        let start = index
        while let byte = next, byte.isASCIIDigit {
          if index - start < 3 { milliseconds = milliseconds * 10 + Int(byte - 0x30) }
          index += 1
        }
        guard index > start else { return nil }
        span = [99, 9, 0][min(index - start, 3) - 1]
        for _ in min(index - start, 3)..<3 { milliseconds *= 10 }
      }
    }
    skipBlanks()
    var halfDay: Int?
    if takeWord("AM") || takeWord("A.M.") { halfDay = 0 } else if takeWord("PM") || takeWord("P.M.") { halfDay = 12 }
    guard minute <= 59, second <= 59, halfDay == nil ? hour <= 23 : (1...12).contains(hour) else { return nil }
    let hours = halfDay.map { hour % 12 + $0 } ?? hour
    return (Int64((hours * 60 + minute) * 60 + second) * 1000 + Int64(milliseconds), span)
  }

  /// The zone's milliseconds east of UTC, and whether what stands there is one, or nothing.
  mutating func zone() -> (isValid: Bool, offset: Int64?) {
    if isAtEnd { return (true, nil) }
    if takeWord("UTC") || takeWord("GMT") || takeWord("Z") { return (isAtEnd, 0) }
    guard let sign = take("+-"), let hours = twoDigits() else { return (false, nil) }
    _ = take(UInt8(ascii: ":"))
    let minutes = isAtEnd ? 0 : twoDigits()
    guard isAtEnd, let minutes, minutes <= 59, hours <= 14 else { return (false, nil) }
    let offset = Int64(hours * 60 + minutes) * 60_000
    return (true, sign == UInt8(ascii: "-") ? -offset : offset)
  }
}

extension [UInt8] {
  fileprivate var trimmed: [UInt8] {
    let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") }
    return Array(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }
}
