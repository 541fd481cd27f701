import Foundation
import JournalStore
import Testing

@Suite struct ColorTests {
  /// Runs `list` on a terminal of its own.
  private func onTerminal(_ environment: [String: String], _ options: String = "") async throws -> String {
    let journal = try await SampleJournal([Sample()])
    let command = "'\(Command.path)' list --journal '\(journal.directory.path)' \(options)"
    return try withExtendedLifetime(journal) {
      try Command.run(["-qefc", command, "/dev/null"], executable: "/usr/bin/script", environment: environment).text
    }
  }

  @Test func `a terminal gets colour and column names, a pipe does not`() async throws {
    let terminal = try await onTerminal(["TERM": "xterm"])
    #expect(terminal.contains("\u{1b}[32m"))
    #expect(terminal.contains("operation"))
    let pipe = try await SampleJournal([Sample()]).run("list", environment: ["TERM": "xterm"])
    #expect(!pipe.text.contains("\u{1b}"))
    #expect(pipe.lines.count == 1)
  }

  @Test func `NO_COLOR, a dumb terminal and never mean none`() async throws {
    #expect(!(try await onTerminal(["TERM": "xterm", "NO_COLOR": "1"]).contains("\u{1b}")))
    #expect(!(try await onTerminal(["TERM": "dumb"]).contains("\u{1b}")))
    #expect(!(try await onTerminal(["TERM": "xterm"], "--color never").contains("\u{1b}")))
  }

  @Test func `always means always`() async throws {
    #expect(try await SampleJournal([Sample()]).run("list", "--color", "always").text.contains("\u{1b}[32m"))
  }
}
