import Answers
import Foundation
import JournalFormat

/// One line on standard error that tells how far a long run is. Only on a terminal.
final class Progress {
  private static let interval = Duration.milliseconds(100)

  private let isShown: Bool
  private var isOnScreen = false
  private var next = ContinuousClock.now

  /// - Parameter isWanted: false where the output itself goes to the terminal.
  init(isWanted: Bool = true) {
    isShown = isWanted && StandardError.isTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  deinit { clear() }

  /// - Parameter text: made only when it is shown.
  func update(_ text: @autoclosure () -> String) {
    guard isShown, ContinuousClock.now >= next else { return }
    next = .now + Self.interval
    isOnScreen = true
    StandardError.write("\r\u{1b}[K\(SafeText.line(text()))")
  }

  /// Tells of how many entries so many are done.
  func update(_ label: String, _ done: some BinaryInteger, of total: some BinaryInteger) {
    update("\(label): \(Figure.count(done)) of \(Figure.count(total)) entries")
  }

  func clear() {
    guard isOnScreen else { return }
    isOnScreen = false
    StandardError.write("\r\u{1b}[K")
  }
}
