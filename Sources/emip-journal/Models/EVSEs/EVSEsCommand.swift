import Answers
import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

struct EVSEsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evses",
    abstract: "List the statuses of charging pools, stations, EVSEs and connectors, a line each.",
    discussion: """
      The state is what the operator reported last, by the time of the event, whatever the platform made of the report. --as-of asks for the \
      statuses at a time, --known-at for what the journal knew at a position or by a moment. Without them: the time of the journal's last \
      entries.

      EXAMPLES
        emip-journal evses --status out-of-order
        emip-journal evses --operator 'FR*C01' --level evse --format ndjson
        emip-journal evses --as-of '2025-03-01 12:00' --known-at '2025-03-01 12:00'
      """)

  @Option(
    help: ArgumentHelp(
      "in-service, out-of-order, future, deleted, free, busy, reserved, unspecified, unknown, or a code of either part.",
      valueName: "status"),
    transform: StatusFilter.parse)
  var status: StatusFilter?

  @OptionGroup var options: StatusOptions

  func run() throws {
    let basis = try options.basis()
    let answer = try StatusAnswer(options.question, basis)
    let rows = try answer.all(status)
    let writer = AnswerWriter(options.model)
    try writer.write(rows, columns: ElementStatusRow.columns, basis, unreadCount: try answer.unreadCount()) { output in
      var table = TextTable([
        .init("id"), .init("level"), .init("availability"), .init("since (UTC)"), .init("busy"), .init("since (UTC)"),
        .init("position", isRight: true), .init("findings"), .init("remarks", limit: 100),
      ])
      for row in rows {
        let element = row.status
        let names = row.findings.map(\.rule.id).joined(separator: ", ")
        table.add([
          .init(element.id), .init(element.element.level), StatusText.cell(.availability, element.availability),
          StatusText.date(element.availability?.event), StatusText.cell(.busy, element.busy),
          StatusText.date(element.busy?.event),
          .init(element.position.map { Figure.count($0.rawValue) }, .dim), .init(names.isEmpty ? "" : names, .yellow),
          .init(
            [element.availability, element.busy].flatMap { $0.map { StatusText.remarks($0.event) } ?? [] }.joined(separator: "; "), .yellow),
        ])
      }
      for line in table.lines(writer.style) { try output.write(line + "\n") }
      let count = Figure.count(rows.count, "element", "elements")
      try output.write(writer.style.text("\(count) at \(Figure.time(answer.moment.time))", .dim) + "\n")
    }
  }
}

extension StatusFilter {
  /// For an option's `transform`.
  fileprivate static func parse(_ text: String) throws -> StatusFilter {
    guard let filter = StatusFilter(text) else { throw ValidationError("there is no status '\(text)'.") }
    return filter
  }
}
