import EMIP
import JournalFormat
import JournalStore
import Testing

@testable import Projections

/// Ids of sessions that come again, and EVSEs in several spellings, in charge detail records.
@Suite struct CDRReuseTests {
  private static let hour: Int64 = 3_600_000

  private func sessions(_ script: SessionsScript, _ id: String) throws -> [CDRSession] {
    let rows = try script.journal.model(CDRProjection.self).snapshot()
    return try CDRQuestions(rows, JournalReader(script.journal.directory), asOf: nil).sessions(of: id)
  }

  private func rules(_ script: SessionsScript) throws -> [String] {
    let rows = try script.journal.model(CDRProjection.self).snapshot()
    return try CDRQuestions(rows, JournalReader(script.journal.directory), asOf: nil).findings().map(\.rule.id)
  }

  @Test func `a CPO's id that comes again leads to all sessions that have it, in order`() async throws {
    let script = try SessionsScript()
    for number in [1, 0, 2] as [Int64] {
      try await script.record("S\(number)", "1", at: (24 * number + 2) * Self.hour, wattHours: "\(8_000 + number)")
    }
    let found = try sessions(script, "1")
    #expect(found.map(\.serviceSessionId) == ["S0", "S1", "S2"])
    #expect(found.allSatisfy { $0.versions.count == 1 })
    #expect(try sessions(script, "S1").map(\.execPartnerSessionId) == ["1"])
    #expect(try rules(script).isEmpty)
  }

  @Test func `without the platform's ids a charge of the next day is another session`() async throws {
    let script = try SessionsScript()
    try await script.record(nil, "1", at: 2 * Self.hour)
    try await script.record(nil, "1", at: 2 * Self.hour + 60_000)
    try await script.record(nil, "1", at: 26 * Self.hour, wattHours: "7000", answered: "<serviceSessionId>S2</serviceSessionId>")
    #expect(try sessions(script, "1").map { $0.versions.count } == [2, 1])
    #expect(try sessions(script, "S2").map { $0.versions.first?.position } == [JournalPosition(5)])
  }

  @Test func `without the platform's ids charges of one day at other times are other sessions, in any order`() async throws {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] as [[Int64]] {
      let script = try SessionsScript()
      for number in order { try await script.record(nil, "1", at: (3 * number + 1) * Self.hour, wattHours: "\(7_000 + number)") }
      // The answer to one was lost.
      try await script.record(nil, "1", at: 8 * Self.hour, wattHours: "7000", started: Self.hour / 2)
      #expect(try sessions(script, "1").map { $0.versions.count } == [1, 1, 1])
      #expect(try sessions(script, "1").map { $0.versions[0].positions.count }.sorted() == [1, 1, 2])
      #expect(try rules(script).isEmpty)
    }
  }

  @Test(arguments: [
    // A corrected energy; times as of a clock that was set; another EVSE from the same time on.
    (Self.hour, "FR*C01*E1", "6000", 1), (2 * Self.hour, "FR*C01*E1", "5000", 1), (Self.hour, "FR*C01*E2", "5000", 1),
    // A charge that began while the other went on, at another EVSE: each station may count for itself.
    (Self.hour + 600_000, "FR*C01*E2", "6000", 2),
  ])
  func `a correction of a record that nothing names is told from another session where that can be known`(
    end: Int64, evse: String, wattHours: String, count: Int
  ) async throws {
    let script = try SessionsScript()
    try await script.record(nil, "1", at: Self.hour)
    try await script.record(nil, "1", at: 3 * Self.hour, evse: evse, wattHours: wattHours, started: end - Self.hour / 2)
    #expect(try sessions(script, "1").count == count)
    guard count == 1 else { return }
    let rows = try script.journal.model(CDRProjection.self).snapshot()
    let found = try CDRQuestions(rows, JournalReader(script.journal.directory), asOf: nil).findings()
    #expect(found.map(\.rule.id) == ["cdr-second-final"])
    #expect(found.first?.sentence.contains("No serviceSessionId tells whether both are of one session") ?? false)
  }

  @Test func `the platform's id counts in any case`() async throws {
    let script = try SessionsScript()
    try await script.record("iop-sid-0a", "X1", at: 2 * Self.hour)
    try await script.record("IOP-SID-0A", "X1", sale: "Y1", at: 2 * Self.hour + 1_000, .fromIOP)
    let found = try sessions(script, "Iop-Sid-0a")
    #expect(found.map(\.serviceSessionId) == ["iop-sid-0a"])
    #expect(found.first?.otherSide.count == 1)
  }

  @Test(arguments: [
    ("FR*C01*E1*11", "FR*C01*E11*1", false), ("FR*C01*E1*11", "FRC01E111", true), ("FR*C01*E1*11", "frc01e1*11", true),
  ])
  func `charges overlap where they may be at one EVSE`(one: String, other: String, isFound: Bool) async throws {
    let script = try SessionsScript()
    try await script.record("S1", "X1", at: 2 * Self.hour, evse: one)
    // By another badge: one that charges at two EVSEs at once is found as well.
    try await script.record("S2", "X2", at: 2 * Self.hour + 60_000, evse: other, user: SessionsScript.user("04FFFFFF"))
    #expect(try rules(script) == (isFound ? ["cdr-evse-overlap"] : []))
  }

  @Test func `both sides may spell an EVSE with and without its separators, and not in other places`() async throws {
    for (evse, expected) in [("FRC01E111", []), ("FR*C01*E11*1", ["cdr-legs-differ"])] {
      let script = try SessionsScript()
      try await script.record("S1", "X1", at: 2 * Self.hour, evse: "FR*C01*E1*11")
      try await script.record("S1", "X1", sale: "Y1", at: 2 * Self.hour, .fromIOP, evse: evse)
      #expect(try rules(script) == expected)
    }
  }

  @Test func `operators are shown as records spell them`() async throws {
    let script = try SessionsScript()
    try await script.record("S1", "X1", at: 2 * Self.hour, operator: "frc01")
    #expect(try sessions(script, "S1").map(\.execOperatorId) == ["frc01"])
  }
}
