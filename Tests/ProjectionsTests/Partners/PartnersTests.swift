import JournalFormat
import JournalStore
import Testing

@testable import Projections

@Suite struct PartnersTests {
  // MARK: Figures

  @Test func `what an answer is counted as`() async throws {
    let script = try PartnerScript()
    let answers: [PartnerScript.Answer] = [.status(1), .status(1), .status(2), .status(10_304), .fault, .failure, .unreadable]
    for (number, answer) in answers.enumerated() {
      try await script.answer(answer, to: try await script.request("SetEVSEBusyStatus", at: Int64(number) * 1_000))
    }
    try await script.request("SetEVSEBusyStatus", at: 8_000)
    let figures = try #require(try script.model().partners().first).figures
    #expect(figures.requests == 8)
    #expect([figures.ok + figures.warnings, figures.errors, figures.faults, figures.lost, figures.unreadable] == [3, 1, 1, 1, 1])
    #expect(figures.pending == 1)
    // Neither a failure nor what could not be read has a latency.
    #expect(figures.latencies.count == 5)
    #expect(figures.median == 50)
  }

  /// A latency in milliseconds, and what it is over: 800 ms, the time after which it counts as lost, 2 s and 10 s of an authorisation.
  struct Border {
    let latency: Int64
    let expected: [UInt64]

    init(_ latency: Int64, _ expected: UInt64...) {
      self.latency = latency
      self.expected = expected
    }

    /// Guide 5.4.6 and 6.4.1: as long as that is not over it.
    static let authorisation = [
      Border(800, 0, 0, 0, 0), Border(801, 1, 0, 0, 0), Border(2_000, 1, 0, 0, 0), Border(2_001, 1, 0, 1, 0), Border(10_000, 1, 0, 1, 0),
      Border(10_001, 1, 0, 1, 1), Border(15_000, 1, 0, 1, 1), Border(15_001, 1, 1, 1, 1),
    ]
    static let call = [Border(5_000, 1, 0, 0, 0), Border(5_001, 1, 1, 0, 0)]
  }

  @Test(arguments: Border.authorisation) func `an authorisation of the platform that takes long`(border: Border) async throws {
    let script = try PartnerScript()
    try await script.answer(.status(1), to: try await script.request("GetServiceAuthorisation", at: 0), after: border.latency)
    #expect(Self.overs(try #require(try script.model().partners().first).figures) == border.expected)
  }

  @Test(arguments: Border.call)
  func `an answer to the platform is late after five seconds, and only authorisations are held against theirs`(
    border: Border
  ) async throws {
    let script = try PartnerScript()
    let request = try await script.request("SetChargeDetailRecord", .fromIOP, at: 0, partner: "IOP", target: "FR*MS1")
    try await script.answer(.status(1), to: request, after: border.latency)
    #expect(Self.overs(try #require(try script.model().partners().first).figures) == border.expected)
  }

  private static func overs(_ figures: PartnerFigures) -> [UInt64] {
    [figures.overTypical, figures.late, figures.authorisationsOverTypical, figures.authorisationsOverLimit]
  }

  @Test func `a response after a failure makes good for it, from its position on`() async throws {
    let script = try PartnerScript()
    let request = try await script.request("HeartBeat", at: 0)
    try await script.answer(.failure, to: request, after: 15_000)
    try await script.answer(.failure, to: request, after: 15_500)
    let response = try await script.answer(.status(1), to: request, after: 16_000)
    try await script.answer(.status(1), to: request, after: 17_000)
    let model = try script.model()
    let now = try #require(try model.partners().first).figures
    #expect([now.requests, now.lost, now.ok, now.recovered, now.further, now.late, now.pending] == [1, 0, 1, 1, 2, 1, 0])
    #expect(now.maximumMilliseconds == 16_000)
    let before = try #require(try model.partners(asOf: JournalPosition(response.rawValue - 1)).first).figures
    #expect([before.requests, before.lost, before.ok, before.recovered, before.further] == [1, 1, 0, 0, 1])
  }

  @Test func `between a request and the answer that follows at once, only the request is known`() async throws {
    let script = try PartnerScript()
    let request = try await script.request("HeartBeat", at: 0)
    // With and without its answer in the read model.
    for _ in 0..<2 {
      let figures = try #require(try script.model().partners(asOf: request).first).figures
      #expect([figures.requests, figures.ok, figures.pending] == [1, 0, 1])
      #expect(figures.median == nil)
      try await script.answer(.status(1), to: request)
    }
    #expect(try script.model().partners(asOf: JournalPosition(0)).isEmpty)
  }

  @Test func `a retry has the transaction of one that was lost or not accepted before`() async throws {
    let script = try PartnerScript()
    for (number, answer) in [PartnerScript.Answer.failure, .fault, .status(10_304), .status(1), .status(1)].enumerated() {
      let request = try await script.request("SetChargeDetailRecord", at: Int64(number) * 1_000, transaction: "T-1")
      try await script.answer(answer, to: request)
    }
    for time in [6_000, 7_000] as [Int64] {
      try await script.answer(.status(1), to: try await script.request("SetChargeDetailRecord", at: time, transaction: "T-2"))
    }
    try await script.answer(.failure, to: try await script.request("SetChargeDetailRecord", at: 9_000))
    try await script.request("SetChargeDetailRecord", at: 10_000)
    #expect(try script.model().partners().first?.figures.retries == 4)
  }

  @Test func `a request that cannot be read is counted`() async throws {
    let script = try PartnerScript()
    try await script.refusal(at: 0)
    let answer = try #require(try script.model().partners().first)
    #expect([answer.figures.requests, answer.figures.unreadable] == [1, 1])
    #expect(answer.partner.isEmpty)
    #expect(answer.presence == nil)
  }

  @Test func `a span counts what lies between its positions, with the longest latency of it`() async throws {
    let script = try PartnerScript()
    var requests: [JournalPosition] = []
    for number in 0..<1_500 as Range<Int64> {
      let request = try await script.request("HeartBeat", at: number * 100_000)
      requests.append(request)
      try await script.answer(.status(1), to: request, after: number == 3 ? 9_000 : 100 + number)
    }
    let model = try script.model()
    func answer(after: Int, to end: Int) throws -> PartnerAnswer {
      let span = PartnerSpan(after: JournalPosition(requests[after].rawValue - 1))
      return try #require(try model.partners(asOf: JournalPosition(requests[end].rawValue - 1), span).first)
    }
    let late = try answer(after: 1_000, to: 1_400)
    #expect(late.figures.requests == 400)
    #expect(late.isMaximumExact)
    #expect(late.figures.maximumMilliseconds == 1_499)
    #expect(late.figures.median.map { (1_299...1_340).contains($0) } == true)
    #expect(late.figures.overTypical == 400)
    #expect(try answer(after: 3, to: 4).figures.maximumMilliseconds == 9_000)
    #expect(try model.partners().first?.figures.maximumMilliseconds == 9_000)
  }

  // MARK: Who

  @Test func `a call from the platform is to the partner that last spoke for the operator it asks`() async throws {
    let script = try PartnerScript()
    func ask(_ time: Int64) async throws {
      let request = try await script.request("SetChargeDetailRecord", .fromIOP, at: time, partner: "IOP", target: "FR*MS1")
      try await script.answer(.status(1), to: request)
    }
    try await ask(0)
    try await script.answer(.status(1), to: try await script.request("HeartBeat", at: 1_000, partner: "BE*HUB", operator: "fr-ms1"))
    try await ask(2_000)
    try await ask(3_000)
    let model = try script.model()
    let rows = try model.partners(byOperation: true).map { "\($0.partner) \($0.series!.operation) \($0.figures.requests)" }
    #expect(rows == ["BE*HUB SetChargeDetailRecord 2", "BE*HUB HeartBeat 1", "FR*MS1 SetChargeDetailRecord 1"])
    #expect(try model.partners("behub").map(\.figures.requests) == [3])
    #expect(try model.partners("FR*NO").isEmpty)
  }

  @Test func `each leg of a partner counts by itself`() async throws {
    let script = try PartnerScript()
    for leg in [Leg.backEndGateway, .gatewayIOP, .gatewayIOP] {
      try await script.answer(.status(1), to: try await script.request("HeartBeat", at: 0, leg: leg))
    }
    #expect(try script.model().partners().map { [UInt64($0.leg.rawValue), $0.figures.requests] } == [[1, 1], [2, 2]])
  }

  // MARK: Presence

  /// Heard at 0 and at 10 s, then again after `gap` milliseconds.
  private static func silent(_ gap: Int64, period: String = "", _ script: PartnerScript) async throws {
    for time in [0, 10_000, 10_000 + gap] {
      try await script.answer(.status(1, period), to: try await script.request("HeartBeat", at: time))
    }
  }

  @Test func `a partner is offline once the period and the grace have passed, and not a millisecond before`() async throws {
    let silent = try PartnerScript()
    try await Self.silent(330_000, silent)
    #expect(try silent.model().partnerFindings().isEmpty)
    #expect(try silent.model().partners().first?.silences == [])

    let offline = try PartnerScript()
    try await Self.silent(330_001, offline)
    let model = try offline.model()
    let finding = try #require(try model.partnerFindings().first)
    #expect(finding.rule.id == "partner-offline")
    #expect(finding.position == JournalPosition(5))
    #expect(finding.resolvedAt == JournalPosition(5))
    #expect(finding.subject == "FR*C01")
    #expect(finding.sentence == "FR*C01 was not heard for 330 s; it must be every 300 s.")
    let answer = try #require(try model.partners().first)
    let silence = PartnerSilence(
      lastHeard: ScriptedJournal.moment(10_000), from: ScriptedJournal.moment(310_000), to: ScriptedJournal.moment(340_001),
      position: JournalPosition(5))
    #expect(answer.silences == [silence])
    #expect(answer.presence?.offlineMilliseconds == 30_001)
    #expect(answer.presence?.offlineSince == nil)
    #expect(answer.presence?.appearedAt == ScriptedJournal.moment(0))
  }

  @Test(arguments: [(Int64(150_000), 0), (150_001, 1)])
  func `an announced period is the one that counts`(gap: Int64, findings: Int) async throws {
    let script = try PartnerScript()
    try await Self.silent(gap, period: "<heartBeatPeriod>120</heartBeatPeriod>", script)
    #expect(try script.model().partnerFindings().count == findings)
    #expect(try script.model().partners().first?.presence?.periodSeconds == 120)
  }

  @Test(arguments: ["0", "86401"]) func `a period that cannot be is not believed`(period: String) async throws {
    let script = try PartnerScript()
    try await Self.silent(330_001, period: "<heartBeatPeriod>\(period)</heartBeatPeriod>", script)
    #expect(try script.model().partners().first?.presence?.periodSeconds == 300)
    #expect(try script.model().partners().first?.presence?.isPeriodAnnounced == false)
    #expect(try script.model().partnerFindings().count == 1)
  }

  @Test func `a period that cannot be read is told as it was written, once, and that of before stays`() async throws {
    let script = try PartnerScript()
    func beat(_ period: String, at time: Int64) async throws {
      let request = try await script.request("HeartBeat", at: time)
      try await script.answer(.status(1, "<heartBeatPeriod>\(period)</heartBeatPeriod>"), to: request)
    }
    try await beat("120", at: 0)
    try await beat("2 min", at: 60_000)
    try await beat("2 min", at: 120_000)
    let presence = try #require(try script.model().partners().first?.presence)
    #expect(presence.unreadablePeriod == "2 min")
    #expect(presence.periodSeconds == 120)
    let found = try script.model().partnerFindings()
    #expect(found.map(\.rule.id) == ["partner-value-unreadable"])
    #expect(found[0].sentence.contains("\"2 min\", which cannot be read; it stays at 120 s"))
    try await beat("120", at: 180_000)
    #expect(try script.model().partners().first?.presence?.unreadablePeriod == nil)
    #expect(try script.journal.forgetsNothing(PartnerProjection.self))
  }

  @Test func `a silence is known from the first request of anybody after it, and lasts until the next sign of life`() async throws {
    let script = try PartnerScript()
    try await script.request("HeartBeat", at: 0)
    try await script.request("HeartBeat", at: 10_000)
    try await script.request("HeartBeat", at: 340_000, partner: "FR*C02")
    let known = try await script.request("HeartBeat", at: 340_001, partner: "FR*C02")
    let again = try await script.request("SetEVSEBusyStatus", at: 1_000_000)
    let model = try script.model()
    #expect(try model.partnerFindings(asOf: JournalPosition(known.rawValue - 1)).isEmpty)
    let open = try #require(try model.partnerFindings(asOf: known).first)
    #expect(open.position == known && open.resolvedAt == nil)
    #expect(open.sentence == "FR*C01 was not heard since 2025-03-01T00:00:10.000Z; it must be every 300 s.")
    let asOf = try #require(try model.partners("FR*C01", asOf: known).first)
    #expect(asOf.presence?.offlineSince == ScriptedJournal.moment(310_000))
    #expect(asOf.silences.map(\.to) == [nil])
    #expect(asOf.silences.map(\.lastHeard) == [ScriptedJournal.moment(10_000)])
    let ended = try #require(try model.partnerFindings().first)
    #expect(ended.resolvedAt == again)
    #expect(ended.sentence == "FR*C01 was not heard for 16 min; it must be every 300 s.")
    // FR*C02 was heard only once, and then again: nobody is offline before the second sign of life.
    #expect(try model.partnerFindings().map(\.subject) == ["FR*C01", "FR*C02"])
  }

  @Test func `a span tells the silences that touch it, and reads no others, however many there were`() async throws {
    let script = try PartnerScript()
    for number in 0..<900 as Range<Int64> { try await script.request("HeartBeat", at: number * 1_000_000) }
    let model = try script.model()
    let rows = CountedReads(try model.snapshot())
    func silences(_ number: Int64, _ count: Int64) throws -> (answer: [PartnerSilence], readCount: Int) {
      // Recorded with the request of that number, which ends a silence.
      let span = PartnerSpan(
        after: JournalPosition(UInt64(number)), since: ScriptedJournal.moment(number * 1_000_000 - 500_000))
      return try rows.count {
        try PartnerQuestions($0, asOf: JournalPosition(UInt64(number + count))).answers(partner: "FR*C01", span: span).first?.silences ?? []
      }
    }
    let all = try #require(try model.partners().first).silences
    #expect(all.count == 898)
    for number in stride(from: 10, to: 880, by: 29) as StrideTo<Int64> {
      let (told, readCount) = try silences(number, 10)
      #expect(told == Array(all[Int(number) - 2...Int(number) + 7]))
      #expect(readCount < 20, "\(number)")
    }
  }

  @Test func `a partner that was heard only once is not missed`() async throws {
    let script = try PartnerScript()
    try await script.request("HeartBeat", at: 0)
    try await script.request("HeartBeat", at: 5_000_000, partner: "FR*C02")
    #expect(try script.model().partnerFindings().isEmpty)
  }

  @Test(arguments: [(Author.peer, 0), (.gateway, 1)])
  func `a response of the partner's own is a sign of life, one of the gateway's is not`(author: Author, findings: Int) async throws {
    let script = try PartnerScript()
    for time in [0, 10_000] as [Int64] { try await script.request("HeartBeat", at: time) }
    let request = try await script.request("SetChargeDetailRecord", .fromIOP, at: 300_000, partner: "IOP", target: "FR*C01")
    try await script.answer(.status(1), to: request, author: author)
    try await script.request("HeartBeat", at: 345_000)
    #expect(try script.model().partnerFindings().count == findings)
  }

  @Test func `a sign of life that is recorded late ends no silence that began after it`() async throws {
    let script = try PartnerScript()
    for time in [0, 10_000] as [Int64] { try await script.request("HeartBeat", at: time) }
    try await script.request("HeartBeat", at: 400_000, partner: "FR*C02")
    // Within the period: the silence turns out to be none, as long as nothing else is missing.
    try await script.request("HeartBeat", at: 305_000)
    let model = try script.model()
    #expect(try model.partners("FR*C01").first?.silences == [])
    #expect(try model.partners("FR*C01").first?.presence?.offlineCount == 0)
    #expect(try model.partnerFindings().map { $0.resolvedAt != nil } == [true])
  }

  @Test func `where several were heard and then nobody at all, the recording paused, and no partner is missed for that`() async throws {
    let script = try PartnerScript()
    for time in [0, 10_000] as [Int64] {
      for partner in ["FR*C01", "FR*C02", "FR*C03"] { try await script.request("HeartBeat", at: time, partner: partner) }
    }
    try await script.request("HeartBeat", at: 3_600_000)
    try await script.request("HeartBeat", at: 3_800_000)
    try await script.request("HeartBeat", at: 3_930_000, partner: "FR*C02")
    #expect(try script.model().partnerFindings().isEmpty)
    // Who is silent while others are heard again is missed.
    try await script.request("HeartBeat", at: 3_930_001)
    #expect(try script.model().partnerFindings().map(\.subject) == ["FR*C03"])
  }

  @Test(arguments: [(300, 0), (120, 1)])
  func `only another period than it has takes from a partner the time that a pause gave it`(period: Int, missed: Int) async throws {
    let script = try PartnerScript()
    try await script.request("HeartBeat", at: 0)
    let request = try await script.request("HeartBeat", at: 10_000)
    for time in [0, 10_000] as [Int64] { try await script.request("HeartBeat", at: time, partner: "FR*C02") }
    try await script.request("HeartBeat", at: 3_600_000, partner: "FR*C02")
    try await script.answer(.status(1, "<heartBeatPeriod>\(period)</heartBeatPeriod>"), to: request, after: 3_600_000)
    try await script.request("HeartBeat", at: 3_700_000, partner: "FR*C02")
    #expect(try script.model().partnerFindings().count == missed)
  }

  // MARK: The read model

  @Test func `behind a horizon, every sum and presence is what it was before it moved`() async throws {
    let script = try PartnerScript()
    for time in stride(from: 0, to: 40_000_000, by: 250_000) as StrideTo<Int64> {
      try await script.request("SetEVSEBusyStatus", at: time, partner: "FR*C02")
      // A silence before the horizon, and one that lasts across it.
      guard !(4_000_000..<6_000_000).contains(time), !(19_000_000..<21_000_000).contains(time) else { continue }
      let request = try await script.request("HeartBeat", at: time, transaction: "T-\(time)")
      if time % 1_000_000 != 0 { try await script.answer(.status(1), to: request, after: time / 10_000 % 1_000) }
    }
    // A request that an answer still comes to.
    try await script.answer(.status(1), to: JournalPosition(1), after: 50_000_000)
    let runner = try ProjectionRunner(script.journal.directory, projections: [PartnerProjection.self], purpose: "test")
    defer { runner.close() }
    try runner.catchUp()
    let (horizon, end) = (try runner.models[0].state().next.rawValue / 2, try runner.models[0].state().next.rawValue)
    func answers() throws -> [[PartnerAnswer]] {
      try stride(from: horizon - 1, to: end, by: 3).map { position in
        let position = JournalPosition(position)
        return try runner.models[0].partners(asOf: position, byOperation: true)
          + runner.models[0].partners(asOf: position).map { answer in
            var answer = answer
            // Silences that had ended by the horizon are told in sum only.
            answer.silences.removeAll { $0.position.rawValue < horizon }
            return answer
          }
      }
    }
    let before = try answers()
    #expect(before.last?.first { $0.partner == "FR*C01" && $0.series == nil }?.presence?.offlineCount == 2)
    try runner.moveHorizon(to: JournalPosition(horizon))
    #expect(try answers() == before)
    #expect(try runner.verify("partners").isSame)
  }

  @Test(arguments: [300, 20_000]) func `the figures of a series as of any position take one read, however long the history is`(
    count: UInt64
  ) async throws {
    let script = try PartnerScript()
    let runner = try ProjectionRunner(script.journal.directory, projections: [PartnerProjection.self], purpose: "test")
    defer { runner.close() }
    let series = PartnerSeries(partner: "FR*C01", operator: "FR*C01", leg: .gatewayIOP, direction: .toIOP, operation: "HeartBeat")
    let state = try runner.models[0].state()
    _ = try runner.models[0].write { (_, rows) throws(JournalError) in
      let tail = PartnerTail(PartnerNumbers(series: 1, partner: 1), series, failed: [])
      for number in 1...count {
        let answer = PartnerRecord.Answer(ending: .ok, latencyMilliseconds: UInt32(number * 7 % 3_000), hasRequestBefore: true)
        PartnerTables.series.append(.answer(answer), at: JournalPosition(2 * number), to: tail, rows)
      }
      return state
    }
    let rows = CountedReads(try runner.models[0].snapshot())
    for number in stride(from: 1, through: count, by: Int(count / 100)) {
      let (figures, readCount) = try rows.count {
        try PartnerTables.series.figures(1, series.limits, asOf: JournalPosition(2 * number), $0)
      }
      #expect(readCount == 1)
      #expect(figures?.ok == number)
      #expect(figures?.latencies.count == number)
      // As of the request, its answer is not known.
      let before = try PartnerTables.series.figures(1, series.limits, asOf: JournalPosition(2 * number - 1), rows)
      #expect(before?.ok == number - 1 && before?.requests == number)
    }
  }
}
