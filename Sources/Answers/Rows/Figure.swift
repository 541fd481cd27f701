internal import Foundation
public import JournalFormat

/// Figures as people read them.
public enum Figure {
  /// A count: `1,234,567`.
  public static func count(_ value: some BinaryInteger) -> String {
    let digits = String(value)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 && digit != "-" && text != "-" { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// A count of things: `1 entry`, `2 entries`.
  public static func count(_ value: some BinaryInteger, _ one: String, _ many: String) -> String {
    "\(count(value)) \(value == 1 ? one : many)"
  }

  /// A size: `12.3 MB`, in powers of a thousand.
  public static func size(_ bytes: some BinaryInteger) -> String {
    guard bytes >= 1000 else { return "\(bytes) B" }
    var value = Double(bytes)
    var units = ["kB", "MB", "GB", "TB", "PB"][...]
    value /= 1000
    while value >= 999.95, units.count > 1 {
      value /= 1000
      units.removeFirst()
    }
    return "\((value * 10).rounded() / 10) \(units.first!)"
  }

  /// A moment: `2025-03-01 00:01:00.918`. UTC, without saying so on every line.
  public static func time(_ time: Timestamp) -> String {
    String(decoding: time.description.utf8.dropLast().map { $0 == UInt8(ascii: "T") ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
  }

  /// A span of time: `350 ms`, `19.7 s`, `11 min 9 s`, `3 h 5 min`, `2 d 4 h`.
  public static func span(_ milliseconds: Int64) -> String {
    if milliseconds < 0 { return "-" + span(-milliseconds) }
    if milliseconds < 1_000 { return "\(milliseconds) ms" }
    let seconds = milliseconds / 1_000
    if seconds < 60 { return "\(seconds).\(milliseconds % 1_000 / 100) s" }
    if seconds < 3_600 { return "\(seconds / 60) min \(seconds % 60) s" }
    if seconds < 86_400 { return "\(seconds / 3_600) h \(seconds % 3_600 / 60) min" }
    return "\(seconds / 86_400) d \(seconds % 86_400 / 3_600) h"
  }
}
