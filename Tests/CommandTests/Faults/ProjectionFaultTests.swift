import Foundation
import Glibc
import JournalFormat
import JournalStore
import Recording
import TestSupport
import Testing

/// `kill -9` while read models are built, and records that cannot be read.
@Suite struct ProjectionFaultTests {
  @Test func `read models killed while they catch up or are rebuilt end up with the same rows`() async throws {
    var generator = SeededGenerator("kill -9 of projections")
    let sample = try await SampleJournal()
    // More than one batch.
    try sample.importUnsealed(FaultTraffic.simulated(exchanges: 2_600, seed: generator.next() >> 1, days: 3))
    let begun = ContinuousClock.now
    try #require(try sample.run("projection", "rebuild").status == 0)
    var longest = Int((ContinuousClock.now - begun) / .microseconds(1))
    let digests = try sample.digests()
    #expect(!digests.isEmpty && digests.values.allSatisfy { $0.count == 64 })
    var (round, killed) = (0, 0)
    // Rounds by twos; how many are still at work when they are killed is chance.
    while round < 10 || round % 2 == 1 || killed < 5 {
      round += 1
      try #require(round <= 60, "\(killed) of 60 killed under way")
      // Every other round begins with nothing, the rest with what the kill before left.
      if round % 2 == 1 { try FileManager.default.removeItem(atPath: sample.directory.path + "/read-models") }
      let running = try RunningCommand(["projection", "rebuild"], in: sample)
      letPass(microseconds: .random(in: 0...longest, using: &generator))
      if running.killNow() { killed += 1 } else { longest = longest * 9 / 10 }
      guard round % 2 == 0 else { continue }
      let verify = try sample.run("projection", "verify")
      #expect(verify.status == 0, "round \(round): \(verify.text) \(verify.errors)")
      #expect(try sample.digests() == digests, "round \(round)")
    }
    let rebuild = try sample.run("projection", "rebuild")
    #expect(rebuild.status == 0 && !rebuild.text.contains("not the same"), "\(rebuild.text) \(rebuild.errors)")
    #expect(try sample.digests() == digests)
    print("projections killed under way: \(killed) of \(round)")
  }

  @Test func `a damaged record is skipped, and its position is told`() async throws {
    var generator = SeededGenerator("a damaged record")
    let noise = (0..<900).map { _ in UInt8.random(in: 0...0xff, using: &generator) }
    let message = ObservedMessage(noise, observedAt: Timestamp("2025-03-01T10:00:00Z")!, direction: .toIOP)
    let draft = EntryDraft(Recorder().request(message), recordedAt: message.observedAt)
    let sample = try await SampleJournal([Sample(transactionId: "T-1"), Sample(transactionId: "T-2")], [draft])
    do {
      let journal = try sample.unsealingJournal()
      _ = try await journal.append(Sample(transactionId: "T-3").drafts)
      journal.close()
    }
    try sample.flip(noise[100..<140])

    let answer = try sample.run("partners", "--format", "ndjson")
    #expect(answer.status == 65)
    #expect(answer.errors.contains("could not read position 5"), "\(answer.errors)")
    // All others are counted.
    #expect(try answer.objects().map { $0["exchanges"] as? Int } == [3])

    let text = try sample.run("partners")
    #expect(text.status == 65 && text.text.contains("INCOMPLETE: partners could not read position 5"), "\(text.text)")
    let status = try sample.run("projection", "status")
    #expect(status.status == 65 && status.text.contains("INCOMPLETE: could not read position 5"), "\(status.text)")
  }
}

extension SampleJournal {
  /// The digest of each read model, by name.
  fileprivate func digests() throws -> [String: String] {
    let status = try run("projection", "status", "--format", "json")
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(status.output)) as? [[String: Any]])
    return Dictionary(uniqueKeysWithValues: rows.map { ($0["name"] as! String, $0["digest"] as? String ?? "") })
  }

  /// Flips a bit of some bytes wherever they stand in the first segment's file.
  fileprivate func flip(_ bytes: ArraySlice<UInt8>) throws {
    let url = URL(filePath: try segmentPath)
    var file = try Data(contentsOf: url)
    var found = 0
    while let range = file.range(of: Data(bytes)) {
      file[range.lowerBound] ^= 1
      found += 1
    }
    try #require(found > 0, "the record does not stand there as it is")
    try file.write(to: url)
  }
}
