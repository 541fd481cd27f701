import Answers
import ArgumentParser
import Foundation
import JournalFormat
import JournalStore

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
    Style(isColored: isColored(output), terminalWidth: output.terminalWidth)
  }

  private func isColored(_ output: ByteOutput) -> Bool {
    switch color {
    case .always: return true
    case .never: return false
    case .auto:
      let environment = ProcessInfo.processInfo.environment
      let isPlain = !(environment["NO_COLOR"] ?? "").isEmpty || (environment["TERM"] ?? "dumb") == "dumb"
      return output.isTerminal && !isPlain
    }
  }
}

/// How text looks where it goes to: puts colour around it (ECMA-48, "Select graphic rendition").
struct Style {
  let isColored: Bool
  /// How many columns the terminal has; nil where there is none, so that nothing is cut.
  var terminalWidth: Int?

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

  func outcome(_ text: String, _ outcome: ExchangeOutcome.Name?) -> String { self.text(text, Self.look(outcome)) }

  /// How an outcome looks; nil is an exchange that has no answer yet.
  static func look(_ outcome: ExchangeOutcome.Name?) -> Look {
    switch outcome {
    case nil: .dim
    case .ok: .green
    case .warning: .yellow
    case .error, .fault: .red
    case .lost, .refused, .failed: .magenta
    }
  }
}
