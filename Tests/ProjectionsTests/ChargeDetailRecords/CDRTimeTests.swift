import EMIP
import JournalFormat
import JournalStore
import Testing

@testable import Projections

/// Records whose own times cannot be, and whom they must not accuse.
@Suite struct CDRTimeTests {
  private static func journal(_ steps: (ScriptedJournal) async throws -> Void) async throws -> ScriptedJournal {
    let journal = try ScriptedJournal()
    try await steps(journal)
    #expect(try journal.forgetsNothing(CDRProjection.self))
    return journal
  }

  private static func rules(_ steps: (ScriptedJournal) async throws -> Void) async throws -> [String] {
    try await journal(steps).cdrRules()
  }

  @Test(arguments: [(55, []), (54, ["cdr-end-after-sent"])] as [(Int64, [String])])
  func `a record ends five minutes after it was sent at most`(minute: Int64, expected: [String]) async throws {
    #expect(try await Self.rules { try await $0.send(ScriptedRecord(), at: minute) } == expected)
    // The same, sent again and passed on, tells nothing new.
    #expect(
      try await Self.rules { journal in
        try await journal.send(ScriptedRecord(), at: minute, answer: .lost)
        try await journal.send(ScriptedRecord(), at: minute + 1)
        try await journal.send(ScriptedRecord(), .fromIOP, at: minute + 1)
      } == expected)
  }

  @Test(arguments: [(7 * 1_440, []), (7 * 1_440 + 1, ["cdr-too-long"])] as [(Int64, [String])])
  func `a charge lasts a week at most`(minutes: Int64, expected: [String]) {
    #expect(CDRRules.judgements(of: MeteredRecord(ScriptedRecord(minutes: minutes).read)).map(\.rule.id) == expected)
  }

  /// How a session can be asked for or granted, and told apart: a minute at which that happens.
  private static func ask(_ journal: ScriptedJournal, _ way: Int, at minute: Int64) async throws {
    let time = minute * 60_000
    switch way {
    case 0:
      try await journal.exchange(
        "GetServiceAuthorisation", at: time, "<partnerServiceSessionId>X-1</partnerServiceSessionId>",
        answer: .status(1, "<serviceSessionId>S-1</serviceSessionId>"))
    case 1:
      try await journal.exchange(
        "GetServiceAuthorisation", at: time, "<partnerServiceSessionId>X-1</partnerServiceSessionId>", answer: .lost)
    case 2:
      try await journal.exchange(
        "GetServiceAuthorisation", .fromIOP, at: time, target: "FR*MS1", "<serviceSessionId>S-1</serviceSessionId>")
    case 3:
      try await journal.exchange(
        "SetServiceAuthorisation", .fromIOP, at: time, operator: "FR*MS1", target: "FR*C01", "<serviceSessionId>S-1</serviceSessionId>")
    default:
      try await journal.exchange(
        "SetServiceAuthorisation", at: time, operator: "FR*MS1", answer: .status(1, "<serviceSessionId>S-1</serviceSessionId>"))
    }
  }

  @Test(arguments: 0...4) func `a charge begins a quarter of an hour before its session was asked for at most`(way: Int) async throws {
    for (start, expected) in [(45, []), (44, ["cdr-start-before-authorisation"])] as [(Int64, [String])] {
      let record = ScriptedRecord(from: start)
      #expect(
        try await Self.rules { journal in
          try await Self.ask(journal, way, at: 60)
          try await Self.ask(journal, way, at: 70)
          try await journal.send(record, at: 106)
          try await journal.send(record, .fromIOP, at: 106)
        } == expected)
      // Once both are known, the order does not matter.
      if way != 1 {
        #expect(
          try await Self.rules { journal in
            try await journal.send(record, at: 106)
            try await Self.ask(journal, way, at: 70)
            try await Self.ask(journal, way, at: 60)
          } == expected)
      }
    }
  }

  @Test func `an earlier question that comes later clears a start`() async throws {
    let journal = try await Self.journal { journal in
      try await journal.send(ScriptedRecord(), at: 61)
      try await Self.ask(journal, 0, at: 50)
      try await Self.ask(journal, 0, at: 0)
    }
    #expect(try journal.cdrRules(asOf: JournalPosition(4)) == ["cdr-start-before-authorisation"])
    #expect(try journal.cdrRules() == [])
  }

  @Test func `a CPO's id that comes again is another session's question`() async throws {
    #expect(
      try await Self.rules { journal in
        try await journal.send(ScriptedRecord(), at: 61)
        try await journal.exchange(
          "GetServiceAuthorisation", at: 1_440 * 60_000, "<partnerServiceSessionId>X-1</partnerServiceSessionId>",
          answer: .status(1, "<serviceSessionId>S-2</serviceSessionId>"))
      } == [])
  }

  @Test func `an eMSP's id leads to the question where that did not name the platform's`() async throws {
    let record = ScriptedRecord().with { $0.sale = "Y-1" }
    for (minute, expected) in [(15, []), (16, ["cdr-start-before-authorisation"])] as [(Int64, [String])] {
      #expect(
        try await Self.rules { journal in
          try await journal.exchange(
            "GetServiceAuthorisation", .fromIOP, at: minute * 60_000, target: "FR*MS1",
            answer: .status(1, "<partnerServiceSessionId>Y-1</partnerServiceSessionId>"))
          try await journal.send(record, .fromIOP, at: 61)
        } == expected)
    }
  }

  @Test func `the first of two questions counts, also where it was not answered`() async throws {
    let record = ScriptedRecord()
    #expect(
      try await Self.rules { journal in
        try await Self.ask(journal, 1, at: 15)
        try await Self.ask(journal, 0, at: 30)
        try await journal.send(record, at: 61)
      } == [])
  }

  @Test func `a record without the platform's id is held against the question that its answer leads to`() async throws {
    let record = ScriptedRecord().with { ($0.serviceSessionId, $0.exec) = (nil, "X-7") }
    #expect(
      try await Self.rules { journal in
        try await Self.ask(journal, 2, at: 30)
        try await journal.send(record, at: 61, answer: .status(1, "<serviceSessionId>S-1</serviceSessionId>"))
      } == ["cdr-start-before-authorisation"])
  }

  @Test func `a record whose times cannot be accuses no neighbour, whichever comes first`() async throws {
    let right = ScriptedRecord().with { ($0.serviceSessionId, $0.exec, $0.user) = ("S-2", "X-2", "04FFFFFF") }
    let ahead = ScriptedRecord(from: 30)
    #expect(
      try await Self.rules { journal in
        try await journal.send(ahead, at: 31)
        try await journal.send(right, at: 61)
      } == ["cdr-end-after-sent"])
    let journal = try await Self.journal { journal in
      try await journal.send(right, at: 61)
      try await journal.send(ScriptedRecord(), at: 62)
      try await Self.ask(journal, 0, at: 50)
    }
    // Until it is known that its start cannot be, it is as good as the other.
    #expect(try journal.cdrRules(asOf: JournalPosition(4)).count == 1)
    #expect(try journal.cdrRules() == ["cdr-start-before-authorisation"])
    #expect(try journal.cdrSessions().map { $0.findings.count { $0.resolvedAt == nil } } == [0, 1])
  }

  @Test func `sums say what of them stands in records with an error`() async throws {
    func record(_ number: Int, _ change: (inout ScriptedRecord) -> Void = { _ in }) -> ScriptedRecord {
      ScriptedRecord().with {
        ($0.serviceSessionId, $0.exec, $0.evse, $0.user) = ("S-\(number)", "X-\(number)", "FR*C01*E\(number)", "04A1B2C\(number)")
        change(&$0)
      }
    }
    let journal = try await Self.journal { journal in
      try await journal.send(record(1), at: 61)
      try await journal.send(record(2) { $0.meters.append(("3", "1.10", "EUR")) }, at: 31)
      // What was wrong with a version that was refused is right in the one that counts.
      try await journal.send(record(3) { $0.meters.removeLast() }, at: 61, answer: .status(10_507))
      try await journal.send(record(3) { $0.meters[1].1 = "7000" }, at: 62)
      try await journal.send(record(4) { ($0.meters[1].1, $0.meters[1].2) = ("5", "kWh") }, at: 61)
    }
    let totals = try journal.cdrs { try $0.totals() }
    try #require(totals.count == 1)
    #expect(totals[0].sums.count == 4 && totals[0].sums.wattHours.description == "32000" && totals[0].sums.minutes.description == "240")
    let errors = totals[0].sumsWithErrors
    #expect(errors.count == 2 && errors.wattHours.description == "15000" && errors.minutes.description == "120")
    #expect(errors.costs.mapValues(\.description) == ["EUR": "1.1"])
    // As of when it was known.
    #expect(try journal.cdrs(asOf: JournalPosition(2)) { try $0.totals()[0].sumsWithErrors.count } == 0)
  }

  @Test(arguments: CDRDate.allCases) func `a session belongs to a month by the date that is asked for`(date: CDRDate) async throws {
    // Begins at 23:30, ends at half past midnight, is sent at 01:00 of the day after next.
    let night = ScriptedRecord(from: 1_410)
    let journal = try await Self.journal { journal in
      try await journal.send(night, at: 2_940)
      try await journal.send(night.with { ($0.serviceSessionId, $0.exec, $0.end) = ("S-2", "X-2", "today") }, at: 2_940)
      try await journal.send(night.with { ($0.serviceSessionId, $0.exec, $0.end) = ("S-3", "X-3", "2035-03-02T00:30:00Z") }, at: 2_940)
    }
    let expected: [(shown: Int, misdated: Int)] =
      switch date {
      case .start: [(3, 0), (0, 0), (0, 0)]
      case .end: [(0, 0), (1, 0), (0, 2)]
      case .sent: [(0, 0), (0, 0), (3, 0)]
      }
    for day in 0..<3 {
      var filter = CDRFilter()
      filter.by = date
      filter.since = ScriptedJournal.moment(Int64(day) * 86_400_000)
      filter.until = ScriptedJournal.moment(Int64(day + 1) * 86_400_000)
      var shown = 0
      let misdated = try journal.cdrs { questions in
        try questions.forEachSession(filter) { _ in
          shown += 1
          return true
        }
      }
      #expect(shown == expected[day].shown && misdated == expected[day].misdated, "day \(day)")
      let totals = try journal.cdrs { try $0.totals(filter) }
      #expect(totals.reduce(0) { $0 + $1.sums.count } == expected[day].shown, "day \(day)")
      #expect(totals.reduce(0) { $0 + $1.misdatedCount } == expected[day].misdated, "day \(day)")
    }
  }
}
