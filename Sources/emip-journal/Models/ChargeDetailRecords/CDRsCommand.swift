import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

struct CDRs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cdrs",
    abstract: "List charge detail records, a session a line; sum them; compare them with an invoice.",
    discussion: """
      --totals sums the final records in force, by counterpart; intermediate records are never summed. --since and --until mean the time \
      at which a session's first record was on the wire.

      EXAMPLES
        emip-journal cdrs --since 2025-03-01 --until 2025-04-01 --totals
        emip-journal cdrs --operator FR*MS1 --unaccepted
        emip-journal cdrs --finding cdr-power --format ndjson
        emip-journal cdrs compare invoice.csv --column id=Session --decimal-comma
      """,
    subcommands: [ListCDRs.self, CompareCDRs.self], defaultSubcommand: ListCDRs.self)
}

/// Which sessions a question about charge detail records means.
struct CDRFilterOptions: ParsableArguments {
  @Option(name: .customLong("operator"), help: ArgumentHelp("The CPO or the eMSP.", valueName: "id"))
  var operatorId: String?
  @Option(help: ArgumentHelp("From this moment on: \(Moment.forms).", valueName: "time"), transform: Moment.parse)
  var since: Timestamp?
  @Option(help: ArgumentHelp("Before this moment.", valueName: "time"), transform: Moment.parse)
  var until: Timestamp?

  var filter: CDRFilter {
    var filter = CDRFilter()
    filter.operatorId = operatorId
    filter.since = since
    filter.until = until
    return filter
  }

  func validate() throws {
    if let since, let until, since >= until { throw ValidationError("--since must come before --until.") }
    if operatorId?.allSatisfy(\.isWhitespace) ?? false { throw ValidationError("--operator has an empty value.") }
  }
}

struct ListCDRs: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List or sum charge detail records (the default).")

  @OptionGroup var filter: CDRFilterOptions
  @Flag(help: "Only sessions with a version that was refused, lost, deferred or has no answer.")
  var unaccepted = false
  @Option(help: ArgumentHelp("Only sessions with a finding of this rule that holds.", valueName: "rule"))
  var finding: String?
  @Flag(help: "The sums of the final records in force, by counterpart.")
  var totals = false
  @OptionGroup var options: ModelOptions

  func validate() throws {
    let rules = CDRRules.all + CDRSessionFindings.rules
    guard let finding, !rules.contains(where: { $0.id == finding }) else { return }
    throw ValidationError("'\(finding)' is none of the rules \(Set(rules.map(\.id)).sorted().joined(separator: ", ")).")
  }

  func run() throws {
    // What was authorised the read model of sessions knows.
    let isOfSessions = CDRSessionFindings.rules.contains { $0.id == finding }
    let question = try options.question([ChargeDetailRecordProjection.self] + (isOfSessions ? Sessions.projections : []))
    var filter = filter.filter
    filter.isUnaccepted = unaccepted
    filter.findingRule = finding
    let query = try question.cdrs
    let writer = AnswerWriter(options)
    if totals {
      try write(try query.totals(filter), question, writer)
    } else if options.format == .ndjson {
      // As they are read: there may be millions.
      try query.forEachSession(filter) { session in
        try writer.output.write(
          try JSONOutput.bytes(CDRSessionDocument(session: session, isComplete: false), isPretty: false) + [UInt8(ascii: "\n")])
        return true
      }
      try writer.finish(question)
    } else {
      try list(query, filter, question, writer)
    }
  }

  private func list(_ query: CDRQuery, _ filter: CDRFilter, _ question: ModelQuestion, _ writer: AnswerWriter) throws {
    var sessions: [CDRSession] = []
    try query.forEachSession(filter) { session in
      sessions.append(session)
      return true
    }
    let documents = sessions.map { CDRSessionDocument(session: $0, isComplete: false) }
    try writer.write(documents, columns: CDRSessionDocument.columns, question) { output in
      for line in Self.table(sessions).lines(writer.style) { try output.write(line + "\n") }
    }
  }

  private static func table(_ sessions: [CDRSession]) -> TextTable {
    var table = TextTable([
      .init("session", limit: 56), .init("counterpart"), .init("EVSE", limit: 24), .init("end (UTC)"), .init("versions", isRight: true),
      .init("in force"), .init("min", isRight: true), .init("Wh", isRight: true), .init("acceptance"), .init("findings", limit: 60),
    ])
    for session in sessions {
      let version = session.versionInForce ?? session.versions.last
      let meters = version?.record?.meters ?? []
      func value(_ type: MeterType) -> String? { meters.first { $0.type?.value == type }?.value }
      let findings = session.findings.filter { $0.resolvedAt == nil }.map(\.rule.id)
      let end = version?.record?.endTime.map { $0.value.map(Figure.time) ?? $0.text }
      let isDoubtful = version?.acceptance.isAccepted != true
      table.add([
        .init(session.name), .init(session.counterpart), .init(session.evseId), .init(end), .init("\(session.versions.count)"),
        .init(session.versionInForce.map { "\($0.nature)" } ?? "none"), .init(value(.totalDuration)), .init(value(.totalEnergy)),
        .init(version.map { $0.acceptance.name + ($0.acceptance.requestStatus.map { " \($0)" } ?? "") }, isDoubtful ? .red : .green),
        .init(Set(findings).sorted().joined(separator: ", "), .yellow),
      ])
    }
    return table
  }

  private func write(_ totals: [CDRTotals], _ question: ModelQuestion, _ writer: AnswerWriter) throws {
    let documents = totals.map(CDRTotalsDocument.init)
    try writer.write(documents, columns: CDRTotalsDocument.columns, question) { output in
      var table = TextTable([
        .init("counterpart"), .init("direction"), .init("finals", isRight: true), .init("min", isRight: true), .init("Wh", isRight: true),
        .init("cost", isRight: true), .init("intermediate only", isRight: true), .init("none in force", isRight: true),
        .init("unconfirmed", isRight: true), .init("incomplete", isRight: true),
      ])
      for total in documents {
        let costs = total.costs.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        table.add([
          .init(total.counterpart), .init(total.direction), .init(Figure.count(total.finalCount)), .init(total.minutes),
          .init(total.wattHours), .init(costs.isEmpty ? nil : costs), .init(Figure.count(total.intermediateOnlyCount)),
          .init(Figure.count(total.noneCount)), .init(Figure.count(total.unconfirmedCount)), .init(Figure.count(total.incompleteCount)),
        ])
      }
      for line in table.lines(writer.style) { try output.write(line + "\n") }
    }
  }
}
