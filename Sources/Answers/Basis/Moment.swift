import ArgumentParser
import Foundation
import JournalFormat

extension Timestamp {
  /// The system's time.
  static var now: Timestamp { Timestamp(milliseconds: Int64((Date.now.timeIntervalSince1970 * 1000).rounded(.down))) }
}

/// Reads a moment as people give it: a date and time, a date, a span of time ago, or a word. UTC where it names no zone.
enum Moment {
  static let forms = "RFC 3339, 2025-03-01, '2025-03-01 12:00', 2h, 30m, 7d, now, today or yesterday; UTC where no zone is named"

  /// For an option's `transform`.
  static func parse(_ text: String) throws -> Timestamp {
    guard let moment = moment(text, now: .now) else { throw ValidationError("'\(text)' is no moment: use \(forms).") }
    return moment
  }

  /// A span of time in milliseconds, for an option's `transform`.
  static func milliseconds(_ text: String) throws -> Int64 {
    guard let span = span(text.lowercased()) else {
      throw ValidationError("'\(text)' is no span of time: use 90s, 30m, 2h, 7d, 2w or 1h30m.")
    }
    return span
  }

  /// Nil where the text is none.
  static func moment(_ text: String, now: Timestamp) -> Timestamp? {
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

  /// Milliseconds of `90s`, `30m`, `2h`, `7d`, `2w` or several of them: `1h30m`.
  private static func span(_ text: String) -> Int64? {
    guard text.wholeMatch(of: /(\d{1,7}[smhdw])+/) != nil else { return nil }
    let seconds: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
    return text.matches(of: /(\d+)([smhdw])/).reduce(0) { sum, match in
      sum + Int64(match.output.1)! * seconds[match.output.2.first!]! * 1000
    }
  }
}
