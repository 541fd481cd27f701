import Answers
import ArgumentParser
import EMIP
import Foundation
import JournalFormat
import JournalStore
import Projections

struct EVSECommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evse",
    abstract: "Show the status of one charging pool, station, EVSE or connector, now and before.",
    discussion: """
      The state is what the operator reported last, by the time of the event; one that is dated ahead counts from when it was sent. What the \
      platform made of the report stands beside. --as-of asks for the status at a time, --known-at for what the journal knew at a position or by a \
      moment: a report that came late is known only from then on. --reinit writes a message for each current status, ready to be sent to the platform, as NDJSON \
      (guide 6.2.4). Exits with 1 where \
      nothing was ever heard of the element, or there is nothing to send; with 65 where a status cannot be read, so that no message tells it.

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
    let basis = try options.basis()
    let answer = try StatusAnswer(options.question, basis)
    guard let id else { return try writeMessages(answer, basis) }
    let rows = try answer.elements(id)
    if history { try writeHistory(rows, answer, basis) } else { try writeStatus(rows, answer, basis) }
  }

  private func writeStatus(_ rows: [ElementStatusRow], _ answer: StatusAnswer, _ basis: AnswerBasis) throws {
    let writer = AnswerWriter(options.model)
    try writer.write(rows, columns: ElementStatusRow.columns, basis, unreadCount: try answer.unreadCount()) { output in
      for row in rows {
        let element = row.status
        let time = Figure.time(answer.moment.time)
        try output.write(writer.style.text("\(SafeText.line(element.id))  \(element.element.level)  at \(time)", .bold) + "\n")
        var table = TextTable([
          .init("part"), .init("status"), .init("since (UTC)"), .init("until (UTC)"), .init("unknown since"), .init("platform"),
          .init("position", isRight: true), .init("remarks", limit: 100),
        ])
        for (part, status) in [(StatusPart.availability, element.availability), (.busy, element.busy)] {
          let name = part.name
          guard let status else {
            table.add([.init(name), .init("never reported", .dim)] + Array(repeating: .init("-", .dim), count: 5) + [.init("")])
            continue
          }
          table.add([
            .init(name), StatusText.cell(part, status), StatusText.date(status.event), StatusText.until(status.event),
            .init(status.unknownSince.map(Figure.time), .yellow), StatusText.acceptance(status.event.acceptance),
            .init(Figure.count(status.event.position.rawValue), .dim),
            .init(StatusText.remarks(status.event).joined(separator: "; "), .yellow),
          ])
        }
        for line in table.lines(writer.style) { try output.write("  " + line + "\n") }
        for finding in row.findings {
          try output.write("  " + writer.style.text(SafeText.line(finding.sentence), .yellow) + "\n")
        }
      }
    }
  }

  private func writeHistory(_ rows: [ElementStatusRow], _ answer: StatusAnswer, _ basis: AnswerBasis) throws {
    let events = try answer.history(rows)
    let writer = AnswerWriter(options.model)
    try writer.write(events, columns: StatusEventRow.columns, basis, unreadCount: try answer.unreadCount()) { output in
      var table = TextTable([
        .init("event (UTC)"), .init("recorded (UTC)"), .init("level"), .init("part"), .init("status"), .init("until (UTC)"),
        .init("platform"), .init("position", isRight: true), .init("remarks", limit: 100),
      ])
      for event in events {
        table.add([
          StatusText.date(event.event), StatusText.time(event.recordedAt), .init(event.element.level), .init(event.part.name),
          .init(StatusText.status(event.part, event.event), StatusText.look(event.part, event.event)), StatusText.until(event.event),
          StatusText.acceptance(event.event.acceptance),
          .init(Figure.count(event.event.position.rawValue), .dim),
          .init(remarks(event).joined(separator: "; "), .yellow),
        ])
      }
      for line in table.lines(writer.style) { try output.write(line + "\n") }
    }
  }

  private func remarks(_ event: StatusEventRow) -> [String] {
    (event.event.isLate ? ["late"] : []) + StatusText.remarks(event.event) + (event.event.isFromPlatform ? ["told by the platform"] : [])
  }

  private static func newTransactionId() -> String { UUID().uuidString.lowercased() }

  private func writeMessages(_ answer: StatusAnswer, _ basis: AnswerBasis) throws {
    let output = ByteOutput.standard()
    try answer.forEachMessage(Self.newTransactionId) { message in try output.write(RowFormat.line(message)) }
    try output.flush()
    for line in try basis.extent().lines(Style(isColored: false)).dropFirst() { StandardError.note(line) }
  }
}
