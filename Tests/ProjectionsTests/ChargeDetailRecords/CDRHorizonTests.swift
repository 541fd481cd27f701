import EMIP
import JournalFormat
import JournalStore
import TestSupport
import Testing

@testable import Projections

/// What a read model of records knows when the messages are gone, and when its projection is thrown away.
@Suite struct CDRHorizonTests {
  private static let ids = "<serviceSessionId>S-1</serviceSessionId>"

  /// Sessions with retries, refusals, a merging, a list, an overlap, and users that change.
  private static func journal() async throws -> ScriptedJournal {
    let journal = try ScriptedJournal()
    let unnamed = ScriptedRecord().with { ($0.serviceSessionId, $0.alias) = (nil, "FR-MS1-CALIAS") }
    try await journal.send(unnamed, at: 61, transaction: "T-1", answer: .lost)
    try await journal.send(unnamed, at: 62, transaction: "T-2", answer: .status(1, ids))
    try await journal.send(
      ScriptedRecord().with { ($0.exec, $0.user) = (nil, "04FFFFFF") }, .fromIOP, at: 63,
      answer: .status(1, "<partnerServiceSessionId>Y-1</partnerServiceSessionId>"))
    let other = ScriptedRecord(wattHours: "10000.5", from: 30).with {
      ($0.serviceSessionId, $0.exec) = ("S-2", "X-2")
      $0.meters += [("3", "1.10", "EUR"), ("45", "5000", "Wh"), ("45", "5000.5", "Wh")]
    }
    try await journal.send(other, at: 91, answer: .status(10_507))
    try await journal.send(other.with { $0.user = "04EEEEEE" }, at: 92)
    let third = ScriptedRecord(from: 200).with { ($0.serviceSessionId, $0.exec, $0.evse) = ("S-3", "X-3", "FR*C01*E3") }
    let list = "<chargeDetailRecordList>" + other.xml + third.xml + "</chargeDetailRecordList>"
    try await journal.exchange("GetChargeDetailRecordList", at: 300 * 60_000, operator: "FR*MS1", answer: .status(1, list))
    return journal
  }

  /// Users go, what they changed stays.
  private static func masked(_ summary: [[String]]) -> [[String]] {
    summary.map { lines in
      lines.map { line in line.replacing(/from: Optional\("[^"]*"\), to: Optional\("[^"]*"\), isPersonal: true/, with: "personal") }
    }
  }

  @Test func `every version outlives its message, and its user does not`() async throws {
    let journal = try await Self.journal()
    let last = try #require(try JournalReader(journal.directory).lastPosition())
    let positions = (1...last.rawValue).map { JournalPosition($0) }
    let before = try positions.map { Self.masked(try journal.cdrSessions(asOf: $0).map(\.summary)) }
    let runner = try ProjectionRunner(journal.directory, projections: [CDRProjection.self], purpose: "test")
    try runner.moveHorizon(to: last.next)
    // A journal that has nothing of it: all must come from the rows.
    let empty = try ScriptedJournal()
    let reader = try JournalReader(empty.directory)
    func query(_ position: JournalPosition?) throws -> CDRQuestions {
      CDRQuestions(try runner.models[0].snapshot(), reader, asOf: position)
    }
    for (position, expected) in zip(positions, before) {
      var found: [[String]] = []
      try query(position).forEachSession { session in
        found.append(session.summary)
        return true
      }
      #expect(Self.masked(found) == expected, "as of \(position)")
    }
    let session = try #require(try query(nil).sessions(of: "Y-1").first)
    #expect(session.transactionIds == ["T-1", "T-2", "T-63-fromIOP"] && session.serviceSessionId == "S-1")
    #expect((session.versions + session.otherSide).allSatisfy { !$0.hasMessage })
    let users = session.versions.compactMap(\.record?.user.userId) + session.otherSide.compactMap(\.record?.user.userId)
    #expect(users.count == 2 && Set(users).count == 2 && users.allSatisfy { $0.hasPrefix("pseudonym ") && $0.count == 14 })
    let state = try #require(
      try FileSystem.read(ReadModelDirectory(journal.directory).openingStatePath("cdrs"), atMost: 1 << 30))
    for text in ["04A1B2C3", "04FFFFFF", "04EEEEEE", "CALIAS"] {
      #expect(state.ranges(of: Array(text.utf8)).isEmpty, "\(text) stays")
    }
    #expect(!state.ranges(of: Array("10000.5".utf8)).isEmpty)
  }

  @Test func `what comes after the horizon is judged as if nothing had gone`() async throws {
    let (journal, whole) = (try await Self.journal(), try await Self.journal())
    let runner = try ProjectionRunner(journal.directory, projections: [CDRProjection.self], purpose: "test")
    try runner.moveHorizon(to: JournalPosition(7))
    try runner.moveHorizon(to: JournalPosition(11))
    runner.close()
    for journal in [journal, whole] {
      let retried = ScriptedRecord().with { ($0.serviceSessionId, $0.alias) = (nil, "FR-MS1-CALIAS") }
      try await journal.send(retried, at: 400, transaction: "T-3")
      try await journal.send(ScriptedRecord(minutes: 50, from: 205).with { ($0.serviceSessionId, $0.evse) = ("S-4", "FR*C01*E3") }, at: 401)
    }
    #expect(try journal.cdrSessions().map(\.summary) == whole.cdrSessions().map(\.summary))
    #expect(try journal.cdrRules() == whole.cdrRules())
    #expect(try journal.cdrRules().contains("cdr-evse-overlap"))
  }

  @Test(arguments: [1, 2] as [UInt64])
  func `a projection that is thrown away between any two entries leaves the same rows as one that lives on`(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let journal = try ScriptedJournal()
    for step in 0..<60 as Range<Int64> {
      let number = Int.random(in: 1...6, using: &random)
      let energy = "1000\(Int.random(in: 0...2, using: &random))"
      var record = ScriptedRecord(minutes: Bool.random(using: &random) ? 60 : 64, wattHours: energy, from: 20 * Int64(number))
      record.nature = ["1", "1", "2", "7"].randomElement(using: &random)!
      record.serviceSessionId = Bool.random(using: &random) ? "S-\(number)" : nil
      record.exec = Int.random(in: 0..<4, using: &random) > 0 ? "X-\(number)" : nil
      record.evse = "FR*C01*E\(number % 2)"
      if Bool.random(using: &random) { record.meters.append(("77", "1", "x")) }
      let id = "<serviceSessionId>S-\(number)</serviceSessionId><partnerServiceSessionId>Y-\(number)</partnerServiceSessionId>"
      let answers: [ScriptedJournal.Answer] = [.status(1, id), .status(1), .status(10_701, id), .status(10_507), .lost, .fault, .pending]
      try await journal.send(
        record, Bool.random(using: &random) ? .toIOP : .fromIOP, at: step, transaction: "T-\(step % 7)",
        answer: answers.randomElement(using: &random)!)
    }
    let last = try #require(try JournalReader(journal.directory).lastPosition())
    for position in 1...last.rawValue {
      let runner = try ProjectionRunner(journal.directory, projections: [CDRProjection.self], purpose: "test")
      defer { runner.close() }
      _ = try runner.advance(runner.models, to: JournalPosition(position).next)
    }
    let runner = try ProjectionRunner(journal.directory, projections: [CDRProjection.self], purpose: "test")
    #expect(try runner.models[0].state().next == last.next)
    #expect(try runner.verify("cdrs").isSame, "seed \(seed)")
    runner.close()
    #expect(try journal.cdrRules().count > 5)
  }
}

@Suite struct CDRQuestionTests {
  @Test func `a question about a session looks at the session alone, however long the history and however many operators`() async throws {
    let journal = try ScriptedJournal()
    try await journal.send(.intermediate(), at: 30)
    try await journal.send(ScriptedRecord(), at: 61)
    func work(asOf position: UInt64?) throws -> [Int] {
      let rows = CountedReads(try journal.model(CDRProjection.self).snapshot())
      let query = CDRQuestions(rows, try JournalReader(journal.directory), asOf: position.map { JournalPosition($0) })
      #expect(try query.sessions(of: "X-1").map(\.versions.count) == [2])
      return [rows.readCount, query.messages.readCount]
    }
    let before = try work(asOf: 4)
    #expect(before[0] <= 8 && before[1] == 2)
    for number in 2..<60 as Range<Int64> {
      let other = ScriptedRecord(from: 100 * number).with {
        ($0.serviceSessionId, $0.exec, $0.execOperator) = ("S-\(number)", "X-\(number)", "FR*C\(number + 10)")
        $0.saleOperator = "FR*M\(number + 10)"
      }
      try await journal.send(other, at: 100 * number)
    }
    #expect(try work(asOf: 4) == before)
    #expect(try work(asOf: nil) == before)
  }
}
