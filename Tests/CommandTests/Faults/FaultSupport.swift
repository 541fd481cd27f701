import Foundation
import Glibc
import JournalFormat
import JournalStore
import Synchronization
import Testing

/// Chance that can be had again: the seed is printed, and EMIP_JOURNAL_SEED gives it.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ test: String) {
    state = ProcessInfo.processInfo.environment["EMIP_JOURNAL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999_999)
    print("\(test): EMIP_JOURNAL_SEED=\(state)")
  }

  init(seed: UInt64) { state = seed }

  /// SplitMix64, https://prng.di.unimi.it/splitmix64.c
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }
}

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
final class RunningCommand: @unchecked Sendable {
  // Sendable: the process is started before it is shared, and the rest is immutable.
  let process: Process
  private let errorFile: String
  private let outputFile: String
  private let input: Pipe?

  /// - Parameter takesInput: whether something will be written to its standard input, which else is empty.
  init(_ arguments: [String], executable: String = Command.path, takesInput: Bool = false, in sample: SampleJournal) throws {
    process = Command.process(arguments, executable: executable, environment: ["EMIP_JOURNAL": sample.directory.path])
    let name = sample.root + "/" + UUID().uuidString
    (outputFile, errorFile) = (name + ".out", name + ".err")
    for file in [outputFile, errorFile] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    process.standardOutput = FileHandle(forWritingAtPath: outputFile)
    process.standardError = FileHandle(forWritingAtPath: errorFile)
    input = takesInput ? Pipe() : nil
    if let input { process.standardInput = input }
    process.currentDirectoryURL = URL(filePath: sample.root)
    try process.run()
  }

  /// This test bundle once more, running only what a filter names: for what needs the journal's inside, and a process that may be ended.
  convenience init(
    testOnly filter: String, with variable: String, _ value: String, under tracer: [String] = [], in sample: SampleJournal
  ) throws {
    let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let command = tracer + ["/usr/bin/env", "\(variable)=\(value)", bundle, "--testing-library", "swift-testing", "--filter", filter]
    try self.init(Array(command.dropFirst()), executable: command[0], in: sample)
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  var errors: String { (try? String(contentsOfFile: errorFile, encoding: .utf8)) ?? "" }
  var output: String { (try? String(contentsOfFile: outputFile, encoding: .utf8)) ?? "" }

  func write(_ text: String) { try? input?.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }
  func endInput() { try? input?.fileHandleForWriting.close() }

  /// Ends it as `kill -9` does. Harmless where it has ended already.
  func killNow() {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }

  /// How it ended: its exit status, or a signal's number below zero. What hangs is ended.
  @discardableResult
  func waitForEnd() -> Int32 {
    let watchdog = DispatchWorkItem { [process] in
      Issue.record("the process hung and was killed")
      kill(process.processIdentifier, SIGKILL)
    }
    DispatchQueue.global().asyncAfter(deadline: .now() + 180, execute: watchdog)
    process.waitUntilExit()
    watchdog.cancel()
    return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
  }
}

extension SampleJournal {
  /// A process that holds the journal and serves its socket: an import whose input does not come.
  func holder(under wrapper: [String] = []) throws -> RunningCommand {
    let command = wrapper + [Command.path, "import", "-"]
    let running = try RunningCommand(Array(command.dropFirst()), executable: command[0], takesInput: true, in: self)
    for _ in 0..<3_000 where running.process.isRunning {
      if (try? RemoteJournal(directory)) != nil { return running }
      usleep(10_000)
    }
    Issue.record("the holder did not begin: \(running.errors)")
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
    let reader = try JournalReader(directory)
    var all: [Entry] = []
    var next = position
    while case let batch = try reader.entries(from: next, limit: 500), !batch.isEmpty {
      for result in batch { all.append(try result.get()) }
      next = all.last!.position.next
    }
    return all
  }
}
