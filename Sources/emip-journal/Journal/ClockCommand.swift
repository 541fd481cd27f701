import Answers
import ArgumentParser
import JournalFormat
import JournalStore

struct ClockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clock",
    abstract: "Compare the journal's time with the system's, or confirm the system's.",
    discussion: """
      A system clock that leaps ahead by more than an hour is not followed until it is confirmed: entries recorded in the far future would \
      push all later ones there. Check the clock and its time server first.

      EXAMPLES
        emip-journal clock
        emip-journal clock --confirm
      """)

  @Flag(help: "Tell the process that holds the journal to follow the system's clock.")
  var confirm = false
  @OptionGroup var journal: JournalOptions

  func run() async throws {
    let reader = try journal.reader()
    let output = ByteOutput.standard()
    if confirm {
      try output.write(try await confirmation(reader.directory))
    } else {
      let last = try reader.lastEntry().map { "\(Figure.time($0.recordedAt)) UTC" } ?? "nothing yet"
      try output.write("last recorded  \(last)\nsystem clock   \(Figure.time(.now)) UTC\n")
    }
    try output.flush()
  }

  private func confirmation(_ directory: JournalDirectory) async throws -> String {
    do throws(JournalError) {
      try directory.whileNobodyHolds(purpose: "emip-journal clock") {}
      return "nobody holds the journal, so there is nothing to confirm: who opens it follows the system's clock\n"
    } catch {
      guard error.code == .lockHeld else { throw error }
      try await RemoteJournal(directory).confirmClock()
      return "confirmed: entries follow the system's clock\n"
    }
  }
}
