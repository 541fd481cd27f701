import EMIP
import JournalFormat
import JournalStore
import Testing

@testable import Projections

/// A clock that is set to another zone.
@Suite struct PartnerClockTests {
  private static let minute: Int64 = 60_000

  /// A status of the EVSE, so many minutes late by the partner's clock.
  private static func report(
    _ journal: ScriptedJournal, at minute: Int64, late: Int64, evse: Int = 1, answer: ScriptedJournal.Answer = .status(1),
    transaction: String? = nil
  ) async throws {
    try await journal.exchange(
      "SetEVSEBusyStatus", at: minute * Self.minute, transaction: transaction,
      "<EVSEId>FR*C01*E\(evse)</EVSEId><statusEventDate>\(ScriptedJournal.moment(minute * Self.minute - late))</statusEventDate>"
        + "<busyStatus>1</busyStatus>", answer: answer)
  }

  private static func findings(_ journal: ScriptedJournal) throws -> [ReportedFinding] {
    let rows = try journal.model(PartnerProjection.self).snapshot()
    return try PartnerQuestions(rows, asOf: nil).findings().filter { $0.rule == PartnerRules.clockOffset }
  }

  /// What is found where the reports come once a minute, so many milliseconds late.
  private static func found(_ lateness: [Int64], each step: Int64 = 1) async throws -> [ReportedFinding] {
    let journal = try ScriptedJournal()
    for (index, late) in lateness.enumerated() { try await report(journal, at: 1_000 + Int64(index) * step, late: late) }
    #expect(try journal.forgetsNothing(PartnerProjection.self))
    return try findings(journal)
  }

  @Test(
    arguments: [
      (3_600_000, "1 h behind"), (-3_600_000, "1 h ahead"), (900_000, "15 min behind"), (-43_200_000 + 240_000, "12 h ahead"),
    ] as [(Int64, String)])
  func `twenty reports that are off by the same quarters of an hour are told, with since when and until when`(
    late: Int64, offset: String
  ) async throws {
    let found = try await Self.found(Array(repeating: late, count: 24))
    #expect(found.map(\.position) == [JournalPosition(39)] && found.allSatisfy { $0.resolvedAt == nil })
    #expect(found.first?.sentence == "The clock of FR*C01 is \(offset), since 2025-03-01T16:40:00.000Z, as what it reports is dated so.")
    let ended = try await Self.found(Array(repeating: late, count: 24) + [1_000, 1_000])
    #expect(ended.map(\.resolvedAt) == [JournalPosition(49)])
    #expect(ended.first?.sentence.contains("since 2025-03-01T16:40:00.000Z and until 2025-03-01T17:04:00.000Z,") ?? false)
    #expect(try await Self.found(Array(repeating: late, count: 19)).isEmpty)
  }

  @Test(arguments: [(0, 300_000), (-120_000, 0), (-120_000, 300_000)] as [(Int64, Int64)])
  func `what is reported within five minutes is dated right, and clocks differ`(least: Int64, most: Int64) async throws {
    let hour = 60 * Self.minute
    #expect(try await Self.found((0..<40).map { $0 % 2 == 0 ? least : most }).isEmpty)
    #expect(try await Self.found((0..<40).map { hour + ($0 % 2 == 0 ? least : most) }).count == 1)
    #expect(try await Self.found((0..<40).map { hour + ($0 % 2 == 0 ? least - 1 : most + 1) }).isEmpty)
  }

  @Test func `one that is right, or off by something else, begins the count anew, and twenty in nine minutes are none`() async throws {
    let hour = 60 * Self.minute
    #expect(try await Self.found((0..<39).map { $0 == 19 ? 0 : hour }).isEmpty)
    #expect(try await Self.found((0..<40).map { $0 == 19 ? 2 * hour : hour }).count == 1)
    let journal = try ScriptedJournal()
    for number in 0..<30 { try await Self.report(journal, at: 1_000 + Int64(number) / 3, late: hour, evse: number) }
    #expect(try Self.findings(journal).isEmpty)
    try await Self.report(journal, at: 1_010, late: hour)
    #expect(try Self.findings(journal).count == 1)
  }

  @Test func `a clock that is set to yet another zone is told anew`() async throws {
    let hour = 60 * Self.minute
    let found = try await Self.found(Array(repeating: hour, count: 20) + Array(repeating: 2 * hour, count: 20))
    #expect(found.map(\.position) == [JournalPosition(39), JournalPosition(79)] && found[0].resolvedAt == JournalPosition(79))
    #expect(found[0].sentence.contains("until 2025-03-01T17:00:00.000Z"))
  }

  @Test func `what is sent again an hour later says nothing of the clock`() async throws {
    let journal = try ScriptedJournal()
    for number in 0..<30 { try await Self.report(journal, at: 1_000 + Int64(number), late: 0, evse: number, answer: .lost) }
    for number in 0..<30 {
      let time = ScriptedJournal.moment((1_000 + Int64(number)) * Self.minute)
      try await journal.exchange(
        "SetEVSEBusyStatus", at: (1_060 + Int64(number)) * Self.minute,
        "<EVSEId>FR*C01*E\(number)</EVSEId><statusEventDate>\(time)</statusEventDate><busyStatus>1</busyStatus>", answer: .status(1))
    }
    #expect(try Self.findings(journal).isEmpty)
  }

  @Test func `a record's end and an event tell it too, and a partner's clock is its own`() async throws {
    let journal = try ScriptedJournal()
    for number in 0..<20 {
      let time = 200 + Int64(number)
      // One CPO sends records an hour ahead, the other events an hour behind.
      let record = ScriptedRecord(from: time).with { ($0.serviceSessionId, $0.exec) = ("S-\(number)", "X-\(number)") }
      try await journal.send(record, at: time + 3)
      try await journal.exchange(
        "SetSessionEventReport", at: time * Self.minute, operator: "FR*C02",
        "<serviceSessionId>S-\(number)</serviceSessionId><sessionEvent><sessionEventNature>1</sessionEventNature>"
          + "<sessionEventDateTime>\(ScriptedJournal.moment((time - 60) * Self.minute))</sessionEventDateTime></sessionEvent>")
    }
    #expect(try Self.findings(journal).map(\.subject).sorted() == ["FR*C01", "FR*C02"])
  }
}
