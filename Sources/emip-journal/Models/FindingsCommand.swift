import Answers
import ArgumentParser
import JournalFormat
import JournalStore
import Projections

struct FindingsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "findings",
    abstract: "List what the read models found wrong or odd, a line each.",
    discussion: """
      Each finding is of a rule, by its id, and stands at the position of the entry with which it became known. One that was mended since is \
      left out unless --all asks for it.

      EXAMPLES
        emip-journal findings
        emip-journal findings --severity error --check
        emip-journal findings --rule cdr-power --format ndjson
        emip-journal findings --as-of 2025-03-01
      """)

  @Option(help: ArgumentHelp("Of this rule; may stand several times.", valueName: "id"))
  var rule: [String] = []
  @Option(help: ArgumentHelp("error, warning or notice; may stand several times.", valueName: "severity"), transform: CaseName.parse)
  var severity: [FindingSeverity] = []
  @Flag(help: "Also those that were mended since.")
  var all = false
  @Flag(help: "Exit with 1 where there is any.")
  var check = false
  @OptionGroup var options: ModelOptions

  func run() throws {
    var filter = Findings.Filter()
    filter.rules = Set(rule)
    filter.severities = Set(severity)
    filter.includesResolved = all
    let basis = try options.basis(FindingsQuestion.projections)
    let rows = try FindingsQuestion(filter).findings(basis)
    let writer = AnswerWriter(options)
    try writer.write(rows, columns: FindingDocument.columns, basis) { output in
      guard !rows.isEmpty else { return try output.write("nothing was found\n") }
      var table = TextTable([
        .init("severity"), .init("rule"), .init("position", isRight: true), .init("subject", limit: 56), .init("explanation", limit: 120),
      ])
      for row in rows {
        let mended = row.resolvedAt.map { " (mended at position \(Figure.count($0)))" } ?? ""
        table.add([
          .init(row.severity, look(row.severity)), .init(row.rule), .init(Figure.count(row.position)), .init(row.subject),
          .init(row.explanation + mended),
        ])
      }
      for line in table.lines(writer.style) { try output.write(line + "\n") }
    }
    if check && !rows.isEmpty {
      throw CommandFailure(.notFound, "\(Figure.count(rows.count, "finding", "findings")).")
    }
  }

  private func look(_ severity: String) -> Style.Look {
    switch FindingSeverity(rawValue: severity) {
    case .error: .red
    case .warning: .yellow
    case .notice, nil: .dim
    }
  }
}
