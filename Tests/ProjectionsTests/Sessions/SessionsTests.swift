import EMIP
import JournalFormat
import JournalStore
import Testing

@testable import Projections

@Suite struct SessionsTests {
  // MARK: Ids

  @Test func `a badge session is one, by each of its ids`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1", answer: .pending)
    try await script.asked("S1", at: 10, sale: "Y1")
    try await script.journal.answer(
      .response("<requestStatus>1</requestStatus><authorisationValue>1</authorisationValue><serviceSessionId>S1</serviceSessionId>"),
      to: JournalPosition(1), "GetServiceAuthorisation", .toIOP, at: 90, transaction: "T-0-GetServiceAuthorisation")
    try await script.event(3, "S1", "X1", at: 5_000)
    try await script.record(nil, "X1", at: 2_000_000)
    try await script.record("S1", "X1", sale: "Y1", at: 2_001_000, .fromIOP)
    for id in ["S1", "X1", "Y1"] {
      let session = try script.session(id)
      #expect(session.positions == [1, 2, 5, 7, 9])
      #expect(session.summary.serviceSessionId == "S1")
      #expect(session.summary.execPartnerSessionId == "X1")
      #expect(session.summary.salePartnerSessionId == "Y1")
      #expect(session.summary.execOperatorId == "FR*C01")
      #expect(session.summary.saleOperatorId == "FR*MS1")
      #expect(session.summary.evseId == "FR*C01*E1")
      #expect(session.summary.state == .finalCDRReceived)
      #expect(session.summary.start == .badge)
      #expect(session.rules == [])
    }
    #expect(try script.all().count == 1)
  }

  @Test func `the record may come before everything else`() async throws {
    let script = try SessionsScript()
    try await script.record("S1", "X1", at: 0)
    try await script.event(3, "S1", "X1", at: 1_000, dated: -3_000_000)
    try await script.asked("S1", at: 2_000, sale: "Y1")
    try await script.get("X1", at: 3_000, session: "S1")
    let session = try script.session("Y1")
    #expect(session.positions == [1, 3, 5, 7])
    #expect(session.summary.state == .finalCDRReceived)
  }

  @Test func `the same id of two operators names two sessions`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    try await script.get("X1", at: 1_000, operator: "DE*C02", evse: "DE*C02*E1", session: "S2")
    #expect(try script.sessions().sessions(withId: "X1").map(\.positions) == [[1], [3]])
    #expect(try script.session("S2").positions == [3])
  }

  @Test func `a question whose user it is opens no session`() async throws {
    let script = try SessionsScript()
    try await script.asked("S1", at: 0, service: 0, sale: "Y9")
    #expect(try script.all().isEmpty)
    try await script.asked("S1", at: 1_000, sale: "Y1")
    #expect(try script.session("S1").positions == [3])
    #expect(try script.sessions().sessions(withId: "Y9").isEmpty)
  }

  @Test func `an authorisation without any id is known by what its answer names`() async throws {
    let script = try SessionsScript()
    try await script.get(nil, at: 0, session: "S1")
    try await script.get(nil, at: 100, evse: "FR*C01*E2", session: "S2")
    #expect(try script.session("S1").positions == [1])
    #expect(try script.session("S2").positions == [3])
    #expect(try script.all().count == 2)
  }

  // MARK: Merging

  @Test func `two sessions that a message links are one from then on, and two before`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, answer: .lost)
    try await script.event(3, "S1", at: 600_000)
    #expect(try script.all().count == 2)
    let link = try await script.record("S1", "X1", at: 1_200_000)
    let session = try script.session("X1")
    #expect(session.positions == [1, 3, 5])
    #expect(try script.all().count == 1)
    #expect(session.summary.number == 0)
    let before = JournalPosition(link.rawValue - 1)
    #expect(try script.session("X1", asOf: before).positions == [1])
    #expect(try script.session("S1", asOf: before).positions == [3])
    #expect(try script.all(asOf: before).count == 2)
  }

  @Test func `an id that has a session of another platform id contradicts`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    try await script.get("X2", at: 1_000, session: "S2")
    try await script.record("S2", "X1", at: 1_800_000)
    #expect(try script.session("S1").positions == [1])
    #expect(try script.session("S2").positions == [3, 5])
    #expect(try script.session("S2").rules == ["session-id-conflict"])
    // The same once more is the same.
    try await script.record("S2", "X1", at: 1_900_000)
    #expect(try script.session("S2").rules == ["session-id-conflict"])
    #expect(try script.session("S1").rules == ["session-id-conflict"])
  }

  @Test func `a second id of the same CPO contradicts`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    try await script.event(3, "S1", "X1", at: 1_000)
    #expect(try script.session("S1").rules == [])
    try await script.event(12, "S1", "X2", at: 2_000)
    #expect(try script.session("S1").rules == ["session-id-conflict"])
  }

  @Test func `a CPO may use an id again after a long time`() async throws {
    let day: Int64 = 86_400_000
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    try await script.record("S1", "X1", at: 1_800_000)
    try await script.get("X1", at: 31 * day, session: "S2")
    try await script.record("S2", "X1", at: 31 * day + 1_800_000)
    #expect(try script.session("S2").rules == [])
    #expect(try script.session("S1").positions == [1, 3])
  }

  // MARK: Inferences

  @Test func `a question to the eMSP is probably of the CPO's session at the same EVSE`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1", answer: .pending)
    try await script.asked("S1", at: 20, sale: "Y1")
    let inferred = try script.session("X1")
    #expect(inferred.positions == [1, 2])
    #expect(inferred.steps.map(\.isInferred) == [false, true])
    #expect(try script.all().count == 1)
    // The CPO's own id proves it.
    try await script.record("S1", "X1", at: 1_800_000)
    #expect(try script.session("X1").steps.map(\.isInferred) == [false, false, false])
  }

  @Test func `an inference that was wrong is taken back`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, answer: .pending)
    try await script.asked("S1", at: 20, sale: "Y1")
    #expect(try script.session("X1").positions == [1, 2])
    try await script.event(3, "S2", "X1", at: 5_000)
    #expect(try script.session("X1").positions == [1, 4])
    #expect(try script.session("S1").positions == [2])
    #expect(try script.session("S1").rules == [])
    #expect(try script.session("X1", asOf: JournalPosition(3)).positions == [1, 2])
  }

  // MARK: State

  @Test func `the answer decides`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1", value: 2)
    try await script.get("X2", at: 1_000, session: "S2", value: nil, status: 10_201)
    try await script.get("X3", at: 2_000, session: "S3", value: 1, status: 10_210)
    try await script.get("X4", at: 3_000, answer: .fault)
    try await script.get("X5", at: 4_000, answer: .lost)
    try await script.get("X6", at: 5_000, answer: .pending)
    try await script.get("X7", at: 6_000, session: "S7")
    let expected: [(SessionState, AuthorisationResult)] = [
      (.refused, .refused), (.refused, .refused), (.requested, .notObtained), (.requested, .notObtained), (.requested, .notObtained),
      (.requested, .pending), (.authorised, .authorised),
    ]
    for (index, (state, result)) in expected.enumerated() {
      let session = try script.session("X\(index + 1)")
      #expect(session.summary.state == state)
      #expect(session.authorisation?.result == result)
    }
  }

  @Test func `events count by their own dates`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    // An emergency stop first, as has been seen.
    try await script.event(0, "S1", at: 1_000)
    #expect(try script.session("S1").summary.state == .ended)
    try await script.event(3, "S1", at: 2_000)
    #expect(try script.session("S1").summary.state == .started)
    try await script.event(13, "S1", at: 3_000)
    #expect(try script.session("S1").summary.state == .started)
    try await script.event(12, "S1", at: 60_000)
    // It comes late.
    try await script.event(2, "S1", at: 70_000, dated: 30_000)
    let session = try script.session("S1")
    #expect(session.summary.state == .ended)
    #expect(session.startedAt == ScriptedJournal.moment(2_000))
    #expect(session.endedAt == ScriptedJournal.moment(60_000))
    guard case .event(_, isLate: true) = session.steps.last?.content else {
      Issue.record("the last event is late")
      return
    }
  }

  @Test func `an event that is dated ahead counts from when it was sent`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    try await script.event(2, "S1", at: 1_000, dated: 3_601_000)
    try await script.event(3, "S1", at: 2_000)
    let session = try script.session("S1")
    #expect(session.summary.state == .started)
    #expect(session.startedAt == ScriptedJournal.moment(2_000))
    guard case .event(_, isLate: false) = session.steps.last?.content else {
      Issue.record("the last event is not late")
      return
    }
  }

  @Test func `a final record that is turned down is none`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    try await script.record("S1", "X1", at: 1_000, nature: "2")
    #expect(try script.session("S1").summary.state == .started)
    let rejected = try await script.record("S1", "X1", at: 2_000, status: 10_304)
    #expect(try script.session("S1").summary.state == .started)
    #expect(try script.session("S1", asOf: rejected).summary.state == .finalCDRReceived)
    try await script.record("S1", "X1", at: 3_000, answer: .lost)
    #expect(try script.session("S1").summary.state == .finalCDRReceived)
  }

  @Test func `a late answer beats the failure before it`() async throws {
    let script = try SessionsScript()
    let request = try await script.get("X1", at: 0, answer: .lost)
    #expect(try script.session("X1").summary.state == .requested)
    try await script.journal.answer(
      .response("<requestStatus>1</requestStatus><authorisationValue>1</authorisationValue><serviceSessionId>S1</serviceSessionId>"),
      to: request, "GetServiceAuthorisation", .toIOP, at: 40_000, transaction: "T-0-GetServiceAuthorisation")
    #expect(try script.session("S1").summary.state == .authorised)
    #expect(try script.session("X1", asOf: JournalPosition(2)).authorisation?.result == .notObtained)
  }
}
