import Answers
import ArgumentParser
import JournalFormat

extension Moment {
  /// For an option's `transform`.
  static func parse(_ text: String) throws -> Timestamp {
    guard let moment = moment(text, now: .now) else { throw ValidationError("'\(text)' is no moment: use \(spellings).") }
    return moment
  }

  /// A span of time in milliseconds, for an option's `transform`.
  static func milliseconds(_ text: String) throws -> Int64 {
    guard let span = span(text.lowercased()) else {
      throw ValidationError("'\(text)' is no span of time: use 90s, 30m, 2h, 7d, 2w or 1h30m.")
    }
    return span
  }
}

extension JournalMoment {
  /// For an option's `transform`. A number is a position.
  static func parse(_ text: String) throws -> JournalMoment {
    if let number = UInt64(text) { return .position(JournalPosition(number)) }
    return .time(try Moment.parse(text))
  }
}
