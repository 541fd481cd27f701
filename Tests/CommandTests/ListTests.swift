import Foundation
import JournalFormat
import JournalStore
import Testing

@Suite struct ListTests {
  static let samples = [
    Sample(operation: "GetServiceAuthorisation", transactionId: "T-1", observedAt: "2025-03-01T10:00:00Z"),
    Sample(transactionId: "T-2", evse: "FR*C01*E9", user: "FFFFFFFF", requestStatus: 10_201, observedAt: "2025-03-01T11:00:00Z"),
    Sample(transactionId: "T-3", caller: "DE*ABC", isLost: true, observedAt: "2025-03-31T12:00:00Z"),
    Sample(transactionId: "T-4", faultReason: "broken", observedAt: "2025-04-01T10:00:00Z"),
    Sample(direction: .fromIOP, transactionId: "T-5", requestStatus: 201, observedAt: "2025-04-02T10:00:00Z"),
  ]

  private func transactions(_ result: CommandResult) throws -> [String] {
    try result.objects().map { exchange in
      let request = exchange["request"] as? [String: Any]
      return (request?["identifiers"] as? [String: [String]])?["transactionId"]?.first ?? "?"
    }
  }

  static let filters: [([String], String)] = [
    (["--since", "2025-03-01 11:00"], "2345"), (["--until", "2025-04-01"], "123"),
    (["--since", "2025-03-01", "--until", "2025-03-02"], "12"),
    (["--operation", "getserviceauthorisation"], "1"), (["--operation", "SetChargeDetailRecord"], "2345"),
    (["--operation", "eMIP_ToIOP_GetServiceAuthorisationRequest"], "1"), (["--direction", "fromiop"], "5"),
    (["--operator", "de-abc"], "3"),
    (["--partner", "DEABC"], "3"), (["--evse", "frc01e9"], "2"), (["--user", "ffffffff"], "2"), (["--outcome", "ok"], "1"),
    (["--outcome", "error"], "2"), (["--outcome", "lost"], "3"), (["--outcome", "fault"], "4"), (["--outcome", "warning"], "5"),
    (["--outcome", "refused"], ""), (["--operation", "NoSuchThing"], ""), (["--reverse"], "54321"), (["--reverse", "--limit", "2"], "54"),
    (["--since", "1h"], ""), (["--evse", "FR*C01*E9", "--outcome", "ok"], ""),
  ]

  @Test(arguments: filters)
  func `filters let through what they say`(options: [String], expected: String) async throws {
    let journal = try await SampleJournal(Self.samples)
    let result = try journal.run(["list", "--format", "ndjson"] + options)
    #expect(result.status == 0)
    #expect(try transactions(result) == expected.map { "T-\($0)" })
  }

  @Test func `the cursor goes on where the limit cut`() async throws {
    let journal = try await SampleJournal(Self.samples)
    for order in [[], ["--reverse"]] {
      var seen: [String] = []
      var cursor: [String] = []
      for _ in 0..<3 {
        let result = try journal.run(["list", "--limit", "2", "--format", "ndjson"] + order + cursor)
        seen += try transactions(result)
        cursor = result.errors.firstMatch(of: /--after (\d+)/).map { ["--after", String($0.output.1)] } ?? []
      }
      #expect(seen == (order.isEmpty ? ["T-1", "T-2", "T-3", "T-4", "T-5"] : ["T-5", "T-4", "T-3", "T-2", "T-1"]))
    }
  }

  @Test func `bodies are left out unless asked for`() async throws {
    let journal = try await SampleJournal(Self.samples)
    #expect(!(try journal.run("list", "--format", "ndjson").text.contains("\"body\"")))
    let first = try #require(try journal.run("list", "--format", "ndjson", "--bodies").objects().first)
    #expect((first["request"] as? [String: Any])?["body"] as? String == Self.samples[0].request)
    #expect(Set(first.keys) == ShowTests.keys)
  }

  @Test func `json is one document, also when it is empty`() async throws {
    let journal = try await SampleJournal(Self.samples)
    #expect((try journal.run("list", "--format", "json").object()["exchanges"] as? [Any])?.count == 5)
    #expect((try journal.run("list", "--format", "json", "--outcome", "refused").object()["exchanges"] as? [Any])?.isEmpty == true)
  }

  @Test func `text is one aligned line an exchange`() async throws {
    let lines = try await SampleJournal(Self.samples).run("list").lines
    #expect(lines.count == 5)
    #expect(lines[1].hasPrefix("  3 2025-03-01 11:00:00.000 → SetChargeDetailRecord "))
    #expect(lines[1].contains("error 10201") && lines[1].hasSuffix(" 42 ms"))
    #expect(Set(lines.map { $0.count }).count == 1)
    #expect(lines[4].contains("←"))
  }
}
