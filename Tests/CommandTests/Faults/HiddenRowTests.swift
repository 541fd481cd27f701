import Foundation
import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

/// Pages that hide what stands behind them, and files that are others: what is found is no longer all that there is, and nothing passes for it.
@Suite struct HiddenRowTests {
  private static let exchangeCount = 600

  /// A journal of one segment that is written to, each exchange a row.
  private func journal(_ count: Int = exchangeCount) async throws -> SampleJournal {
    try await SampleJournal((1...count).map { Sample(transactionId: "T-\($0)") })
  }

  /// Takes the rows from one on from the leaf that holds the last entries, as a flipped bit in its bounds does: some remain on it.
  /// - Returns: whether there was one that ended at the positions.
  private func hideRows(endingIn positions: Range<UInt64>, in path: String) throws -> Bool {
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    func word(_ offset: Int) -> Int { Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 }
    for page in stride(from: 8_192, to: bytes.count, by: 4_096) where word(page + 10) == 0x02 {
      let slots = (word(page + 12) - 16) / 2
      guard slots > 2 else { continue }
      for slot in 1..<slots {
        let node = page + word(page + 16 + 2 * slot)
        guard node + 12 <= page + 4_096, word(node + 6) == 4 else { continue }
        let place = bytes[node + 8..<node + 12].reduce(0) { $0 << 8 | UInt64($1) }
        guard positions.contains(place + 1) else { continue }
        bytes[page + 12] = UInt8((16 + 2 * slot) & 0xff)
        bytes[page + 13] = UInt8((16 + 2 * slot) >> 8)
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.write(contentsOf: bytes)
        try handle.close()
        return true
      }
    }
    return false
  }

  @Test func `what finds something does not pass for all where a page may hide more`() async throws {
    let journal = try await journal()
    let end = UInt64(2 * Self.exchangeCount)
    let questions = [["find", "S-1"], ["list"], ["list", "--user", "04A1B2C3"], ["export"], ["stats"], ["sessions"]]
    for question in questions { #expect(try journal.run(question).status == 0, "\(question)") }
    let before = try journal.run("cdrs", "--totals")
    try #require(try hideRows(endingIn: end - 400..<end - 2, in: try journal.segmentPath))
    for question in questions.dropLast() {
      let answer = try journal.run(question)
      #expect(answer.status == 65 && !answer.text.isEmpty, "\(question): \(answer.status) \(answer.errors)")
      #expect(answer.errors.contains(try journal.segmentPath), "\(question): \(answer.errors)")
    }
    // What is found by its own id needs no more.
    #expect(try journal.run("show", "T-3").status == 0)
    // No read model is made of what is left, in place of what it was.
    let again = try journal.run("cdrs", "--totals")
    #expect(again.status == 65 && again.errors.contains("segment.damaged") || again.text == before.text, "\(again.text) \(again.errors)")
    #expect(try journal.run("projection", "rebuild").status == 65)
    #expect(try journal.run("projection", "rebuild", "--over-damage").status == 0)
  }

  @Test func `a file of another journal, or of another segment, answers nothing`() async throws {
    let (one, other) = (try await journal(4), try await SampleJournal((1...4).map { Sample(transactionId: "U-\($0)") }))
    let (path, foreign) = (try one.segmentPath, try other.segmentPath)
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(atPath: foreign, toPath: path)
    for question in [["show", "--position", "1"], ["find", "S-1"], ["list"], ["export"], ["sessions"], ["stats"]] {
      let answer = try one.run(question)
      #expect(answer.status == 65 && !answer.text.contains("U-1"), "\(question): \(answer.text) \(answer.errors)")
      #expect(answer.errors.contains("another journal") && answer.errors.contains(path), "\(question): \(answer.errors)")
    }
    let verify = try one.run("verify")
    #expect(verify.status == 1 && verify.text.contains("another journal"), "\(verify.text)")
    // Nor is anything recorded into it.
    let error = #expect(throws: JournalError.self) { try one.unsealingJournal() }
    #expect(error?.code == .segmentDamaged)
  }

  @Test func `keys of another table make nobody look for thousands of millions of entries`() async throws {
    let sample = try await SampleJournal()
    try sample.importUnsealed(try FaultTraffic.simulated(exchanges: 400, seed: 5, days: 45))
    try #require(try sample.run("seal").status == 0)
    let path = try sample.segmentPath
    let sound = [UInt8](try Data(contentsOf: URL(filePath: path)))
    func word(_ offset: Int) -> Int { Int(sound[offset]) | Int(sound[offset + 1]) << 8 }
    let leaves = stride(from: 8_192, to: sound.count, by: 4_096).filter { word($0 + 10) == 0x02 }
    /// The number that the first key of a leaf begins with.
    func number(_ leaf: Int) -> UInt32 { sound[(leaf + word(leaf + 16) + 8)...].prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
    let greatest = try #require(leaves.max { number($0) < number($1) })
    // It takes the place of each other in turn, and so that of the last entries.
    for target in leaves where target != greatest {
      var bytes = sound
      bytes.replaceSubrange(target..<target + 4_096, with: sound[greatest..<greatest + 4_096])
      try Data(bytes).write(to: URL(filePath: path))
      let verify = try Command.run(
        ["-k", "5", "60", Command.path, "verify", "--journal", sample.directory.path], executable: "/usr/bin/timeout")
      // Nobody reads a page that is not in use.
      #expect([0, 1].contains(verify.status), "\(greatest) to \(target): \(verify.status)")
    }
    #expect(leaves.count > 8)
  }

  @Test func `projection status tells of each read model, and names those that are damaged`() async throws {
    let journal = try await journal(4)
    for question in ["sessions", "evses", "partners"] { try #require(try journal.run(question).status == 0) }
    let names = try FileManager.default.contentsOfDirectory(atPath: journal.directory.path + "/read-models")
    let files = names.filter { $0.hasPrefix("evse-") || $0.hasPrefix("partners-") }.filter { $0.hasSuffix(".mdb") }
    #expect(files.count == 2)
    // Cut off in the midst, and to nothing.
    for (file, size) in zip(files.sorted(), [12_288, 0]) {
      let handle = try FileHandle(forWritingTo: URL(filePath: journal.directory.path + "/read-models/" + file))
      try handle.truncate(atOffset: UInt64(size))
      try handle.close()
    }
    let status = try journal.run("projection", "status")
    #expect(status.status == 65 && files.allSatisfy { status.errors.contains($0) }, "\(status.errors)")
    #expect(
      status.lines.filter { $0.contains("DAMAGED") }.count == 2 && status.lines.contains { $0.hasPrefix("sessions") && $0.contains("8") })
    let rows = try #require(
      try JSONSerialization.jsonObject(with: Data(journal.run("projection", "status", "--format", "json").output)) as? [[String: Any]])
    #expect(rows.count == 6 && rows.filter { $0["damage"] is String }.count == 2)
    for question in ["evses", "partners"] {
      let answer = try journal.run(question)
      #expect(answer.status == 65 && answer.errors.contains("model.damaged"), "\(answer.errors)")
    }
    #expect(try journal.run("verify").status == 1)
    #expect(try journal.run("projection", "rebuild").status == 0)
    #expect(try journal.run("evses").status == 0)
  }
}
