import EMIP
import JournalFormat
import JournalStore
import Testing

@testable import Projections

/// What the tests of EVSE statuses write and ask.
struct StatusScript {
  let journal: ScriptedJournal

  init() throws { journal = try ScriptedJournal() }

  static let hour: Int64 = 3_600_000

  static func date(_ time: Int64) -> String { ScriptedJournal.moment(time).description }

  /// The body of a status of one part of an EVSE.
  static func busy(_ id: String, _ status: Int, _ date: Int64?, until: Int64? = nil) -> String {
    var body = "<EVSEIdType>eMI3</EVSEIdType><EVSEId>\(id)</EVSEId>"
    if let date { body += "<statusEventDate>\(Self.date(date))</statusEventDate>" }
    body += "<busyStatus>\(status)</busyStatus>"
    if let until { body += "<busyStatusUntil>\(Self.date(until))</busyStatusUntil>" }
    return body
  }

  static func availability(_ id: String, _ status: Int, _ date: Int64, level: String = "EVSE", until: Int64? = nil) -> String {
    var body = "<\(level)IdType>eMI3</\(level)IdType><\(level)Id>\(id)</\(level)Id><statusEventDate>\(Self.date(date))</statusEventDate>"
    body += "<availabilityStatus>\(status)</availabilityStatus>"
    if let until { body += "<availabilityStatusUntil>\(Self.date(until))</availabilityStatusUntil>" }
    return body
  }

  /// Of both parts, or an item of a list.
  static func both(_ id: String, availability: (Int, Int64)?, busy: (Int, Int64)?) -> String {
    var body = "<EVSEIdType>eMI3</EVSEIdType><EVSEId>\(id)</EVSEId>"
    if let (status, date) = availability {
      body += "<availabilityStatusEventDate>\(Self.date(date))</availabilityStatusEventDate>"
      body += "<availabilityStatus>\(status)</availabilityStatus>"
    }
    if let (status, date) = busy {
      body += "<busyStatusEventDate>\(Self.date(date))</busyStatusEventDate><busyStatus>\(status)</busyStatus>"
    }
    return body
  }

  @discardableResult
  func busy(
    _ id: String, _ status: Int, date: Int64?, at time: Int64, until: Int64? = nil, leg: Leg = .gatewayIOP, transaction: String? = nil,
    answer: ScriptedJournal.Answer = .response("<requestStatus>1</requestStatus>")
  ) async throws -> JournalPosition {
    try await journal.exchange(
      "SetEVSEBusyStatus", at: time, transaction: transaction, leg: leg, Self.busy(id, status, date, until: until), answer: answer)
  }

  @discardableResult
  func availability(_ id: String, _ status: Int, date: Int64, at time: Int64, until: Int64? = nil) async throws -> JournalPosition {
    try await journal.exchange("SetEVSEAvailabilityStatus", at: time, Self.availability(id, status, date, until: until))
  }

  func rows() throws -> ModelSnapshot { try journal.model(EVSEProjection.self).snapshot() }

  /// The busy status of an EVSE.
  func busy(
    _ id: String = "FR*C01*E1", at time: Int64, knownAt position: UInt64? = nil, unknownAfter: Int64 = 7 * 24 * hour
  ) throws -> PartStatus? {
    let moment = StatusMoment(
      time: ScriptedJournal.moment(time), unknownAfterMilliseconds: unknownAfter)
    return try EVSEQuestions(try rows(), asOf: position.map { JournalPosition($0) }).statuses(of: id, moment).first?.busy
  }

  func history(_ id: String = "FR*C01*E1", _ part: StatusPart = .busy) throws -> [StatusEvent] {
    try EVSEQuestions(try rows(), asOf: nil).history(of: id, .evse, part)
  }
}

@Suite struct EVSEStatusTests {
  private static let id = "FR*C01*E1"
  private static let hour = StatusScript.hour

  @Test func `a report is the state from its request on, and the platform's answer stands beside`() async throws {
    let script = try StatusScript()
    try await script.busy(Self.id, 2, date: 1_000, at: 2_000, answer: .response("<requestStatus>10601</requestStatus>"))
    let state = try #require(try script.busy(at: 3_000))
    #expect(state.event.status == 2)
    #expect(state.event.time == ScriptedJournal.moment(1_000))
    #expect(state.event.position == JournalPosition(1))
    #expect(state.event.acceptance == .rejected(requestStatus: 10_601))
    #expect(try script.busy(at: 3_000, knownAt: 1)?.event.acceptance == .pending)
    #expect(try script.busy(at: 999) == nil)
    #expect(try script.busy("fr-c01 e1", at: 1_000)?.event.status == 2)
    #expect(try script.busy("FR*C01*E2", at: 1_000) == nil)
  }

  @Test func `a late event stands in its place, is flagged, and overwrites nothing`() async throws {
    let script = try StatusScript()
    try await script.busy(Self.id, 2, date: 5 * Self.hour, at: 5 * Self.hour)
    try await script.busy(Self.id, 1, date: 2 * Self.hour, at: 6 * Self.hour)
    #expect(try script.busy(at: 7 * Self.hour)?.event.status == 2)
    #expect(try script.busy(at: 3 * Self.hour)?.event.status == 1)
    #expect(try script.busy(at: 3 * Self.hour, knownAt: 2) == nil)
    #expect(try script.history().map(\.isLate) == [true, false])
    #expect(try script.history().map(\.position.rawValue) == [3, 1])
  }

  @Test func `of two statuses of one date the later position wins, and a repetition is no event`() async throws {
    let script = try StatusScript()
    try await script.busy(Self.id, 2, date: 1_000, at: 2_000)
    try await script.busy(Self.id, 1, date: 1_000, at: 3_000)
    #expect(try script.busy(at: 4_000)?.event.status == 1)
    #expect(try script.busy(at: 4_000, knownAt: 2)?.event.status == 2)
    try await script.busy(Self.id, 2, date: 1_000, at: 4_000)
    #expect(try script.history().map(\.status) == [2, 1])
    #expect(try script.history().map(\.isLate) == [false, false])
  }

  @Test func `a retry, the other leg and a list tell nothing new, and their answers count`() async throws {
    let script = try StatusScript()
    try await script.busy(Self.id, 2, date: 1_000, at: 2_000, leg: .backEndGateway)
    try await script.busy(Self.id, 2, date: 1_000, at: 2_100, transaction: "T", answer: .lost)
    #expect(try script.busy(at: 3_000, knownAt: 2)?.event.acceptance == .pending)
    #expect(try script.busy(at: 3_000)?.event.acceptance == .lost)
    let item = StatusScript.both(Self.id, availability: nil, busy: (2, 1_000))
    try await script.journal.exchange(
      "SetEVSEDynamicDataChanges", .fromIOP, at: 4_000, target: "FR*MS1",
      "<EVSEDynamicDataList><EVSEDynamicData>\(item)</EVSEDynamicData></EVSEDynamicDataList>")
    try await script.busy(Self.id, 2, date: 1_000, at: 5_000, transaction: "T", answer: .response("<requestStatus>2</requestStatus>"))
    let events = try script.history()
    #expect(events.count == 1)
    #expect(events[0].position == JournalPosition(1))
    #expect(events[0].acceptance == .accepted(requestStatus: 2))
    #expect(try script.busy(at: 9_000, knownAt: 7)?.event.acceptance == .lost)
  }

  @Test func `items of pushed and pulled lists are statuses of their own, told by the platform`() async throws {
    let script = try StatusScript()
    func list(_ name: String, _ ids: Range<Int>) -> String {
      let items = ids.map { "<\(name)>\(StatusScript.both("FR*C01*E\($0)", availability: (2, 1_000), busy: ($0, 2_000)))</\(name)>" }
      return "<\(name)List>\(items.joined())</\(name)List>"
    }
    try await script.journal.exchange(
      "SetEVSEDynamicDataChanges", .fromIOP, at: 5_000, target: "FR*MS1", list("EVSEDynamicDataChange", 1..<4))
    try await script.journal.exchange(
      "GetEVSEDynamicDataChanges", at: 6_000, answer: .response(list("EVSEDynamicData", 4..<7) + "<requestStatus>1</requestStatus>"))
    try await script.journal.exchange(
      "GetEVSEDynamicDataChanges", at: 7_000, answer: .response(list("EVSEDynamicData", 7..<9) + "<requestStatus>10001</requestStatus>"))
    var found: [ElementStatus] = []
    try EVSEQuestions(try script.rows(), asOf: nil).forEach(StatusMoment(time: ScriptedJournal.moment(9_000))) {
      found.append($0)
      return true
    }
    #expect(found.map(\.id) == (1..<7).map { "FR*C01*E\($0)" })
    #expect(found.map { $0.busy?.event.status } == (1..<7).map { UInt32($0) })
    #expect(found.map { $0.position?.rawValue } == [1, 1, 1, 4, 4, 4])
    #expect(found.allSatisfy { $0.availability?.event.status == 2 && $0.busy?.event.acceptance == nil })
  }

  @Test func `a change list of an item's date alone takes it for the status`() async throws {
    let script = try StatusScript()
    let item = "<EVSEId>\(Self.id)</EVSEId><changeDate>\(StatusScript.date(1_000))</changeDate><busyStatus>1</busyStatus>"
    try await script.journal.exchange(
      "SetEVSEDynamicDataChanges", .fromIOP, at: 5_000, target: "FR*MS1",
      "<EVSEDynamicDataList><EVSEDynamicData>\(item)</EVSEDynamicData></EVSEDynamicDataList>")
    #expect(try script.history().map(\.time) == [ScriptedJournal.moment(1_000)])
    #expect(try script.history().map(\.date) == [ScriptedJournal.moment(1_000)])
  }

  @Test func `a date that is missing is assumed, and one ahead of its message counts from that`() async throws {
    let script = try StatusScript()
    try await script.busy(Self.id, 2, date: nil, at: 1_000)
    try await script.busy(Self.id, 1, date: 24 * Self.hour + 2_000, at: 2_000)
    try await script.busy(Self.id, 3, date: 90 * Self.hour, at: 3_000)
    let events = try script.history()
    #expect(events.map { $0.time.milliseconds(since: ScriptedJournal.moment(0)) } == [1_000, 2_000, 3_000])
    #expect(events.map { $0.date?.milliseconds(since: ScriptedJournal.moment(0)) } == [nil, 24 * Self.hour + 2_000, 90 * Self.hour])
    #expect(events.map(\.aheadMilliseconds) == [nil, 24 * Self.hour, 90 * Self.hour - 3_000])
    #expect(events.map(\.isLate) == [false, false, false])
    #expect(events[0].acceptance == .accepted(requestStatus: 1))
  }

  @Test(arguments: [10 * 365 * 24 * Self.hour, Self.hour, 1_000]) func `later reports rule over one that was dated ahead`(
    ahead: Int64
  ) async throws {
    let script = try StatusScript()
    try await script.busy(Self.id, 1, date: 1_000, at: 1_000)
    try await script.busy(Self.id, 2, date: 60_000 + ahead, at: 60_000)
    #expect(try script.busy(at: 60_000)?.event.status == 2)
    #expect(try script.busy(at: 59_999)?.event.status == 1)
    try await script.busy(Self.id, 1, date: 90_000, at: 90_000)
    #expect(try script.busy(at: 90_000)?.event.status == 1)
    // Once its date has come, too, and from the same clock.
    #expect(try script.busy(at: 90_000 + 2 * ahead)?.event.status == 1)
    try await script.busy(Self.id, 3, date: 120_000 + ahead, at: 120_000)
    #expect(try script.busy(at: 120_000)?.event.status == 3)
    #expect(try script.history().map(\.isLate) == [false, false, false, false])
    #expect(try script.journal.forgetsNothing(EVSEProjection.self))
  }

  @Test func `one that was dated ahead and comes again is a repetition, whenever it comes, and its answers count`() async throws {
    let script = try StatusScript()
    try await script.busy(Self.id, 2, date: Self.hour, at: 1_000, transaction: "T", answer: .lost)
    try await script.busy(Self.id, 1, date: 2_000, at: 2_000)
    try await script.busy(Self.id, 2, date: Self.hour, at: 3_000, transaction: "T")
    #expect(try script.busy(at: 4_000)?.event.status == 1)
    // When its date has come the platform's list tells it once more.
    let item = StatusScript.both(Self.id, availability: nil, busy: (2, Self.hour))
    try await script.journal.exchange(
      "SetEVSEDynamicDataChanges", .fromIOP, at: 2 * Self.hour, target: "FR*MS1",
      "<EVSEDynamicDataList><EVSEDynamicData>\(item)</EVSEDynamicData></EVSEDynamicDataList>")
    let events = try script.history()
    #expect(events.map(\.status) == [2, 1])
    #expect(events.map(\.position.rawValue) == [1, 3])
    #expect(events.map(\.acceptance) == [.accepted(requestStatus: 1), .accepted(requestStatus: 1)])
    #expect(try script.busy(at: 3 * Self.hour)?.event.status == 1)
    #expect(try script.journal.forgetsNothing(EVSEProjection.self))
  }

  @Test func `a status more than five minutes ahead is found, once until one comes that is not`() async throws {
    let script = try StatusScript()
    let five = 300_000 as Int64
    try await script.busy(Self.id, 1, date: 1_000 + five, at: 1_000)
    try await script.busy(Self.id, 2, date: 2_001 + five, at: 2_000)
    try await script.busy(Self.id, 1, date: 3_001 + five, at: 3_000)
    try await script.busy(Self.id, 2, date: 2_001 + five, at: 3_500)
    try await script.busy(Self.id, 1, date: 4_000, at: 4_000)
    try await script.busy(Self.id, 2, date: 5_000 + Self.hour, at: 5_000)
    let found = try EVSEQuestions(try script.rows(), asOf: nil).findings()
    #expect(found.map(\.rule.id) == ["status-ahead", "status-ahead"])
    #expect(found.map(\.position.rawValue) == [3, 11])
    #expect(found.map(\.resolvedAt) == [nil, nil])
    #expect(found[1].sentence.contains("2025-03-01T01:00:05.000Z, 60 min ahead"))
    #expect(try script.journal.forgetsNothing(EVSEProjection.self))
  }

  @Test func `a status that cannot be read is the state all the same, as it was written`() async throws {
    let script = try StatusScript()
    try await script.busy(Self.id, 1, date: 1_000, at: 1_000)
    let body = StatusScript.busy(Self.id, 2, nil, until: nil).replacing(">2<", with: ">besetzt<")
    try await script.journal.exchange(
      "SetEVSEBusyStatus", at: 2_000, "<statusEventDate>01/03/2025</statusEventDate>\(body)<busyStatusUntil>bald</busyStatusUntil>")
    let state = try #require(try script.busy(at: 3_000)?.event)
    #expect(state.status == nil)
    #expect(state.date == nil)
    #expect(state.until == nil)
    #expect(state.time == ScriptedJournal.moment(2_000))
    #expect(state.unreadable.values.map(\.name) == ["status", "eventDate", "until"])
    #expect(state.unreadable.values.map(\.text) == ["besetzt", "01/03/2025", "bald"])
    #expect(state.acceptance == .accepted(requestStatus: 1))
    try await script.busy(Self.id, 1, date: 4_000, at: 4_000)
    #expect(try script.busy(at: 4_000)?.event.status == 1)
    let found = try EVSEQuestions(try script.rows(), asOf: nil).findings()
    #expect(found.map(\.rule.id) == ["status-value-unreadable"])
    #expect(found[0].sentence.contains("busyStatus \"besetzt\", busyEventDate \"01/03/2025\", busyUntil \"bald\""))
    #expect(try script.journal.forgetsNothing(EVSEProjection.self))
  }

  @Test func `a status is unknown once its end has passed or nothing was heard for long`() async throws {
    let script = try StatusScript()
    try await script.busy(Self.id, 3, date: 0, at: 1_000, until: Self.hour)
    #expect(try script.busy(at: Self.hour)?.unknownSince == nil)
    #expect(try script.busy(at: Self.hour + 1)?.unknownSince == ScriptedJournal.moment(Self.hour))
    let other = "FR*C01*E2"
    try await script.busy(other, 1, date: 0, at: 2_000)
    #expect(try script.busy(other, at: 7 * 24 * Self.hour)?.unknownSince == nil)
    #expect(try script.busy(other, at: 7 * 24 * Self.hour + 1)?.unknownSince == ScriptedJournal.moment(0))
    #expect(try script.busy(other, at: 2_001, unknownAfter: 2_000)?.unknownSince == ScriptedJournal.moment(0))
  }

  @Test func `each level has its elements, whatever the spelling of their ids`() async throws {
    let script = try StatusScript()
    for (index, level) in ["ChargingConnector", "EVSE", "ChargingStation", "ChargingPool"].enumerated() {
      let letter = ["X", "E", "S", "P"][index]
      let body = StatusScript.availability("fr*c01*\(letter)1*2", 2, 0, level: level)
      try await script.journal.exchange("Set\(level)AvailabilityStatus", at: Int64(index), body)
    }
    try await script.journal.exchange("SetEVSEAvailabilityStatus", at: 10, StatusScript.availability("not an id *", 1, 0))
    var found: [ElementStatus] = []
    try EVSEQuestions(try script.rows(), asOf: nil).forEach(StatusMoment(time: ScriptedJournal.moment(20))) {
      found.append($0)
      return true
    }
    #expect(found.map(\.element) == [.chargingPool, .chargingStation, .evse, .evse, .chargingConnector])
    #expect(found.map(\.id) == ["fr*c01*P1*2", "fr*c01*S1*2", "fr*c01*E1*2", "not an id *", "fr*c01*X1*2"])
    #expect(StatusReport.Element.allCases.map { StatusReport.Element(level: $0.level) } == StatusReport.Element.allCases)
  }

  @Test func `what was deferred by the gateway is not what the platform said`() async throws {
    let script = try StatusScript()
    let position = try await script.busy(Self.id, 2, date: 1_000, at: 2_000, leg: .backEndGateway, answer: .pending)
    let request = try #require(try JournalReader(script.journal.directory).entry(at: position))
    var context = request.content.context
    context.kind = .response
    context.author = .gateway
    context.outcome = Outcome(.ok, requestStatus: 1)
    let answer = EntryContent(observedAt: ScriptedJournal.moment(2_010), context: context)
    try await script.journal.append(EntryDraft(answer, request: .position(position), recordedAt: ScriptedJournal.moment(2_010)))
    #expect(try script.busy(at: 3_000)?.event.acceptance == .deferred)
    try await script.busy(Self.id, 2, date: 1_000, at: 4_000)
    #expect(try script.busy(at: 5_000)?.event.acceptance == .accepted(requestStatus: 1))
    #expect(try script.busy(at: 5_000, knownAt: 3)?.event.acceptance == .deferred)
  }

  // MARK: Contradictions

  private func contradictions(_ script: StatusScript, asOf position: UInt64? = nil) throws -> [ReportedFinding] {
    try EVSEQuestions(try script.rows(), asOf: position.map { JournalPosition($0) }).findings()
  }

  @Test func `busy while out of order is found once, at the report that makes it so, and ends with the one that ends it`() async throws {
    let script = try StatusScript()
    try await script.availability(Self.id, 1, date: 1_000, at: 1_000)
    try await script.busy(Self.id, 2, date: 2_000, at: 2_000)
    try await script.busy(Self.id, 2, date: 3_000, at: 3_000)
    try await script.busy(Self.id, 1, date: 4_000, at: 4_000)
    let found = try contradictions(script)
    #expect(found.map(\.position.rawValue) == [3])
    #expect(found.map(\.resolvedAt?.rawValue) == [7])
    #expect(found.map(\.sentence) == ["FR*C01*E1 is reported busy (position 3) while it is out of order (position 1)."])
    #expect(try contradictions(script, asOf: 2).isEmpty)
    #expect(try contradictions(script, asOf: 6).map(\.resolvedAt) == [nil])
  }

  @Test(arguments: [2, 0, 3, 9]) func `busy while anything else is no contradiction`(availability: Int) async throws {
    let script = try StatusScript()
    try await script.availability(Self.id, availability, date: 1_000, at: 1_000)
    try await script.busy(Self.id, 2, date: 2_000, at: 2_000)
    #expect(try contradictions(script).isEmpty)
  }

  @Test func `a late report, one whose end has passed, and a synthetic one that mends both parts contradict nothing`() async throws {
    let script = try StatusScript()
    try await script.availability("FR*C01*E1", 1, date: 5_000, at: 5_000)
    try await script.busy("FR*C01*E1", 1, date: 6_000, at: 6_000)
    try await script.busy("FR*C01*E1", 2, date: 5_500, at: 7_000)
    try await script.availability("FR*C01*E2", 1, date: 5_000, at: 8_000, until: 5_500)
    try await script.busy("FR*C01*E2", 2, date: 6_000, at: 9_000)
    try await script.availability("FR*C01*E3", 1, date: 5_000, at: 10_000)
    try await script.journal.exchange(
      "SetEVSESyntheticStatus", at: 11_000, StatusScript.both("FR*C01*E3", availability: (2, 6_000), busy: (2, 6_000)))
    #expect(try contradictions(script).isEmpty)
    try await script.availability("FR*C01*E3", 4, date: 7_000, at: 12_000)
    #expect(try contradictions(script).map(\.sentence) == ["FR*C01*E3 is reported busy (position 13) while it is deleted (position 15)."])
  }

  // MARK: The read model

  @Test func `at a horizon the newest status and those of the last two days stay`() async throws {
    let script = try StatusScript()
    for day in 0..<5 as Range<Int64> {
      for status in 1...3 {
        let time = (day * 24 + Int64(status)) * Self.hour
        try await script.busy(Self.id, status, date: time, at: time)
      }
    }
    try await script.busy("FR*C01*E2", 1, date: 0, at: 100 * Self.hour)
    let runner = try ProjectionRunner(script.journal.directory, projections: [EVSEProjection.self], purpose: "test")
    try runner.catchUp()
    try runner.moveHorizon(to: JournalPosition(33))
    let statuses = EVSEQuestions(try runner.models[0].snapshot(), asOf: nil)
    #expect(try statuses.history(of: Self.id, .evse, .busy).map(\.status) == [1, 2, 3, 1, 2, 3])
    #expect(try statuses.history(of: "FR*C01*E2", .evse, .busy).count == 1)
    #expect(try runner.verify("evse").isSame)
    runner.close()
  }

  @Test func `what is known behind a horizon is what was known before it moved`() async throws {
    let script = try StatusScript()
    for hour in 0..<120 as Range<Int64> {
      try await script.busy(Self.id, Int(hour % 3) + 1, date: hour * Self.hour, at: hour * Self.hour)
      // Long before the horizon, and nothing since.
      if hour < 3 { try await script.availability("FR*C01*E\(hour + 1)", 1, date: hour * Self.hour, at: hour * Self.hour) }
    }
    let horizon = JournalPosition(201)
    let runner = try ProjectionRunner(script.journal.directory, projections: [EVSEProjection.self], purpose: "test")
    defer { runner.close() }
    try runner.catchUp()
    func statuses() throws -> [[ElementStatus]] {
      let rows = try runner.models[0].snapshot()
      return try stride(from: 200 as UInt64, through: 246, by: 2).map { position in
        let statuses = EVSEQuestions(rows, asOf: JournalPosition(position))
        let moment = StatusMoment(time: try statuses.time(observedAt: ScriptedJournal.moment(0)))
        return try (1...3).flatMap { number in try statuses.statuses(of: "FR*C01*E\(number)", moment) }
      }
    }
    let (before, findings) = (try statuses(), try EVSEQuestions(runner.models[0].snapshot(), asOf: nil).findings())
    #expect(before.allSatisfy { $0.count == 3 } && !findings.isEmpty)
    try runner.moveHorizon(to: horizon)
    #expect(try statuses() == before)
    #expect(try EVSEQuestions(runner.models[0].snapshot(), asOf: nil).findings() == findings)
  }
}
