import Foundation
import JournalFormat
import JournalStore
import TestSupport
import Testing

/// Full and failing disks: the error names the file, the writer ends for good, nothing acknowledged is lost, and the next opening works.
@Suite struct FaultDiskTests {
  @Test(.enabled(if: Permission.mounts)) func `a full file system stops an import, and space lets the same import complete it`()
    async throws
  {
    var generator = SeededGenerator("a full file system")
    for _ in 0..<2 {
      let sample = try await SampleJournal()
      let disk = try SmallDisk(at: sample.root + "/disk", kilobytes: Int.random(in: 300...900, using: &generator))
      let traffic = try FaultTraffic.simulated(exchanges: 1_500, seed: generator.next() >> 1, days: 90)
      try traffic.write(0..<traffic.lines.count, to: sample.root + "/traffic.ndjson")
      let full = SampleJournal(at: disk.path, within: sample)
      #expect(try full.run("init").status == 0)
      let stopped = try full.run("import", sample.root + "/traffic.ndjson")
      #expect(stopped.status == 74, "\(stopped.errors)")
      #expect(stopped.errors.contains(disk.path + "/") && stopped.errors.contains("(disk.full)"), "\(stopped.errors)")
      // What is there can be read and checked on the full disk.
      #expect(try full.damages() == [])
      let verify = try full.run("verify")
      #expect(verify.status == 0, "\(verify.text) \(verify.errors)")
      let found = FaultTraffic.counts(try full.entries())
      let expected = try traffic.expected(0..<traffic.lines.count)
      #expect(found.allSatisfy { $0.value <= expected[$0.key] ?? 0 })
      try disk.grow(kilobytes: 64_000)
      let again = try full.run("import", sample.root + "/traffic.ndjson")
      #expect(again.status == 0, "\(again.errors)")
      try full.expectOnce(traffic, 0..<traffic.lines.count, "after space came back")
      #expect(try full.run("verify").status == 0)
    }
  }

  @Test(.enabled(if: Permission.mounts)) func `a disk that is full after any page stops an import and not the process`() async throws {
    let traffic = try FaultStepTests.traffic()
    let sample = try await SampleJournal()
    try traffic.write(0..<traffic.lines.count, to: sample.root + "/traffic.ndjson")
    let disk = try SmallDisk(at: sample.root + "/disk", kilobytes: 2_048)
    let full = SampleJournal(at: disk.path, within: sample)
    // Even numbers one day, odd ones another.
    var generator = SeededGenerator("a disk that is full after any page")
    let first = generator.below(2)
    var pages = first
    while true {
      try? FileManager.default.removeItem(atPath: full.directory.path)
      #expect(try full.run("init").status == 0)
      try disk.fill(sparingPages: pages)
      let stopped = try full.run("import", sample.root + "/traffic.ndjson")
      #expect(stopped.status == 74 || stopped.status == 0, "\(pages) pages: \(stopped.status) \(stopped.errors)")
      #expect(stopped.status == 0 || stopped.errors.contains(disk.path + "/"), "\(pages) pages: \(stopped.errors)")
      let export = try full.run("export")
      #expect(export.status == 0 || export.status == 74, "\(pages) pages: \(export.status) \(export.errors)")
      try disk.fill(sparingPages: nil)
      #expect(try full.damages() == [], "\(pages) pages")
      let again = try full.run("import", sample.root + "/traffic.ndjson")
      #expect(again.status == 0, "\(pages) pages: \(again.errors)")
      try full.expectOnce(traffic, 0..<traffic.lines.count, "\(pages) pages")
      guard stopped.status != 0 else { break }
      pages += 2
      try #require(pages < 300)
    }
    print("full after \(first), \(first + 2), … to \(pages - 2) pages")
    #expect(pages > 10)
  }

  @Test(arguments: [80, 150, 250]) func `a limit on the size of files stops an import, and without it the same import completes it`(
    kilobytes: Int
  ) async throws {
    let sample = try await SampleJournal()
    let file = sample.root + "/traffic.ndjson"
    let traffic = try FaultTraffic.simulated(exchanges: 1_500, seed: 11, days: 40)
    try traffic.write(0..<traffic.lines.count, to: file)
    let script = "exec prlimit --fsize=\(kilobytes * 1_024) \"$0\" import --journal \"$1\" \"$2\""
    let stopped = try Command.run(["-c", script, Command.path, sample.directory.path, file], executable: "/bin/sh")
    #expect(stopped.status == 74, "\(stopped.errors)")
    #expect(stopped.errors.contains(".mdb: ") && stopped.errors.contains("(disk.full)"), "\(stopped.errors)")
    #expect(try sample.damages() == [])
    #expect(try sample.run("import", file).status == 0)
    try sample.expectOnce(traffic, 0..<traffic.lines.count, "without the limit")
    #expect(try sample.damages() == [])
  }

  @Test(.enabled(if: Permission.strace), arguments: ["pwrite64", "writev", "fdatasync", "fsync"])
  func `an input or output error ends the writer for good and loses nothing that was acknowledged`(call: String) async throws {
    var generator = SeededGenerator("EIO on \(call)")
    for _ in 0..<4 {
      let sample = try await SampleJournal([Sample(transactionId: "T-0", observedAt: "2025-03-01T10:00:00Z")])
      let first = Int.random(in: call == "fsync" ? 1...6 : 3...40, using: &generator)
      // One fsync may be the sealer's, and fails it alone: then the next one that the writer makes fails too.
      let fault = ["-e", "inject=\(call):error=EIO:when=\(first)\(call == "fsync" ? "+" : "")"]
      let holder = try sample.holder(under: SystemCall.tracing([call], to: "/dev/null", fault))
      var acknowledged: [ClosedRange<JournalPosition>: Sample] = [:]
      let remote = try RemoteJournal(sample.directory)
      var failure: JournalError?
      for day in 0..<60 where failure == nil {
        let time = Timestamp("2025-03-02T10:00:00Z")!.adding(milliseconds: Int64(day) * 3 * 86_400_000)
        let next = Sample(transactionId: "T-\(day)", observedAt: time.description)
        do throws(JournalError) { acknowledged[try await remote.append(next.drafts)] = next } catch { failure = error }
      }
      let error = try #require(failure, "call \(first) of \(call) did not come")
      // A file's, or for the names in it the directory's.
      #expect(error.message.contains(sample.directory.path), "\(error)")
      #expect(error.message.contains("Input/output error"), "\(error)")
      // Whether the disk is well again or not, nothing more is written.
      let after = await #expect(throws: JournalError.self) { try await remote.append(Sample().drafts) }
      #expect(after?.code == .writerEnded, "\(String(describing: after))")
      holder.endInput()
      holder.waitForEnd()
      #expect(try sample.damages() == [])
      let reader = try JournalReader(sample.directory)
      for (positions, given) in acknowledged {
        #expect(try reader.entry(at: positions.lowerBound)?.content == given.requestContent, "call \(first)")
        #expect(try reader.entry(at: positions.upperBound)?.content == given.answerContent, "call \(first)")
      }
      _ = try await sample.appendOne()
      #expect(try sample.damages() == [])
    }
  }

  @Test(.enabled(if: Permission.strace), arguments: ["pwrite64", "writev", "fdatasync", "fsync", "rename"])
  func `an import on a failing disk ends with 74 and names the file`(call: String) async throws {
    let traffic = try FaultStepTests.traffic()
    for number in [1, 2, 5] {
      let sample = try await SampleJournal()
      let file = sample.root + "/traffic.ndjson"
      try traffic.write(0..<traffic.lines.count, to: file)
      let fault = ["-e", "inject=\(call):error=EIO:when=\(number)"]
      let command = SystemCall.tracing([call], to: "/dev/null", fault) + [Command.path, "import", file]
      let running = try RunningCommand(command, of: sample)
      let status = running.waitForEnd()
      // There are as many renames as segments.
      guard call != "rename" || number <= 3 else { continue }
      #expect(status == 74, "\(call) \(number): \(running.errors)")
      #expect(running.errors.contains(sample.directory.path + "/"), "\(call) \(number): \(running.errors)")
      #expect(try sample.damages() == [], "\(call) \(number)")
      #expect(try sample.run("import", file).status == 0)
      try sample.expectOnce(traffic, 0..<traffic.lines.count, "\(call) \(number)")
    }
  }
}

/// A file system in memory, of a size that is soon used up.
final class SmallDisk {
  let path: String

  init(at path: String, kilobytes: Int) throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let result = try Command.run(["-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", path], executable: "/bin/mount")
    try #require(result.status == 0, "\(result.errors)")
  }

  deinit { _ = try? Command.run(["-l", path], executable: "/bin/umount") }

  /// Takes all space but some pages, or gives all back.
  func fill(sparingPages pages: Int?) throws {
    let filler = path + "/filler"
    try? FileManager.default.removeItem(atPath: filler)
    guard let pages else { return }
    _ = try Command.run(["if=/dev/zero", "of=" + filler, "bs=4096"], executable: "/bin/dd")
    let handle = try FileHandle(forWritingTo: URL(filePath: filler))
    try handle.truncate(atOffset: try handle.seekToEnd() - UInt64(pages * 4096))
    try handle.close()
  }

  func grow(kilobytes: Int) throws {
    let result = try Command.run(["-o", "remount,size=\(kilobytes)k", path], executable: "/bin/mount")
    try #require(result.status == 0, "\(result.errors)")
  }
}
