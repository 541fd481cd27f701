import Answers
import ArgumentParser
import JournalFormat
import JournalStore

struct ClockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clock",
    abstract: "Compare the journal's time with the system's, or confirm the system's.",
    discussion: """
      A system clock that leaps ahead by more than an hour is not followed until it is confirmed, or until the kernel calls it synchronised; \
      and where it is more than 30 days past the journal's last entry and the last change to its files, nothing is recorded before it is \
      confirmed: entries recorded in the far future would push all later ones there. Check the clock and its time server first.

      EXAMPLES
        emip-journal clock
        emip-journal clock --confirm
      """)

  @Flag(help: "Say that the system's clock is right, to the process that holds the journal or to the next that does.")
  var confirm = false
  @OptionGroup var journal: JournalOptions

  func run() async throws {
    let reader = try journal.reader()
    let output = ByteOutput.standard()
    if confirm {
      try output.write(try await confirmation(reader))
    } else {
      let last = try reader.lastEntry().map { "\(Figure.time($0.recordedAt)) UTC" } ?? "nothing yet"
      try output.write("last recorded  \(last)\nsystem clock   \(Figure.time(.now)) UTC\n")
      if let newest = try reader.unconfirmedSince(now: .now) {
        try output.write("last change    \(Figure.time(newest)) UTC: nothing is recorded before `emip-journal clock --confirm`\n")
      }
    }
    try output.flush()
  }

  private func confirmation(_ reader: JournalReader) async throws -> String {
    let isAwaited = try reader.unconfirmedSince(now: .now) != nil
    let directory = reader.directory
    if !isAwaited {
      do throws(JournalError) {
        try directory.whileNobodyHolds(purpose: "emip-journal clock") {}
        return "nobody holds the journal, so there is nothing to confirm: who opens it follows the system's clock\n"
      } catch {
        guard error.code == .lockHeld else { throw error }
      }
    }
    let appender = try directory.openAppenderPatiently(purpose: "emip-journal clock", onSealingFailure: journal.logSealingFailure)
    defer { (appender as? Journal)?.close() }
    try await appender.confirmClock()
    return "confirmed: entries follow the system's clock\n"
  }
}
