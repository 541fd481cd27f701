import Answers
import ArgumentParser

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show the exchange with a transactionId.",
    discussion: """
      All exchanges that have it are shown; there should be one. In text, what identifies a person is masked.

      EXAMPLES
        emip-journal show IOP-TID-GIR-V-IOPFT01-8531144d
        emip-journal show 2f9c0d84-77aa --format raw --part response
        emip-journal show 2f9c0d84-77aa --reveal --reason "complaint 4711"
      """)

  @Argument(help: ArgumentHelp("As the message has it; upper and lower case count.", valueName: "transactionId"))
  var id: String
  @OptionGroup var options: LookupOptions
  @OptionGroup var journal: JournalOptions

  func run() async throws {
    let lookup = Lookup(command: "show", question: LookupQuestion(.transactionId, id))
    try await lookup.run(journal, options, .bodies)
  }
}
