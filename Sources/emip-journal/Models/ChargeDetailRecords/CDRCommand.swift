import Answers
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
      An id that an operator has used again shows all sessions that have it. Users are masked in text. Exits with 1 where no record has the id.

      EXAMPLES
        emip-journal cdr IOP-SID-GIR-V-IOPFT01-0dc6fc3a
        emip-journal cdr CPO-SESSION-12 --diff
        emip-journal cdr CPO-SESSION-12 --version 2 --format json
        emip-journal cdr CPO-SESSION-12 --as-of 2025-03-02
      """)

  @Argument(help: ArgumentHelp("As the message has it, in any case.", valueName: "sessionId"))
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
    let basis = try options.basis(CDRQuestion.projections)
    let sessions = try CDRQuestion(id, version: number).sessions(basis)
    let writer = AnswerWriter(options)
    let documents = sessions.map { CDRSessionDocument($0, isComplete: true, onlyVersion: number) }
    try writer.write(documents, columns: CDRSessionDocument.columns, basis) { output in
      for (index, session) in sessions.enumerated() {
        if index > 0 { try output.write("\n") }
        let text = CDRText(session: session, onlyVersion: number, showsChanges: diff, style: writer.style)
        for line in text.lines { try output.write(line + "\n") }
      }
    }
  }
}
