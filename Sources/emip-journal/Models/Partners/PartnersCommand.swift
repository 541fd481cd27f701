import ArgumentParser
import JournalFormat
import JournalStore
import Projections

struct Partners: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "partners",
    abstract: "Show what passed with each partner, how long answers took, and when it was not heard.",
    discussion: """
      A line a partner (and a leg, where a gateway stands between), or a line an operation. p50, p99 and max are milliseconds from request to \
      response: exact to 63 ms, p50 and p99 at most 3.2 % too high above. >800 counts answers over 800 ms; late those over 5 s to the \
      platform, or 15 s from it; auth >2 and >10 authorisations over so many seconds. A partner is offline when it was not heard for the \
      period that the platform announced, 300 s where it announced none.

      --since and --until go by the time at which the journal recorded.

      EXAMPLES
        emip-journal partners
        emip-journal partners --partner 'FR*MS1' --operations --since 7d
        emip-journal partners --format csv
      """)

  @Option(help: ArgumentHelp("Only this one; with or without separators.", valueName: "id"))
  var partner: String?
  @Option(help: ArgumentHelp("Only what was recorded from then on: \(Moment.forms).", valueName: "time"), transform: Moment.parse)
  var since: Timestamp?
  @Option(help: ArgumentHelp("Only what was recorded until then.", valueName: "time"), transform: Moment.parse)
  var until: Timestamp?
  @Flag(help: "A line for each operation, way and operator.")
  var operations = false
  @OptionGroup var options: ModelOptions

  func run() throws {
    let question = try options.question([PartnersProjection.self])
    let rows = try question.models.model(PartnersProjection.self).snapshot()
    let answers = try span(question).map { span in
      try PartnersProjection.answers(partner: partner, span: span, byOperation: operations, in: rows)
    }
    let documents = (answers ?? []).map { PartnerDocument($0, until: until) }
    let writer = AnswerWriter(options)
    try writer.write(documents, columns: operations ? PartnerDocument.operationColumns : PartnerDocument.partnerColumns, question) {
      output in
      if documents.isEmpty { return try output.write("no partner was heard of.\n") }
      for line in table(documents).lines(writer.style) { try output.write(line + "\n") }
    }
  }

  /// Nil where nothing had been recorded by its end.
  private func span(_ question: ModelQuestion) throws -> PartnerSpan? {
    var span = PartnerSpan(asOf: question.asOf, since: since, until: until)
    let reader = question.models.reader
    if let since { span.after = try reader.lastPosition(recordedBy: since.adding(milliseconds: -1)) }
    if let until {
      guard let last = try reader.lastPosition(recordedBy: until) else { return nil }
      span.asOf = min(span.asOf ?? last, last)
    }
    return span
  }

  private func table(_ documents: [PartnerDocument]) -> TextTable {
    let hasLegs = documents.contains { $0.leg != "gatewayIOP" }
    var columns: [TextTable.Column] = [.init("partner")]
    if hasLegs { columns.append(.init("leg")) }
    if operations { columns += [.init("operator"), .init(""), .init("operation")] }
    columns += [
      "exchanges", "ok", "warn", "error", "fault", "lost", "p50", "p99", "max", ">800", "late", "auth >2", ">10",
    ].map { .init($0, isRight: true) }
    if !operations { columns += [.init("offline", isRight: true), .init("")] }
    var table = TextTable(columns)
    for document in documents {
      var cells: [TextTable.Cell] = [.init(document.partner.value, .bold)]
      if hasLegs { cells.append(.init(document.leg == "gatewayIOP" ? "platform" : "back end", .dim)) }
      if operations {
        let arrow = document.direction.value == "fromIOP" ? "←" : document.direction.value == "toIOP" ? "→" : " "
        cells += [.init(document.operator.value), .init(arrow), .init(document.operation.value)]
      }
      cells += document.figureCells
      if !operations { cells += document.presenceCells }
      table.add(cells)
    }
    return table
  }
}

/// A partner, or one of its operations, as machines read it. Latencies and durations in milliseconds.
private struct PartnerDocument: Encodable {
  let partner: OrNull<String>
  let leg: String
  let `operator`: OrNull<String>
  let direction: OrNull<String>
  let operation: OrNull<String>
  let exchanges, ok, warnings, errors, faults, lost, unreadable, pending, retries, recovered, furtherAnswers: UInt64
  let latencyP50, latencyP99, latencyMax: OrNull<UInt32>
  let isLatencyMaxExact: Bool
  let over800ms, late, authorisationsOver2s, authorisationsOver10s: UInt64
  let heartBeatPeriodSeconds: OrNull<UInt32>
  let firstHeard: OrNull<String>
  let offlineSince: OrNull<String>
  let offlineCount: Int
  let offlineMilliseconds: Int64
  let offline: [Interval]

  struct Interval: Encodable {
    let from: String
    let to: OrNull<String>
    let position: UInt64
  }

  private static let identity = ["partner", "leg"]
  private static let figures = [
    "exchanges", "ok", "warnings", "errors", "faults", "lost", "unreadable", "pending", "retries", "recovered", "furtherAnswers",
    "latencyP50", "latencyP99", "latencyMax", "over800ms", "late", "authorisationsOver2s", "authorisationsOver10s",
  ]
  static let partnerColumns =
    identity + figures + ["heartBeatPeriodSeconds", "firstHeard", "offlineSince", "offlineCount", "offlineMilliseconds"]
  static let operationColumns = identity + ["operator", "direction", "operation"] + figures

  /// - Parameter until: where a silence that lasts is cut.
  init(_ answer: PartnerAnswer, until: Timestamp?) {
    let (series, figures, presence) = (answer.series, answer.figures, answer.presence)
    partner = OrNull(answer.partner.isEmpty ? nil : answer.partner)
    leg = "\(answer.leg)"
    self.operator = OrNull(series.flatMap { $0.operator.isEmpty ? nil : $0.operator })
    direction = OrNull(series?.direction.map { "\($0)" })
    operation = OrNull(series.flatMap { $0.operation.isEmpty ? nil : $0.operation })
    (exchanges, ok, warnings, errors) = (figures.requests, figures.ok, figures.warnings, figures.errors)
    (faults, lost, unreadable, pending) = (figures.faults, figures.lost, figures.unreadable, figures.pending)
    (retries, recovered, furtherAnswers) = (figures.retries, figures.recovered, figures.further)
    (latencyP50, latencyP99) = (OrNull(figures.median), OrNull(figures.percentile99))
    (latencyMax, isLatencyMaxExact) = (OrNull(figures.maximumMilliseconds), answer.isMaximumExact)
    (over800ms, late) = (figures.overTypical, figures.late)
    (authorisationsOver2s, authorisationsOver10s) = (figures.authorisationsOverTypical, figures.authorisationsOverLimit)
    heartBeatPeriodSeconds = OrNull(presence?.periodSeconds)
    firstHeard = OrNull(presence?.appearedAt?.description)
    offlineSince = OrNull(presence?.offlineSince?.description)
    offlineCount = answer.silences.count
    offlineMilliseconds = answer.silences.reduce(0) { sum, silence in
      sum + max(0, (silence.to ?? until ?? silence.from).milliseconds(since: silence.from))
    }
    offline = answer.silences.map {
      Interval(from: $0.from.description, to: OrNull($0.to?.description), position: $0.position.rawValue)
    }
  }

  var figureCells: [TextTable.Cell] {
    func cell(_ count: UInt64, _ look: Style.Look? = nil) -> TextTable.Cell {
      count == 0 ? .init("-", .dim) : .init(Figure.count(count), look)
    }
    func latency(_ latency: OrNull<UInt32>, _ mark: String = "") -> TextTable.Cell {
      .init(latency.value.map { mark + Figure.count($0) }, latency.value == nil ? .dim : nil)
    }
    return [
      .init(Figure.count(exchanges)), cell(ok, .green), cell(warnings, .yellow), cell(errors, .red), cell(faults, .red),
      cell(lost, .magenta), latency(latencyP50), latency(latencyP99), latency(latencyMax, isLatencyMaxExact ? "" : "≤"), cell(over800ms),
      cell(late, .red), cell(authorisationsOver2s, .yellow), cell(authorisationsOver10s, .red),
    ]
  }

  var presenceCells: [TextTable.Cell] {
    let minutes = offlineMilliseconds / 60_000
    let length = minutes > 0 ? "\(Figure.count(minutes)) min" : "\(offlineMilliseconds / 1_000) s"
    let count = offlineCount == 0 ? "-" : "\(Figure.count(offlineCount)), \(length)"
    let since = offlineSince.value.map { "offline since \($0)" } ?? ""
    return [.init(count, offlineCount == 0 ? .dim : .yellow), .init(since, .red)]
  }
}

/// What is not known is null, not absent.
private struct OrNull<Value: Encodable>: Encodable {
  let value: Value?

  init(_ value: Value?) { self.value = value }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let value { try container.encode(value) } else { try container.encodeNil() }
  }
}
