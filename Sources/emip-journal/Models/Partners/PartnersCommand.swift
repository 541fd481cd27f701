import Answers
import ArgumentParser
import JournalFormat
import JournalStore
import Projections

struct PartnersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "partners",
    abstract: "Show what passed with each partner, how long answers took, and when it was not heard.",
    discussion: """
      A line a partner (and a leg, where a gateway stands between), or a line an operation. refused and failed count what HTTP turned away \
      (4xx) or answered otherwise (429, 5xx) without a message; unread what came and could not be read safely. p50, p99 and max are milliseconds from request to \
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
  @Option(help: ArgumentHelp("Only what was recorded from then on: \(Moment.spellings).", valueName: "time"), transform: Moment.parse)
  var since: Timestamp?
  @Option(help: ArgumentHelp("Only what was recorded until then.", valueName: "time"), transform: Moment.parse)
  var until: Timestamp?
  @Flag(help: "A line for each operation, way and operator.")
  var operations = false
  @OptionGroup var options: ModelOptions

  func run() throws {
    var question = PartnersQuestion()
    question.partner = partner
    question.since = since
    question.until = until
    question.byOperation = operations
    let basis = try options.basis(PartnersQuestion.projections)
    let documents = try question.partners(basis)
    let writer = AnswerWriter(options)
    try writer.write(documents, columns: question.columns, basis) { output in
      if documents.isEmpty { return try output.write("no partner was heard of.\n") }
      for line in table(documents).lines(writer.style) { try output.write(line + "\n") }
    }
  }

  private func table(_ documents: [PartnerDocument]) -> TextTable {
    let hasLegs = documents.contains { $0.leg != "gatewayIOP" }
    var columns: [TextTable.Column] = [.init("partner")]
    if hasLegs { columns.append(.init("leg")) }
    if operations { columns += [.init("operator"), .init(""), .init("operation")] }
    columns += [
      "exchanges", "ok", "warn", "error", "fault", "refused", "failed", "unread", "lost", "p50", "p99", "max", ">800", "late", "auth >2",
      ">10",
    ].map { .init($0, isRight: true) }
    if !operations { columns += [.init("offline", isRight: true), .init("")] }
    var table = TextTable(columns)
    for document in documents {
      var cells: [TextTable.Cell] = [.init(document.partner, .bold)]
      if hasLegs { cells.append(.init(document.leg == "gatewayIOP" ? "platform" : "back end", .dim)) }
      if operations {
        let arrow = document.direction == "fromIOP" ? "←" : document.direction == "toIOP" ? "→" : " "
        cells += [.init(document.operator), .init(arrow), .init(document.operation)]
      }
      cells += document.figureCells
      if !operations { cells += document.presenceCells }
      table.add(cells)
    }
    return table
  }
}

extension PartnerDocument {
  fileprivate var figureCells: [TextTable.Cell] {
    func cell(_ count: UInt64, _ look: Style.Look? = nil) -> TextTable.Cell {
      count == 0 ? .init("-", .dim) : .init(Figure.count(count), look)
    }
    func latency(_ latency: UInt32?, _ mark: String = "") -> TextTable.Cell {
      .init(latency.map { mark + Figure.count($0) }, latency == nil ? .dim : nil)
    }
    return [
      .init(Figure.count(exchanges)), cell(ok, .green), cell(warnings, .yellow), cell(errors, .red), cell(faults, .red),
      cell(refused, .red), cell(failed, .red), cell(unreadable, .magenta), cell(lost, .magenta), latency(latencyP50), latency(latencyP99),
      latency(latencyMax, isLatencyMaxExact ? "" : "≤"), cell(over800ms),
      cell(late, .red), cell(authorisationsOver2s, .yellow), cell(authorisationsOver10s, .red),
    ]
  }

  fileprivate var presenceCells: [TextTable.Cell] {
    let minutes = offlineMilliseconds / 60_000
    let length = minutes > 0 ? "\(Figure.count(minutes)) min" : "\(offlineMilliseconds / 1_000) s"
    let count = offlineCount == 0 ? "-" : "\(Figure.count(offlineCount)), \(length)"
    let since = offlineSince == nil ? "" : "offline" + (offlineLastHeard.map { ", last heard \($0)" } ?? "")
    return [.init(count, offlineCount == 0 ? .dim : .yellow), .init(since, .red)]
  }
}
