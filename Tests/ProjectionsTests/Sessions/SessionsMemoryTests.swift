import JournalFormat
import JournalStore
import Testing

@testable import Projections

@Suite struct SessionsMemoryTests {
  /// Whatever the projection remembers, it must be what the rows say.
  @Test(arguments: [2, 24 * 20 as Int64])
  func `a projection that is thrown away between any two entries leaves the rows of one that lives`(longestPause: Int64) async throws {
    var traffic = try SessionsTraffic()
    try await traffic.write(110, longestPause: longestPause)
    let directory = traffic.script.journal.directory
    let last = try #require(try JournalReader(directory).lastPosition())
    var cut: [[String]] = []
    for position in 1...last.rawValue {
      let runner = try ProjectionRunner(directory, projections: [SessionProjection.self], purpose: "test")
      defer { runner.close() }
      _ = try runner.advance(runner.models, to: JournalPosition(position + 1))
      cut.append(try SessionQuestions(runner.models[0].snapshot(), JournalReader(directory), asOf: nil).lines())
    }
    let runner = try ProjectionRunner(directory, projections: [SessionProjection.self], purpose: "test")
    #expect(try runner.verify("sessions").isSame, "seed \(traffic.seed)")
    // What was known then is what a journal that ends there tells.
    let sessions = SessionQuestions(try runner.models[0].snapshot(), try JournalReader(directory), asOf: nil)
    for position in 1...last.rawValue {
      let then = try sessions.asked(asOf: JournalPosition(position)).lines()
      #expect(then == cut[Int(position) - 1], "seed \(traffic.seed), as of \(position)")
      if then != cut[Int(position) - 1] { break }
    }
  }

  @Test func `what is used lately is remembered, and never more than twice the limit`() {
    var values = RecentValues<Int, Int>(limit: 4)
    for number in 0..<100 {
      values[number] = -number
      #expect(values[0] == 0)
    }
    #expect((0..<100).count { values[$0] != nil } <= 8)
    values[0] = nil
    #expect(values[0] == nil)
  }

  // MARK: What is of no more use

  @Test func `nothing is awaited of a session that has its record, and nothing is inferred of one that is named`() async throws {
    let script = try SessionsScript()
    for number in 0..<20 as Range<Int64> {
      try await script.get("X\(number)", at: number * 1_000, evse: "FR*C01*E\(number)", session: "S\(number)")
      try await script.get(nil, at: number * 1_000 + 100, evse: "FR*C01*F\(number)", session: "Q\(number)")
      try await script.record("Q\(number)", nil, at: number * 1_000 + 400)
      try await script.record("S\(number)", "X\(number)", at: number * 1_000 + 500)
    }
    let rows = try script.journal.model(SessionProjection.self).rowCounts()
    for table in [SessionTables.awaited.table, SessionTables.unnamed.table] {
      #expect(rows.first { $0.table == table }?.count == 0, "\(table.name)")
    }
  }

  @Test func `what was awaited in vain is given up after three days`() async throws {
    let script = try SessionsScript()
    try await script.get(nil, at: 0, answer: .lost)
    try await script.get("X1", at: 1_000, session: "S1")
    func count() throws -> Int? {
      try script.journal.model(SessionProjection.self).rowCounts().first { $0.table == SessionTables.awaited.table }?.count
    }
    #expect(try count() == 2)
    try await script.heartBeat(at: 72 * SessionsTraffic.hour + 500)
    #expect(try count() == 1)
    try await script.heartBeat(at: 73 * SessionsTraffic.hour)
    #expect(try count() == 0)
  }

  @Test func `an id that was used again leads to both sessions, and to the first alone before`() async throws {
    let script = try SessionsScript()
    let again = 31 * 24 * SessionsTraffic.hour
    try await script.get("X1", at: 0, session: "S1")
    try await script.record("S1", "X1", at: 1_800_000)
    try await script.get("X1", at: again, session: "S2")
    #expect(try script.sessions().sessions(withId: "X1").map(\.summary.serviceSessionId) == ["S1", "S2"])
    #expect(try script.session("X1", asOf: JournalPosition(4)).summary.serviceSessionId == "S1")
  }
}
