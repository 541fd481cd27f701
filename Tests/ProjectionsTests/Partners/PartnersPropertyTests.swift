import JournalFormat
import JournalStore
import TestSupport
import Testing

@testable import Projections

/// Random journals, asked as of every position: what the read model says is what a plain model of the journal cut there says.
@Suite struct PartnersPropertyTests {
  @Test(arguments: 0..<4) func `as of every position the answer is that of a journal that ends there`(round: Int) async throws {
    var generator = SeededGenerator()
    let script = try PartnerScript()
    // Restarts at random: what was applied before must not matter.
    try await Self.write(script, count: 30, &generator)
    _ = try script.model()
    try await Self.write(script, count: round == 0 ? 60 : 300, &generator)
    _ = try script.model()
    try await Self.write(script, count: 30, &generator)
    let model = try script.model()
    let feed = EntryFeed(try JournalReader(script.journal.directory))
    let entries = try feed.batch(from: .first, limit: 10_000).entries.map { try #require($0).entry }
    #expect(entries.count > 150)
    for position in entries.map(\.position) {
      // Every position of one journal, and some of the others'.
      guard round == 0 || generator.chance(60) || position == entries.last?.position else { continue }
      let plain = PlainPartners(entries.prefix { $0.position <= position })
      guard try Self.agree(model, plain, asOf: position) else { return }
    }
    let plain = PlainPartners(entries)
    _ = try Self.agree(model, plain, asOf: nil)
  }

  @Test func `the rows do not depend on the batches`() async throws {
    var generator = SeededGenerator()
    let script = try PartnerScript()
    for _ in 0..<15 {
      try await Self.write(script, count: 1 + generator.below(10), &generator)
      _ = try script.model()
    }
    let runner = try ProjectionRunner(script.journal.directory, projections: [PartnerProjection.self], purpose: "test")
    #expect(try runner.verify("partners").isSame)
    runner.close()
    #expect(try script.journal.forgetsNothing(PartnerProjection.self))
  }

  // MARK: The journal

  /// Requests of several partners, and their answers at once, later, twice, or never.
  private static func write(_ script: PartnerScript, count: Int, _ generator: inout SeededGenerator) async throws {
    var open: [JournalPosition] = []
    var time = try JournalReader(script.journal.directory).lastPosition().map { Int64($0.rawValue) * 30_000 } ?? 0
    for _ in 0..<count {
      // Some are observed before what was recorded before them, some after a silence.
      time += generator.chance(20) ? 400_000 : Int64(generator.below(40_000)) - 5_000
      if generator.chance(40) {
        try await script.refusal(at: max(0, time))
        continue
      }
      let request = try await request(script, at: max(0, time), &generator)
      if generator.chance(4) { open.append(request) } else { try await answer(script, request, &generator) }
      if generator.chance(3), let late = open.randomElement(using: &generator) {
        try await answer(script, late, &generator)
        // It may stay, and be answered again.
        if !generator.chance(3) { open.removeAll { $0 == late } }
      }
    }
  }

  private static func request(_ script: PartnerScript, at time: Int64, _ generator: inout SeededGenerator) async throws -> JournalPosition {
    let partner = ["FR*C01", "FR*C01", "FR*C01", "FR*C02", "BE*HUB"][generator.below(5)]
    let leg: Leg = generator.chance(8) ? .backEndGateway : .gatewayIOP
    let transaction = generator.chance(3) ? nil : "T-\(generator.below(40))"
    if generator.chance(4) {
      let target = ["FR*C01", "FR*C02", "FR*SUB", "FR*NEW"][generator.below(4)]
      let operation = ["SetServiceAuthorisation", "SetChargeDetailRecord"][generator.below(2)]
      return try await script.request(
        operation, .fromIOP, at: time, partner: "IOP", operator: "FR*X", target: target, transaction: transaction, leg: leg)
    }
    let operation = ["HeartBeat", "HeartBeat", "GetServiceAuthorisation", "SetEVSEBusyStatus"][generator.below(4)]
    return try await script.request(
      operation, at: time, partner: partner, operator: partner == "BE*HUB" ? ["FR*SUB", "FR*C02"][generator.below(2)] : nil,
      transaction: transaction, leg: leg)
  }

  private static func answer(_ script: PartnerScript, _ request: JournalPosition, _ generator: inout SeededGenerator) async throws {
    let period = generator.chance(4) ? "<heartBeatPeriod>\([120, 300, 600][generator.below(3)])</heartBeatPeriod>" : ""
    let answer: PartnerScript.Answer =
      switch generator.below(12) {
      case 0: .failure
      case 1: .fault
      case 2: .status(10_304)
      case 3: .status(2, period)
      case 4: .unreadable
      default: .status(1, period)
      }
    let latency = generator.chance(5) ? generator.below(20_000) : generator.below(900)
    try await script.answer(answer, to: request, after: Int64(latency), author: generator.chance(6) ? .gateway : .peer)
  }

  // MARK: Comparing

  private static func agree(_ model: ReadModel, _ plain: PlainPartners, asOf position: JournalPosition?) throws -> Bool {
    let questions = PartnerQuestions(try model.snapshot(), asOf: position)
    let place = Comment(rawValue: "as of \(position.map(\.description) ?? "now")")
    let told = try questions.answers(byOperation: true)
    let wanted = plain.figures.sorted { $0.key < $1.key }
    guard told.map(Self.series) == wanted.map(\.key) else {
      Issue.record("\(place): \(told.map(Self.series)) for \(wanted.map(\.key))")
      return false
    }
    for (answer, plain) in zip(told, wanted) {
      #expect(Self.counts(answer.figures) == plain.value.counts, place)
      #expect(answer.figures.maximumMilliseconds == plain.value.latencies.max(), place)
      let sorted = plain.value.latencies.sorted()
      for (told, percent) in [(answer.figures.median, 50), (answer.figures.percentile99, 99)] {
        let exact = sorted.isEmpty ? nil : sorted[(sorted.count * percent + 99) / 100 - 1]
        #expect(told == nil ? exact == nil : exact.map { told! >= $0 && told! - $0 <= $0 / 32 } == true, place)
      }
    }
    return try agreeOnPresence(questions, plain, place)
  }

  private static func agreeOnPresence(
    _ questions: PartnerQuestions, _ plain: PlainPartners, _ place: Comment
  ) throws -> Bool {
    for answer in try questions.answers() {
      let wanted = plain.presences[.init(name: answer.partner, leg: answer.leg.rawValue)]
      let silences = answer.silences.map { [$0.from.rawValue, $0.to?.rawValue, Int64($0.position.rawValue)] }
      guard silences == wanted?.silences ?? [], answer.presence?.appearedAt == wanted?.appeared,
        answer.presence.map({ Int64($0.periodSeconds) }) == wanted?.period
      else {
        Issue.record("\(place): \(answer.partner) \(silences) for \(String(describing: wanted))")
        return false
      }
      #expect(answer.presence?.offlineSince?.rawValue == wanted.flatMap { $0.isOffline ? $0.silences.last?[0] : nil }, place)
      #expect(answer.presence.map { Int($0.offlineCount) } == wanted.map { $0.silences.count { $0[1] != nil } }, place)
    }
    let findings = try questions.findings().filter { $0.rule.id == "partner-offline" }.map {
      "\($0.subject) \($0.position) \($0.resolvedAt?.rawValue ?? 0)"
    }
    let wanted = plain.findings.map {
      "\($0.partner.name)\($0.partner.leg == 1 ? " (back end)" : "") \($0.position) \($0.resolvedAt ?? 0)"
    }
    #expect(findings.sorted() == wanted.sorted(), place)
    return true
  }

  private static func series(_ answer: PartnerAnswer) -> PlainPartners.Series {
    let series = answer.series!
    return .init(
      partner: series.partner, name: series.operator, leg: series.leg.rawValue, direction: series.direction?.rawValue ?? 0,
      operation: series.operation)
  }

  private static func counts(_ figures: PartnerFigures) -> [String: Int] {
    let all: [(String, UInt64)] = [
      ("requests", figures.requests), ("ok", figures.ok), ("warning", figures.warnings), ("error", figures.errors),
      ("fault", figures.faults), ("failure", figures.lost + figures.recovered), ("unreadable", figures.unreadable),
      ("recovered", figures.recovered), ("further", figures.further), ("retries", figures.retries), ("over 800", figures.overTypical),
      ("late", figures.late), ("over 2,000", figures.authorisationsOverTypical), ("over 10,000", figures.authorisationsOverLimit),
    ]
    return Dictionary(uniqueKeysWithValues: all.filter { $0.1 > 0 }.map { ($0.0, Int($0.1)) })
  }
}
