import Foundation
import Glibc
import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

/// `kill -9` of whoever seals, at any moment, and disks that fill up or fail while recording goes on.
@Suite struct FaultSealKillTests {
  @Test func `a seal killed at a random moment leaves a whole journal that the next one seals`() async throws {
    var generator = SeededGenerator("kill -9 of a seal")
    let original = try await SampleJournal()
    let traffic = try FaultTraffic.simulated(exchanges: 100, seed: generator.next() >> 1, days: 150)
    try original.importUnsealed(traffic)
    let content = try JournalContent(original)
    #expect(try original.states.ended >= 4)
    let endings = try original.states.ended
    var (rounds, killed) = (0, 0)
    var states: Set<Int> = []
    // Whether a process is still at work when it is killed is chance; on a busy machine it may take some more.
    while rounds < 12 || killed < 8 || states.count < 2 {
      rounds += 1
      try #require(rounds <= 60, "\(killed) of 60 killed under way; segments sealed by then: \(states.sorted())")
      let sample = try original.copied()
      let running = try RunningCommand(["seal"], in: sample)
      // At some moment after one of the sealed files begins, and with another still to come.
      try sample.waitForSealedFiles(Int.random(in: 1..<endings, using: &generator), by: running)
      letPass(microseconds: .random(in: 0...20_000, using: &generator))
      if running.killNow() { killed += 1 }
      states.insert(try sample.states.sealed)
      try sample.expectWhole(content, "round \(rounds)")
      try sample.expectSeals(content, "round \(rounds)")
      try FileManager.default.removeItem(atPath: sample.root)
    }
    print("seals killed under way: \(killed) of \(rounds); segments sealed by then: \(states.sorted())")
  }

  @Test func `an import killed while segments are sealed behind it is completed by the same import`() async throws {
    var generator = SeededGenerator("kill -9 of an import that seals")
    // More than is submitted at once, or nothing is before the input ends.
    let traffic = try FaultTraffic.simulated(exchanges: 700, seed: generator.next() >> 1, days: 200)
    let all = 0..<traffic.lines.count
    var sealedBefore = 0
    for round in 1...6 {
      let sample = try await SampleJournal()
      let file = sample.root + "/traffic.ndjson"
      try traffic.write(all, to: file)
      // It goes on sealing while its input does not end.
      let running = try RunningCommand(["import", "-"], takesInput: true, in: sample)
      running.write(traffic.lines.map { $0 + "\n" }.joined())
      // Some end while their first segment is sealed, some later.
      let begun = Int.random(in: 1...3, using: &generator)
      try sample.waitForSealedFiles(begun, by: running)
      letPass(microseconds: .random(in: 0...60_000, using: &generator))
      #expect(running.killNow(), "round \(round): it goes on until its input ends")
      // Before the last of the files that had begun, all were finished.
      let sealed = try sample.states.sealed
      #expect(sealed >= begun - 1, "round \(round)")
      sealedBefore += sealed
      #expect(try sample.damages() == [], "round \(round)")
      let content = try JournalContent(sample)
      let again = try sample.run("import", file)
      #expect(again.status == 0, "round \(round): \(again.errors)")
      try sample.expectOnce(traffic, all, "round \(round)")
      try sample.expectSeals(content, "round \(round)")
    }
    print("segments sealed before 6 kills: \(sealedBefore)")
    #expect(sealedBefore > 0)
  }

  @Test(.enabled(if: Permission.mounts))
  func `a disk that is full stops a seal, which gives back what it took, and not the recording`() async throws {
    let sample = try await SampleJournal()
    let disk = try SmallDisk(at: sample.root + "/disk", kilobytes: 8_192)
    let full = SampleJournal(at: disk.path, within: sample)
    try full.directory.initialize()
    try full.importUnsealed(FaultTraffic.simulated(exchanges: 400, seed: 5, days: 50))
    // Begins the segment that goes on: its first pages, and the last of the index before it, are not what space is counted for here.
    let beginning = try full.unsealingJournal()
    _ = try await beginning.append(Sample(transactionId: "T-0", observedAt: "2024-03-01T10:00:00Z").drafts)
    beginning.close()
    let content = try JournalContent(full)
    var stopped = 0
    // A sealed file takes more, appending one exchange less.
    for pages in [40, 44, 48, 52] {
      let holder = try full.unsealingJournal()
      // It takes pages of its own, for lock files too, and pages are counted here.
      holder.waitForIndexes()
      try disk.fill(sparingPages: pages)
      let room = try disk.freePages
      let error = await #expect(throws: JournalError.self, "\(pages) pages") { try await holder.seal(endingNewest: false) }
      #expect(error?.code == .diskFull, "\(pages) pages: \(String(describing: error))")
      stopped += error == nil ? 0 : 1
      #expect(try disk.freePages >= room - 8, "\(pages) pages: what was half written is gone")
      #expect(try full.states.sealed == 0, "\(pages) pages")
      _ = try await holder.append(Sample(transactionId: "T-\(pages)", observedAt: "2024-03-01T10:00:00Z").drafts)
      holder.close()
      try disk.fill(sparingPages: nil)
      try full.expectWhole(content, "\(pages) pages")
    }
    #expect(stopped == 4)
    try full.expectSeals(content, "with space")
    #expect(try full.entries().count == content.entries.count + 8)
  }

  @Test(.enabled(if: Permission.strace), arguments: ["pwrite64", "writev", "fdatasync"])
  func `a sealed file that cannot be written is told, the segment stays, and recording goes on`(call: String) async throws {
    let original = try await SampleJournal()
    try original.importUnsealed(FaultTraffic.simulated(exchanges: 50, seed: 9, days: 28))
    let content = try JournalContent(original)
    for number in [1, 3, 6] {
      let sample = try original.copied()
      let segment = try sample.directory.readManifest().segments[0]
      let target = sample.directory.path(of: segment.sealed)
      // From that call on: whoever holds a journal tries again by itself.
      let fault = ["-P", target, "-e", "inject=\(call):error=EIO:when=\(number)+"]
      let holder = try sample.holder(under: SystemCall.tracing([call], to: "/dev/null", fault))
      let remote = try RemoteJournal(sample.directory)
      let error = await #expect(throws: JournalError.self, "\(call) \(number)") { try await remote.seal(endingNewest: true) }
      #expect(error?.description.contains(target) == true, "\(call) \(number): \(String(describing: error))")
      _ = try await remote.append(Sample(transactionId: "T-\(call)-\(number)", observedAt: "2024-03-01T10:00:00Z").drafts)
      holder.endInput()
      #expect(holder.waitForEnd() == 0, "\(holder.errors)")
      #expect(try sample.states == (0, 1), "\(call) \(number)")
      #expect(!FileManager.default.fileExists(atPath: target), "\(call) \(number): what was half written is gone")
      try sample.expectWhole(content, "\(call) \(number)")
      try sample.expectSeals(content, "\(call) \(number)")
      #expect(try sample.entries().count == content.entries.count + 2)
    }
  }

  /// One segment that has ended and one that goes on.
  private static func twoMonths() async throws -> (SampleJournal, JournalContent) {
    let sample = try await SampleJournal()
    try sample.importUnsealed(FaultTraffic.simulated(exchanges: 50, seed: 9, days: 45))
    try #require(try sample.states == (0, 1))
    return (sample, try JournalContent(sample))
  }

  @Test(.enabled(if: Permission.strace), arguments: ["openat", "write", "fsync"], ["ENOSPC", "EIO"])
  func `a manifest that cannot be written for a swap is told, the sealed file goes, and recording goes on`(
    call: String, fault: String
  ) async throws {
    let (sample, content) = try await Self.twoMonths()
    let manifest = sample.directory.path + "/manifest"
    let target = sample.directory.path(of: try sample.directory.readManifest().segments[0].sealed)
    let before = try Data(contentsOf: URL(filePath: manifest))
    // From the first on: whoever holds a journal seals by itself too.
    let injection = ["-P", manifest + ".new", "-e", "inject=\(call):error=\(fault):when=1+"]
    let holder = try sample.holder(under: SystemCall.tracing([call], to: "/dev/null", injection))
    let remote = try RemoteJournal(sample.directory)
    for number in 1...2 {
      let error = await #expect(throws: JournalError.self) { try await remote.seal(endingNewest: false) }
      #expect(error?.description.contains(manifest + ".new") == true, "\(number): \(String(describing: error))")
      #expect(error?.code == (fault == "EIO" ? .inputOutput : .diskFull), "\(number)")
      #expect(!FileManager.default.fileExists(atPath: target), "\(number): nothing lists it")
      _ = try await remote.append(Sample(transactionId: "T-\(number)", observedAt: "2024-01-01T10:00:00Z").drafts)
    }
    holder.endInput()
    #expect(holder.waitForEnd() == 0, "\(holder.errors)")
    #expect(try Data(contentsOf: URL(filePath: manifest)) == before)
    try sample.expectWhole(content, "after the fault")
    try sample.expectSeals(content, "without the fault")
    #expect(try sample.entries().count == content.entries.count + 4)
  }

  @Test(.enabled(if: Permission.strace), arguments: ["rename", "fsync"])
  func `where either manifest may be in force the writer ends, and the files of both stay`(call: String) async throws {
    let (sample, content) = try await Self.twoMonths()
    let segment = try sample.directory.readManifest().segments[0]
    // The directory's own sync is what follows the rename.
    let path = sample.directory.path + (call == "rename" ? "/manifest.new" : "")
    let injection = ["-P", path, "-e", "inject=\(call):error=EIO:when=1+"]
    let holder = try sample.holder(under: SystemCall.tracing([call], to: "/dev/null", injection))
    let remote = try RemoteJournal(sample.directory)
    for _ in 1...2 {
      let error = await #expect(throws: JournalError.self) { try await remote.seal(endingNewest: false) }
      #expect(error?.message.contains("Input/output error") == true, "\(String(describing: error))")
    }
    let error = await #expect(throws: JournalError.self) { try await remote.append(Sample().drafts) }
    #expect(error?.code == .writerEnded, "\(String(describing: error))")
    holder.endInput()
    holder.waitForEnd()
    for file in [segment, segment.sealed].map(sample.directory.path(of:)) { #expect(FileManager.default.fileExists(atPath: file)) }
    #expect(try sample.states == (call == "rename" ? (0, 1) : (1, 0)))
    try sample.expectWhole(content, "after the fault")
    try sample.expectSeals(content, "without the fault")
  }

  @Test(.enabled(if: Permission.strace))
  func `a manifest that was renamed and not synced is synced before what it does not list goes`() async throws {
    let (sample, content) = try await Self.twoMonths()
    let directory = sample.directory.path
    let old = sample.directory.path(of: try sample.directory.readManifest().segments[0])
    let killed = SystemCall.tracing(["fsync"], to: "/dev/null", ["-P", directory, "-e", "inject=fsync:signal=KILL:when=1"])
    let seal = try RunningCommand(killed + [Command.path, "seal"], of: sample)
    #expect(seal.waitForEnd() != 0)
    #expect(try sample.states == (1, 0))
    try #require(FileManager.default.fileExists(atPath: old))
    let trace = sample.root + "/trace"
    try sample.holderTraced(["fsync", "unlink"], to: trace)
    let calls = SystemCall.parse(try String(contentsOfFile: trace, encoding: .utf8))
    let synced = try #require(calls.firstIndex { $0.name == "fsync" && $0.descriptor?.path == directory })
    let removed = try #require(calls.firstIndex { $0.name == "unlink" && $0.names == [old] })
    #expect(synced < removed)
    try sample.expectWhole(content, "at the end")
  }
}

extension SampleJournal {
  /// Waits until so many sealed files have begun, whole or not; not longer than who writes them lives.
  fileprivate func waitForSealedFiles(_ count: Int, by running: RunningCommand) throws {
    let segments = directory.path + "/segments"
    try waitUntil("\(count) sealed files have begun") {
      try !running.isRunning
        || FileManager.default.contentsOfDirectory(atPath: segments).count { $0.hasSuffix(".g2.mdb") } >= count
    }
  }

  /// Opens the journal to append and closes it again, in a process whose system calls are written down.
  fileprivate func holderTraced(_ calls: [String], to file: String) throws {
    let holder = try holder(under: SystemCall.tracing(calls, to: file))
    holder.endInput()
    #expect(holder.waitForEnd() == 0, "\(holder.errors)")
  }
}

extension SmallDisk {
  /// What is free, in pages.
  var freePages: Int {
    get throws {
      let attributes = try FileManager.default.attributesOfFileSystem(forPath: path)
      return try #require(attributes[.systemFreeSize] as? Int) / 4_096
    }
  }
}
