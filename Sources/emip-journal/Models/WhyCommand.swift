import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

struct Why: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell step by step what refused or allowed a customer at an EVSE.",
    discussion: """
      Shows every question and answer about the authorisation of this user at this EVSE around the moment, the state of the EVSE, and what the \
      white lists said, in the order of time: a CPO may serve from its white list without asking. The user is never printed. Exits with 1 where \
      nobody asked and no list names the user.

      EXAMPLES
        emip-journal why --evse 'FR*A23*E45B*78C' --user 04A1B2C3 --at '2025-03-01 12:00'
        emip-journal why --user 04A1B2C3 --at 2h --within 30m
        emip-journal why --user 04A1B2C3 --at '2025-03-01 12:00' --as-of '2025-03-01 12:01'
      """)

  @Option(help: ArgumentHelp("The EVSE; else any.", valueName: "id"))
  var evse: String?
  @Option(help: ArgumentHelp("The user, by badge or contract.", valueName: "id"))
  var user: String
  @Option(help: ArgumentHelp("When: \(Moment.forms).", valueName: "time"), transform: Moment.parse)
  var at: Timestamp
  @Option(help: ArgumentHelp("How far around that moment, for instance 10m or 1h.", valueName: "span"), transform: Moment.milliseconds)
  var within: Int64 = 600_000
  @OptionGroup var options: ModelOptions

  func validate() throws {
    if [evse, user].contains(where: { $0?.allSatisfy(\.isWhitespace) ?? false }) { throw ValidationError("An option has an empty value.") }
  }

  func run() throws {
    let question = try options.question(AuthorisationTrail.projections)
    let trail = AuthorisationTrail(user: user, evse: evse, at: at, withinMilliseconds: within)
    let steps = try trail.steps(question)
    guard steps.contains(where: { $0.source != "evse" }) else {
      throw CommandFailure(
        .notFound,
        "nobody asked for this user\(evse.map { " at \($0)" } ?? "") within \(within / 1_000) s of \(Figure.time(at)), "
          + "and no white list names it.")
    }
    let writer = AnswerWriter(options)
    try writer.write(steps, columns: AuthorisationStep.columns, question) { output in
      var table = TextTable([.init("time (UTC)"), .init("what", limit: 110), .init("position", isRight: true)])
      for step in steps {
        table.add([
          .init(step.time.map(Figure.time) ?? ""), .init(step.text, step.verdict?.look),
          .init(step.position.map { Figure.count($0) } ?? ""),
        ])
      }
      for line in table.lines(writer.style) { try output.write(line + "\n") }
      try output.write(writer.style.text("→ " + AuthorisationTrail.conclusion(steps), .bold) + "\n")
    }
  }
}

/// One step on the way to a verdict.
struct AuthorisationStep: Encodable {
  /// What an answer decided.
  enum Verdict: String, Encodable {
    case authorised, refused, notObtained

    var look: Style.Look {
      switch self {
      case .authorised: .green
      case .refused: .red
      case .notObtained: .yellow
      }
    }
  }

  /// What told it: `exchange`, `evse` or `whitelist`.
  let source: String
  var time: Timestamp?
  /// Of the request.
  var position: UInt64?
  var answerPosition: UInt64?
  let text: String
  var verdict: Verdict?
  /// Whether the party that delivers the service was told this.
  var isDeciding = false

  static let columns = ["time", "source", "text", "verdict", "isDeciding", "position", "answerPosition"]

  var isExchange: Bool { source == "exchange" }

  private enum Key: String, CodingKey {
    case source, time, position, answerPosition, text, verdict, isDeciding
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(source, forKey: .source)
    try container.encode(time?.description, forKey: .time)
    try container.encode(position, forKey: .position)
    try container.encode(answerPosition, forKey: .answerPosition)
    try container.encode(text, forKey: .text)
    try container.encode(verdict, forKey: .verdict)
    try container.encode(isDeciding, forKey: .isDeciding)
  }
}
