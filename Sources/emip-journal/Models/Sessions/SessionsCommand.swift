import Answers
import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

struct SessionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sessions",
    abstract: "List sessions, a line each.",
    discussion: """
      In the order of their first messages. A session is what the ids of its messages hold together, across the CPO's and the eMSP's side.

      EXAMPLES
        emip-journal sessions --since 1d --state authorised
        emip-journal sessions --finding cdr-without-authorisation --format ndjson
        emip-journal sessions --evse 'FR*A23*E45B*78C' --reverse --limit 20
        emip-journal sessions --as-of 2025-03-01 --format csv
      """)

  @Option(name: .customLong("operator"), help: ArgumentHelp("The CPO or the eMSP.", valueName: "id"))
  var operatorId: String?
  @Option(help: ArgumentHelp("The EVSE.", valueName: "id"))
  var evse: String?
  @Option(help: ArgumentHelp("The user, by badge or contract.", valueName: "id"))
  var user: String?
  @Option(
    help: ArgumentHelp(SessionState.allCases.map(\.rawValue).joined(separator: ", ") + ".", valueName: "state"), transform: CaseName.parse)
  var state: SessionState?
  @Option(help: ArgumentHelp("With a finding of this rule.", valueName: "rule"))
  var finding: String?
  @Option(help: ArgumentHelp("That began at this moment or later: \(Moment.spellings).", valueName: "time"), transform: Moment.parse)
  var since: Timestamp?
  @Option(help: ArgumentHelp("That began before this moment.", valueName: "time"), transform: Moment.parse)
  var until: Timestamp?
  @Option(help: ArgumentHelp("At most so many.", valueName: "count"))
  var limit: Int?
  @Flag(help: "Newest first.")
  var reverse = false
  @OptionGroup var options: ModelOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is at least 1.") }
    if let since, let until, since >= until { throw ValidationError("--since must come before --until.") }
    if let finding, !SessionsQuestion.rules.contains(where: { $0.id == finding }) {
      throw ValidationError(
        "there is no rule '\(finding)' of sessions; there are \(SessionsQuestion.rules.map(\.id).joined(separator: ", ")).")
    }
    if [operatorId, evse, user].contains(where: { $0?.allSatisfy(\.isWhitespace) ?? false }) {
      throw ValidationError("An option has an empty value.")
    }
  }

  private var filter: SessionFilter {
    var filter = SessionFilter()
    filter.operator = operatorId
    filter.evse = evse
    filter.user = user
    filter.state = state
    filter.finding = finding
    filter.since = since
    filter.until = until
    filter.isReversed = reverse
    return filter
  }

  func run() throws {
    let basis = try options.basis(SessionsQuestion.projections)
    let question = SessionsQuestion(filter, limit: limit)
    let found = try question.sessions(basis)
    let writer = AnswerWriter(options)
    try writer.write(
      found.map(SessionRow.init), columns: SessionRow.columns, basis, unreadCount: try question.unreadCount(basis)
    ) { output in
      var table = TextTable([
        .init("#", isRight: true), .init("began (UTC)"), .init("state"), .init("CPO"), .init("eMSP"), .init("EVSE", limit: 24),
        .init("session", limit: 46), .init("findings", limit: 60),
      ])
      for session in found {
        let unreadable = session.unreadable.isEmpty ? nil : "cannot be read"
        let id = session.serviceSessionId ?? session.execPartnerSessionId ?? session.salePartnerSessionId ?? unreadable
        table.add([
          .init(session.position.description, .dim), .init(Figure.time(session.openedAt)), .init(session.state.rawValue),
          .init(session.execOperatorId), .init(session.saleOperatorId), .init(session.evseId), .init(id),
          .init(session.findings.map(\.rule.id).joined(separator: ", "), session.findings.isEmpty ? nil : .yellow),
        ])
      }
      for line in table.lines(writer.style) { try output.write(line + "\n") }
      try output.write(writer.style.text(Figure.count(found.count, "session", "sessions"), .bold) + "\n")
    }
  }
}
