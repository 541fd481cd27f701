import ArgumentParser
import EMIP

struct Session: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the exchanges of a session, by any of its ids.",
    discussion: """
      Finds serviceSessionId, partnerServiceSessionId, execPartnerSessionId and salePartnerSessionId. Text is a line an exchange; --bodies \
      and --reveal show each in full, as `show` does.

      EXAMPLES
        emip-journal session IOP-SID-GIR-V-IOPFT01-0dc6fc3a
        emip-journal session CPO-SESSION-12 --bodies
        emip-journal session CPO-SESSION-12 --format json
      """)

  @Argument(help: ArgumentHelp("As the message has it; upper and lower case count.", valueName: "sessionId"))
  var id: String
  @Flag(help: "In text: show each exchange in full.")
  var bodies = false
  @OptionGroup var options: LookupOptions
  @OptionGroup var journal: JournalOptions

  func run() async throws {
    let lookup = Lookup(command: "session", key: .sessionId, id: id, terms: SearchTerms.sessionTerms(id), recordedId: id)
    try await lookup.run(journal, options, bodies ? .bodies : .table)
  }
}
