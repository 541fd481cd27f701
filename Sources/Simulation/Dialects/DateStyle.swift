/// How a sender spells an `xsd:dateTime`.
enum DateStyle: Sendable {
  /// `2025-03-01T00:01:00.918Z`
  case milliseconds
  /// `2025-03-01T00:01:00Z`
  case seconds
  /// `2025-03-01T01:01:00.918+01:00`, an hour more in summer.
  case localMilliseconds
  /// `2025-03-01T01:01:00+01:00`
  case localSeconds
  /// `2025-03-01T00:01:00.9180000Z`, as .NET writes ticks.
  case ticks
  /// `2025-03-01T00:01:00.918`, no time zone at all.
  case bare
}

/// Writes dateTimes; remembers the day, as most of what is written in a row is about one.
struct DateWriter {
  private var today = CalendarDay(number: 0)

  mutating func write(_ milliseconds: Int, _ style: DateStyle, to buffer: inout ByteBuffer) {
    switch style {
    case .milliseconds: instant(milliseconds, fraction: 3, to: &buffer)
    case .seconds: instant(milliseconds, fraction: 0, to: &buffer)
    case .ticks: instant(milliseconds, fraction: 7, to: &buffer)
    case .bare: return instant(milliseconds, fraction: 3, to: &buffer)
    case .localMilliseconds: return local(milliseconds, fraction: 3, to: &buffer)
    case .localSeconds: return local(milliseconds, fraction: 0, to: &buffer)
    }
    buffer.append(UInt8(ascii: "Z"))
  }

  private mutating func local(_ milliseconds: Int, fraction: Int, to buffer: inout ByteBuffer) {
    select(milliseconds)
    let hours = today.isSummerTime ? 2 : 1
    instant(milliseconds + hours * 3_600_000, fraction: fraction, to: &buffer)
    buffer.append(hours == 2 ? "+02:00" : "+01:00")
  }

  private mutating func select(_ milliseconds: Int) {
    let number = milliseconds / 86_400_000
    if number != today.number { today = CalendarDay(number: number) }
  }

  private mutating func instant(_ milliseconds: Int, fraction: Int, to buffer: inout ByteBuffer) {
    select(milliseconds)
    let inDay = milliseconds % 86_400_000
    buffer.appendDecimal(today.year, width: 4)
    buffer.append(UInt8(ascii: "-"))
    buffer.appendDecimal(today.month, width: 2)
    buffer.append(UInt8(ascii: "-"))
    buffer.appendDecimal(today.day, width: 2)
    buffer.append(UInt8(ascii: "T"))
    buffer.appendDecimal(inDay / 3_600_000, width: 2)
    buffer.append(UInt8(ascii: ":"))
    buffer.appendDecimal(inDay / 60_000 % 60, width: 2)
    buffer.append(UInt8(ascii: ":"))
    buffer.appendDecimal(inDay / 1000 % 60, width: 2)
    guard fraction > 0 else { return }
    buffer.append(UInt8(ascii: "."))
    buffer.appendDecimal(inDay % 1000, width: 3)
    if fraction == 7 { buffer.append("0000") }
  }
}
