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
    let id = summary.serviceSessionId ?? summary.execPartnerSessionId ?? summary.salePartnerSessionId ?? "(no id)"
    var lines = [style.text("Session \(SafeText.line(id))", .bold) + "  " + style.text(summary.state.rawValue, look(summary.state))]
    lines.append("  CPO   \(party(summary.execOperatorId, summary.execPartnerSessionId))")
    lines.append("  eMSP  \(party(summary.saleOperatorId, summary.salePartnerSessionId))")
    let user = view.user.flatMap { $0.userId == nil ? nil : $0.userIdType?.rawValue ?? "user" }
    lines.append(
      "  EVSE  \(text(summary.evseId))   user \(user.map { "\(SafeText.line($0)) \(PersonalValues.mask)" } ?? "-")   start \(start)")
    if let authorisation = view.authorisation { lines.append("  " + self.authorisation(authorisation)) }
    if let charge { lines.append("  " + charge) }
    return lines
  }

  private var start: String {
    switch summary.start {
    case .badge: "by badge"
    case .remote: "by the eMSP"
    case .whiteList: "without a question"
    }
  }

  private func party(_ operatorId: String?, _ sessionId: String?) -> String { "\(text(operatorId))  \(text(sessionId))" }

  private func text(_ text: String?) -> String { text.map { SafeText.line($0) } ?? "-" }

  private func look(_ state: SessionState) -> Style.Look? {
    switch state {
    case .finalCDRReceived: .green
    case .refused: .red
    default: .yellow
    }
  }

  private func authorisation(_ authorisation: SessionView.Authorisation) -> String {
    let word = authorisation.result == .notObtained ? "not obtained" : authorisation.result.rawValue
    var parts = [word + (authorisation.answeredAt.map { " \(Figure.time($0))" } ?? "") + " (position \(authorisation.position))"]
    if let status = authorisation.requestStatus, status != 1 { parts.append("requestStatus \(status)") }
    for limit in authorisation.meterLimits { parts.append("limit \(text(limit.value)) \(text(limit.unit))") }
    if authorisation.intermediateCDRRequested { parts.append("intermediate records requested") }
    return parts.joined(separator: ", ")
  }

  /// Of the last final record, else of the last.
  private var charge: String? {
    let records = view.records
    guard let last = records.last(where: { $0.nature == .final }) ?? records.last else { return nil }
    var parts: [String] = []
    if let start = last.record.startTime?.value, let end = last.record.endTime?.value {
      parts.append(Self.span(end.milliseconds(since: start)))
      let sentAt = last.exchange.head.content.observedAt
      if sentAt >= end { parts.append("record \(Self.span(sentAt.milliseconds(since: end))) after its end") }
    }
    if let energy = last.record.meters.first(where: { $0.type?.value == .totalEnergy }) {
      parts.insert("\(text(energy.value)) \(text(energy.unit))", at: parts.isEmpty ? 0 : 1)
    }
    return "charge " + parts.joined(separator: ", ")
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
        .init(head.position.description, .dim), .init(Figure.time(head.content.observedAt)), .init(step.gapMilliseconds.map(Self.span)),
        .init(arrow(head.content.context)), .init(what(step)),
        .init((outcome.map { "\($0)" } ?? "no answer") + status, look(outcome)),
        .init(step.exchange.latencyMilliseconds.map { "\(Figure.count($0)) ms" }),
      ])
    }
    return table.lines(style)
  }

  private var gone: [String] {
    guard view.goneCount > 0 else { return [] }
    let messages = Figure.count(view.goneCount, "message", "messages")
    return [style.text("\(messages) more of it: gone beyond the purge horizon, or damaged. State and ids count them.", .dim)]
  }

  private func arrow(_ context: EntryContext) -> String { context.direction == .fromIOP ? "←" : "→" }

  private func look(_ outcome: OutcomeClass?) -> Style.Look? {
    switch outcome {
    case nil: .dim
    case .ok: .green
    case .warning: .yellow
    case .error, .fault: .red
    case .lost, .refused: .magenta
    }
  }

  private func what(_ step: SessionView.Step) -> String {
    let told: String =
      switch step.content {
      case .authorisationAsked: "authorisation asked"
      case .authorisationOrdered: "authorisation given"
      case .event(let event, let isLate): "event \(code(event.nature))\(isLate ? ", late" : "")"
      case .action(let action): "action \(code(action.nature))"
      case .record(let record, let nature): "record, \(Self.word(nature))" + figures(record)
      }
    let leg = step.exchange.head.content.context.leg == .backEndGateway ? " (back end)" : ""
    return told + leg + (step.isInferred ? " (inferred)" : "")
  }

  private func code<Code: OpenCode>(_ field: Field<Code>?) -> String { field.map { $0.value?.description ?? $0.text } ?? "of no nature" }

  private func figures(_ record: ChargeDetailRecord) -> String {
    let absolute = record.meters.filter { $0.type?.value == .totalDuration || $0.type?.value == .totalEnergy }
    return absolute.map { ", \($0.value ?? "?") \($0.unit ?? "")" }.joined()
  }

  static func word(_ nature: CDRNature?) -> String {
    switch nature {
    case .final: "final"
    case .intermediate: "intermediate"
    case .unknown, nil: "unknown"
    }
  }

  private var findings: [String] {
    guard !summary.findings.isEmpty else { return ["", "no findings"] }
    return [""]
      + summary.findings.map { finding in
        let look: Style.Look = finding.rule.severity == .error ? .red : finding.rule.severity == .warning ? .yellow : .dim
        return style.text("\(finding.rule.severity.rawValue) \(finding.rule.id)", look)
          + " (position \(finding.position)): \(SafeText.line(finding.sentence))"
      }
  }

  /// `350 ms`, `19.7 s`, `11 min 9 s`, `3 h 5 min`, `2 d 4 h`.
  static func span(_ milliseconds: Int64) -> String {
    if milliseconds < 0 { return "-" + span(-milliseconds) }
    if milliseconds < 1_000 { return "\(milliseconds) ms" }
    let seconds = milliseconds / 1_000
    if seconds < 60 { return "\(seconds).\(milliseconds % 1_000 / 100) s" }
    if seconds < 3_600 { return "\(seconds / 60) min \(seconds % 60) s" }
    if seconds < 86_400 { return "\(seconds / 3_600) h \(seconds % 3_600 / 60) min" }
    return "\(seconds / 86_400) d \(seconds % 86_400 / 3_600) h"
  }
}
