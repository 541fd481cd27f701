import Answers
import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

struct WhyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
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
  @Option(help: ArgumentHelp("When: \(Moment.spellings).", valueName: "time"), transform: Moment.parse)
  var at: Timestamp
  @Option(help: ArgumentHelp("How far around that moment, for instance 10m or 1h.", valueName: "span"), transform: Moment.milliseconds)
  var within: Int64 = 600_000
  @OptionGroup var options: ModelOptions

  func validate() throws {
    if [evse, user].contains(where: { $0?.allSatisfy(\.isWhitespace) ?? false }) { throw ValidationError("An option has an empty value.") }
  }

  func run() throws {
    let basis = try options.basis(AuthorisationTrail.projections)
    let steps = try AuthorisationTrail(user: user, evse: evse, at: at, withinMilliseconds: within).steps(basis)
    let writer = AnswerWriter(options)
    try writer.write(steps, columns: AuthorisationStep.columns, basis) { output in
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

extension AuthorisationStep.Verdict {
  fileprivate var look: Style.Look {
    switch self {
    case .authorised: .green
    case .refused: .red
    case .notObtained: .yellow
    }
  }
}
