import Answers
import ArgumentParser

struct FindCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find",
    abstract: "Find every exchange that holds an id of any kind.",
    discussion: """
      Looks for transactions, sessions, events, actions, bookings, pools, stations, EVSEs, connectors and users. EVSEs and contracts are found \
      in any case, with their separators or without; badges with leading zeros or without, and with colons between their bytes or without. \
      EVSEs that only their separators tell apart are two; without separators both are found, and it is said how they are spelled. A number \
      that is nobody's id is a position, as all output names them.

      EXAMPLES
        emip-journal find 'FR*A23*E45B*78C'
        emip-journal find 04A1B2C3D4E5F6 --format ndjson
        emip-journal find BOOKING-7 --bodies
        emip-journal find --position 137
      """)

  @OptionGroup var wanted: IdOrPosition
  @Flag(help: "In text: show each exchange in full.")
  var bodies = false
  @OptionGroup var options: LookupOptions
  @OptionGroup var journal: JournalOptions

  func run() async throws {
    let lookup = Lookup(command: "find", question: wanted.question(.id))
    try await lookup.run(journal, options, bodies ? .bodies : .table)
  }
}
