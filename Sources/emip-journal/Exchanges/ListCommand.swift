import Answers
import ArgumentParser
import JournalFormat
import JournalStore

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List exchanges, a line each.",
    discussion: """
      In the order of their positions; times are UTC. After --limit the position to go on from is told on standard error; give it to --after. \
      --follow waits for exchanges and shows each when its answer arrives: new ones only, unless --since or --after says from where. Interrupt \
      ends it.

      EXAMPLES
        emip-journal list --since 2h --outcome error
        emip-journal list --since 2025-03-01 --until 2025-04-01 --format ndjson
        emip-journal list --operation SetChargeDetailRecord --user 04A1B2C3
        emip-journal list --evse 'FR*A23*E45B*78C' --reverse --limit 20
        emip-journal list --follow --direction fromIOP
      """)

  @OptionGroup var filter: ExchangeFilterOptions

  @Option(help: ArgumentHelp("At most so many.", valueName: "count"))
  var limit: Int?

  @Option(help: ArgumentHelp("Continue behind this position.", valueName: "position"), transform: JournalPosition.parse)
  var after: JournalPosition?

  @Flag(help: "Newest first.")
  var reverse = false

  @Flag(help: "Wait for more.")
  var follow = false

  @Flag(help: "With json and ndjson: with the bodies.")
  var bodies = false

  @Option(help: ArgumentHelp("text, json, or ndjson: one exchange a line.", valueName: "format"))
  var format: ListFormat = .text

  @OptionGroup var color: ColorOptions
  @OptionGroup var journal: JournalOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is at least 1.") }
    if bodies && format == .text { throw ValidationError("--bodies goes with --format json or ndjson; `show` shows one exchange in text.") }
    guard follow else { return }
    if reverse { throw ValidationError("--follow and --reverse exclude each other.") }
    if filter.until != nil { throw ValidationError("--follow and --until exclude each other.") }
    if format == .json { throw ValidationError("--follow has no end, and --format json needs one: use ndjson.") }
  }

  func run() throws {
    let reader = try journal.reader()
    let output = ByteOutput.standard()
    let last = try reader.lastPosition()
    let table = ExchangeTable(style: color.style(for: output), lastPosition: last)
    let writer = ExchangeListWriter(output, format: format, includesBodies: bodies, table: table)
    var query = filter.filter.query
    query.isReversed = reverse
    query.after = after
    try writer.begin()
    let events = ExchangeListing.Events(
      show: { try writer.write($0) }, noteDamage: { StandardError.note($0.sentence) }, isOver: { Interruption.isPending })
    var listing = ExchangeListing(reader, query, limit: limit, events)
    if follow {
      Interruption.watch()
      try listing.follow(from: last, withHistory: filter.since != nil || after != nil) { try writer.flush() }
    } else {
      try listing.run()
    }
    try writer.end()
    if listing.isFull, let last = listing.last {
      StandardError.note("stopped after \(Figure.count(listing.count)); go on with --after \(last)")
    }
    try listing.requireWhole()
  }
}
