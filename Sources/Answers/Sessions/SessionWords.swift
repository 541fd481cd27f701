internal import EMIP
internal import JournalFormat
internal import JournalStore
public import Projections

/// What is told of a session, in words for a person: lines that are safe on a terminal, without any personal value.
public enum SessionWords {
  /// How a session began: `by badge`.
  public static func start(_ start: SessionStart) -> String {
    switch start {
    case .badge: "by badge"
    case .remote: "by the eMSP"
    case .whiteList: "without a question"
    }
  }

  /// What the party that delivers was told, when, and under which terms.
  public static func authorisation(_ authorisation: SessionView.Authorisation) -> String {
    let word = authorisation.result == .notObtained ? "not obtained" : authorisation.result.rawValue
    var parts = [word + (authorisation.answeredAt.map { " \(Figure.time($0))" } ?? "") + " (position \(authorisation.position))"]
    if let status = authorisation.requestStatus, status != 1 { parts.append("requestStatus \(status)") }
    for limit in authorisation.meterLimits { parts.append("limit \(text(limit.value)) \(text(limit.unit))") }
    for value in authorisation.unreadable.values { parts.append("\(value.name) unreadable: \(text(value.text))") }
    if authorisation.intermediateCDRRequested { parts.append("intermediate records requested") }
    return parts.joined(separator: ", ")
  }

  /// What was charged, by the last final record, else by the last; nil where there is none.
  public static func charge(_ view: SessionView) -> String? {
    let records = view.records
    guard let last = records.last(where: { $0.nature == .final }) ?? records.last else { return nil }
    var parts: [String] = []
    if let start = last.record.startTime?.value, let end = last.record.endTime?.value {
      parts.append(Figure.span(end.milliseconds(since: start)))
      let sentAt = last.exchange.head.content.observedAt
      if sentAt >= end { parts.append("record \(Figure.span(sentAt.milliseconds(since: end))) after its end") }
    }
    if let energy = FigureText.words(.totalEnergy, last.record) { parts.insert(text(energy), at: parts.isEmpty ? 0 : 1) }
    return "charge " + parts.joined(separator: ", ")
  }

  /// What a message of the session was about: `event 1 (terminated)`.
  public static func step(_ step: SessionView.Step) -> String {
    let told: String =
      switch step.content {
      case .authorisationAsked: "authorisation asked"
      case .authorisationOrdered: "authorisation given"
      case .event(let event, let isLate): "event \(code(event.nature))\(isLate ? ", late" : "")"
      case .action(let action): "action \(code(action.nature))"
      case .record(let record, let nature): "record, \(self.nature(nature))" + figures(record)
      }
    let leg = step.exchange.head.content.context.leg == .backEndGateway ? " (back end)" : ""
    return told + leg + (step.isInferred ? " (inferred)" : "")
  }

  /// The nature of a record by its word.
  static func nature(_ nature: CDRNature?) -> String {
    switch nature {
    case .final: "final"
    case .intermediate: "intermediate"
    case .unknown, nil: "unknown"
    }
  }

  private static func text(_ text: String?) -> String { text.map { SafeText.line($0) } ?? "-" }

  private static func code<Code: OpenCode>(_ field: Field<Code>?) -> String {
    field.map { $0.value?.description ?? "unreadable: \($0.text)" } ?? "of no nature"
  }

  private static func figures(_ record: ChargeDetailRecord) -> String {
    [MeterType.totalDuration, .totalEnergy].compactMap { FigureText.words($0, record) }.map { ", " + text($0) }.joined()
  }
}
