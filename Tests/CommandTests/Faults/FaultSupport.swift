import Foundation
import Glibc
import JournalFormat
import JournalStore
import TestSupport
import Testing

@testable import emip_journal

/// What a machine must permit for some of the faults. What it does not is said, and the tests are named as skipped.
enum Permission {
  static let strace = told("strace injects faults") {
    try Command.run(["-f", "-e", "trace=none", "/bin/true"], executable: "/usr/bin/strace")
  }

  static let mounts = told("file systems are mounted") {
    let script = "d=$(mktemp -d) && mount -t tmpfs -o size=64k tmpfs $d && umount $d && rmdir $d"
    return try Command.run(["-c", script], executable: "/bin/sh")
  }

  private static func told(_ what: String, _ attempt: () throws -> CommandResult) -> Bool {
    let result = try? attempt()
    if result?.status == 0 { return true }
    print("skipped here: tests in which \(what): \(result?.errors.prefix(200) ?? "there is no such program")")
    return false
  }
}

/// A process of the command that is under way.
final class RunningCommand: Sendable {
  private let process: ChildProcess
  private let errorFile: String
  private let outputFile: String

  /// - Parameter takesInput: whether something will be written to its standard input, which else is empty.
  init(_ arguments: [String], executable: String = Command.path, takesInput: Bool = false, in sample: SampleJournal) throws {
    let name = sample.root + "/" + UUID().uuidString
    (outputFile, errorFile) = (name + ".out", name + ".err")
    // Writing to a process that has ended is an error of the write.
    signal(SIGPIPE, SIG_IGN)
    process = try ChildProcess(
      executable, arguments, environment: Command.environment(["EMIP_JOURNAL": sample.directory.path]),
      input: takesInput ? .pipe : .nothing, output: .file(outputFile), errors: .file(errorFile), directory: sample.root)
  }

  /// A command line, such as one under a tracer.
  convenience init(_ command: [String], takesInput: Bool = false, of sample: SampleJournal) throws {
    try self.init(Array(command.dropFirst()), executable: command[0], takesInput: takesInput, in: sample)
  }

  /// This test bundle once more, running only what a filter names: for what needs the journal's inside, and a process that may be ended.
  convenience init(
    testOnly filter: String, with variable: String, _ value: String, under tracer: [String] = [], in sample: SampleJournal
  ) throws {
    let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let command = ["/usr/bin/env", "\(variable)=\(value)", bundle, "--testing-library", "swift-testing", "--filter", filter]
    try self.init(tracer + command, of: sample)
  }

  var id: pid_t { process.id }
  var isRunning: Bool { process.isRunning }
  var errors: String { (try? String(contentsOfFile: errorFile, encoding: .utf8)) ?? "" }
  var output: String { (try? String(contentsOfFile: outputFile, encoding: .utf8)) ?? "" }

  func write(_ text: String) { process.write(Array(text.utf8)) }
  func endInput() { process.closeInput() }

  /// Ends it as `kill -9` does. Whether that is what ended it: not where it had ended already.
  @discardableResult
  func killNow() -> Bool {
    process.signal(SIGKILL)
    return process.wait() == .signal(SIGKILL)
  }

  /// How it ended: its exit status, or a signal's number below zero. What hangs is ended.
  @discardableResult
  func waitForEnd() -> Int32 {
    if let ending = process.wait(atMost: .seconds(180)) { return ending.status }
    Issue.record("the process hung and was killed")
    process.signal(SIGKILL)
    return process.wait().status
  }
}

extension SampleJournal {
  /// A process that holds the journal and serves its socket: an import whose input does not come.
  func holder(under wrapper: [String] = []) throws -> RunningCommand {
    let running = try RunningCommand(wrapper + [Command.path, "import", "-"], takesInput: true, of: self)
    try waitUntil("the holder serves its socket") { !running.isRunning || (try? RemoteJournal(directory)) != nil }
    try #require(running.isRunning, "the holder did not begin: \(running.errors)")
    return running
  }

  /// What is wrong with the journal, by the checks that `verify` makes; run while nobody writes. Only sound journals survive it.
  func damages(from position: JournalPosition = .first) throws -> [String] {
    let reader = try JournalReader(directory)
    var report = try reader.verifyManifest()
    for segment in reader.manifest.segments where segment.lastPosition.map({ $0 >= position }) ?? true {
      report.add(try reader.verifyPages(segment))
      report.add(try reader.verifyEntries(segment))
    }
    return report.damages.map { "\($0.segment ?? "journal") \($0.position ?? 0): \($0.message)" }
  }

  /// All entries from a position on.
  func entries(from position: JournalPosition = .first) throws -> [Entry] {
    try JournalReader(directory).allEntries(from: position)
  }
}
