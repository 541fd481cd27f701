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
    if let position = JournalPosition(spelled: text) { return .position(position) }
    return .time(try Moment.parse(text))
  }
}

extension JournalPosition {
  /// As output names it, `6,000` or `6000`, or 0 for what comes before the first; nil for what is neither.
  fileprivate init?(spelled text: String) {
    guard let position = LookupQuestion.position(text) ?? (text == "0" ? JournalPosition(0) : nil) else { return nil }
    self = position
  }

  /// For an option's `transform`.
  static func parse(_ text: String) throws -> JournalPosition {
    guard let position = JournalPosition(spelled: text) else { throw ValidationError("'\(text)' is no position.") }
    return position
  }
}
