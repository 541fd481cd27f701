internal import Foundation
public import JournalFormat

extension Timestamp {
  /// The time of the system's clock.
  public static var now: Timestamp { Timestamp(milliseconds: Int64((Date.now.timeIntervalSince1970 * 1000).rounded(.down))) }
}

/// Reads a moment as people give it: a date and time, a date, a span of time ago, or a word. UTC where it names no zone.
public enum Moment {
  /// The spellings that are read, for a person.
  public static let spellings = "RFC 3339, 2025-03-01, '2025-03-01 12:00', 2h, 30m, 7d, now, today or yesterday; UTC where no zone is named"

  /// The moment that a text means; nil where it is none.
  public static func moment(_ text: String, now: Timestamp) -> Timestamp? {
    let day: Int64 = 86_400_000
    let midnight = Timestamp(rawValue: now.rawValue - (now.rawValue % day + day) % day)
    switch text.lowercased() {
    case "now": return now
    case "today": return midnight
    case "yesterday": return midnight.adding(milliseconds: -day)
    default: return dateTime(text) ?? span(text).map { now.adding(milliseconds: -$0) }
    }
  }

  private static func dateTime(_ text: String) -> Timestamp? {
    if let complete = Timestamp(text) { return complete }
    if text.wholeMatch(of: /\d{4}-\d\d-\d\d/) != nil { return Timestamp(text + "T00:00:00Z") }
    guard let parts = text.wholeMatch(of: /(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)(Z|[+-]\d\d:\d\d)?/) else { return nil }
    return Timestamp("\(parts.output.1):00\(parts.output.2 ?? "Z")")
  }

  /// Longer spans than this, 300,000 years, mean nothing, and sums of them would overflow.
  private static let longestMilliseconds: Int64 = 10_000_000_000_000_000

  /// The milliseconds of `90s`, `30m`, `2h`, `7d`, `2w` or several of them, `1h30m`; nil where the text is none. In lower case.
  public static func span(_ text: String) -> Int64? {
    guard text.wholeMatch(of: /(\d{1,7}[smhdw])+/) != nil else { return nil }
    let seconds: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
    var sum: Int64 = 0
    for match in text.matches(of: /(\d+)([smhdw])/) {
      sum += Int64(match.output.1)! * seconds[match.output.2.first!]! * 1000
      guard sum <= longestMilliseconds else { return nil }
    }
    return sum
  }
}
