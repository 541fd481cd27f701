import EMIP
import JournalFormat
import JournalStore
import Testing

@testable import Projections

/// One charge under two ids, and one badge at two EVSEs.
@Suite struct CDRPairTests {
  private static func rules(_ records: [ScriptedRecord], refusing refused: Int? = nil) async throws -> [String] {
    let journal = try ScriptedJournal()
    for (index, record) in records.enumerated() {
      try await journal.send(record, at: 200 + 2 * Int64(index), answer: .status(index == refused ? 10_507 : 1))
      try await journal.send(record, .fromIOP, at: 201 + 2 * Int64(index), answer: .status(index == refused ? 10_507 : 1))
    }
    #expect(try journal.forgetsNothing(CDRProjection.self))
    let sessions = try journal.cdrSessions()
    let held = try journal.cdrRules()
    // Both sessions are told of it.
    #expect(sessions.flatMap(\.findings).filter { $0.resolvedAt == nil }.count == 2 * held.count)
    return held
  }

  private static func other(_ change: (inout ScriptedRecord) -> Void, of record: ScriptedRecord = ScriptedRecord()) -> ScriptedRecord {
    record.with {
      ($0.serviceSessionId, $0.exec, $0.user) = ("S-2", "X-2", "04FFFFFF")
      change(&$0)
    }
  }

  @Test func `an equal charge under another id is told once, however long and spelled however`() async throws {
    for minutes in [0, 1, 60] as [Int64] {
      let record = ScriptedRecord(minutes: minutes, wattHours: "100")
      let copy = Self.other({ $0.evse = "frc01e1" }, of: record)
      let sound = minutes == 60 ? record.with { $0.meters[1].1 = "10000" } : record
      let soundCopy = minutes == 60 ? copy.with { $0.meters[1].1 = "10000.0" } : copy
      #expect(try await Self.rules([sound, soundCopy]) == ["cdr-duplicate"])
      #expect(try await Self.rules([sound, soundCopy], refusing: 1) == [])
    }
    let journal = try ScriptedJournal()
    try await journal.send(ScriptedRecord(), at: 200)
    try await journal.send(Self.other { _ in }, at: 201)
    #expect(
      try journal.cdrSessions()[1].findings.map(\.sentence) == ["S-2 and S-1 have the same charge of 3600 s at one EVSE."])
  }

  @Test func `a charge of another energy, time or EVSE is another`() async throws {
    let short = ScriptedRecord(minutes: 1, wattHours: "100")
    #expect(try await Self.rules([short, Self.other({ $0.meters[1].1 = "101" }, of: short)]) == [])
    #expect(try await Self.rules([short, Self.other({ $0.evse = "FR*C01*E2" }, of: short)]) == [])
    #expect(try await Self.rules([ScriptedRecord(), Self.other { $0.meters[1].1 = "9999" }]) == ["cdr-evse-overlap"])
    #expect(
      try await Self.rules([ScriptedRecord(), Self.other { $0.end = ScriptedJournal.moment(3_600_001).description }]) == [
        "cdr-evse-overlap"
      ])
  }

  @Test(arguments: [(59, []), (58, ["user-elsewhere"])] as [(Int64, [String])])
  func `one badge charges at two EVSEs for a minute at most`(start: Int64, expected: [String]) async throws {
    let elsewhere = Self.other({ ($0.evse, $0.user) = ("FR*C01*E2", "4a1b2c3") }, of: ScriptedRecord(from: start))
    #expect(try await Self.rules([ScriptedRecord(), elsewhere]) == expected)
    #expect(try await Self.rules([elsewhere, ScriptedRecord()]) == expected)
    #expect(try await Self.rules([ScriptedRecord(), elsewhere], refusing: 0) == [])
    #expect(try await Self.rules([ScriptedRecord(), elsewhere.with { $0.user = "04FFFFFF" }]) == [])
  }

  @Test func `a badge that is shared by many is not told of each with each`() async throws {
    let journal = try ScriptedJournal()
    for number in 0..<12 {
      try await journal.send(
        ScriptedRecord().with { ($0.serviceSessionId, $0.exec, $0.evse) = ("S-\(number)", "X-\(number)", "FR*C01*E\(number)") }, at: 61)
    }
    #expect(try journal.cdrRules().count == 0 + 1 + 2 + 3 + 4 * 8)
  }

  @Test func `a badge goes with its messages`() async throws {
    let journal = try ScriptedJournal()
    try await journal.send(ScriptedRecord(), at: 61)
    let runner = try ProjectionRunner(journal.directory, projections: [CDRProjection.self], purpose: "test")
    defer { runner.close() }
    try runner.catchUp()
    func count(_ table: ModelTable) throws -> Int {
      var count = 0
      try runner.models[0].snapshot().forEach(in: table) { _ in
        count += 1
        return true
      }
      return count
    }
    #expect(try count(CDRTables.badges) == 1 && count(CDRTables.badgeIntervals.table) == 1)
    try runner.moveHorizon(to: JournalPosition(3))
    #expect(try count(CDRTables.badges) == 0 && count(CDRTables.badgeIntervals.table) == 0 && count(CDRTables.intervals.table) == 1)
  }
}
