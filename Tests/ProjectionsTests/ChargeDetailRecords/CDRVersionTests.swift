import EMIP
import JournalFormat
import JournalStore
import TestSupport
import Testing

@testable import Projections

@Suite struct CDRVersionTests {
  private static func journal(_ steps: (ScriptedJournal) async throws -> Void) async throws -> ScriptedJournal {
    let journal = try ScriptedJournal()
    try await steps(journal)
    return journal
  }

  // MARK: Versions

  @Test func `each content of a session is a version of its side, in order`() async throws {
    let journal = try await Self.journal { journal in
      try await journal.send(.intermediate(), at: 30)
      try await journal.send(.intermediate(), .fromIOP, at: 31)
      try await journal.send(ScriptedRecord(), at: 61)
      try await journal.send(ScriptedRecord(), .fromIOP, at: 62)
    }
    let session = try #require(try journal.cdrSessions().first)
    #expect(session.versions.map(\.nature) == [.intermediate, .final])
    #expect(session.versions.map(\.position.rawValue) == [1, 5])
    #expect(session.otherSide.map(\.position.rawValue) == [3, 7])
    #expect(session.inForce == 1)
    #expect(session.direction == .toIOP && session.counterpart == "FR*MS1")
    #expect(session.serviceSessionId == "S-1" && session.execPartnerSessionId == "X-1" && session.evseId == "FR*C01*E1")
    #expect(session.differences.isEmpty && session.findings.isEmpty)
    let fields = ["CDRNature", "endTime", "meter 1", "meter 2"]
    #expect(session.versions[1].changes.map(\.field) == fields)
    #expect(session.versions[1].changes.last?.from == "5000 Wh" && session.versions[1].changes.last?.to == "10000 Wh")
    #expect(try journal.cdrSessions().count == 1)
  }

  @Test func `a retry of the same bytes is an attempt, and so is the same content under another transactionId`() async throws {
    let journal = try await Self.journal { journal in
      try await journal.send(ScriptedRecord(), at: 61, transaction: "T-1", answer: .lost)
      try await journal.send(ScriptedRecord(), at: 62, transaction: "T-1", answer: .fault)
      try await journal.send(ScriptedRecord().with { $0.evse = "frc01e1" }, at: 63, transaction: "T-2")
    }
    let session = try #require(try journal.cdrSessions().first)
    #expect(session.versions.count == 1)
    #expect(session.versions[0].positions.map(\.rawValue) == [1, 3, 5])
    #expect(session.transactionIds == ["T-1", "T-2"])
    #expect(session.versions[0].acceptance == .accepted(requestStatus: 1, arrivedBy10701: false))
    #expect(try journal.cdrSessions(asOf: JournalPosition(1))[0].versions[0].acceptance == .pending)
    #expect(try journal.cdrSessions(asOf: JournalPosition(3))[0].versions[0].acceptance == .lost)
    #expect(try journal.cdrSessions(asOf: JournalPosition(4))[0].versions[0].acceptance == .fault)
  }

  @Test func `a download list is read item by item`() async throws {
    let second = ScriptedRecord(from: 100).with { ($0.serviceSessionId, $0.exec) = ("S-2", "X-2") }
    let third = ScriptedRecord(from: 200).with { ($0.serviceSessionId, $0.exec) = ("S-3", "X-3") }
    let journal = try await Self.journal { journal in
      try await journal.send(second, at: 161)
      let list = "<chargeDetailRecordList>" + ScriptedRecord().xml + second.xml + third.xml + "</chargeDetailRecordList>"
      try await journal.exchange("GetChargeDetailRecordList", at: 300 * 60_000, operator: "FR*MS1", answer: .status(1, list))
    }
    let sessions = try journal.cdrSessions()
    #expect(sessions.map(\.serviceSessionId) == ["S-2", "S-1", "S-3"])
    #expect(sessions[0].otherSide.map(\.side) == [.download] && sessions[0].differences.isEmpty)
    #expect(sessions.dropFirst().allSatisfy { $0.direction == .fromIOP && $0.counterpart == "FR*C01" })
    #expect(sessions[2].versions[0].record?.execPartnerSessionId == "X-3")
    #expect(sessions[2].versions[0].acceptance.isAccepted == true)
  }

  // MARK: Acceptance

  @Test func `10701 after a lost attempt means that it had arrived`() async throws {
    let journal = try await Self.journal { journal in
      try await journal.send(ScriptedRecord(), at: 61, transaction: "T-1", answer: .lost)
      try await journal.send(ScriptedRecord(), at: 62, transaction: "T-1", answer: .status(10_701))
    }
    let version = try journal.cdrSessions()[0].versions[0]
    #expect(version.acceptance == .accepted(requestStatus: 10_701, arrivedBy10701: true))
  }

  @Test func `10701 with nothing sent before is a refusal`() async throws {
    let journal = try await Self.journal { try await $0.send(ScriptedRecord(), at: 61, answer: .status(10_701)) }
    let session = try journal.cdrSessions()[0]
    #expect(session.versions[0].acceptance == .rejected(requestStatus: 10_701))
    #expect(session.inForce == nil)
  }

  @Test func `10701 to what was accepted already changes nothing`() async throws {
    let journal = try await Self.journal { journal in
      try await journal.send(ScriptedRecord(), at: 61, transaction: "T-1")
      try await journal.send(ScriptedRecord(), at: 62, transaction: "T-1", answer: .status(10_701))
    }
    #expect(try journal.cdrSessions()[0].versions[0].acceptance == .accepted(requestStatus: 1, arrivedBy10701: false))
  }

  @Test func `10701 where another final was accepted is a refusal, whatever was lost before`() async throws {
    let other = ScriptedRecord(wattHours: "10100")
    let journal = try await Self.journal { journal in
      try await journal.send(ScriptedRecord(), at: 61)
      try await journal.send(other, at: 62, transaction: "T-2", answer: .lost)
      try await journal.send(other, at: 63, transaction: "T-2", answer: .status(10_701))
    }
    let session = try journal.cdrSessions()[0]
    #expect(session.versions[1].acceptance == .rejected(requestStatus: 10_701))
    #expect(session.inForce == 0)
    #expect(session.findings.map(\.rule.id) == ["cdr-second-final"])
  }

  @Test func `what only the gateway has answered is deferred, until the platform answers`() async throws {
    let journal = try ScriptedJournal()
    let request = try await journal.send(ScriptedRecord(), at: 61, transaction: "T-1", leg: .backEndGateway, answer: .pending)
    try await journal.answerByGateway(request, at: 61, transaction: "T-1")
    #expect(try journal.cdrSessions()[0].versions[0].acceptance == .deferred)
    try await journal.send(ScriptedRecord(), at: 90, transaction: "T-1")
    let session = try journal.cdrSessions()[0]
    #expect(session.versions.count == 1 && session.versions[0].acceptance.isAccepted == true)
  }

  @Test func `a late answer beats the failure before it`() async throws {
    let journal = try ScriptedJournal()
    let request = try await journal.send(ScriptedRecord(), at: 61, transaction: "T-1", answer: .lost)
    try await journal.answer(.status(10_504), to: request, "SetChargeDetailRecord", .toIOP, at: 62 * 60_000, transaction: "T-1")
    #expect(try journal.cdrSessions()[0].versions[0].acceptance == .rejected(requestStatus: 10_504))
    #expect(try journal.cdrSessions(asOf: JournalPosition(2))[0].versions[0].acceptance == .lost)
  }

  // MARK: In force

  @Test func `a later final rules only once it is accepted, and a refused one never`() async throws {
    let journal = try await Self.journal { journal in
      try await journal.send(.intermediate(), at: 30)
      try await journal.send(ScriptedRecord(), at: 61, answer: .status(10_507))
      try await journal.send(ScriptedRecord(wattHours: "10100"), at: 62)
      try await journal.send(ScriptedRecord(wattHours: "10200"), at: 63, answer: .lost)
      try await journal.send(ScriptedRecord(wattHours: "10300"), at: 64)
    }
    func inForce(_ position: UInt64) throws -> Int? { try journal.cdrSessions(asOf: JournalPosition(position))[0].inForce }
    #expect(try [2, 3, 4, 6, 8, 9, 10].map(inForce) == [0, 1, 0, 2, 2, 2, 4])
    // A final behind one that was refused is none too many.
    #expect(try journal.cdrRules(asOf: JournalPosition(6)) == [])
    #expect(try journal.cdrRules() == ["cdr-second-final", "cdr-second-final"])
  }

  @Test func `only finals in force are summed`() async throws {
    let other = ScriptedRecord.intermediate().with { ($0.serviceSessionId, $0.exec, $0.evse) = ("S-2", "X-2", "FR*C01*E2") }
    let journal = try await Self.journal { journal in
      try await journal.send(.intermediate(), at: 30)
      try await journal.send(
        ScriptedRecord(wattHours: "10000.25").with { $0.meters.append(("3", "1.10", "EUR")) }, at: 61)
      try await journal.send(ScriptedRecord(), .fromIOP, at: 62)
      try await journal.send(other, at: 70)
    }
    let totals = try journal.cdrs { try $0.totals() }
    #expect(totals.count == 1)
    #expect(totals[0].counterpart == "FR*MS1" && totals[0].sums.count == 1 && totals[0].intermediateOnlyCount == 1)
    #expect(totals[0].sums.wattHours.description == "10000.25" && totals[0].sums.minutes.description == "60")
    #expect(totals[0].sums.costs.mapValues(\.description) == ["EUR": "1.1"])
  }

  // MARK: Sessions

  @Test func `a record without the platform's id is of the session that its answer names`() async throws {
    let first = ScriptedRecord().with { $0.serviceSessionId = nil }
    let journal = try await Self.journal { journal in
      try await journal.send(first, at: 61, answer: .status(1, "<serviceSessionId>S-1</serviceSessionId>"))
      try await journal.send(ScriptedRecord().with { $0.exec = nil }, .fromIOP, at: 62)
    }
    let session = try #require(try journal.cdrSessions().first)
    #expect(try journal.cdrSessions().count == 1)
    #expect(session.serviceSessionId == "S-1" && session.otherSide.count == 1)
    #expect(try journal.cdrs { try $0.sessions(of: "S-1").map(\.number) } == [1])
    #expect(try journal.cdrs(asOf: JournalPosition(1)) { try $0.sessions(of: "S-1").count } == 0)
    #expect(try journal.cdrs(asOf: JournalPosition(1)) { try $0.sessions(of: "X-1").count } == 1)
  }

  @Test func `two sessions that turn out to be one were two before`() async throws {
    let journal = try ScriptedJournal()
    let sent = try await journal.send(ScriptedRecord().with { $0.serviceSessionId = nil }, at: 61, transaction: "T-1", answer: .pending)
    try await journal.send(ScriptedRecord().with { $0.exec = nil }, .fromIOP, at: 61)
    #expect(try journal.cdrSessions().count == 2)
    try await journal.answer(
      .status(1, "<serviceSessionId>S-1</serviceSessionId>"), to: sent, "SetChargeDetailRecord", .toIOP, at: 62 * 60_000, transaction: "T-1"
    )
    let sessions = try journal.cdrSessions()
    #expect(sessions.count == 1 && sessions[0].versions.count == 1 && sessions[0].otherSide.count == 1)
    #expect(sessions[0].versions[0].acceptance.isAccepted == true)
    #expect(try journal.cdrSessions(asOf: JournalPosition(3)).count == 2)
    #expect(try journal.cdrs { try $0.sessions(of: "X-1").map(\.serviceSessionId) } == ["S-1"])
  }

  @Test func `a partner's id is its operator's own`() async throws {
    let other = ScriptedRecord(from: 200).with { ($0.serviceSessionId, $0.execOperator, $0.evse) = ("S-2", "FR*C02", "FR*C02*E1") }
    let conflicting = ScriptedRecord(from: 400).with { $0.serviceSessionId = "S-3" }
    let journal = try await Self.journal { journal in
      try await journal.send(ScriptedRecord(), at: 61)
      try await journal.send(other, at: 261)
      try await journal.send(conflicting, at: 461)
    }
    #expect(try journal.cdrSessions().map(\.serviceSessionId) == ["S-1", "S-2", "S-3"])
    #expect(try journal.cdrs { try $0.sessions(of: "X-1").map(\.serviceSessionId) } == ["S-1", "S-2", "S-3"])
    #expect(try journal.cdrs { try $0.sessions(of: "X-9").count } == 0)
  }

  // MARK: As of

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `as of a position is what a journal that ends there says, and a rebuild leaves the same rows`(seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let journal = try ScriptedJournal()
    var seen: [(JournalPosition, [[String]], [String])] = []
    for step in 0..<25 as Range<Int64> {
      let number = Int.random(in: 1...4, using: &random)
      var record = Bool.random(using: &random) ? ScriptedRecord() : .intermediate(minutes: 30, wattHours: "\(4_000 + 100 * step)")
      if Int.random(in: 0..<4, using: &random) == 0 { record.meters[1].1 = "1010\(step % 3)" }
      record.serviceSessionId = Bool.random(using: &random) ? "S-\(number)" : nil
      record.exec = Int.random(in: 0..<5, using: &random) > 0 ? "X-\(number)" : nil
      record.evse = "FR*C01*E\(number % 2 + 1)"
      let direction: Direction = Bool.random(using: &random) ? .toIOP : .fromIOP
      let id =
        direction == .toIOP
        ? "<serviceSessionId>S-\(number)</serviceSessionId>" : "<partnerServiceSessionId>Y-\(number)</partnerServiceSessionId>"
      let answers: [ScriptedJournal.Answer] = [.status(1, id), .status(1, id), .status(10_701), .status(10_507), .lost, .fault, .pending]
      try await journal.send(record, direction, at: step, transaction: "T-\(number)", answer: answers.randomElement(using: &random)!)
      let last = try #require(try JournalReader(journal.directory).lastPosition())
      seen.append((last, try journal.cdrSessions().map(\.summary), try journal.cdrRules()))
    }
    for (position, sessions, rules) in seen {
      #expect(try journal.cdrSessions(asOf: position).map(\.summary) == sessions, "as of \(position), seed \(seed)")
      #expect(try journal.cdrRules(asOf: position) == rules, "as of \(position), seed \(seed)")
    }
    let runner = try ProjectionRunner(journal.directory, projections: [CDRProjection.self], purpose: "test")
    try runner.catchUp()
    #expect(try runner.verify("cdrs").isSame)
  }
}

extension ScriptedJournal {
  /// Records that the gateway itself took a record from the back end.
  func answerByGateway(_ request: JournalPosition, at minute: Int64, transaction: String) async throws {
    let content = try JournalReader(directory).entry(at: request)!.content
    var context = content.context
    context.kind = .response
    context.author = .gateway
    context.outcome = Outcome(.ok, requestStatus: 1)
    let answer = EntryContent(observedAt: content.observedAt.adding(milliseconds: 5), context: context)
    try await append(EntryDraft(answer, request: .position(request), recordedAt: Self.moment(minute * 60_000 + 5)))
  }
}
