import ArgumentParser
import JournalFormat
import JournalStore
import Projections

struct FindingList: ParsableCommand {
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

  /// A finding as the output shows it.
  private struct Row: Encodable {
    let rule: String
    let ruleVersion: Int
    let severity: String
    let model: String
    let subject: String
    let explanation: String
    let position: UInt64
    let resolvedAt: UInt64?

    static let columns = ["severity", "rule", "ruleVersion", "model", "subject", "position", "resolvedAt", "explanation"]

    init(_ model: String, _ finding: ReportedFinding) {
      rule = finding.rule.id
      ruleVersion = finding.rule.version
      severity = finding.rule.severity.rawValue
      self.model = model
      subject = finding.subject
      explanation = finding.sentence
      position = finding.position.rawValue
      resolvedAt = finding.resolvedAt?.rawValue
    }
  }

  func run() throws {
    let question = try options.question(Findings.projections)
    var filter = Findings.Filter()
    filter.rules = Set(rule)
    filter.severities = Set(severity)
    filter.includesResolved = all
    let rows = try Findings(question.models, asOf: question.asOf).all(filter).map { Row($0.model, $0.finding) }
    let writer = AnswerWriter(options)
    try writer.write(rows, columns: Row.columns, question) { output in
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
