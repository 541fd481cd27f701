import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

struct CDRCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cdr",
    abstract: "Show every version of a session's charge detail record, by any of its ids.",
    discussion: """
      What the CPO sent and what the eMSP got, each version with what the other side made of it, which one is in force, and what is wrong. \
      Users are masked in text. Exits with 1 where no record has the id.

      EXAMPLES
        emip-journal cdr IOP-SID-GIR-V-IOPFT01-0dc6fc3a
        emip-journal cdr CPO-SESSION-12 --diff
        emip-journal cdr CPO-SESSION-12 --version 2 --format json
        emip-journal cdr CPO-SESSION-12 --as-of 2025-03-02
      """)

  @Argument(help: ArgumentHelp("As the message has it; upper and lower case count.", valueName: "sessionId"))
  var id: String
  @Flag(help: "Show what became other from version to version.")
  var diff = false
  @Option(
    name: .customLong("version"), help: ArgumentHelp("This version only, with all its meters; from 1 on each side.", valueName: "number"))
  var number: Int?
  @OptionGroup var options: ModelOptions

  func validate() throws {
    if let number, number < 1 { throw ValidationError("--version is at least 1.") }
  }

  func run() throws {
    let question = try options.question([ChargeDetailRecordProjection.self] + Sessions.projections)
    let query = try question.cdrs
    let sessions = try query.sessions(of: id)
    guard !sessions.isEmpty else {
      throw CommandFailure(
        .notFound, "no charge detail record has the session id \(id)\(question.asOf.map { " as of position \($0)" } ?? "").")
    }
    if let number, !sessions.contains(where: { ($0.versions + $0.otherSide).contains { $0.number == number } }) {
      throw CommandFailure(.notFound, "the record of \(id) has no version \(number).")
    }
    let writer = AnswerWriter(options)
    let documents = sessions.map { CDRSessionDocument(session: $0, isComplete: true, onlyVersion: number) }
    try writer.write(documents, columns: CDRSessionDocument.columns, question) { output in
      for (index, session) in sessions.enumerated() {
        if index > 0 { try output.write("\n") }
        let text = CDRText(session: session, onlyVersion: number, showsChanges: diff, style: writer.style)
        for line in text.lines { try output.write(line + "\n") }
      }
    }
  }
}

extension ModelQuestion {
  /// Questions to the charge detail records.
  var cdrs: CDRQuery {
    get throws { try CDRQuery(models, asOf: asOf) }
  }
}
