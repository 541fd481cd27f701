import EMIP
import JournalFormat
import JournalStore
import TestSupport
import Testing

@testable import Projections

/// The order in which a session's messages arrive is no fact of the session.
@Suite struct SessionsOrderTests {
  private static let minute: Int64 = 60_000

  /// What became of the messages of one session: which there are, and what is odd about it.
  struct Course {
    var isAuthorised = true
    var isLost = false
    var wantsIntermediateRecords = false
    var limit = "31000"
    var hasIntermediateRecord = true
    var wattHours = "5000"
    var evse = SessionsScript.evse
    var recordNamesSession = true
    var eventEVSE: String?
  }

  private static let courses: [Course] = [
    Course(),
    Course(isAuthorised: false),
    Course(isLost: true),
    Course(wantsIntermediateRecords: true, hasIntermediateRecord: false),
    Course(wantsIntermediateRecords: true),
    Course(wattHours: "40000"),
    Course(evse: "FR*C01*E2"),
    Course(evse: "frc01e1"),
    Course(recordNamesSession: false),
    Course(isLost: true, hasIntermediateRecord: false, recordNamesSession: false),
  ]

  /// Writes the messages in an order.
  private static func script(_ course: Course, _ order: [Int]) async throws -> SessionsScript {
    let script = try SessionsScript()
    let limit = "<meterReport><meterTypeId>2</meterTypeId><meterValue>\(course.limit)</meterValue><meterUnit>Wh</meterUnit></meterReport>"
    for message in order {
      switch message {
      case 0:
        try await script.get(
          "X1", at: 0, session: "S1", value: course.isAuthorised ? 1 : 2, intermediate: course.wantsIntermediateRecords,
          limits: "<meterLimitList>\(limit)</meterLimitList>", answer: course.isLost ? .lost : nil)
      case 1: try await script.asked("S1", at: 20, sale: "Y1", value: course.isAuthorised ? 1 : 2)
      case 2: try await script.event(11, "S1", "X1", at: minute)
      case 3:
        guard course.hasIntermediateRecord else { continue }
        try await script.record("S1", "X1", at: 15 * minute, nature: "2", minutes: 14)
      case 4: try await script.event(12, "S1", "X1", at: 62 * minute, dated: 61 * minute)
      case 5:
        try await script.record(
          course.recordNamesSession ? "S1" : nil, "X1", at: 63 * minute, evse: course.evse, minutes: 60, wattHours: course.wattHours,
          answered: "<serviceSessionId>S1</serviceSessionId>")
      default:
        try await script.record(
          "S1", "X1", sale: "Y1", at: 64 * minute, .fromIOP, evse: course.evse, minutes: 60, wattHours: course.wattHours)
      }
    }
    return script
  }

  /// All that is shown of a session but positions.
  private static func told(_ view: SessionView) -> String {
    let summary = view.summary
    let ids = [summary.serviceSessionId, summary.execPartnerSessionId, summary.salePartnerSessionId].map { $0 ?? "-" }
    let parties = [summary.execOperatorId, summary.saleOperatorId, summary.evseId].map { $0 ?? "-" }
    let authorisation = view.authorisation.map {
      "\($0.result) \($0.authorisationValue.map(String.init) ?? "-") \($0.answeredAt?.description ?? "-") \($0.intermediateCDRRequested) \($0.meterLimits.count)"
    }
    let steps = view.steps.map { step in
      "\(step.exchange.head.content.context.operation ?? "-") \(step.exchange.head.content.observedAt) \(step.gapMilliseconds ?? -1) \(step.isInferred)"
    }
    let findings = summary.findings.map { finding in
      "\(finding.rule.id): " + finding.sentence.replacing(/position \d+/, with: "a position")
    }
    return """
      \(ids) \(parties) \(summary.state) \(summary.start) \(summary.openedAt) \(view.user?.userId ?? "-")
      \(authorisation ?? "-") \(view.startedAt?.description ?? "-") \(view.endedAt?.description ?? "-")
      \(steps.joined(separator: "\n"))
      \(findings)
      """
  }

  @Test(arguments: courses.indices)
  func `whatever the order of its messages, a session is what it is`(index: Int) async throws {
    let course = Self.courses[index]
    var random = SeededGenerator("the order of a session's messages, course \(index)")
    let ordered = try await Self.script(course, Array(0..<7))
    let right = Self.told(try ordered.session("S1"))
    for _ in 0..<6 {
      let order = Array(0..<7).shuffled(using: &random)
      let script = try await Self.script(course, order)
      #expect(Self.told(try script.session("S1")) == right, "seed \(random.seed), order \(order)")
      #expect(try script.all().count == 1, "seed \(random.seed), order \(order)")
      #expect(try script.sessions().sessions(withId: "X1").count == 1, "seed \(random.seed), order \(order)")
    }
  }

  /// A question whose answer was lost or names no session, what the platform asked then, and records: EVSE, user and times alone join them.
  @Test(arguments: [[0, 2, 3], [1, 4], [1, 2, 3]])
  func `what is inferred to be one session is so in any order`(messages: [Int]) async throws {
    func script(_ order: [Int]) async throws -> SessionsScript {
      let script = try SessionsScript()
      for message in order {
        switch message {
        case 0: try await script.get(nil, at: 0, answer: .lost)
        case 1: try await script.get(nil, at: 0)
        case 2: try await script.asked("S1", at: 300, sale: "Y1")
        case 3: try await script.record("S1", "X1", sale: "Y1", at: 63 * Self.minute, .fromIOP, minutes: 60)
        default: try await script.record(nil, "X1", at: 63 * Self.minute, minutes: 60)
        }
      }
      return script
    }
    let ordered = try await script(messages)
    let right = Self.told(try ordered.session("X1"))
    for order in messages.permutations() {
      let script = try await script(order)
      #expect(try script.all().map(\.openedAt) == ordered.all().map(\.openedAt), "order \(order)")
      #expect(Self.told(try script.session("X1")) == right, "order \(order)")
    }
  }

  @Test func `an authorisation that is recorded last takes back what was found without it, and finds what it forbids`() async throws {
    let script = try SessionsScript()
    try await script.record("S1", "X1", at: 60 * Self.minute)
    #expect(try script.session("S1").rules == ["cdr-without-authorisation"])
    try await script.get("X1", at: 0, session: "S1", value: 2)
    #expect(try script.session("S1").rules == ["cdr-refused-authorisation"])
    #expect(try script.session("S1").summary.start == .badge)
  }

  // MARK: Ids that come again

  @Test func `a CPO that numbers its sessions anew each day has a session each day, each with its own authorisation`() async throws {
    let script = try SessionsScript()
    let day: Int64 = 86_400_000
    for number in 0..<3 as Range<Int64> {
      try await script.get("1", at: number * day, session: "S\(number)", value: number == 1 ? 2 : 1)
      if number != 1 { try await script.record("S\(number)", "1", at: number * day + 60 * Self.minute) }
    }
    let sessions = try script.sessions().sessions(withId: "1")
    #expect(sessions.map(\.summary.serviceSessionId) == ["S0", "S1", "S2"])
    #expect(sessions.map(\.positions) == [[1, 3], [5], [7, 9]])
    #expect(sessions.map { $0.authorisation?.result } == [.authorised, .refused, .authorised])
    #expect(sessions.allSatisfy { $0.rules.isEmpty })
    #expect(try script.all().count == 3)
    // The answer decides; until it came the question was probably of the session that had the id.
    #expect(try script.sessions(asOf: JournalPosition(4)).sessions(withId: "1").map(\.positions) == [[1, 3]])
  }

  @Test func `an id that comes again within minutes is another session's where the platform says so`() async throws {
    let script = try SessionsScript()
    try await script.get("1", at: 0, session: "S1")
    try await script.get("1", at: 5 * Self.minute, session: "S2")
    #expect(try script.sessions(asOf: JournalPosition(3)).sessions(withId: "1").map(\.positions) == [[1, 3]])
    #expect(try script.sessions().sessions(withId: "1").map(\.positions) == [[1], [3]])
    try await script.record(nil, "1", at: 40 * Self.minute, answered: "<serviceSessionId>S1</serviceSessionId>")
    try await script.record(nil, "1", at: 41 * Self.minute, answered: "<serviceSessionId>S2</serviceSessionId>")
    #expect(try script.sessions().sessions(withId: "1").map(\.positions) == [[1, 5], [3, 7]])
    #expect(try script.all().allSatisfy { $0.findings.isEmpty })
  }

  @Test func `ids count in any case, and are shown as they were sent first`() async throws {
    let script = try SessionsScript()
    try await script.get("Guid-{B7}", at: 0, session: "iop-sid-0a")
    try await script.record("IOP-SID-0A", "guid-{b7}", at: 60 * Self.minute)
    for id in ["IOP-SID-0A", "iop-sid-0a", "GUID-{B7}"] {
      let session = try script.session(id)
      #expect(session.positions == [1, 3] && session.rules == [])
      #expect(session.summary.serviceSessionId == "iop-sid-0a" && session.summary.execPartnerSessionId == "Guid-{B7}")
    }
  }

  @Test func `an eMSP that numbers its sessions anew has each with its own CPO`() async throws {
    let script = try SessionsScript()
    try await script.asked("S1", at: 0, sale: "7")
    try await script.asked("S2", at: 24 * 60 * Self.minute, sale: "7")
    #expect(try script.sessions().sessions(withId: "7").map(\.summary.serviceSessionId) == ["S1", "S2"])
    #expect(try script.all().allSatisfy { $0.findings.isEmpty })
  }

  @Test func `a question that was lost is not of the next day's session`() async throws {
    let script = try SessionsScript()
    let day: Int64 = 86_400_000
    try await script.get("1", at: 0, answer: .lost)
    try await script.get("1", at: day, session: "S2")
    try await script.record("S2", "1", at: day + 60 * Self.minute)
    #expect(try script.sessions().sessions(withId: "1").map(\.positions) == [[1], [3, 5]])
  }

  @Test func `what comes under an id a day behind a refusal is not of the session that was refused`() async throws {
    let script = try SessionsScript()
    try await script.get("1", at: 0, session: "S1", value: 2)
    try await script.event(12, nil, "1", at: 60 * Self.minute)
    try await script.event(12, nil, "1", at: 24 * 60 * Self.minute)
    #expect(try script.sessions().sessions(withId: "1").map(\.positions) == [[1, 3], [5]])
  }

  @Test func `a record of a charge behind another's final record is of another session, unless a clock puts it there`() async throws {
    let script = try SessionsScript()
    try await script.record(nil, "1", at: 60 * Self.minute)
    try await script.record(nil, "1", at: 180 * Self.minute, wattHours: "6000")
    // By a clock that is two hours ahead.
    try await script.record(nil, "1", at: 181 * Self.minute, minutes: 110, wattHours: "6500", started: 190 * Self.minute)
    #expect(try script.sessions().sessions(withId: "1").map(\.positions) == [[1], [3, 5]])
  }

  // MARK: Spellings of EVSEs

  @Test func `separators of the operator's own tell two EVSEs apart, and an id without them may be either`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, evse: "FR*C01*E1*11", session: "S1")
    try await script.get("X2", at: 1_000, evse: "FR*C01*E11*1", session: "S2")
    try await script.record("S1", "X1", at: 60 * Self.minute, evse: "frc01e111")
    try await script.record("S2", "X2", at: 61 * Self.minute, evse: "FR*C01*E11*1")
    #expect(try script.all().map(\.evseId) == ["FR*C01*E1*11", "FR*C01*E11*1"])
    #expect(try script.all().allSatisfy { $0.findings.isEmpty })
    func ids(_ evse: String) throws -> [String?] {
      var filter = SessionFilter()
      filter.evse = evse
      return try script.all(filter).map(\.serviceSessionId)
    }
    #expect(try ids("FRC01E111") == ["S1", "S2"])
    #expect(try ids("fr-c01-e11-1") == ["S2"])
    try await script.record("S2", "X2", at: 62 * Self.minute, evse: "FR*C01*E1*11")
    #expect(try script.session("S2").rules == ["session-facts-conflict"])
  }

  @Test func `an EVSE whose spelling may be of several is found, until a message of the session has the separators`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, evse: "FR*C01*E1*11", session: "S1")
    try await script.get("X0", at: 500, evse: "FRC01E111", session: "S0")
    #expect(try script.session("S0").rules == [])
    try await script.get("X2", at: 1_000, evse: "FR*C01*E11*1", session: "S2")
    try await script.get("X3", at: 2_000, evse: "frc01e111", session: "S3")
    let found = try script.session("S3").summary.findings
    #expect(found.map(\.rule.id) == ["evse-spelling-ambiguous"])
    #expect(
      found.map(\.sentence) == ["The EVSE frc01e111 may be any of FR*C01*E1*11, FR*C01*E11*1, which only their separators tell apart."])
    #expect(try script.session("S1").rules == [])
    try await script.record("S3", "X3", at: 60 * Self.minute, evse: "FR*C01*E11*1")
    #expect(try script.session("S3").rules == [])
  }

  @Test func `each session shows its EVSE and operators as its own messages spell them`() async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, operator: "frc01", evse: "frc01e07001*1", session: "S1", sale: "FRMS1")
    try await script.get("X2", at: 1_000, evse: "FR*C01*E07001*1", session: "S2")
    #expect(try script.all().map(\.evseId) == ["frc01e07001*1", "FR*C01*E07001*1"])
    #expect(try script.all().map(\.execOperatorId) == ["frc01", "FR*C01"])
    #expect(try script.all().map(\.saleOperatorId) == ["FRMS1", "FR*MS1"])
  }

  // MARK: Badges

  @Test(arguments: [("04:A1:B2:C3", true), ("04A1B2C3", false), ("4a1b2c3", false), ("0077705923", true), ("104294967295123456", true)])
  func `a badge that is not written in hexadecimal is found, once a session`(badge: String, isFound: Bool) async throws {
    let script = try SessionsScript()
    try await script.get("X1", at: 0, user: SessionsScript.user(badge), session: "S1")
    try await script.record("S1", "X1", at: 60 * Self.minute, user: SessionsScript.user(badge))
    #expect(try script.session("S1").rules == (isFound ? ["user-not-hexadecimal"] : []))
    var filter = SessionFilter()
    filter.user = badge.replacing(":", with: "")
    #expect(try script.all(filter).map(\.serviceSessionId) == ["S1"])
  }
}

extension [Int] {
  fileprivate func permutations() -> [[Int]] {
    guard count > 1 else { return [self] }
    return indices.flatMap { index in
      (self[..<index] + self[(index + 1)...]).map { $0 }.permutations().map { [self[index]] + $0 }
    }
  }
}
