import Answers
import ArgumentParser

struct FindCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find",
    abstract: "Find every exchange that holds an id of any kind.",
    discussion: """
      Looks for transactions, sessions, events, actions, bookings, pools, stations, EVSEs, connectors and users. EVSEs and contracts are found \
      in any case, with their separators or without; badges with leading zeros or without.

      EXAMPLES
        emip-journal find 'FR*A23*E45B*78C'
        emip-journal find 04A1B2C3D4E5F6 --format ndjson
        emip-journal find BOOKING-7 --bodies
      """)

  @Argument(help: "The id.")
  var id: String
  @Flag(help: "In text: show each exchange in full.")
  var bodies = false
  @OptionGroup var options: LookupOptions
  @OptionGroup var journal: JournalOptions

  func run() async throws {
    let lookup = Lookup(command: "find", question: LookupQuestion(.id, id))
    try await lookup.run(journal, options, bodies ? .bodies : .table)
  }
}
