import EMIP
import JournalFormat
import JournalStore
import Testing

@testable import Projections

@Suite struct SessionFindingsTests {
  @Test func `what cannot be read of an authorisation decides nothing, and is found once a session`() async throws {
    let script = try SessionsScript()
    for (id, value) in [("1", "yes"), ("2", "1")] {
      try await script.journal.exchange(
        "GetServiceAuthorisation", at: Int64(id)! * 1_000, operator: SessionsScript.cpo,
        "<EVSEId>FR*C01*E1</EVSEId><requestedServiceId>charge</requestedServiceId><partnerServiceSessionId>X\(id)</partnerServiceSessionId>",
        answer: .response(
          "<authorisationValue>\(value)</authorisationValue><serviceSessionId>S\(id)</serviceSessionId><requestStatus>1</requestStatus>"))
    }
    let session = try script.session("S1")
    #expect(session.rules == ["session-value-unreadable"])
    #expect(session.authorisation?.result == .notObtained)
    #expect(session.authorisation?.unreadable["authorisationValue"] == "yes")
    #expect(session.summary.findings[0].sentence == "The message has requestedServiceId \"charge\", which cannot be read.")
    #expect(try script.session("S2").authorisation?.result == .authorised)
    #expect(try script.session("S2").rules == ["session-value-unreadable"])
  }

  private static let hour: Int64 = 3_600_000

  @Test func `a final record is overdue after three days, and not a moment before`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    // Authorised when the answer came, 50 ms later.
    try await script.heartBeat(at: 72 * Self.hour + 49)
    #expect(try script.session("S1").rules == [])
    try await script.heartBeat(at: 72 * Self.hour + 50)
    #expect(try script.session("S1").rules == ["authorised-without-cdr"])
    #expect(try script.session("S1").summary.findings.first?.position == JournalPosition(5))
    #expect(try script.session("S1", asOf: JournalPosition(4)).rules == [])
    try await script.record("S1", "X1", at: 80 * Self.hour, status: 10_304)
    #expect(try script.session("S1").rules == ["authorised-without-cdr"])
    try await script.record("S1", "X1", at: 81 * Self.hour)
    #expect(try script.session("S1").rules == [])
    #expect(try script.session("S1", asOf: JournalPosition(7)).rules == ["authorised-without-cdr"])
  }

  @Test func `after a stop that was accepted a charge ends within a quarter of an hour`() async throws {
    func rules(nature: Int = 1, status: Int = 1, _ end: (SessionsScript) async throws -> Void = { _ in }) async throws -> [String] {
      let script = try SessionsScript()
      try await script.get("X1", at: 0, session: "S1")
      for direction in [Direction.toIOP, .fromIOP] {
        try await script.journal.exchange(
          "SetSessionActionRequest", direction, at: 600_000, operator: SessionsScript.eMSP, target: SessionsScript.cpo,
          "<serviceSessionId>S1</serviceSessionId><sessionAction><sessionActionNature>\(nature)</sessionActionNature></sessionAction>",
          answer: .response("<requestStatus>\(status)</requestStatus>"))
      }
      try await end(script)
      try await script.heartBeat(at: 1_500_000)
      #expect(try script.session("S1").rules == [])
      try await script.heartBeat(at: 1_500_001)
      #expect(try script.journal.forgetsNothing(SessionProjection.self))
      return try script.session("S1").rules
    }
    for nature in [0, 1] { #expect(try await rules(nature: nature) == ["session-action-unheeded"]) }
    #expect(try await rules(nature: 2) == [])
    #expect(try await rules(status: 10_503) == [])
    for nature in [0, 1, 12] { #expect(try await rules { try await $0.event(nature, "S1", "X1", at: 1_500_000) } == []) }
    #expect(try await rules { try await $0.event(2, "S1", "X1", at: 1_500_000) } == ["session-action-unheeded"])
    #expect(try await rules { try await $0.record("S1", "X1", at: 1_500_000) } == [])
    #expect(try await rules { try await $0.record("S1", "X1", at: 1_500_000, nature: "2") } == ["session-action-unheeded"])
  }

  @Test func `a session with its record, and one that was refused, is never overdue`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    try await script.record("S1", "X1", at: Self.hour)
    try await script.get("X2", at: 2 * Self.hour, session: "S2", value: 2)
    try await script.heartBeat(at: 100 * Self.hour)
    #expect(try script.all().allSatisfy { $0.findings.isEmpty })
  }

  @Test func `a record that nobody authorised is told until somebody did`() async throws {
    let script = try SessionsScript()
    try await script.record(nil, "X1", at: 0, nature: "2")
    #expect(try script.session("X1").rules == [])
    try await script.record(nil, "X1", at: 1_000)
    #expect(try script.session("X1").rules == ["cdr-without-authorisation"])
    #expect(try script.session("X1").summary.start == .whiteList)
    try await script.get("X1", at: 2_000, session: "S1")
    #expect(try script.session("X1").rules == [])
  }

  @Test(arguments: [(1, []), (2, ["cdr-without-authorisation"])])
  func `the white list in force when it began has the last word`(authorisation: Int, expected: [String]) async throws {
    let script = try SessionsScript()
    try await script.journal.upload([.insert(SessionsScript.badge, authorisation)], at: 0, of: SessionsScript.eMSP)
    try await script.record(nil, "X1", at: 2 * Self.hour)
    let whiteLists = WhiteListJudgement(
      try script.journal.model(WhiteListProjection.self).snapshot(), try JournalReader(script.journal.directory))
    let sessions = SessionQuestions(
      try script.journal.model(SessionProjection.self).snapshot(), try JournalReader(script.journal.directory), asOf: nil,
      whiteLists: whiteLists)
    #expect(try sessions.sessions(withId: "X1")[0].rules == expected)
  }

  @Test func `a charge in spite of a refusal`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1", value: 2)
    try await script.record("S1", "X1", at: 1_000)
    try await script.record("S1", "X1", at: 2_000)
    #expect(try script.session("S1").rules == ["cdr-refused-authorisation"])
  }

  @Test(arguments: [(Int64(44), false, []), (45, false, ["cdr-intermediate-missing"]), (90, true, [])])
  func `intermediate records that were asked for`(minutes: Int64, isSent: Bool, expected: [String]) async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1", intermediate: true)
    if isSent { try await script.record("S1", "X1", at: 900_000, nature: "2", minutes: 15) }
    try await script.record("S1", "X1", at: 8_000_000, minutes: minutes)
    #expect(try script.session("S1").rules == expected)
  }

  @Test(arguments: [("31000", []), ("31000.000", []), ("31000.001", ["cdr-meter-limit-exceeded"]), ("31845", ["cdr-meter-limit-exceeded"])])
  func `more than the limit`(wattHours: String, expected: [String]) async throws {
    let script = try SessionsScript()
    let limit = "<meterReport><meterTypeId>2</meterTypeId><meterValue>31000</meterValue><meterUnit>Wh</meterUnit></meterReport>"
    try await script.get("X1", at: 0, session: "S1", limits: "<meterLimitList>\(limit)</meterLimitList>")
    try await script.record("S1", "X1", at: 1_000, wattHours: wattHours)
    let session = try script.session("S1")
    try #require(session.rules == expected)
    if wattHours == "31845" {
      #expect(session.summary.findings[0].sentence == "31845 Wh were charged; the limit was 31000 Wh.")
      #expect(session.authorisation?.meterLimits.first?.value == "31000")
    }
  }

  @Test func `an alias that is the contract itself`() async throws {
    let script = try SessionsScript()
    let alias = "<userContractIdAlias>FRMS1C12345678</userContractIdAlias>"
    try await script.record("S1", "X1", at: 0, nature: "2", user: SessionsScript.user("FR-MS1-C12345678", type: "eMA") + alias)
    #expect(try script.session("S1").rules == ["cdr-raw-contract"])
    let other = SessionsScript.user("FR-MS1-C87654321", type: "eMA")
    try await script.record("S2", "X2", at: 1_000, nature: "2", user: other + alias)
    #expect(try script.session("S2").rules == [])
  }

  @Test func `another EVSE than before`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    try await script.event(3, "S1", "X1", at: 1_000)
    try await script.record("S1", "X1", at: 2_000, nature: "2", evse: "frc01e1")
    #expect(try script.session("S1").rules == [])
    try await script.record("S1", "X1", at: 3_000, evse: "FR*C01*E2")
    #expect(try script.session("S1").rules == ["session-facts-conflict"])
    #expect(
      try script.session("S1").summary.findings[0].sentence
        == "A message names the EVSE FR*C01*E2, and an earlier one of the session FR*C01*E1.")
  }

  @Test(arguments: [(0, true), (1, true), (2, false)])
  func `a stop that was accepted and not heeded is found after fifteen minutes`(nature: Int, isStop: Bool) async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    try await script.action(nature, "S1", "X1", at: 1_000)
    try await script.heartBeat(at: 15 * 60_000 + 1_000)
    #expect(try script.session("S1").rules == [])
    try await script.heartBeat(at: 15 * 60_000 + 1_001)
    #expect(try script.session("S1").rules == (isStop ? ["session-action-unheeded"] : []))
    try await script.record("S1", "X1", at: Self.hour)
    #expect(try script.session("S1").rules == (isStop ? ["session-action-unheeded"] : []))
    // It had ended in time, and the event is recorded late.
    try await script.event(12, "S1", "X1", at: 5 * 60_000)
    #expect(try script.session("S1").rules == [])
  }

  @Test func `a stop that was turned down, or that an end or a final record follows, is heeded`() async throws {
    let script = try SessionsScript()
    for number in 0..<3 as Range<Int64> {
      try await script.get("X\(number)", at: number, session: "S\(number)")
      try await script.action(1, "S\(number)", "X\(number)", at: 1_000 + number, status: number == 0 ? 10_503 : 1)
    }
    try await script.event(1, "S1", "X1", at: 14 * 60_000)
    try await script.record("S2", "X2", at: 15 * 60_000)
    try await script.heartBeat(at: Self.hour)
    #expect(try script.all().allSatisfy { $0.findings.isEmpty })
  }

  // MARK: Lists

  @Test func `a list is filtered by what was true as of then`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, session: "S1")
    try await script.get("X2", at: 60_000, evse: "FR*C01*E2", user: SessionsScript.user("FR-MS1-C12345678", type: "eMA"), session: "S2")
    try await script.record("S1", "X1", at: 1_800_000)
    func ids(_ position: JournalPosition? = nil, _ change: (inout SessionFilter) -> Void) throws -> [String?] {
      var filter = SessionFilter()
      change(&filter)
      return try script.all(filter, asOf: position).map(\.serviceSessionId)
    }
    #expect(try ids { $0.state = .authorised } == ["S2"])
    #expect(try ids(JournalPosition(4)) { $0.state = .authorised } == ["S1", "S2"])
    #expect(try ids(JournalPosition(2)) { _ in } == ["S1"])
    #expect(try ids { $0.isReversed = true } == ["S2", "S1"])
    #expect(try ids { $0.evse = "frc01e2" } == ["S2"])
    #expect(try ids { $0.evse = "FR*C01*E3" } == [])
    #expect(try ids { $0.operator = "FRMS1" } == ["S1", "S2"])
    #expect(try ids { $0.user = "04:a1:b2:c3" } == ["S1"])
    #expect(try ids { $0.user = "frms1c12345678" } == ["S2"])
    #expect(try ids { $0.since = ScriptedJournal.moment(1) } == ["S2"])
    #expect(try ids { $0.until = ScriptedJournal.moment(60_000) } == ["S1"])
    #expect(try ids { $0.finding = "cdr-raw-contract" } == [])
  }
}
