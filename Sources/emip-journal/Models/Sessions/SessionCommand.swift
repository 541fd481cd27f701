import Answers
import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

struct SessionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "session",
    abstract: "Show a session, by any of its ids: who took part, how it went, and what is odd about it.",
    discussion: """
      Finds serviceSessionId, partnerServiceSessionId, execPartnerSessionId and salePartnerSessionId. Text is the session with all its \
      messages, also those that name it by another id; --exchanges is a line for each exchange that holds this very id; --bodies and --reveal \
      show each of these in full, as `show` does. With --format json, `session` has what belongs together, and `exchanges` those that hold the \
      id. Where an operator has used its id again, all sessions that have it are shown, in the order in which they began; JSON is an array then.

      EXAMPLES
        emip-journal session IOP-SID-GIR-V-IOPFT01-0dc6fc3a
        emip-journal session CPO-SESSION-12 --as-of 2025-03-01T12:00Z
        emip-journal session CPO-SESSION-12 --bodies
        emip-journal session CPO-SESSION-12 --format json
      """)

  @Argument(help: ArgumentHelp("As the message has it, in any case.", valueName: "sessionId"))
  var id: String
  @Flag(help: "In text: a line for each exchange that holds the id.")
  var exchanges = false
  @Flag(help: "In text: show each exchange in full.")
  var bodies = false
  @Option(
    help: ArgumentHelp(
      "What was known then: a position, or a moment by which it had been recorded: \(Moment.spellings).", valueName: "position|time"),
    transform: JournalMoment.parse)
  var asOf: JournalMoment?
  @OptionGroup var options: LookupOptions
  @OptionGroup var journal: JournalOptions

  func validate() throws {
    if exchanges && bodies { throw ValidationError("--exchanges and --bodies exclude each other.") }
  }

  func run() async throws {
    var lookup = Lookup(command: "session", question: LookupQuestion(.sessionId, id))
    lookup.question.asOf = try asOf.map { try $0.position(in: try journal.reader()) }
    if options.format == .text && !exchanges && !bodies && !options.reveal.reveal {
      if try writeSessions() { return }
      // Exchanges may hold the id all the same: a question whose user it is opens no session.
    }
    if options.format == .json {
      // What the session's view could not read is said behind the answer.
      lookup.sessions = try withSessions { views, basis in
        lookup.isWhole = Result { try basis.requireWhole() }
        return views.map(SessionDocument.init)
      }
    }
    try await lookup.run(journal, options, bodies ? .bodies : .table)
  }

  /// Nobody has the journal open when this returns.
  private func withSessions<Result>(_ body: ([SessionView], AnswerBasis) throws -> Result) throws -> Result {
    let basis = try AnswerBasis(journal, SessionQuestion.projections, asOf: asOf)
    return try body(try SessionQuestion(id).sessions(basis), basis)
  }

  /// - Returns: false where there is no such session.
  private func writeSessions() throws -> Bool {
    let output = ByteOutput.standard()
    let style = options.color.style(for: output)
    return try withSessions { views, basis in
      guard !views.isEmpty else { return false }
      if views.count > 1 {
        try output.write(style.text("\(Figure.count(views.count, "session has", "sessions have")) this id", .bold) + "\n\n")
      }
      for view in views {
        for line in SessionTimeline(view: view, style: style).lines { try output.write(line + "\n") }
        if views.count > 1 { try output.write("\n") }
      }
      for line in try basis.extent().lines(style) { try output.write(line + "\n") }
      try output.flush()
      try basis.requireWhole()
      return true
    }
  }
}
