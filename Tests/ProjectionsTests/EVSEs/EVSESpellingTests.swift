import EMIP
import JournalFormat
import JournalStore
import Testing

@testable import Projections

/// Which element a report is of, by how its id is spelled.
@Suite struct EVSESpellingTests {
  private static let now = StatusMoment(time: ScriptedJournal.moment(StatusScript.hour))

  private func statuses(_ script: StatusScript, _ id: String, asOf position: UInt64? = nil) throws -> [String] {
    let questions = EVSEQuestions(try script.rows(), asOf: position.map { JournalPosition($0) })
    return try questions.statuses(of: id, Self.now).map { "\($0.id) \($0.busy?.event.status ?? 99)" }
  }

  private func all(_ script: StatusScript) throws -> [String] {
    var found: [String] = []
    try EVSEQuestions(try script.rows(), asOf: nil).forEach(Self.now) {
      found.append("\($0.id) \($0.busy?.event.status ?? 99)")
      return true
    }
    return found
  }

  private func ambiguities(_ script: StatusScript) throws -> [(subject: String, sentence: String)] {
    try EVSEQuestions(try script.rows(), asOf: nil).findings().filter { $0.rule.id == "evse-spelling-ambiguous" }
      .map { ($0.subject, $0.sentence) }
  }

  @Test func `an id is shown as it was sent`() async throws {
    let script = try StatusScript()
    try await script.busy("FR*C01*E07001*1", 2, date: 0, at: 0)
    try await script.busy("frC01e9", 1, date: 0, at: 1_000)
    #expect(try all(script) == ["FR*C01*E07001*1 2", "frC01e9 1"])
    #expect(try statuses(script, "FRC01E070011") == ["FR*C01*E07001*1 2"])
    #expect(try statuses(script, "fr-c01-e07001-1") == ["FR*C01*E07001*1 2"])
  }

  @Test func `separators in other places are another EVSE`() async throws {
    let script = try StatusScript()
    try await script.busy("FR*C01*E1*11", 2, date: 0, at: 0)
    try await script.busy("FR*C01*E11*1", 1, date: 0, at: 1_000)
    #expect(try statuses(script, "FR*C01*E1*11") == ["FR*C01*E1*11 2"])
    #expect(try statuses(script, "frc01e11*1") == ["FR*C01*E11*1 1"])
    #expect(try Set(statuses(script, "FRC01E111")) == ["FR*C01*E1*11 2", "FR*C01*E11*1 1"])
    #expect(try ambiguities(script).isEmpty)
  }

  @Test func `an id without separators is the one that it can be, whichever came first`() async throws {
    for isFirst in [true, false] {
      let script = try StatusScript()
      if isFirst { try await script.busy("FRC01E111", 3, date: 0, at: 0) }
      try await script.busy("FR*C01*E1*11", 2, date: 1_000, at: 1_000)
      if !isFirst { try await script.busy("FRC01E111", 3, date: 2_000, at: 2_000) }
      try await script.busy("FR*C01*E1*11", 1, date: 3_000, at: 3_000)
      #expect(try all(script) == ["FR*C01*E1*11 1"])
      #expect(try EVSEQuestions(try script.rows(), asOf: nil).history(of: "FRC01E111", .evse, .busy).count == 3)
      #expect(try ambiguities(script).isEmpty)
      if isFirst { #expect(try statuses(script, "FRC01E111", asOf: 2) == ["FRC01E111 3"]) }
    }
  }

  @Test func `where an id without separators could be several, that is found once`() async throws {
    let script = try StatusScript()
    try await script.busy("FR*C01*E1*11", 2, date: 0, at: 0)
    try await script.busy("FR*C01*E11*1", 1, date: 0, at: 1_000)
    try await script.busy("FRC01E111", 3, date: 2_000, at: 2_000)
    try await script.busy("frc01e111", 3, date: 3_000, at: 3_000)
    #expect(try ambiguities(script).map(\.subject) == ["FRC01E111"])
    #expect(try ambiguities(script).map(\.sentence) == ["FRC01E111 may be FR*C01*E1*11 or FR*C01*E11*1."])
    // Neither of the two is said to be reserved.
    #expect(try Set(all(script)) == ["FRC01E111 3", "FR*C01*E1*11 2", "FR*C01*E11*1 1"])
  }

  @Test func `what was taken for one before the other was heard of is found as well`() async throws {
    let script = try StatusScript()
    try await script.busy("FRC01E111", 3, date: 0, at: 0)
    try await script.busy("FR*C01*E1*11", 2, date: 1_000, at: 1_000)
    try await script.busy("FR*C01*E11*1", 1, date: 2_000, at: 2_000)
    #expect(try ambiguities(script).map(\.sentence) == ["FRC01E111 may be FR*C01*E1*11 or FR*C01*E11*1."])
    try await script.busy("FRC01E111", 3, date: 3_000, at: 3_000)
    #expect(try ambiguities(script).count == 1)
    // It may be this one, and says nothing of it.
    #expect(try Set(statuses(script, "FR*C01*E1*11")) == ["FR*C01*E1*11 2", "FRC01E111 3"])
    #expect(try script.journal.forgetsNothing(EVSEProjection.self))
  }

  @Test func `stations, pools and connectors are told apart as well, and a contradiction keeps its element`() async throws {
    let script = try StatusScript()
    for (level, letter) in [("ChargingPool", "P"), ("ChargingStation", "S"), ("ChargingConnector", "X")] {
      for (number, id) in ["FR*C01*\(letter)1*11", "FR*C01*\(letter)11*1"].enumerated() {
        try await script.journal.exchange(
          "Set\(level)AvailabilityStatus", at: Int64(number), StatusScript.availability(id, number + 1, 0, level: level))
      }
    }
    var ids: [String] = []
    try EVSEQuestions(try script.rows(), asOf: nil).forEach(Self.now) {
      ids.append("\($0.id) \($0.availability?.event.status ?? 99)")
      return true
    }
    #expect(Set(ids) == Set("PSX".flatMap { ["FR*C01*\($0)1*11 1", "FR*C01*\($0)11*1 2"] }))
    try await script.availability("FRC01E222", 1, date: 0, at: 10)
    try await script.busy("FRC01E222", 2, date: 0, at: 20)
    try await script.busy("FR*C01*E2*22", 2, date: 30, at: 30)
    #expect(try EVSEQuestions(try script.rows(), asOf: nil).findings().map(\.subject) == ["FR*C01*E2*22"])
  }
}
