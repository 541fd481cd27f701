import Answers
import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

struct CDRsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List or sum charge detail records (the default).")

  @OptionGroup var filter: CDRFilterOptions
  @Flag(
    help: "Only sessions with a version that was not accepted: rejected, refused, failed, lost, deferred, doubtful or without an answer.")
  var unaccepted = false
  @Option(help: ArgumentHelp("Only sessions with a finding of this rule that holds.", valueName: "rule"))
  var finding: String?
  @Flag(help: "The sums of the final records in force, by counterpart.")
  var totals = false
  @OptionGroup var options: ModelOptions

  func validate() throws {
    let rules = CDRsQuestion.rules
    guard let finding, !rules.contains(where: { $0.id == finding }) else { return }
    throw ValidationError("'\(finding)' is none of the rules \(Set(rules.map(\.id)).sorted().joined(separator: ", ")).")
  }

  func run() throws {
    var question = CDRsQuestion(filter.filter)
    question.filter.isUnaccepted = unaccepted
    question.filter.findingRule = finding
    let basis = try options.basis(totals ? CDRsQuestion.projectionsOfTotals : question.projections)
    let writer = AnswerWriter(options)
    if totals {
      try write(try question.totals(basis), basis, writer, unreadCount: try question.unreadCount(basis))
    } else if options.format == .ndjson {
      // As they are read: there may be millions.
      let misdatedCount = try question.forEachSession(basis) { session in
        try writer.output.write(RowFormat.line(CDRSessionDocument(session, isComplete: false)))
        return true
      }
      try filter.tell(misdatedCount, writer)
      try writer.finish(basis, unreadCount: try question.unreadCount(basis))
    } else {
      try list(question, basis, writer)
    }
  }

  private func list(_ question: CDRsQuestion, _ basis: AnswerBasis, _ writer: AnswerWriter) throws {
    var sessions: [CDRSession] = []
    let misdatedCount = try question.forEachSession(basis) { session in
      sessions.append(session)
      return true
    }
    let documents = sessions.map { CDRSessionDocument($0, isComplete: false) }
    if options.format != .text { try filter.tell(misdatedCount, writer) }
    try writer.write(documents, columns: CDRSessionDocument.columns, basis, unreadCount: try question.unreadCount(basis)) { output in
      try output.write(writer.style.text("charge detail records, " + filter.heading, .bold) + "\n")
      for line in Self.table(sessions).lines(writer.style) { try output.write(line + "\n") }
      try filter.tell(misdatedCount, writer)
    }
  }

  private static func table(_ sessions: [CDRSession]) -> TextTable {
    var table = TextTable([
      .init("session", limit: 56), .init("counterpart"), .init("EVSE", limit: 24), .init("end (UTC)"), .init("versions", isRight: true),
      .init("in force"), .init("min", isRight: true), .init("Wh", isRight: true), .init("acceptance"), .init("findings", limit: 60),
    ])
    for session in sessions {
      let version = session.versionInForce ?? session.versions.last
      func value(_ type: MeterType) -> String? { (version?.record).flatMap { FigureText.cell(type, $0) } }
      let findings = session.findings.filter { $0.resolvedAt == nil }.map(\.rule.id)
      let end = version?.record?.endTime.map { $0.value.map(Figure.time) ?? "unreadable: \($0.text)" }
      let unreadable = session.unreadable.isEmpty ? nil : "cannot be read"
      let isDoubtful = version?.acceptance.isAccepted != true
      table.add([
        .init(session.name), .init(session.counterpart), .init(session.evseId ?? unreadable), .init(end ?? unreadable),
        .init("\(session.versions.count)"),
        .init(session.versionInForce.map { "\($0.nature)" } ?? "none"), .init(value(.totalDuration) ?? unreadable),
        .init(value(.totalEnergy) ?? unreadable), .init(version?.acceptance.text, isDoubtful ? .red : .green),
        .init(Set(findings).sorted().joined(separator: ", "), .yellow),
      ])
    }
    return table
  }

  private func write(_ totals: [CDRTotalsDocument], _ basis: AnswerBasis, _ writer: AnswerWriter, unreadCount: UInt64) throws {
    try writer.write(totals, columns: CDRTotalsDocument.columns, basis, unreadCount: unreadCount) { output in
      try output.write(writer.style.text("sums of final records, " + filter.heading, .bold) + "\n")
      for line in Self.table(totals).lines(writer.style) { try output.write(line + "\n") }
      try filter.tell(totals.reduce(0) { $0 + $1.misdatedCount }, writer)
    }
  }

  private static func table(_ totals: [CDRTotalsDocument]) -> TextTable {
    // Beside each sum stands how much of it is in records with an error.
    let errors = TextTable.Column("of it in error", isRight: true)
    var table = TextTable([
      .init("counterpart"), .init("direction"), .init("finals", isRight: true), errors, .init("min", isRight: true), errors,
      .init("Wh", isRight: true), errors, .init("cost", isRight: true), errors, .init("intermediate only", isRight: true),
      .init("none in force", isRight: true), .init("unconfirmed", isRight: true), .init("incomplete", isRight: true),
    ])
    func costs(_ costs: [String: String]) -> String? {
      costs.isEmpty ? nil : costs.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
    for total in totals {
      func error(_ text: String?) -> TextTable.Cell { .init(total.finalCountWithErrors == 0 ? "-" : text, .red) }
      table.add([
        .init(total.counterpart), .init(total.direction), .init(Figure.count(total.finalCount)),
        error(Figure.count(total.finalCountWithErrors)), .init(total.minutes), error(total.minutesWithErrors), .init(total.wattHours),
        error(total.wattHoursWithErrors), .init(costs(total.costs)), error(costs(total.costsWithErrors)),
        .init(Figure.count(total.intermediateOnlyCount)), .init(Figure.count(total.noneCount)), .init(Figure.count(total.unconfirmedCount)),
        .init(Figure.count(total.incompleteCount)),
      ])
    }
    return table
  }
}
