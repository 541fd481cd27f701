import EMIP
import JournalFormat
import Testing

@testable import Projections

/// Each rule at its border: what it must say and what it must not.
@Suite struct CDRRuleTests {
  private static func rules(_ record: ScriptedRecord) -> [String] { CDRRules.judgements(of: MeteredRecord(record.read)).map(\.rule.id) }

  private static func rules(_ change: (inout ScriptedRecord) -> Void) -> [String] { rules(ScriptedRecord().with(change)) }

  @Test func `a sound record breaks no rule`() {
    #expect(Self.rules { _ in } == [])
    #expect(Self.rules { $0.meters += [("3", "12.50", "EUR"), ("5", "40", "min"), ("1022", "12", "min"), ("35", "21000", "W")] } == [])
  }

  @Test func `both totals are mandatory`() {
    #expect(Self.rules { $0.meters.removeLast() } == ["cdr-meter-missing"])
    #expect(Self.rules { $0.meters = [] } == ["cdr-meter-missing", "cdr-meter-missing"])
  }

  @Test func `a meter has the unit of the catalogue`() {
    #expect(Self.rules { $0.meters[0].2 = "minutes" } == ["cdr-meter-unit"])
    // 10 kWh are what the other rules go by.
    #expect(Self.rules { ($0.meters[1].1, $0.meters[1].2) = ("10", "kWh") } == ["cdr-meter-unit"])
    #expect(Self.rules { ($0.meters[1].1, $0.meters[1].2) = ("401", "kWh") } == ["cdr-meter-unit", "cdr-power"])
    #expect(Self.rules { $0.meters[1].2 = nil } == ["cdr-meter-unit"])
    #expect(Self.rules { $0.meters.append(("25", "21000", "kW")) } == ["cdr-meter-unit"])
    #expect(Self.rules { $0.meters.append(("3", "1", "Eur")) } == ["cdr-meter-unit"])
    let severities = [("1", "h"), ("25", "kW")].map { type, unit in
      CDRRules.judgeUnits(ScriptedRecord().with { $0.meters.append((type, "1", unit)) }.read)[0].rule.severity
    }
    #expect(severities == [.error, .warning])
  }

  @Test(
    arguments: [
      ("12,50", "cdr-value-unreadable"), ("1e3", "cdr-value-unreadable"), ("NaN", "cdr-value-unreadable"), (".", "cdr-value-unreadable"),
      ("", "cdr-meter-value"), ("-1", "cdr-meter-value"), ("0", nil), ("-0", nil), ("+1.", nil), (".5", nil),
    ] as [(String, String?)])
  func `a value is a decimal that is not negative`(value: String, rule: String?) {
    #expect(Self.rules { $0.meters.append(("3", value, "EUR")) } == (rule.map { [$0] } ?? []))
  }

  @Test func `what cannot be read of a record is one finding, with what it says`() {
    let record = ScriptedRecord().with { record in
      record.start = "01/03/2025"
      record.end = "2025-03-01T10:00:00+0100"
      record.meters.append(("cost", "12,50", "EUR"))
    }
    let judgements = CDRRules.judgements(of: MeteredRecord(record.read))
    #expect(judgements.map(\.rule.id) == ["cdr-value-unreadable"])
    #expect(
      CDRRules.sentence(judgements[0].rule, judgements[0].figures)
        == #"The record has startTime "01/03/2025", endTime "2025-03-01T10:00:00+0100", meterTypeId "cost", meterValue "12,50", which cannot be read."#
    )
  }

  @Test func `a record ends at its start or later, and says so`() {
    #expect(
      Self.rules { record in
        record.end = record.start
        record.meters = [("1", "0", "min"), ("2", "0", "Wh")]
      } == [])
    #expect(Self.rules { $0.end = ScriptedJournal.moment(-1).description } == ["cdr-end-before-start"])
    #expect(Self.rules { $0.start = nil } == ["cdr-end-before-start"])
    #expect(Self.rules { $0.end = "yesterday" } == ["cdr-value-unreadable"])
  }

  @Test(
    arguments: [
      (30, "35", false), (30, "35.001", true), (30, "25", false), (30, "24.999", true), (200, "220", false), (200, "220.0001", true),
      (200, "180", false), (200, "179.9", true),
    ] as [(Int64, String, Bool)])
  func `the duration is that between the times, but for five minutes or a tenth`(minutes: Int64, duration: String, isWrong: Bool) {
    let record = ScriptedRecord(minutes: minutes).with { $0.meters[0].1 = duration }
    #expect(Self.rules(record) == (isWrong ? ["cdr-duration-mismatch"] : []))
  }

  @Test(
    arguments: [
      (60, "400000", false), (60, "400000.001", true), (30, "200000", false), (30, "200001", true), (0, "6666", false), (0, "6667", true),
    ] as [(Int64, String, Bool)])
  func `no charge has more than 400 kilowatts`(minutes: Int64, energy: String, isWrong: Bool) {
    #expect(Self.rules(ScriptedRecord(minutes: minutes, wattHours: energy)) == (isWrong ? ["cdr-power"] : []))
  }

  @Test(arguments: [
    ("1000", "1100", false), ("1000", "1100.5", true), ("1000", "900", false), ("1000", "899", true), ("10000", "10500", false),
    ("10000", "10500.1", true), ("10000", "9500", false), ("10000", "9499.9", true),
  ])
  func `the steps sum up to the total, but for 100 watt-hours or a twentieth`(total: String, sum: String, isWrong: Bool) {
    for type in ["41", "45"] {
      let record = ScriptedRecord(wattHours: total).with { $0.meters += [(type, "0", "Wh"), (type, sum, "Wh")] }
      #expect(Self.rules(record) == (isWrong ? ["cdr-energy-steps"] : []))
    }
    #expect(Self.rules { $0.meters += [("45", "10", "kWh")] } == ["cdr-meter-unit"])
  }

  @Test(
    arguments: [
      ("21", 60, "10000", false), ("21", 60, "10600", false), ("21", 60, "14000", true), ("25", 12, "10000", false),
      ("25", 12, "12000", true),
      ("25", 12, "8000", true), ("25", 12, "11", false),
    ] as [(String, Int, String, Bool)])
  func `the mean power by steps makes the total, but for the last step`(type: String, count: Int, watts: String, isWrong: Bool) {
    let unit = watts == "11" ? "kW" : "W"
    let record = ScriptedRecord().with { $0.meters += Array(repeating: (type, watts, unit), count: count) }
    #expect(Self.rules(record).filter { $0 != "cdr-meter-unit" } == (isWrong ? ["cdr-energy-steps"] : []))
  }

  @Test func `a total is given once`() {
    #expect(Self.rules { $0.meters.append(("2", "12000", "Wh")) } == ["cdr-meter-repeated"])
    #expect(Self.rules { $0.meters.append(("2", "10000", "Wh")) } == ["cdr-meter-repeated"])
    let twice = ["cdr-meter-unit", "cdr-meter-repeated", "cdr-meter-repeated"]
    #expect(Self.rules { $0.meters += [("1", "60", "min"), ("2", "10", "kWh")] } == twice)
    #expect(Self.rules { $0.meters += [("3", "1", "EUR"), ("3", "2", "EUR")] } == ["cdr-meter-repeated"])
    #expect(Self.rules { $0.meters += [("3", "1", "EUR"), ("3", "2", "CHF"), ("35", "10000", "W"), ("35", "10000", "W")] } == [])
    let billed = ScriptedRecord().with { $0.meters += [("2", "1", "Wh"), ("3", "1", "EUR"), ("3", "2", "EUR")] }
    #expect(MeteredRecord(billed.read).costs == [])
  }

  @Test(
    arguments: [
      (60, "22.98", true), (60, "0", false), (60, "99.999", true), (60, "100", false), (10, "1", false), (11, "1", true), (11, "20", false),
    ] as [(Int64, String, Bool)])
  func `few watt-hours in a long time may be kilowatt-hours`(minutes: Int64, energy: String, isLow: Bool) {
    #expect(Self.rules(ScriptedRecord(minutes: minutes, wattHours: energy)) == (isLow ? ["cdr-power-low"] : []))
    #expect(Self.rules(ScriptedRecord(minutes: minutes, wattHours: energy).with { $0.nature = "2" }) == [])
  }

  @Test func `an unknown meter or nature is noted`() {
    #expect(Self.rules { $0.meters.append(("77", "1", "x")) } == ["cdr-unknown-meter"])
    #expect(Self.rules { $0.meters += [("1000", "1", "min"), ("1099", "1", "min")] } == [])
    #expect(Self.rules { $0.meters.append(("1100", "1", "min")) } == ["cdr-unknown-meter"])
    #expect(Self.rules { $0.nature = "9" } == ["cdr-unknown-nature"])
    #expect(Self.rules { $0.nature = nil } == ["cdr-unknown-nature"])
    for nature in ["0", "1", "2", "Final", "intermediate"] { #expect(Self.rules { $0.nature = nature } == []) }
  }

  @Test func `a record has the CPO's id of the session`() {
    func judgements(_ exec: String?, _ platform: String?) -> [CDRJudgement] {
      CDRRules.judgeExecSession(ScriptedRecord().with { ($0.exec, $0.serviceSessionId) = (exec, platform) }.read)
    }
    #expect(judgements("X", nil).isEmpty && judgements("X", "S").isEmpty)
    #expect(judgements(nil, "S").map(\.rule.severity) == [.notice])
    #expect(judgements(nil, nil).map(\.rule.severity) == [.error])
  }

  @Test func `every rule has a number, and a sentence of its own`() {
    #expect(Set(CDRRules.all.map(\.number)).count == CDRRules.all.count)
    #expect(CDRRules.all.allSatisfy { (20...49).contains($0.number) && CDRProjection.rule($0.number) == $0 })
    #expect(Set(CDRRules.all.map { CDRRules.sentence($0, ["1", "2", "3"]) }).count >= Set(CDRRules.all.map(\.id)).count)
  }
}

/// Rules that need more than one record.
@Suite struct CDRSessionRuleTests {
  private static func rules(_ steps: (ScriptedJournal) async throws -> Void) async throws -> [String] {
    let journal = try ScriptedJournal()
    try await steps(journal)
    return try journal.cdrRules()
  }

  @Test(arguments: [("5000", []), ("4999.999", ["cdr-meter-decreases"])] as [(String, [String])])
  func `totals do not fall from version to version`(energy: String, expected: [String]) async throws {
    let found = try await Self.rules { journal in
      try await journal.send(.intermediate(wattHours: "5000"), at: 30)
      try await journal.send(.intermediate(minutes: 45, wattHours: "2000"), at: 45, answer: .status(10_507))
      try await journal.send(ScriptedRecord(wattHours: energy), at: 61)
    }
    // What was refused counts for nothing: it fell itself.
    #expect(found == ["cdr-meter-decreases"] + expected)
  }

  @Test func `what was found on one side is not told of the other`() async throws {
    let wrong = ScriptedRecord().with { $0.meters.removeLast() }
    #expect(
      try await Self.rules { journal in
        try await journal.send(wrong, at: 61)
        try await journal.send(wrong, .fromIOP, at: 62)
      } == ["cdr-meter-missing"])
    #expect(try await Self.rules { try await $0.send(wrong, .fromIOP, at: 62) } == ["cdr-meter-missing"])
  }

  @Test func `a second final is one too many, unless the first was refused`() async throws {
    let second = ScriptedRecord(wattHours: "10100")
    for (answer, expected) in [
      (ScriptedJournal.Answer.status(1), ["cdr-second-final"]), (.lost, ["cdr-second-final"]), (.status(10_507), []), (.fault, []),
    ] {
      let found = try await Self.rules { journal in
        try await journal.send(ScriptedRecord(), at: 61, answer: answer)
        try await journal.send(second, at: 62)
      }
      #expect(found == expected)
    }
  }

  @Test func `an intermediate comes before the final is accepted`() async throws {
    let late = ScriptedRecord().with { $0.nature = "2" }
    for (answer, expected) in [(ScriptedJournal.Answer.status(1), ["cdr-after-final"]), (.lost, []), (.pending, [])] {
      let found = try await Self.rules { journal in
        try await journal.send(ScriptedRecord(), at: 61, answer: answer)
        try await journal.send(late, at: 62)
      }
      #expect(found == expected)
    }
    #expect(
      try await Self.rules { journal in
        try await journal.send(late, at: 61)
        try await journal.send(ScriptedRecord(), at: 62)
        try await journal.send(late, at: 63, transaction: "T-61-toIOP")
      } == [])
  }

  @Test(arguments: [(59, []), (58, ["cdr-evse-overlap"])] as [(Int64, [String])])
  func `two charges at one EVSE overlap by a minute at most`(start: Int64, expected: [String]) async throws {
    let other = ScriptedRecord(from: start).with { ($0.serviceSessionId, $0.exec, $0.user) = ("S-2", "X-2", "04FFFFFF") }
    for records in [[ScriptedRecord(), other], [other, ScriptedRecord()]] {
      let found = try await Self.rules { journal in
        for (index, record) in records.enumerated() {
          try await journal.send(record, at: 200 + 2 * Int64(index))
          try await journal.send(record, .fromIOP, at: 201 + 2 * Int64(index))
        }
      }
      #expect(found == expected)
    }
    #expect(
      try await Self.rules { journal in
        try await journal.send(ScriptedRecord(), at: 200)
        try await journal.send(other.with { $0.evse = "FR*C01*E2" }, at: 201)
      } == [])
  }

  @Test func `an overlap with a record that is refused later is none`() async throws {
    let journal = try ScriptedJournal()
    try await journal.send(ScriptedRecord(), at: 200)
    let other = ScriptedRecord(from: 10).with { ($0.serviceSessionId, $0.exec) = ("S-2", "X-2") }
    try await journal.send(other, at: 201, answer: .status(10_507))
    #expect(try journal.cdrRules(asOf: JournalPosition(3)) == ["cdr-evse-overlap"])
    #expect(try journal.cdrRules() == [])
    let sessions = try journal.cdrSessions()
    #expect(sessions.map(\.findings.count) == [1, 1])
    #expect(sessions[0].findings[0].resolvedAt == JournalPosition(4))
  }

  @Test func `an unknown meter is noted once for a session`() async throws {
    let unknown: (inout ScriptedRecord) -> Void = { $0.meters.append(("77", "1", "x")) }
    #expect(
      try await Self.rules { journal in
        try await journal.send(ScriptedRecord.intermediate().with(unknown), at: 30)
        try await journal.send(ScriptedRecord().with(unknown), at: 61)
      } == ["cdr-unknown-meter"])
  }

  @Test func `the CPO's id is missed where the CPO speaks, or nobody knows what it said`() async throws {
    let record = ScriptedRecord().with { $0.exec = nil }
    #expect(try await Self.rules { try await $0.send(record, at: 61) } == ["cdr-exec-session-missing"])
    #expect(try await Self.rules { try await $0.send(record, .fromIOP, at: 61) } == ["cdr-exec-session-missing"])
    #expect(
      try await Self.rules { journal in
        try await journal.send(record, at: 61)
        try await journal.send(record, .fromIOP, at: 62)
      } == ["cdr-exec-session-missing"])
  }

  @Test func `both sides say the same, spellings and the eMSP's id aside`() async throws {
    let journal = try ScriptedJournal()
    try await journal.send(ScriptedRecord(), at: 61)
    let same = ScriptedRecord().with { record in
      (record.sale, record.evse) = ("Y-1", "frc01e1")
      record.meters[1].1 = "10000.0"
      record.end = "2025-03-01T02:00:00.000+01:00"
    }
    try await journal.send(same, .fromIOP, at: 62)
    #expect(try journal.cdrRules() == [])
    let other = ScriptedRecord(wattHours: "10000.1").with { $0.service = "2" }
    try await journal.send(other, .fromIOP, at: 63)
    #expect(try journal.cdrRules() == ["cdr-legs-differ", "cdr-second-final"])
    let session = try journal.cdrSessions()[0]
    #expect(session.differences.map(\.field) == ["requestedServiceId", "meter 2"])
    #expect(session.findings.contains { $0.sentence.contains("requestedServiceId, meterReportList") })
    try await journal.send(same.with { $0.sale = "Y-2" }, .fromIOP, at: 64)
    #expect(try journal.cdrSessions()[0].differences.isEmpty)
    #expect(try !journal.cdrRules().contains("cdr-legs-differ"))
  }

  @Test func `an intermediate is compared with one of the same end only`() async throws {
    let received = ScriptedRecord.intermediate(wattHours: "5001")
    #expect(
      try await Self.rules { journal in
        try await journal.send(.intermediate(), at: 30)
        try await journal.send(received, .fromIOP, at: 31)
      } == ["cdr-legs-differ"])
    #expect(
      try await Self.rules { journal in
        try await journal.send(.intermediate(minutes: 31), at: 31)
        try await journal.send(received, .fromIOP, at: 31)
      } == [])
  }
}
