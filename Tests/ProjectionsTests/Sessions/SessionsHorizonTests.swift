import JournalFormat
import JournalStore
import Testing

@testable import Projections

@Suite struct SessionsHorizonTests {
  private static let day = 24 * SessionsTraffic.hour

  private static func runner(_ script: SessionsScript) throws -> ProjectionRunner {
    let runner = try ProjectionRunner(script.journal.directory, projections: [SessionProjection.self], purpose: "test")
    try runner.catchUp()
    return runner
  }

  private static func lines(_ runner: ProjectionRunner, _ directory: JournalDirectory) throws -> [String] {
    try SessionQuestions(runner.models[0].snapshot(), JournalReader(directory), asOf: nil).lines()
  }

  @Test func `who is open outlives the messages, by his ids, without his user; who ended long ago is forgotten`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    try await script.event(3, "S1", "X1", at: 1_000)
    try await script.get("X2", at: 2_000, evse: "FR*C01*E2", session: "S2")
    try await script.record("S2", "X2", at: 1_800_000, evse: "FR*C01*E2")
    // The CPO's and the platform's side are one only since the event.
    try await script.get("X3", at: 1_900_000, evse: "FR*C01*E3", answer: .lost)
    try await script.asked("S3", at: 2_000_000, evse: "FR*C01*E4", sale: "Y3")
    try await script.event(11, "S3", "X3", at: 2_100_000)
    try await script.get("X4", at: 2_200_000, evse: "FR*C01*E5", session: "S4", value: 2)
    try await script.get("X5", at: 40 * Self.day, evse: "FR*C01*E6", session: "S5", value: 2)
    let runner = try Self.runner(script)
    let before = try Self.lines(runner, script.journal.directory)
    try #require(before.count == 5)
    try runner.moveHorizon(to: JournalPosition(19))
    // A journal that has nothing of them: all must come from the rows.
    let empty = try ScriptedJournal()
    #expect(try Self.lines(runner, empty.directory) == [before[0], before[2], before[4]])
    let sessions = SessionQuestions(try runner.models[0].snapshot(), try JournalReader(empty.directory), asOf: nil)
    let view = try #require(try sessions.sessions(withId: "X1").first)
    #expect(view.summary.serviceSessionId == "S1")
    #expect(view.goneCount == 2)
    #expect(view.authorisation?.result == .authorised)
    #expect(view.user == nil)
    #expect(try sessions.sessions(withId: "Y3").first?.summary.execPartnerSessionId == "X3")
    #expect(try sessions.sessions(withId: "X2").isEmpty)
    #expect(try sessions.sessions(withId: "X4").isEmpty)
    for row in try OpeningState(runner.models[0]).rows {
      #expect(!String(decoding: row.row.key + row.row.value, as: UTF8.self).contains(SessionsScript.badge))
    }
  }

  @Test func `a record finds the session that its messages are gone of`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    try await script.heartBeat(at: 4 * Self.day)
    let runner = try Self.runner(script)
    try runner.moveHorizon(to: JournalPosition(5))
    try await script.record("S1", "X1", at: 5 * Self.day)
    try runner.catchUp()
    let session = try #require(
      try SessionQuestions(runner.models[0].snapshot(), JournalReader(script.journal.directory), asOf: nil).sessions(withId: "S1").first)
    #expect(session.summary.number == 0)
    #expect(session.summary.state == .finalCDRReceived)
    #expect(session.rules == [])
    #expect(try runner.verify("sessions").isSame)
  }

  @Test(arguments: 0..<2)
  func `wherever the horizon stands, what is known of those that stay is what was known`(run: Int) async throws {
    var traffic = try SessionsTraffic()
    try await traffic.write(60, longestPause: 12)
    let directory = traffic.script.journal.directory
    let horizon = try #require(try JournalReader(directory).lastPosition())
    try await traffic.write(60, longestPause: 12)
    let runner = try Self.runner(traffic.script)
    let reader = try JournalReader(directory)
    // What only a white list can judge goes with its record.
    func known(asOf position: UInt64?) throws -> [String] {
      try SessionQuestions(runner.models[0].snapshot(), reader, asOf: position.map { JournalPosition($0) })
        .lines(without: SessionRules.withoutAuthorisation)
    }
    let positions = Array(stride(from: horizon.rawValue, to: try reader.lastPosition()!.rawValue, by: 7))
    let before = try positions.map { try known(asOf: $0) }
    try runner.moveHorizon(to: horizon.next)
    for (position, lines) in zip(positions, before) {
      let then = try known(asOf: position)
      #expect(then.elements(butNot: lines) == [], "seed \(traffic.seed), horizon \(horizon), as of \(position)")
      #expect(lines.elements(butNot: then) == [], "seed \(traffic.seed), horizon \(horizon), as of \(position)")
      guard then == lines else { break }
    }
    #expect(try runner.verify("sessions").isSame)
    // A second horizon begins with what the first one left.
    let last = try #require(try reader.lastPosition())
    let now = try known(asOf: nil)
    try runner.moveHorizon(to: last.next)
    #expect(try known(asOf: nil) == now, "seed \(traffic.seed), both horizons")
  }
}

extension [String] {
  fileprivate func elements(butNot other: [String]) -> [String] { filter { !other.contains($0) } }
}
