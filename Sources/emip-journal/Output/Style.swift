import ArgumentParser
import Foundation
import JournalFormat

/// When to use colour.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  /// On a terminal, unless NO_COLOR is set or TERM is dumb.
  case auto
  case always
  case never
}

struct ColorOptions: ParsableArguments {
  @Option(help: "When to use colour in text: on terminals (and not with NO_COLOR or TERM=dumb), always, or never.")
  var color: ColorChoice = .auto

  func style(for output: ByteOutput) -> Style {
    switch color {
    case .always: return Style(isColored: true)
    case .never: return Style(isColored: false)
    case .auto:
      let environment = ProcessInfo.processInfo.environment
      let isPlain = !(environment["NO_COLOR"] ?? "").isEmpty || (environment["TERM"] ?? "dumb") == "dumb"
      return Style(isColored: output.isTerminal && !isPlain)
    }
  }
}

/// Puts colour around text (ECMA-48, "Select graphic rendition").
struct Style {
  let isColored: Bool

  enum Look: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case magenta = "35"
  }

  func text(_ text: String, _ look: Look?) -> String {
    guard isColored, let look, !text.isEmpty else { return text }
    return "\u{1b}[\(look.rawValue)m\(text)\u{1b}[0m"
  }

  func outcome(_ text: String, _ outcome: OutcomeClass?) -> String {
    switch outcome {
    case nil: self.text(text, .dim)
    case .ok: self.text(text, .green)
    case .warning: self.text(text, .yellow)
    case .error, .fault: self.text(text, .red)
    case .lost, .refused: self.text(text, .magenta)
    }
  }
}

/// Figures as people read them.
enum Figure {
  /// `1,234,567`
  static func count(_ value: some BinaryInteger) -> String {
    let digits = String(value)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 && digit != "-" && text != "-" { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// `1 entry`, `2 entries`.
  static func count(_ value: some BinaryInteger, _ one: String, _ many: String) -> String { "\(count(value)) \(value == 1 ? one : many)" }

  /// `12.3 MB`, in powers of a thousand.
  static func size(_ bytes: some BinaryInteger) -> String {
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

  /// `2025-03-01 00:01:00.918`: UTC, without saying so on every line.
  static func time(_ time: Timestamp) -> String {
    time.description.replacing("T", with: " ").replacing("Z", with: "")
  }
}
