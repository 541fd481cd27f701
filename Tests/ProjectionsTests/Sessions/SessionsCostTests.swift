import JournalFormat
import JournalStore
import Testing

@testable import Projections

@Suite struct SessionsCostTests {
  /// What a question as of a position reads, of the rows and of the journal.
  private static func cost(_ script: SessionsScript, _ id: String, asOf position: UInt64) throws -> (rows: Int, entries: Int) {
    let rows = CountedReads(try script.journal.model(SessionProjection.self).snapshot())
    let sessions = SessionQuestions(rows, try JournalReader(script.journal.directory), asOf: JournalPosition(position))
    #expect(try sessions.sessions(withId: id).count == 1)
    return (rows.readCount, sessions.messages.readCount)
  }

  @Test func `a question as of any position reads no more than the session has, however long the journal is`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1", answer: .pending)
    try await script.asked("S1", at: 20, sale: "Y1")
    try await script.event(3, "S1", "X1", at: 5_000)
    try await script.record("S1", "X1", at: 1_800_000)
    let short = try Self.cost(script, "Y1", asOf: 6)
    #expect(short.entries <= 6)
    #expect(short.rows <= 20)
    // Other sessions, of other operators too, and the same session again.
    for number in 1..<60 as Range<Int64> {
      let name = "DE*C\(number % 20)"
      try await script.get("X1", at: 2_000_000 + number, operator: name, evse: "\(name)*E\(number)", session: "Q\(number)")
    }
    for number in 0..<40 as Range<Int64> { try await script.event(1, "S1", "X1", at: 3_000_000 + number) }
    let long = try Self.cost(script, "Y1", asOf: 6)
    #expect(long.entries == short.entries)
    #expect(long.rows == short.rows)
  }
}
