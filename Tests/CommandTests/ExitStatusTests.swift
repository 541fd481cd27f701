import Foundation
import Glibc
import JournalStore
import Testing

@testable import emip_journal

@Suite struct ExitStatusTests {
  @Test(arguments: [
    ["show"], ["nonsense"], ["list", "--since", "soon"], ["list", "--limit", "0"], ["list", "--outcome", "good"],
    ["list", "--follow", "--reverse"],
    ["list", "--bodies"], ["list", "--since", "now", "--until", "1h"], ["show", "x", "--reason", "y"], ["show", "x", "--part", "request"],
    ["list", "--follow", "--format", "json"], ["list", "--evse", " "], ["show", "x", "--format", "yaml"], ["list", "--journal", ""],
  ])
  func `a wrong command line ends with 64 and says why`(arguments: [String]) throws {
    let result = try Command.run(arguments)
    #expect(result.status == 64)
    #expect(result.errors.hasPrefix("emip-journal: "))
    #expect(result.output.isEmpty)
  }

  @Test func `no journal is a wrong command line`() throws {
    let result = try Command.run(["stats", "--journal", "/nonexistent/journal"])
    #expect(result.status == 64)
    #expect(result.errors.contains("emip-journal init") && result.errors.contains("(journal.missing)"))
  }

  @Test func `init makes a journal once`() async throws {
    let journal = try await SampleJournal()
    let other = journal.root + "/other/"
    #expect(try Command.run(["init", "--journal", other]).status == 0)
    #expect(try Command.run(["stats", "--journal", other]).status == 0)
    #expect(try Command.run(["init", "--journal", other]).status == 64)
  }

  @Test func `not found is 1`() async throws {
    let journal = try await SampleJournal([Sample()])
    for command in ["show", "session", "find"] {
      let result = try journal.run(command, "t-1")
      #expect(result.status == 1)
      #expect(result.output.isEmpty)
    }
  }

  @Test func `a newer format is bad data`() async throws {
    let journal = try await SampleJournal([Sample()])
    try "emip-journal manifest 9\n".write(toFile: journal.directory.path + "/manifest", atomically: true, encoding: .utf8)
    for command in ["stats", "verify", "export"] {
      let result = try journal.run(command)
      #expect(result.status == 65)
      #expect(result.errors.contains("format 9"))
    }
  }

  @Test func `output that cannot be written is 74`() async throws {
    let journal = try await SampleJournal([Sample()])
    for redirection in [">/dev/full", ">&-"] {
      let result = try Command.run(
        ["-c", "exec \"$0\" list --journal \"$1\" \(redirection)", Command.path, journal.directory.path], executable: "/bin/sh")
      #expect(result.status == 74, "\(redirection)")
      #expect(result.errors.contains("standard output"))
    }
  }

  @Test func `a reader that goes away ends it quietly`() async throws {
    let journal = try await SampleJournal([Sample()])
    let errors = journal.root + "/errors"
    // It begins when it is told to, and then nobody reads what it writes.
    let process = try ChildProcess(
      "/bin/sh", ["-c", "read -r _; exec \"$0\" list --journal \"$1\"", Command.path, journal.directory.path],
      environment: Command.environment([:]), input: .pipe, output: .pipe, errors: .file(errors))
    process.closeOutput()
    #expect(process.write([UInt8(ascii: "\n")]))
    #expect(process.wait() == .exit(0))
    #expect(try String(contentsOfFile: errors, encoding: .utf8) == "")
  }

  @Test func `help has examples and version is one line`() throws {
    for command in ["init", "show", "session", "find", "list", "stats", "verify", "backup", "export", "clock"] {
      let help = try Command.run([command, "--help"])
      #expect(help.status == 0)
      #expect(help.text.contains("EXAMPLES") && help.text.contains("emip-journal \(command)"), "\(command)")
    }
    #expect(try Command.run(["--version"]).lines.count == 1)
    #expect(try Command.run(["--generate-completion-script", "bash"]).text.contains("complete"))
  }
}
