import Foundation
import Testing

/// `partners`: the table, and what machines get.
@Suite struct PartnersCommandTests {
  private static func journal() async throws -> SampleJournal {
    try await SampleJournal([
      Sample(operation: "HeartBeat", transactionId: "T-1", observedAt: "2025-03-01T10:00:00Z"),
      Sample(operation: "HeartBeat", transactionId: "T-2", observedAt: "2025-03-01T10:01:00Z"),
      Sample(transactionId: "T-3", isLost: true, observedAt: "2025-03-01T10:30:00Z"),
      Sample(transactionId: "T-4", caller: "=BAD", requestStatus: 10_304, observedAt: "2025-03-01T10:31:00Z"),
    ])
  }

  @Test func `a line a partner, and as of when`() async throws {
    let result = try await Self.journal().run("partners")
    #expect(result.status == 0, "\(result.errors)")
    let lines = result.lines.map { $0.split(separator: " ").joined(separator: " ") }
    #expect(lines.count == 4)
    #expect(lines[0] == "partner exchanges ok warn error fault refused failed unread lost p50 p99 max >800 late auth >2 >10 offline")
    #expect(lines[1] == "=BAD 1 - - 1 - - - - - 42 42 42 - - - - -")
    #expect(lines[2] == "FR*C01 3 2 - - - - - - 1 42 42 42 - - - - 1, 24 min")
    #expect(lines[3].hasPrefix("as of position 8 (2025-03-01 10:31:00"))
  }

  @Test func `ndjson has every figure, null where nothing is known, and csv no formulas`() async throws {
    let journal = try await Self.journal()
    let rows = try journal.run("partners", "--format", "ndjson", "--partner", "frc01").objects()
    let row = try #require(rows.first)
    #expect(rows.count == 1)
    #expect(row["partner"] as? String == "FR*C01")
    #expect(row["exchanges"] as? Int == 3 && row["ok"] as? Int == 2 && row["lost"] as? Int == 1)
    #expect(row["latencyP99"] as? Int == 42)
    #expect(row["operation"] is NSNull && row["offlineSince"] is NSNull)
    #expect(row["offlineMilliseconds"] as? Int == 1_440_000)
    let silence = try #require((row["offline"] as? [[String: Any]])?.first)
    #expect(silence["from"] as? String == "2025-03-01T10:06:00.000Z" && silence["to"] as? String == "2025-03-01T10:30:00.000Z")
    #expect(silence["position"] as? Int == 5 && silence["lastHeard"] as? String == "2025-03-01T10:01:00.000Z")
    #expect(row["offlineLastHeard"] is NSNull && row["computed"] as? [String] == ["offline.from"])
    let csv = try journal.run("partners", "--format", "csv").text
    #expect(csv.hasPrefix("partner,leg,exchanges,ok,"))
    #expect(csv.contains("\r\n'=BAD,gatewayIOP,1,0,"))
  }

  @Test func `operations, spans and moments narrow the question`() async throws {
    let journal = try await Self.journal()
    func rows(_ arguments: String...) throws -> [String] {
      try journal.run(["partners", "--operations", "--format", "ndjson"] + arguments).objects().map {
        "\($0["partner"] ?? "") \($0["operation"] ?? "") \($0["exchanges"] ?? "") \($0["pending"] ?? "")"
      }
    }
    #expect(try rows() == ["=BAD SetChargeDetailRecord 1 0", "FR*C01 HeartBeat 2 0", "FR*C01 SetChargeDetailRecord 1 0"])
    #expect(try rows("--as-of", "3") == ["FR*C01 HeartBeat 2 1"])
    #expect(try rows("--since", "2025-03-01 10:01", "--until", "2025-03-01 10:02") == ["FR*C01 HeartBeat 1 0"])
    #expect(try rows("--until", "2025-02-01").isEmpty)
  }
}
