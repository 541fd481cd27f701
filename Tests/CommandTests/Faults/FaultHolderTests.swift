import Foundation
import Glibc
import JournalFormat
import JournalStore
import TestSupport
import Testing

/// Several processes that want to write to one journal.
@Suite struct FaultHolderTests {
  @Test func `a second writer is refused and told who holds the journal`() async throws {
    let sample = try await SampleJournal([Sample()])
    let holder = try sample.holder()
    let error = #expect(throws: JournalError.self) { try Journal(sample.directory, purpose: "the second") }
    #expect(error?.code == .lockHeld)
    #expect(
      error?.message.contains("emip-journal import (process \(holder.id),") == true, "\(String(describing: error))")
    holder.killNow()
    _ = try await sample.appendOne()
  }

  @Test func `imports at the same time all complete, and every line is there once`() async throws {
    let sample = try await SampleJournal()
    let traffic = try FaultTraffic.simulated(exchanges: 900, seed: 21, days: 100)
    let imports = try (0..<3).map { part in
      let file = sample.root + "/part-\(part).ndjson"
      try traffic.write(part * 300..<(part + 1) * 300, to: file)
      return try RunningCommand(["import", file], in: sample)
    }
    for running in imports { #expect(running.waitForEnd() == 0, "\(running.errors)") }
    try sample.expectOnce(traffic, 0..<900, "three imports at once")
    #expect(try sample.damages() == [])
  }

  @Test(arguments: [true, false]) func `an import whose holder goes away goes on by itself`(isKilled: Bool) async throws {
    var generator = SeededGenerator("a holder that \(isKilled ? "is killed" : "ends")")
    let size = 2_000
    let traffic = try FaultTraffic.simulated(exchanges: size, seed: generator.next() >> 1, days: 150)
    var handedOver = 0
    for round in 0..<5 {
      // Its newest segment is open in the importing process when that becomes the holder.
      let sample = try await SampleJournal([Sample(transactionId: "T-before", observedAt: "2023-12-31T10:00:00Z")])
      let file = sample.root + "/traffic.ndjson"
      try traffic.write(0..<size, to: file)
      let holder = try sample.holder()
      let running = try RunningCommand(["import", file], in: sample)
      let reader = try JournalReader(sample.directory)
      let enough = UInt64.random(in: 2...2_500, using: &generator)
      try await waitUntil("the import has recorded \(enough) entries, or all") {
        try !running.isRunning || reader.lastPosition()?.rawValue ?? 0 >= enough
      }
      if running.isRunning { handedOver += 1 }
      if isKilled { holder.killNow() } else { holder.endInput() }
      #expect(running.waitForEnd() == 0, "round \(round): \(running.errors)")
      #expect(holder.waitForEnd() == (isKilled ? -SIGKILL : 0))
      let differences = FaultTraffic.differences(
        FaultTraffic.counts(try sample.entries(from: JournalPosition(3))), try traffic.expected(0..<size))
      #expect(differences == [], "round \(round)")
      #expect(try sample.damages() == [], "round \(round)")
    }
    #expect(handedOver > 0)
  }

  @Test func `a newer segment is refused with a sentence`() async throws {
    let sample = try await SampleJournal([Sample()])
    try sample.changeHeader { $0.withUnsafeMutableBytes { $0.storeBytes(of: UInt32(7).littleEndian, as: UInt32.self) } }
    let file = sample.root + "/traffic.ndjson"
    try FaultTraffic([Sample(transactionId: "T-9")]).write(0..<1, to: file)
    for arguments in [["stats"], ["export"], ["show", "T-1"], ["import", file]] {
      let result = try sample.run(arguments)
      #expect(result.status == 65, "\(arguments)")
      #expect(result.errors.contains("format 7") && result.errors.contains("(format.newer)"), "\(arguments): \(result.errors)")
      #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }
    #expect(try sample.run("verify").text.contains("format 7"))
  }

  @Test func `a newer manifest is refused by writers too, and left as it is`() async throws {
    let sample = try await SampleJournal([Sample()])
    let manifest = sample.directory.path + "/manifest"
    try "emip-journal manifest 4\nsomething else\n".write(toFile: manifest, atomically: true, encoding: .utf8)
    let file = sample.root + "/traffic.ndjson"
    try FaultTraffic([Sample(transactionId: "T-9")]).write(0..<1, to: file)
    let before = try FileManager.default.subpathsOfDirectory(atPath: sample.directory.path).sorted()
    for arguments in [["import", file], ["verify"], ["backup", sample.root + "/copy"]] {
      let result = try sample.run(arguments)
      #expect(result.status == 65, "\(arguments)")
      #expect(result.errors.contains("format 4") && result.errors.contains("newer emip-journal"), "\(arguments): \(result.errors)")
    }
    #expect(try FileManager.default.subpathsOfDirectory(atPath: sample.directory.path).sorted() == before)
  }
}

extension SampleJournal {
  /// Changes the first segment's header in its file.
  func changeHeader(_ change: (inout Data) -> Void) throws {
    let url = URL(filePath: try segmentPath)
    var file = try Data(contentsOf: url)
    let id = Data(try directory.readManifest().journalId.utf8)
    // Version, form, the id's length, the id.
    var start = file.startIndex
    while let found = file.range(of: id, in: start..<file.endIndex) {
      let header = found.lowerBound - 6..<found.upperBound
      var bytes = file.subdata(in: header)
      change(&bytes)
      file.replaceSubrange(header, with: bytes)
      start = found.upperBound
    }
    try file.write(to: url)
  }
}
