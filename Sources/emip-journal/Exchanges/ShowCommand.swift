import Answers
import ArgumentParser

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show the exchange with a transactionId, or at a position.",
    discussion: """
      All exchanges that have the transactionId are shown; there should be one: where a client has used it again, it is said whether for the same \
      bytes or for others. A number that is no transactionId is a position, as all output names them. In text, what identifies a person is masked.

      EXAMPLES
        emip-journal show IOP-TID-GIR-V-IOPFT01-8531144d
        emip-journal show 2f9c0d84-77aa --format raw --part response
        emip-journal show 2f9c0d84-77aa --reveal --reason "complaint 4711"
        emip-journal show 137
        emip-journal show --position 137
      """)

  @OptionGroup var wanted: IdOrPosition
  @OptionGroup var options: LookupOptions
  @OptionGroup var journal: JournalOptions

  func run() async throws {
    let lookup = Lookup(command: "show", question: wanted.question(.transactionId))
    try await lookup.run(journal, options, .bodies)
  }
}
