import Foundation
import JournalFormat
import JournalStore
import Testing

@Suite struct ReportTests {
  @Test func `stats count by kind, operation and outcome`() async throws {
    let journal = try await SampleJournal(ListTests.samples, [refusal("nonsense", at: "2025-04-03T00:00:00Z")])
    let report = try journal.run("stats", "--format", "json").object()
    #expect(report["entries"] as? Int == 11)
    #expect(report["entriesByKind"] as? [String: Int] == ["request": 5, "response": 4, "failure": 1, "refusal": 1])
    #expect(report["exchanges"] as? Int == 6)
    let operations = report["exchangesByOperation"] as? [String: [String: Int]]
    #expect(operations?["SetChargeDetailRecord"] == ["error": 1, "lost": 1, "fault": 1, "warning": 1])
    #expect(operations?["(unknown)"] == ["refused": 1])
    #expect(report["firstObservedAt"] as? String == "2025-03-01T10:00:00.000Z")
    #expect((report["segments"] as? [[String: Any]])?.count == 2)
    #expect(report["bytesPerExchange"] as? Double ?? 0 > 1000)
    #expect(try journal.run("stats").text.contains("exchanges  6"))
  }

  @Test func `an answer that comes after its failure counts as an answer`() async throws {
    let sample = try await SampleJournal([Sample(isLost: true)])
    let journal = try Journal(sample.directory, purpose: "a test")
    _ = try await journal.append(EntryDraft(Sample().answerContent, request: .position(.first)))
    journal.close()
    let report = try sample.run("stats", "--format", "json").object()
    #expect(report["exchangesByOperation"] as? [String: [String: Int]] == ["SetChargeDetailRecord": ["ok": 1]])
  }

  @Test func `export writes every entry, exactly, in order`() async throws {
    let journal = try await SampleJournal(ListTests.samples)
    let entries = try journal.run("export").objects()
    #expect(entries.compactMap { $0["position"] as? Int } == Array(1...10))
    #expect(entries[0]["body"] as? String == ListTests.samples[0].request)
    #expect(entries[1]["exchange"] as? Int == 1)
    #expect(try journal.run("export", "--from", "9").objects().compactMap { $0["position"] as? Int } == [9, 10])
  }

  @Test func `an answer goes with its request whatever its own time`() async throws {
    let journal = try await SampleJournal(ListTests.samples)
    let until = try journal.run("export", "--until", "2025-03-01T10:00:00.001Z").objects()
    #expect(until.compactMap { $0["position"] as? Int } == [1, 2])
    let since = try journal.run("export", "--since", "2025-03-01T10:00:00.001Z", "--until", "2025-04-01").objects()
    #expect(since.compactMap { $0["position"] as? Int } == [3, 4, 5, 6])
  }

  @Test func `an exported file is whole, private and only then named`() async throws {
    let journal = try await SampleJournal(ListTests.samples)
    let path = journal.root + "/entries.ndjson"
    #expect(try journal.run("export", "--output", path).status == 0)
    #expect(try Data(contentsOf: URL(filePath: path)) == Data(journal.run("export").output))
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: journal.root).sorted() == ["entries.ndjson", "journal"])
    #expect(try journal.run("export", "--output", journal.root + "/no/such/place").status == 74)
  }

  @Test func `a backup is a journal with the same entries`() async throws {
    let journal = try await SampleJournal(ListTests.samples)
    let copy = journal.root + "/copy"
    let result = try journal.run("backup", copy)
    #expect(result.status == 0)
    #expect(result.text.hasPrefix("copied entries 1 to 10 in 2 segments"))
    #expect(try Command.run(["verify", "--journal", copy]).status == 0)
    #expect(try Command.run(["export", "--journal", copy]).output == journal.run("export").output)
    #expect(try journal.run("backup", copy).status == 64)
  }

  @Test func `clock is confirmed by who holds the journal`() async throws {
    let sample = try await SampleJournal([Sample()])
    #expect(try sample.run("clock").text.contains("2025-03-01 10:00:00.042"))
    #expect(try sample.run("clock", "--confirm").text.contains("nobody holds"))
    let holder = try Journal(sample.directory, purpose: "a test")
    let result = try sample.run("clock", "--confirm")
    #expect(result.status == 0)
    #expect(result.text.contains("confirmed"))
    holder.close()
  }
}
