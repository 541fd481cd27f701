import Foundation
import Glibc
import JournalFormat
import Synchronization
import TestSupport
import Testing

@testable import JournalStore

/// A segment that cannot be sealed: somebody is told why, recording goes on, and the other segments are sealed.
@Suite struct SealFailureTests {
  /// Some months, none of them sealed, all with their index.
  private static func journal() async throws -> SampleJournal {
    let sample = try await SampleJournal()
    try sample.importUnsealed(FaultTraffic.simulated(exchanges: 120, seed: 41, days: 100))
    try #require(try sample.states == (0, 3))
    let journal = try sample.unsealingJournal()
    journal.waitForIndexes()
    journal.close()
    return sample
  }

  @Test(.enabled(if: Permission.strace))
  func `the holder logs why a segment is not sealed, stats shows it, and the others are sealed`() async throws {
    let sample = try await Self.journal()
    let segment = try sample.directory.readManifest().segments[1]
    let target = sample.directory.path(of: segment.sealed)
    let fault = ["-P", target, "-e", "inject=pwrite64:error=EIO:when=1+"]
    let holder = try sample.holder(under: SystemCall.tracing(["pwrite64"], to: "/dev/null", fault))
    try await waitUntil("the holder says why a segment is not sealed") { !holder.isRunning || holder.errors.contains("\n") }
    _ = try await RemoteJournal(sample.directory).append(Sample(observedAt: "2024-01-01T10:00:00Z").drafts)
    let rows = try sample.run("stats").lines.filter { $0.contains("to be sealed") }
    #expect(rows.count == 1 && rows[0].hasPrefix(segment.name), "\(rows)")
    holder.endInput()
    #expect(holder.waitForEnd() == 0)
    let log = holder.errors
    for part in [" error ", "could not be sealed", target, "io.error"] { #expect(log.contains(part), "\(log)") }
    #expect(log.split(separator: "\n").count == 1, "\(log)")
    #expect(try sample.states == (2, 1))
    #expect(try sample.run("seal").status == 0)
    #expect(!(try sample.run("stats").text.contains("to be sealed")))
  }

  @Test(arguments: ["missing", "cut", "pages", "index"])
  func `damage to a segment ends neither the process nor the recording, and the others are sealed`(what: String) async throws {
    var generator = SeededGenerator("a segment to be sealed: \(what)")
    let original = try await Self.journal()
    let content = try JournalContent(original)
    for round in 1...(what == "missing" ? 1 : 4) {
      let sample = try original.copied()
      let segment = try sample.directory.readManifest().segments[0]
      let path = sample.directory.path(of: segment)
      let damaged = what == "index" ? Manifest.Segment.indexPath(ofSegmentAt: path) : path
      var file = try Data(contentsOf: URL(filePath: damaged))
      if what == "cut" { file.count = Int.random(in: 4_096...file.count - 4_096, using: &generator) }
      if what == "pages" || what == "index" {
        // The heads of all pages but those with the roots (mdb.c, `MDB_page`), where it stands which rows they hold.
        for page in stride(from: 2 * 4_096, to: file.count, by: 4_096) {
          for byte in page + 10..<page + 64 { file[byte] = UInt8.random(in: .min ... .max, using: &generator) }
        }
      }
      try FileManager.default.removeItem(atPath: damaged)
      if what != "missing" { try file.write(to: URL(filePath: damaged)) }
      let last = try #require(try JournalReader(sample.directory).lastPosition())
      let running = try SealingProcess.run(sample)
      let status = running.waitForEnd()
      #expect(status == 0, "round \(round): \(status) \(running.output) \(running.errors)")
      #expect(running.output.contains("recorded at \(last.next)..."), "round \(round): \(running.output)")
      guard what != "index" else {
        // What is derived is made anew.
        #expect(try sample.states == (3, 0), "round \(round): \(running.output)")
        #expect(!running.output.contains("told:"), "round \(round): \(running.output)")
        try sample.expectWhole(content, "round \(round)")
        continue
      }
      #expect(running.output.contains("told: \(damaged)"), "round \(round): \(running.output)")
      #expect(try sample.states == (2, 1), "round \(round): \(running.output)")
      #expect(!FileManager.default.fileExists(atPath: sample.directory.path(of: segment.sealed)), "round \(round)")
    }
  }
}

/// Opening, sealing and appending in a process of its own, which damage may end: this test bundle once more.
@Suite struct SealingProcess {
  private static let variable = "EMIP_JOURNAL_TEST_SEALS"
  private static let journal = ProcessInfo.processInfo.environment[variable]

  static func run(_ sample: SampleJournal) throws -> RunningCommand {
    try RunningCommand(testOnly: "SealingProcess", with: variable, sample.directory.path, in: sample)
  }

  @Test(.enabled(if: journal != nil, "only as a process that another test starts"))
  func `seals what it can, says what it could not, and records`() async throws {
    let isTold = Atomic<Bool>(false)
    let directory = JournalDirectory(Self.journal!)
    let journal = try Journal(directory, purpose: "a test") { error in
      print("told: \(error)")
      isTold.store(true, ordering: .releasing)
    }
    let positions = try await journal.append(Sample(observedAt: "2024-01-01T10:00:00Z").drafts)
    print("recorded at \(positions)")
    // It is told after all segments were tried.
    try await waitUntil("all that has ended is sealed, or it is told why not") {
      try isTold.load(ordering: .acquiring)
        || !directory.readManifest().segments.contains { $0.state == .hot && $0.lastPosition != nil }
    }
    journal.close()
  }
}
