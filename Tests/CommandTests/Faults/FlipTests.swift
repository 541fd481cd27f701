import Foundation
import JournalStore
import TestSupport
import Testing

/// A flipped bit anywhere in the files of a journal: no reader is ended by a signal, and what it says is what it said before, or that it cannot be read.
@Suite struct FlipTests {
  /// More of them where `EMIP_JOURNAL_FLIPS` says so.
  private static let flipCount = ProcessInfo.processInfo.environment["EMIP_JOURNAL_FLIPS"].flatMap(Int.init) ?? 100

  @Test func `no reader is ended by a flipped bit of any file, and none says anything else`() async throws {
    var generator = SeededGenerator("a flipped bit of any file")
    let sample = try await SampleJournal()
    // Two months: one is sealed, one is written to.
    let traffic = try FaultTraffic.simulated(exchanges: 400, seed: generator.next() >> 1, days: 45)
    try sample.importUnsealed(traffic)
    try #require(try sample.run("seal").status == 0)
    let questions = [
      ["cdrs", "--totals", "--format", "json"], ["sessions", "--format", "ndjson"], ["findings", "--format", "ndjson"],
      ["partners", "--format", "json"],
      ["evses", "--format", "json"], ["whitelist", "list", "--format", "ndjson"], ["list", "--format", "ndjson"], ["export"],
      ["stats", "--format", "json"],
      ["verify"], ["projection", "status"], ["show", try transactionId(traffic)],
    ]
    let answers = try questions.map { try sample.run($0) }
    for (question, answer) in zip(questions, answers) { try #require(answer.status == 0, "\(question): \(answer.errors)") }
    let pristine = sample.root + "/pristine"
    try FileManager.default.copyItem(atPath: sample.directory.path, toPath: pristine)
    let files = try FileManager.default.subpathsOfDirectory(atPath: pristine)
      .filter { (FileManager.default.contents(atPath: pristine + "/" + $0)?.count ?? 0) > 0 }.sorted()
    #expect(files.count > 12)
    var told = 0
    for _ in 0..<Self.flipCount {
      let file = files.randomElement(using: &generator)!
      var bytes = try #require(FileManager.default.contents(atPath: pristine + "/" + file))
      // Half of them where a page says how it is made.
      var offset = Int.random(in: 0..<bytes.count, using: &generator)
      if Bool.random(using: &generator) {
        offset = min(bytes.count - 1, offset / 4_096 * 4_096 + Int.random(in: 0..<64, using: &generator))
      }
      bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      try bytes.write(to: URL(filePath: sample.directory.path + "/" + file))
      let number = questions.indices.randomElement(using: &generator)!
      let answer = try sample.run(questions[number])
      let place = "\(file), byte \(offset): \(questions[number]): \(answer.status) \(answer.errors.prefix(300))"
      #expect([0, 65].contains(answer.status) || questions[number] == ["verify"] && answer.status == 1, "\(place)")
      if answer.status == 0 { #expect(answer.output == answers[number].output, "\(place)") } else { told += 1 }
      try FileManager.default.removeItem(atPath: sample.directory.path)
      try FileManager.default.copyItem(atPath: pristine, toPath: sample.directory.path)
    }
    print("flipped bits: \(told) of \(Self.flipCount) were told, the others changed no answer")
    #expect(told > Self.flipCount / 50)
  }

  private func transactionId(_ traffic: FaultTraffic) throws -> String {
    // Some write it as CDATA, or with white space around it.
    let ids = traffic.lines.dropFirst(traffic.lines.count / 2).lazy.compactMap { $0.firstMatch(of: /transactionId>([0-9A-Za-z-]+)</) }
    return String(try #require(ids.first).1)
  }
}
