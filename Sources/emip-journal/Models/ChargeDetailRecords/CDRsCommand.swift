import Answers
import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

struct CDRsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cdrs",
    abstract: "List charge detail records, a session a line; sum them; compare them with an invoice.",
    discussion: """
      --totals sums the final records in force, by counterpart; intermediate records are never summed. --since and --until mean the time \
      at which a session's first record was on the wire.

      EXAMPLES
        emip-journal cdrs --since 2025-03-01 --until 2025-04-01 --totals
        emip-journal cdrs --operator FR*MS1 --unaccepted
        emip-journal cdrs --finding cdr-power --format ndjson
        emip-journal cdrs compare invoice.csv --column id=Session --decimal-comma
      """,
    subcommands: [CDRsListCommand.self, CDRsCompareCommand.self], defaultSubcommand: CDRsListCommand.self)
}

/// Which sessions a question about charge detail records means.
struct CDRFilterOptions: ParsableArguments {
  @Option(name: .customLong("operator"), help: ArgumentHelp("The CPO or the eMSP.", valueName: "id"))
  var operatorId: String?
  @Option(help: ArgumentHelp("From this moment on: \(Moment.spellings).", valueName: "time"), transform: Moment.parse)
  var since: Timestamp?
  @Option(help: ArgumentHelp("Before this moment.", valueName: "time"), transform: Moment.parse)
  var until: Timestamp?

  var filter: CDRFilter {
    var filter = CDRFilter()
    filter.operatorId = operatorId
    filter.since = since
    filter.until = until
    return filter
  }

  func validate() throws {
    if let since, let until, since >= until { throw ValidationError("--since must come before --until.") }
    if operatorId?.allSatisfy(\.isWhitespace) ?? false { throw ValidationError("--operator has an empty value.") }
  }
}
