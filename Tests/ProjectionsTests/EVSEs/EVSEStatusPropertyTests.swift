import EMIP
import JournalFormat
import JournalStore
import TestSupport
import Testing

@testable import Projections

/// What the read model should say, by lists and loops alone.
private struct PlainStatuses {
  struct Event: Equatable {
    let time: Int64
    let position: UInt64
    let status: Int
    let until: Int64?
    let isLate: Bool
    let isFromPlatform: Bool
    var answers: [(position: UInt64, acceptance: ReportAcceptance)] = []

    static func == (left: Event, right: Event) -> Bool {
      (left.time, left.status, left.until) == (right.time, right.status, right.until)
    }

    /// As of a position.
    func acceptance(_ position: UInt64) -> ReportAcceptance? {
      let known = answers.filter { $0.position <= position }.map(\.acceptance)
      func isAcceptance(_ acceptance: ReportAcceptance) -> Bool { if case .accepted = acceptance { true } else { false } }
      func isNo(_ acceptance: ReportAcceptance) -> Bool { acceptance != .lost && acceptance != .deferred }
      if let accepted = known.first(where: isAcceptance) { return accepted }
      if let no = known.last(where: isNo) { return no }
      if known.contains(.lost) { return .lost }
      if known.contains(.deferred) { return .deferred }
      return isFromPlatform ? nil : .pending
    }
  }

  private(set) var events: [String: [Event]] = [:]

  mutating func add(_ report: RandomReports.Report, position: UInt64, isFromPlatform: Bool) {
    for (part, status) in report.parts {
      let key = "\(report.id) \(part)"
      let event = Event(
        time: report.date, position: position, status: status, until: report.until,
        isLate: events[key, default: []].contains { $0.time > report.date }, isFromPlatform: isFromPlatform)
      if !events[key, default: []].contains(event) { events[key, default: []].append(event) }
    }
  }

  mutating func answer(_ report: RandomReports.Report, position: UInt64, _ acceptance: ReportAcceptance) {
    for (part, status) in report.parts {
      let key = "\(report.id) \(part)"
      let index = events[key]!.firstIndex { $0.time == report.date && $0.status == status && $0.until == report.until }!
      events[key]![index].answers.append((position, acceptance))
    }
  }

  /// A line of all that a status says; nil where there is none.
  func line(_ id: String, _ part: String, at time: Int64, knownAt position: UInt64, unknownAfter: Int64) -> String? {
    let known = (events["\(id) \(part)"] ?? []).filter { $0.time <= time && $0.position <= position }
    // Of two items of one list, too, the later wins.
    guard let event = known.reversed().max(by: { ($0.time, $0.position) < ($1.time, $1.position) }) else { return nil }
    let silentAt = event.time + unknownAfter
    let end = event.until.flatMap { $0 < time && $0 <= silentAt ? $0 : nil } ?? (silentAt < time ? event.time : nil)
    let acceptance = event.acceptance(position).map { "\($0.word) \($0.requestStatus ?? 0)" } ?? "-"
    let facts = "\(event.status) \(event.time) \(event.position) \(event.isLate) \(event.isFromPlatform) \(acceptance)"
    return "\(facts) \(end.map(String.init) ?? "-")"
  }
}

/// Reports as operators and the platform might send them, in any order.
private struct RandomReports {
  struct Report {
    let id: String
    /// As written.
    let spelling: String
    let parts: [(part: String, status: Int)]
    let date: Int64
    let until: Int64?

    var operation: String {
      parts.count == 2 ? "SetEVSESyntheticStatus" : parts[0].part == "busy" ? "SetEVSEBusyStatus" : "SetEVSEAvailabilityStatus"
    }

    var body: String {
      var body = "<EVSEIdType>eMI3</EVSEIdType><EVSEId>\(spelling)</EVSEId>"
      for (part, status) in parts {
        body += "<\(part)StatusEventDate>\(StatusScript.date(date))</\(part)StatusEventDate><\(part)Status>\(status)</\(part)Status>"
        if let until { body += "<\(part)StatusUntil>\(StatusScript.date(until))</\(part)StatusUntil>" }
      }
      return body
    }
  }

  var random: SeededGenerator
  private var sent: [Report] = []

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  static let ids = ["FR*C01*E1", "FR*C01*E2", "FR*C01*E3A"]

  mutating func next(at time: Int64) -> Report {
    // A repetition, of whatever was sent.
    if !sent.isEmpty && random.chance(5) { return sent[random.below(sent.count)] }
    let id = Self.ids[random.below(Self.ids.count)]
    var parts: [(String, Int)] = [("availability", random.chance(8) ? 100 + random.below(300) : random.below(5))]
    switch random.below(6) {
    case 0: parts.append(("busy", random.below(4)))
    case 1...4: parts = [("busy", random.chance(8) ? 7 : random.below(4))]
    default: break
    }
    // Dates of one moment, of a few seconds ago and of long ago.
    let lateness = random.chance(4) ? Int64(random.below(400_000)) : Int64(random.below(4) * 500)
    let date = time - lateness
    let report = Report(
      id: id, spelling: random.chance(2) ? id : id.lowercased().replacing("*", with: ""), parts: parts, date: date,
      until: random.chance(6) ? date + Int64(random.below(100_000)) : nil)
    sent.append(report)
    return report
  }
}

/// Writes a random journal and the plain model of it together.
private struct StatusRun {
  let script: StatusScript
  var reports: RandomReports
  var plain = PlainStatuses()
  var time: Int64 = 1_000_000
  var position: UInt64 = 0
  private var unanswered: [(report: RandomReports.Report, request: JournalPosition)] = []

  init(seed: UInt64) throws {
    script = try StatusScript()
    reports = RandomReports(seed: seed)
  }

  mutating func step() async throws {
    time += Int64(reports.random.below(20_000))
    switch reports.random.below(10) {
    case 0: try await pushList()
    case 1: try await pullList()
    case 2 where !unanswered.isEmpty:
      let (report, request) = unanswered.remove(at: reports.random.below(unanswered.count))
      let answer = ScriptedJournal.Answer.response("<requestStatus>1</requestStatus>")
      try await script.journal.answer(answer, to: request, report.operation, .toIOP, at: time)
      position += 1
      plain.answer(report, position: position, .accepted(requestStatus: 1))
    default: try await push()
    }
  }

  private mutating func push() async throws {
    let report = reports.next(at: time)
    let (answer, acceptance) = Self.answers[reports.random.below(Self.answers.count)]
    let leg: Leg = reports.random.chance(6) ? .backEndGateway : .gatewayIOP
    let request = try await script.journal.exchange(report.operation, at: time, leg: leg, report.body, answer: answer)
    position += 1
    #expect(request.rawValue == position)
    plain.add(report, position: position, isFromPlatform: false)
    if let acceptance {
      position += 1
      // The back end's copy says nothing; a loss is the gateway's own word.
      if leg == .gatewayIOP || acceptance == .lost { plain.answer(report, position: position, acceptance) }
    }
    if acceptance == nil && leg == .gatewayIOP { unanswered.append((report, request)) }
  }

  private static let answers: [(ScriptedJournal.Answer, ReportAcceptance?)] = [
    (.response("<requestStatus>1</requestStatus>"), .accepted(requestStatus: 1)),
    (.response("<requestStatus>1</requestStatus>"), .accepted(requestStatus: 1)),
    (.response("<requestStatus>2</requestStatus>"), .accepted(requestStatus: 2)),
    (.response("<requestStatus>10601</requestStatus>"), .rejected(requestStatus: 10_601)),
    (.fault, .fault), (.lost, .lost), (.pending, nil),
  ]

  private mutating func pushList() async throws {
    let items = (0..<reports.random.below(6)).map { _ in reports.next(at: time) }
    let body = items.map { "<EVSEDynamicData>\($0.body)</EVSEDynamicData>" }.joined()
    try await script.journal.exchange(
      "SetEVSEDynamicDataChanges", .fromIOP, at: time, target: "FR*MS1", "<EVSEDynamicDataList>\(body)</EVSEDynamicDataList>")
    for item in items { plain.add(item, position: position + 1, isFromPlatform: true) }
    position += 2
  }

  private mutating func pullList() async throws {
    let items = (0..<reports.random.below(6)).map { _ in reports.next(at: time) }
    let body = items.map { "<EVSEDynamicDataChange>\($0.body)</EVSEDynamicDataChange>" }.joined()
    let status = reports.random.chance(4) ? 10_001 : 1
    let list = "<EVSEDynamicDataChangeList>\(body)</EVSEDynamicDataChangeList><requestStatus>\(status)</requestStatus>"
    try await script.journal.exchange("GetEVSEDynamicDataChanges", at: time, answer: .response(list))
    if status == 1 { for item in items { plain.add(item, position: position + 2, isFromPlatform: true) } }
    position += 2
  }
}

@Suite struct EVSEStatusPropertyTests {
  private static func line(_ part: PartStatus?) -> String? {
    part.map { part in
      func milliseconds(_ time: Timestamp) -> Int64 { time.milliseconds(since: ScriptedJournal.moment(0)) }
      let acceptance = part.event.acceptance.map { "\($0.word) \($0.requestStatus ?? 0)" } ?? "-"
      let event = part.event
      let facts =
        "\(event.status ?? 999) \(milliseconds(event.time)) \(event.position) \(event.isLate) \(event.isFromPlatform) \(acceptance)"
      return "\(facts) \(part.unknownSince.map { String(milliseconds($0)) } ?? "-")"
    }
  }

  private static func all(_ rows: any ModelRows, asOf position: JournalPosition?, _ moment: StatusMoment) throws -> [ElementStatus] {
    var found: [ElementStatus] = []
    try EVSEQuestions(rows, asOf: position).forEach(moment) {
      found.append($0)
      return true
    }
    return found
  }

  @Test func `whatever comes in whatever order, each status at any time and by any knowledge is that of a plain model`() async throws {
    let seed = SeededGenerator.newSeed()
    var run = try StatusRun(seed: seed)
    for _ in 0..<400 {
      try await run.step()
      // Restarts after any number of entries.
      if run.reports.random.chance(15) { _ = try run.script.rows() }
    }
    let rows = try run.script.rows()
    var random = SeededGenerator(seed: seed &+ 1)
    for _ in 0..<3_000 {
      let time = Int64(random.below(Int(run.time) + 100_000))
      let position = UInt64(random.below(Int(run.position) + 2))
      let unknownAfter = Int64(1 + random.below(300_000))
      let id = RandomReports.ids[random.below(RandomReports.ids.count)]
      let moment = StatusMoment(
        time: ScriptedJournal.moment(time), unknownAfterMilliseconds: unknownAfter)
      let status = try EVSEQuestions(rows, asOf: JournalPosition(position)).statuses(of: id, moment).first
      for (part, found) in [("availability", status?.availability), ("busy", status?.busy)] {
        let expected = run.plain.line(id, part, at: time, knownAt: position, unknownAfter: unknownAfter)
        #expect(Self.line(found) == expected, "seed \(seed), \(id) \(part) at \(time) known at \(position)")
      }
    }
  }

  @Test func `as of a position, a status is that of a journal that ends there; and a rebuild has the same rows`() async throws {
    let seed = SeededGenerator.newSeed()
    var run = try StatusRun(seed: seed)
    for _ in 0..<150 { try await run.step() }
    let runner = try ProjectionRunner(run.script.journal.directory, projections: [EVSEProjection.self], purpose: "test")
    try runner.catchUp()
    #expect(try runner.verify("evse").isSame, "seed \(seed)")
    runner.close()
    #expect(try run.script.journal.forgetsNothing(EVSEProjection.self), "seed \(seed)")
    try Self.compareWithCuts(&run, seed)
  }

  private static func compareWithCuts(_ run: inout StatusRun, _ seed: UInt64) throws {
    let runner = try ProjectionRunner(run.script.journal.directory, projections: [EVSEProjection.self], purpose: "test")
    let rows = try runner.models[0].snapshot()
    let path = run.script.journal.temporary.path + "/cut"
    for _ in 0..<12 {
      let position = JournalPosition(UInt64(1 + run.reports.random.below(Int(run.position))))
      let cut = try runner.begin(EVSEProjection.self, generation: 0, path: path + "\(position)-\(run.reports.random.next())")
      _ = try runner.advance([cut], to: position.next)
      let cutRows = try cut.snapshot()
      let time = ScriptedJournal.moment(run.time - Int64(run.reports.random.below(600_000)))
      let expected = try Self.all(cutRows, asOf: nil, StatusMoment(time: time))
      #expect(try Self.all(rows, asOf: position, StatusMoment(time: time)) == expected, "seed \(seed), position \(position)")
      let findings = try EVSEQuestions(rows, asOf: position).findings()
      #expect(try EVSEQuestions(cutRows, asOf: nil).findings() == findings, "seed \(seed)")
    }
    runner.close()
  }

  @Test(arguments: [1_000, 20_000]) func `a status at any time by any knowledge takes three reads at most, however long the history is`(
    count: Int64
  ) async throws {
    let script = try StatusScript()
    let runner = try ProjectionRunner(script.journal.directory, projections: [EVSEProjection.self], purpose: "test")
    defer { runner.close() }
    let events = EVSETables.events
    let subject = StatusEventTable.subject(7, .busy)
    let state = try runner.models[0].state()
    _ = try runner.models[0].write { (_, rows) throws(JournalError) in
      let tail = StatusTail(subject)
      for number in 1...count {
        // Each tenth comes late.
        let time = number * 1_000 - (number % 10 == 0 ? 3_500 : 0)
        let event = StatusEvent(
          time: ScriptedJournal.moment(time), date: ScriptedJournal.moment(time), position: JournalPosition(UInt64(2 * number)),
          status: UInt32(number % 4), until: nil, isFromPlatform: false)
        _ = try events.insert(event, into: tail, in: rows)
      }
      return state
    }
    let rows = CountedReads(try runner.models[0].snapshot())
    for time in stride(from: 11, through: count, by: Int(count / 50)) {
      for known in stride(from: 11, through: count, by: Int(count / 50)) {
        let (found, readCount) = try rows.count {
          try events.event(of: subject, at: ScriptedJournal.moment(time * 1_000), asOf: JournalPosition(UInt64(2 * known)), in: $0)
        }
        #expect(readCount <= 3, "at \(time) known at \(known)")
        #expect(found?.position.rawValue == UInt64(2 * min(time, known)), "at \(time) known at \(known)")
      }
    }
  }

  @Test func `events in random order fill and split rows as one that is written in order`() async throws {
    let seed = SeededGenerator.newSeed()
    var random = SeededGenerator(seed: seed)
    let script = try StatusScript()
    let runner = try ProjectionRunner(script.journal.directory, projections: [EVSEProjection.self], purpose: "test")
    let model = runner.models[0]
    let subject = StatusEventTable.subject(7, .busy)
    var events: [StatusEvent] = []
    let state = try model.state()
    _ = try model.write { (_, rows) throws(JournalError) in
      var tail = StatusTail(subject)
      for position in 1...1_500 as ClosedRange<UInt64> {
        let time = random.chance(3) ? Int64(random.below(40_000)) : Int64(position) * 100
        // Dates that are ahead lie beyond all times, so that none is taken for another's.
        let date = random.chance(20) ? 10_000_000 + Int64(position) : time
        let event = StatusEvent(
          time: ScriptedJournal.moment(time), date: ScriptedJournal.moment(date), position: JournalPosition(position),
          status: UInt32(random.below(4)), until: nil, isFromPlatform: random.chance(20))
        let insertion = try EVSETables.events.insert(event, into: tail, in: rows)
        guard !events.contains(where: event.isSame) else {
          #expect(insertion == .repetition, "seed \(seed)")
          continue
        }
        var expected = event
        expected.isLate = events.contains { $0.time > event.time }
        #expect(insertion == (expected.isLate ? .late : .newest), "seed \(seed)")
        events.append(expected)
        // Answers to any that came before.
        let index = random.below(events.count)
        let answer = ReportAnswer(position: JournalPosition(position + 1), acceptance: .rejected(requestStatus: UInt32(position)))
        _ = events[index].add(answer)
        try EVSETables.events.settle(events[index], answer, of: tail, in: rows)
        // What is read anew is what was remembered.
        if random.chance(20) { tail = try EVSETables.events.tail(of: subject, in: rows) }
      }
      return state
    }
    events.sort { ($0.time, $0.position) < ($1.time, $1.position) }
    let rows = try model.snapshot()
    #expect(try EVSETables.events.all(of: subject, in: rows) == events, "seed \(seed)")
    #expect(try EVSETables.events.tail(of: subject, in: rows).newest == events.last, "seed \(seed)")
    #expect(try model.rowCounts().first { $0.table == EVSETables.events.table }.map { $0.count > 10 } == true)
    for _ in 0..<500 {
      let time = ScriptedJournal.moment(Int64(random.below(160_000)) - 100)
      let position = JournalPosition(UInt64(random.below(1_502)))
      let expected = events.last { $0.time <= time && $0.position <= position }
      let found = try EVSETables.events.event(of: subject, at: time, asOf: position, in: rows)
      #expect(found == expected, "seed \(seed)")
    }
    runner.close()
  }
}
