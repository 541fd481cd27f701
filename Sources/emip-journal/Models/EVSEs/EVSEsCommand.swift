import ArgumentParser
import EMIP
import JournalFormat
import Projections

struct EVSEs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evses",
    abstract: "List the statuses of charging pools, stations, EVSEs and connectors, a line each.",
    discussion: """
      The state is what the operator reported last, by the time of the event, whatever the platform made of the report. --as-of asks for the \
      statuses at a time, --known-at for what the journal knew at a position or by a moment. Without them: the time of the journal's last \
      entries.

      EXAMPLES
        emip-journal evses --status out-of-order
        emip-journal evses --operator 'FR*C01' --level evse --format ndjson
        emip-journal evses --as-of '2025-03-01 12:00' --known-at '2025-03-01 12:00'
      """)

  @Option(
    help: ArgumentHelp(
      "in-service, out-of-order, future, deleted, free, busy, reserved, unspecified, unknown, or a code of either part.",
      valueName: "status"),
    transform: StatusFilter.init)
  var status: StatusFilter?

  @OptionGroup var options: StatusOptions

  func run() throws {
    let question = try StatusQuestion(options)
    let findings = try question.openFindings()
    var found: [ElementStatus] = []
    try question.statuses.forEach(question.moment) { element in
      if options.includes(element), status?.includes(element) ?? true { found.append(element) }
      return true
    }
    let writer = AnswerWriter(options.model)
    let rows = found.lazy.map { $0.row(findings[$0.findingKey] ?? []) }
    try writer.write(rows, columns: ElementStatus.columns, question.question) { output in
      var table = TextTable([
        .init("id"), .init("level"), .init("availability"), .init("since (UTC)"), .init("busy"), .init("since (UTC)"),
        .init("position", isRight: true), .init("findings"),
      ])
      for element in found {
        let names = (findings[element.findingKey] ?? []).map(\.rule.id).joined(separator: ", ")
        table.add([
          .init(element.id), .init(element.element.level), StatusText.cell(.availability, element.availability),
          StatusText.time(element.availability?.event.time), StatusText.cell(.busy, element.busy),
          StatusText.time(element.busy?.event.time),
          .init(element.position.map { Figure.count($0.rawValue) }, .dim), .init(names.isEmpty ? "" : names, .yellow),
        ])
      }
      for line in table.lines(writer.style) { try output.write(line + "\n") }
      let count = Figure.count(found.count, "element", "elements")
      try output.write(writer.style.text("\(count) at \(Figure.time(question.moment.time))", .dim) + "\n")
    }
  }
}

/// Which statuses are wanted, by a name or a code.
struct StatusFilter: Sendable {
  private enum Wanted {
    case unknown
    case status(availability: UInt32?, busy: UInt32?)
  }

  private let wanted: Wanted

  /// For an option's `transform`.
  init(_ text: String) throws {
    let name = text.lowercased()
    if name == "unknown" {
      wanted = .unknown
      return
    }
    if let code = UInt32(text) {
      wanted = .status(availability: code, busy: code)
      return
    }
    let availability = AvailabilityStatus.names.first { $0.value == name }?.key
    let busy = BusyStatus.names.first { $0.value == name }?.key
    guard availability != nil || busy != nil else { throw ValidationError("there is no status '\(text)'.") }
    wanted = .status(availability: availability, busy: busy)
  }

  func includes(_ element: ElementStatus) -> Bool {
    let parts = [element.availability, element.busy]
    switch wanted {
    case .unknown: return parts.allSatisfy { $0 == nil } || parts.contains { $0?.unknownSince != nil }
    case .status(let availability, let busy):
      return zip(parts, [availability, busy]).contains { part, wanted in
        guard let part, let wanted else { return false }
        return part.event.status == wanted && part.unknownSince == nil
      }
    }
  }
}
