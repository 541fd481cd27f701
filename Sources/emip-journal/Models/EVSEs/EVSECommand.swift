import ArgumentParser
import EMIP
import Foundation
import JournalFormat
import JournalStore
import Projections

struct EVSE: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evse",
    abstract: "Show the status of one charging pool, station, EVSE or connector, now and before.",
    discussion: """
      The state is what the operator reported last, by the time of the event; what the platform made of the report stands beside. --as-of asks \
      for the status at a time, --known-at for what the journal knew at a position or by a moment: a report that came late is known only from \
      then on. --reinit writes a message for each current status, ready to be sent to the platform, as NDJSON (guide 6.2.4). Exits with 1 where \
      nothing was ever heard of the element, or there is nothing to send.

      EXAMPLES
        emip-journal evse 'FR*A23*E45B*78C' --history
        emip-journal evse 'FR*A23*E45B*78C' --as-of '2025-03-01 12:00' --known-at 812
        emip-journal evse --reinit --operator 'FR*A23' > statuses.ndjson
      """)

  @Argument(help: ArgumentHelp("In any spelling.", valueName: "id"))
  var id: String?

  @Flag(help: "All that was reported, in the order of the events.")
  var history = false

  @Flag(help: "Write each current status as a message to the platform.")
  var reinit = false

  @OptionGroup var options: StatusOptions

  func validate() throws {
    if reinit {
      if id != nil || history { throw ValidationError("--reinit is about all elements; --operator and --level choose among them.") }
    } else if id == nil {
      throw ValidationError("name an element, or ask for --reinit.")
    }
  }

  func run() throws {
    let question = try StatusQuestion(options)
    guard let id else { return try writeMessages(question) }
    let found = try question.statuses.statuses(of: id, question.moment).filter(options.includes)
    guard !found.isEmpty else {
      throw CommandFailure(.notFound, "nothing was reported of \(id) in \(options.model.journal.directory.path).")
    }
    if history { try writeHistory(found, question) } else { try writeStatus(found, question) }
  }

  // MARK: The status

  private func writeStatus(_ found: [ElementStatus], _ question: StatusQuestion) throws {
    let findings = try question.openFindings()
    let writer = AnswerWriter(options.model)
    let rows = found.map { $0.row(findings[$0.findingKey] ?? []) }
    try writer.write(rows, columns: ElementStatus.columns, question.question) { output in
      for element in found {
        let time = Figure.time(question.moment.time)
        try output.write(writer.style.text("\(SafeText.line(element.id))  \(element.element.level)  at \(time)", .bold) + "\n")
        var table = TextTable([
          .init("part"), .init("status"), .init("since (UTC)"), .init("until (UTC)"), .init("unknown since"), .init("platform"),
          .init("position", isRight: true),
        ])
        for (part, status) in [(StatusPart.availability, element.availability), (.busy, element.busy)] {
          let name = part == .availability ? "availability" : "busy"
          guard let status else {
            table.add([.init(name), .init("never reported", .dim)] + Array(repeating: .init("-", .dim), count: 5))
            continue
          }
          table.add([
            .init(name), StatusText.cell(part, status), StatusText.time(status.event.time), StatusText.time(status.event.until),
            .init(status.unknownSince.map(Figure.time), .yellow), StatusText.acceptance(status.event.acceptance),
            .init(Figure.count(status.event.position.rawValue), .dim),
          ])
        }
        for line in table.lines(writer.style) { try output.write("  " + line + "\n") }
        for finding in findings[element.findingKey] ?? [] {
          try output.write("  " + writer.style.text(SafeText.line(finding.sentence), .yellow) + "\n")
        }
      }
    }
  }

  // MARK: The history

  private struct Event {
    let element: ElementStatus
    let part: StatusPart
    let event: StatusEvent
    let recordedAt: Timestamp?

    var partName: String { part == .availability ? "availability" : "busy" }

    var flags: [String] {
      var flags: [String] = []
      if event.isLate { flags.append("late") }
      if event.isFuture { flags.append("future") }
      if event.isDateAssumed { flags.append("dateAssumed") }
      return flags
    }

    static let columns = [
      "id", "level", "part", "status", "eventDate", "until", "recordedAt", "position", "acceptance", "requestStatus", "flags", "source",
    ]

    var row: [String: JSONValue] {
      [
        "id": .text(element.id), "level": .text(element.element.level), "part": .text(partName), "status": .integer(Int64(event.status)),
        "eventDate": .time(event.time), "until": .time(event.until), "recordedAt": .time(recordedAt), "position": .number(event.position),
        "acceptance": .word(event.acceptance?.word),
        "requestStatus": event.acceptance?.requestStatus.map { .integer(Int64($0)) } ?? .null,
        "flags": .list(flags.map { .text($0) }), "source": .text(event.isFromPlatform ? "platform" : "operator"),
      ]
    }
  }

  private func writeHistory(_ found: [ElementStatus], _ question: StatusQuestion) throws {
    let events = try events(found, question)
    let writer = AnswerWriter(options.model)
    try writer.write(events.map(\.row), columns: Event.columns, question.question) { output in
      var table = TextTable([
        .init("event (UTC)"), .init("recorded (UTC)"), .init("level"), .init("part"), .init("status"), .init("until (UTC)"),
        .init("platform"), .init("position", isRight: true), .init("remarks"),
      ])
      for event in events {
        table.add([
          StatusText.time(event.event.time), StatusText.time(event.recordedAt), .init(event.element.element.level), .init(event.partName),
          .init(StatusText.status(event.part, event.event.status), StatusText.look(event.part, event.event.status)),
          StatusText.time(event.event.until), StatusText.acceptance(event.event.acceptance),
          .init(Figure.count(event.event.position.rawValue), .dim),
          .init((event.flags + (event.event.isFromPlatform ? ["told by the platform"] : [])).joined(separator: ", "), .yellow),
        ])
      }
      for line in table.lines(writer.style) { try output.write(line + "\n") }
    }
  }

  /// Of all levels and parts, in the order of their times; up to the one that is asked about.
  private func events(_ found: [ElementStatus], _ question: StatusQuestion) throws -> [Event] {
    var events: [Event] = []
    let end = options.model.asOf == nil ? nil : question.moment.time
    for element in found {
      for part in StatusPart.allCases {
        let history = try question.statuses.history(of: element.id, element.element, part, knownAt: question.moment.knownAt)
        for event in history where end.map({ event.time <= $0 }) ?? true {
          let recordedAt = try? question.question.models.reader.entry(at: event.position)?.recordedAt
          events.append(Event(element: element, part: part, event: event, recordedAt: recordedAt))
        }
      }
    }
    return events.sorted { ($0.event.time, $0.event.position, $0.part.rawValue) < ($1.event.time, $1.event.position, $1.part.rawValue) }
  }

  // MARK: Messages

  /// A message that is ready to be sent.
  private struct Message: Encodable {
    let operation: String
    let direction = "toIOP"
    let soapAction: String
    let request: String
  }

  private func writeMessages(_ question: StatusQuestion) throws {
    let output = ByteOutput.standard()
    let reinitialisation = StatusReinitialisation(question.statuses, reader: question.question.models.reader) {
      UUID().uuidString.lowercased()
    }
    var count = 0
    try reinitialisation.forEach(question.moment, where: options.includes) { message in
      let line = Message(operation: message.operation, soapAction: message.soapAction, request: message.request)
      try output.write(JSONOutput.bytes(line, isPretty: false) + [UInt8(ascii: "\n")])
      count += 1
    }
    try output.flush()
    guard count > 0 else { throw CommandFailure(.notFound, "no current status is known: there is nothing to send.") }
    for line in try question.question.remarks(Style(isColored: false)).dropFirst() { StandardError.note(line) }
  }
}
