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

  @Test(arguments: [[], ["projection"], ["whitelist"]] as [[String]])
  func `who names no command gets usage on standard error, and 64`(arguments: [String]) throws {
    let result = try Command.run(arguments)
    #expect(result.status == 64)
    #expect(result.output.isEmpty && result.errors.contains("USAGE: emip-journal"))
    #expect(result.errors.contains("nothing was done"))
  }

  @Test func `the simulator does nothing without a command either`() throws {
    let simulator = URL(filePath: Command.path).deletingLastPathComponent().appending(path: "emip-simulator").path
    let result = try Command.run([], executable: simulator)
    #expect(result.status == 64)
    #expect(result.output.isEmpty && result.errors.contains("USAGE: emip-simulator"))
    let nasty = try Command.run(["traffic", "--seed", "\u{1b}[31m\u{202e}\n1"], executable: simulator)
    #expect(nasty.status == 64 && nasty.errors.contains("\\x1b[31m\\u{202e}\\n1"))
  }

  @Test(.enabled(if: Permission.mounts, "file systems cannot be mounted here"))
  func `without proc a command does what it is told, or says why not`() async throws {
    let journal = try await SampleJournal([Sample()])
    let script = "mount -t tmpfs none /proc && exec \"$0\" \"$@\""
    func run(_ arguments: String...) throws -> CommandResult {
      try Command.run(
        ["-m", "/bin/sh", "-c", script, Command.path] + arguments, executable: "/usr/bin/unshare",
        environment: ["EMIP_JOURNAL": journal.directory.path, "SWIFT_BACKTRACE": "enable=no"])
    }
    // Whether something runs into what is missing is chance.
    for _ in 0..<5 {
      for command in ["verify", "import"] {
        let result = try run(command, "--journal", "/nonexistent", command == "import" ? "/nonexistent.ndjson" : "--format=json")
        #expect(result.status == 64 && result.output.isEmpty, "\(command): \(result.status)")
        #expect(
          result.errors.contains(command == "verify" ? "/nonexistent: there is no journal here" : "/nonexistent.ndjson: No such file"))
      }
      #expect(try run().status == 64)
      #expect(try run("--version").lines.count == 1)
      let list = try run("list", "--format", "ndjson")
      #expect(list.status == 0 && list.text.contains("T-1"))
      for result in [try run("show", "T-1"), try run("cdrs")] { #expect(result.status == 74 && result.errors.contains("/proc")) }
    }
  }

  @Test(.enabled(if: Permission.mounts, "file systems cannot be mounted here"))
  func `without proc a journal is filled, copied and verified, and who cannot be reached says why`() async throws {
    let place = try await SampleJournal([Sample()])
    let lines = place.root + "/lines.ndjson"
    try place.run("export").text.write(toFile: lines, atomically: true, encoding: .utf8)
    func run(_ arguments: String...) throws -> CommandResult {
      try Command.run(
        ["-m", "/bin/sh", "-c", "mount -t tmpfs none /proc && exec \"$0\" \"$@\"", Command.path] + arguments,
        executable: "/usr/bin/unshare",
        environment: ["SWIFT_BACKTRACE": "enable=no"])
    }
    let (near, far) = (place.root + "/near", place.root + "/" + String(repeating: "far", count: 30) + "/journal")
    try FileManager.default.createDirectory(atPath: (far as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    for path in [near, far] { #expect(try run("init", "--journal", path).status == 0) }
    let taken = try run("import", "--journal", near, lines)
    #expect(taken.status == 0 && taken.text.contains("1 exchange recorded"), "\(taken.errors)")
    let verified = try run("verify", "--journal", near)
    #expect(verified.status == 0 && verified.text.hasPrefix("clean: 2 entries"), "\(verified.errors)")
    #expect(try run("backup", "--journal", near, place.root + "/copy").status == 0)
    let refused = try run("import", "--journal", far, lines)
    #expect(refused.status == 74 && refused.errors.contains("at most 107 bytes") && refused.errors.contains("/proc"), "\(refused.errors)")
    // Work for another's journal needs what /proc tells.
    let holder = try Journal(JournalDirectory(near), purpose: "a test")
    let handedOver = try run("import", "--journal", near, lines)
    #expect(handedOver.status == 74 && handedOver.errors.contains("/proc"), "\(handedOver.errors)")
    holder.close()
  }

  @Test func `the arguments on the stack are those of the process`() {
    #expect(ProcessArguments.onStack == CommandLine.arguments)
  }

  @Test(arguments: [
    ["list", "--outcome", "\u{1b}[31m\u{9b}\u{202e}"], ["\u{1b}]0;x\u{7}"], ["show", "x", "--\u{200b}\u{1b}c"],
    ["list", "--since", "a\r\nb\u{85}"],
    ["list", "--limit", "1\nemip-journal: all is well"],
  ])
  func `what a wrong command line quotes does not act, and is one line`(arguments: [String]) throws {
    let result = try Command.run(arguments)
    #expect(result.status == 64)
    let allowed: (Unicode.Scalar) -> Bool = {
      $0 == "\n" || $0.isASCII && $0.value >= 0x20 && $0.value != 0x7f || "•→…’“”é".unicodeScalars.contains($0)
    }
    #expect(result.errors.unicodeScalars.allSatisfy(allowed), "\(result.errors.debugDescription)")
    #expect(!result.errors.split(separator: "\n").dropFirst().contains { $0.hasPrefix("emip-journal:") })
  }

  @Test func `help with what does not exist is a wrong command line`() throws {
    for topics in [["nonsense"], ["cdrs", "nonsense"], ["\u{1b}c"]] {
      let result = try Command.run(["help"] + topics)
      #expect(result.status == 64 && result.output.isEmpty && result.errors.contains("there is no command"))
    }
    for topics in [[], ["list"], ["cdrs", "compare"], ["help"]] as [[String]] {
      #expect(try Command.run(["help"] + topics).status == 0, "\(topics)")
    }
  }

  @Test func `help that cannot be written is no success`() throws {
    for redirection in [">/dev/full", ">&-"] {
      let result = try Command.run(["-c", "exec \"$0\" --help \(redirection)", Command.path], executable: "/bin/sh")
      #expect(result.status == 74, "\(redirection)")
    }
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
