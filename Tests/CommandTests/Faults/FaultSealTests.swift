import Foundation
import Glibc
import JournalFormat
import JournalStore
import Testing

/// The end of the process, or of the disk's patience, at each single step of sealing: the segment stays as it was or is sealed, nothing is
/// lost, and the next `seal` completes it.
@Suite(.enabled(if: Permission.strace)) struct FaultSealStepTests {
  /// One segment that has ended and one that goes on; the last exchange begins in the first and ends in the second.
  private static func journal() async throws -> (SampleJournal, JournalContent) {
    let sample = try await SampleJournal()
    let traffic = try FaultTraffic.simulated(exchanges: 30, seed: 7, days: 25)
    let last = try Sample(transactionId: "T-last", observedAt: "2024-01-31T23:59:59.990Z").line
    try sample.importUnsealed(FaultTraffic(lines: traffic.lines + [last]))
    try #require(try sample.states == (0, 1))
    return (sample, try JournalContent(sample))
  }

  /// Runs `seal` with something done to one of its system calls.
  private func seal(_ sample: SampleJournal, _ call: String, _ fault: String) throws -> (status: Int32, errors: String) {
    let command = SystemCall.tracing([call], to: "/dev/null", ["-e", "inject=\(call):\(fault)"]) + [Command.path, "seal"]
    let running = try RunningCommand(command, of: sample)
    return (running.waitForEnd(), running.errors)
  }

  @Test(arguments: ["pwrite64", "writev", "fdatasync", "fsync", "rename", "unlink"])
  func `a seal killed before any of its writes, syncs, renames and removals is completed by the next`(call: String) async throws {
    let (original, content) = try await Self.journal()
    var number = 0
    var isDone = false
    while !isDone {
      number += 1
      let sample = try original.copied()
      let (status, errors) = try seal(sample, call, "signal=KILL:when=\(number)")
      #expect(status == 0 || status == -SIGKILL || status == 128 + SIGKILL, "\(call) \(number): \(errors)")
      try sample.expectWhole(content, "\(call) \(number)")
      try sample.expectSeals(content, "\(call) \(number)")
      try FileManager.default.removeItem(atPath: sample.root)
      isDone = status == 0
      try #require(number < 400, "\(call) \(number): status \(status), \(errors)")
    }
    print("seal killed before each of \(number - 1) calls of \(call)")
    #expect(number > 1)
  }

  @Test(arguments: ["pwrite64", "fdatasync", "fsync", "rename", "unlink"])
  func `a seal whose disk fails from any step on ends with 74, and the next completes it`(call: String) async throws {
    let (original, content) = try await Self.journal()
    var number = 0
    var failed = 0
    var isDone = false
    while !isDone {
      number += 1
      let sample = try original.copied()
      let (status, errors) = try seal(sample, call, "error=EIO:when=\(number)+")
      #expect(status == 0 || status == 74, "\(call) \(number): \(status) \(errors)")
      if status == 74 {
        // A file's, or for the names in it the directory's.
        let isNamed = ["/", ": "].contains { errors.contains(sample.directory.path + $0) }
        #expect(isNamed, "\(call) \(number): \(errors)")
      }
      failed += status == 74 ? 1 : 0
      try sample.expectWhole(content, "\(call) \(number)")
      try sample.expectSeals(content, "\(call) \(number)")
      try FileManager.default.removeItem(atPath: sample.root)
      // Of the file that every manifest is written to first, none need be left to be removed.
      isDone = call == "unlink" ? number == 8 : status == 0
      try #require(number < 400)
    }
    print("seal failed at \(failed) calls of \(call)")
    #expect(failed > 0)
  }
}
