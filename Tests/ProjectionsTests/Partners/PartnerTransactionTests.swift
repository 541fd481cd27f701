import JournalFormat
import JournalStore
import Testing

@testable import Projections

/// A transactionId is to be unique to its client (guide 5.4.1).
@Suite struct PartnerTransactionTests {
  private func findings(_ script: ScriptedJournal) throws -> [ReportedFinding] {
    let rows = try script.model(PartnerProjection.self).snapshot()
    return try PartnerQuestions(rows, asOf: nil).findings().filter { $0.rule.id == "transaction-id-reused" }
  }

  @Test func `an id that comes again with other bytes is found, and the same bytes are not`() async throws {
    let script = try ScriptedJournal()
    try await script.exchange("HeartBeat", at: 0, transaction: "T")
    try await script.exchange("HeartBeat", at: 60_000, transaction: "T")
    #expect(try findings(script).isEmpty)
    try await script.exchange("HeartBeat", at: 120_000, transaction: "T", "<other>1</other>")
    let found = try findings(script)
    #expect(found.map(\.position) == [JournalPosition(5)] && found.map(\.subject) == ["T"])
    #expect(
      found.first?.sentence == "The request at position 5 has the transactionId of that at position 3, by the same client, and other bytes."
    )
  }

  @Test func `each client has its own ids, and so has each leg`() async throws {
    let script = try ScriptedJournal()
    try await script.exchange("HeartBeat", at: 0, transaction: "T")
    try await script.exchange("HeartBeat", at: 1_000, operator: "DE*C02", transaction: "T", "<other>1</other>")
    try await script.exchange("HeartBeat", .fromIOP, at: 2_000, target: "FR*MS1", transaction: "T", "<other>2</other>")
    try await script.exchange("HeartBeat", at: 3_000, transaction: "T", leg: .backEndGateway, "<other>3</other>")
    #expect(try findings(script).isEmpty)
  }

  @Test func `what is remembered of ids stands in the rows`() async throws {
    let script = try ScriptedJournal()
    for number in 0..<300 as Range<Int64> {
      try await script.exchange("HeartBeat", at: number * 1_000, transaction: "T-\(number % 250)", "<other>\(number)</other>")
    }
    #expect(try findings(script).count == 50)
    #expect(try script.forgetsNothing(PartnerProjection.self))
  }
}
