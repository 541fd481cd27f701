import Answers
import EMIP
import JournalFormat
import JournalStore
import Projections

/// A session for people: who, what, how it went, and what is odd about it. No personal value stands in it.
struct SessionTimeline {
  let view: SessionView
  let style: Style

  var lines: [String] { head + [""] + timeline + gone + findings }

  private var summary: SessionSummary { view.summary }

  private var head: [String] {
    let id =
      summary.serviceSessionId ?? summary.execPartnerSessionId ?? summary.salePartnerSessionId
      ?? (summary.unreadable.isEmpty ? "(no id)" : "(cannot be read)")
    var lines = [style.text("Session \(SafeText.line(id))", .bold) + "  " + style.text(summary.state.rawValue, look(summary.state))]
    lines.append("  CPO   \(party(summary.execOperatorId, summary.execPartnerSessionId))")
    lines.append("  eMSP  \(party(summary.saleOperatorId, summary.salePartnerSessionId))")
    let user = view.user.flatMap { $0.userId == nil ? nil : $0.userIdType?.rawValue ?? "user" }
    lines.append(
      "  EVSE  \(text(summary.evseId))   user \(user.map { "\(SafeText.line($0)) \(PersonalValues.mask)" } ?? "-")   start \(SessionWords.start(summary.start))"
    )
    if let authorisation = view.authorisation { lines.append("  " + SessionWords.authorisation(authorisation)) }
    if let charge = SessionWords.charge(view) { lines.append("  " + charge) }
    return lines
  }

  private func party(_ operatorId: String?, _ sessionId: String?) -> String { "\(text(operatorId))  \(text(sessionId))" }

  private func text(_ text: String?) -> String { text.map { SafeText.line($0) } ?? (summary.unreadable.isEmpty ? "-" : "cannot be read") }

  private func look(_ state: SessionState) -> Style.Look? {
    switch state {
    case .finalCDRReceived: .green
    case .refused: .red
    default: .yellow
    }
  }

  private var timeline: [String] {
    var table = TextTable([
      .init("#", isRight: true), .init("time (UTC)"), .init("gap", isRight: true), .init(" "), .init("what", limit: 64), .init("outcome"),
      .init("latency", isRight: true),
    ])
    for step in view.steps {
      let head = step.exchange.head
      let outcome = step.exchange.outcome
      let status = step.exchange.ending?.content.context.outcome.requestStatus.map { " \($0)" } ?? ""
      table.add([
        .init(head.position.description, .dim), .init(Figure.time(head.content.observedAt)), .init(step.gapMilliseconds.map(Figure.span)),
        .init(arrow(head.content.context)), .init(SessionWords.step(step)),
        .init(
          (outcome?.text ?? (step.exchange.unreadable.isEmpty ? "no answer" : "cannot be read")) + status
            + (step.exchange.answerMismatch == nil ? "" : ", doubtful"), Style.look(outcome?.name)),
        .init(step.exchange.latencyMilliseconds.map { "\(Figure.count($0)) ms" }),
      ])
    }
    return table.lines(style)
  }

  private var gone: [String] {
    if !summary.unreadable.isEmpty {
      let positions = summary.unreadable.map { Figure.count($0.rawValue) }.joined(separator: ", ")
      return [style.text("position \(positions) of it cannot be read. State and ids count it, as far as they were known before.", .red)]
    }
    guard view.goneCount > 0 else { return [] }
    let messages = Figure.count(view.goneCount, "message", "messages")
    return [style.text("\(messages) more of it: gone beyond the purge horizon. State and ids count them.", .dim)]
  }

  private func arrow(_ context: EntryContext) -> String { context.direction == .fromIOP ? "←" : "→" }

  private var findings: [String] {
    guard !summary.findings.isEmpty else { return ["", "no findings"] }
    return [""]
      + summary.findings.map { finding in
        let look: Style.Look = finding.rule.severity == .error ? .red : finding.rule.severity == .warning ? .yellow : .dim
        return style.text("\(finding.rule.severity.rawValue) \(finding.rule.id)", look)
          + " (position \(finding.position)): \(SafeText.line(finding.sentence))"
      }
  }
}
