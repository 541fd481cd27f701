/// A civil date in the Gregorian calendar with what the spellings of a dateTime need to know about it.
public struct CalendarDay: Equatable, Sendable {
  let year: Int
  let month: Int
  let day: Int
  /// 0 Monday … 6 Sunday.
  let weekday: Int
  /// Days since 1970-01-01.
  let number: Int

  /// Howard Hinnant's `civil_from_days`.
  init(number: Int) {
    self.number = number
    let shifted = number + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    weekday = (number + 3) % 7
  }

  /// Reads `YYYY-MM-DD` of 1970 to 9000; nil where it is no date of the calendar.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.map(\.utf8.count) == [4, 2, 2],
      parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
      (1970...9000).contains(year), (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    let date = CalendarDay(number: Self.number(year: year, month: month, day: day))
    guard date.month == month, date.day == day else { return nil }
    self = date
  }

  /// Days since 1970-01-01, Hinnant's `days_from_civil`.
  static func number(year: Int, month: Int, day: Int) -> Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// Whether European clocks show summer time on this day (the hours of the two change-over nights do not matter here).
  var isSummerTime: Bool {
    if month != 3, month != 10 { return (4...9).contains(month) }
    let lastSunday = 31 - (weekday + (31 - day) + 1) % 7
    return (day >= lastSunday) == (month == 3)
  }
}
