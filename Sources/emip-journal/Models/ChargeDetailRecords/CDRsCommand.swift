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
      --totals sums the final records in force, by counterpart, and says beside each sum how much of it stands in records with an error; \
      intermediate records are never summed. --since and --until go by the end of the charge, unless --by says otherwise. A session that was \
      sent in that time and whose own times cannot be read, or cannot be, is counted.

      EXAMPLES
        emip-journal cdrs --since 2025-03-01 --until 2025-04-01 --totals
        emip-journal cdrs --since 2025-03-01 --until 2025-04-01 --by sent
        emip-journal cdrs --operator FR*MS1 --unaccepted
        emip-journal cdrs --finding cdr-power --format ndjson
        emip-journal cdrs compare invoice.csv --column id=Session --decimal-comma
      """,
    subcommands: [CDRsListCommand.self, CDRsCompareCommand.self], defaultSubcommand: CDRsListCommand.self)
}

/// Which sessions a question about charge detail records means.
struct CDRFilterOptions: ParsableArguments {
  /// As ``CDRDate``.
  enum Date: String, CaseIterable, ExpressibleByArgument {
    case start, end, sent
  }

  @Option(name: .customLong("operator"), help: ArgumentHelp("The CPO or the eMSP.", valueName: "id"))
  var operatorId: String?
  @Option(help: "What puts a session into the time: the start or the end of its charge, or when its first record was sent.")
  var by = Date.end
  @Option(help: ArgumentHelp("From this moment on: \(Moment.spellings).", valueName: "time"), transform: Moment.parse)
  var since: Timestamp?
  @Option(help: ArgumentHelp("Before this moment.", valueName: "time"), transform: Moment.parse)
  var until: Timestamp?

  var filter: CDRFilter {
    var filter = CDRFilter()
    filter.operatorId = operatorId
    filter.by = CDRDate(rawValue: by.rawValue)!
    filter.since = since
    filter.until = until
    return filter
  }

  /// What the time that is asked for goes by, and from when until when that is.
  var heading: String {
    let date =
      switch by {
      case .start: "by the start of the charge"
      case .end: "by the end of the charge"
      case .sent: "by when the first record was sent"
      }
    return date + (since.map { ", from \(Figure.time($0))" } ?? "") + (until.map { ", before \(Figure.time($0))" } ?? "")
  }

  /// Says how many sessions are in no month: behind the answer for people, on standard error for machines.
  func tell(_ misdatedCount: Int, _ writer: AnswerWriter) throws {
    guard misdatedCount > 0 else { return }
    let sessions = Figure.count(misdatedCount, "session was sent in this time and is", "sessions were sent in this time and are")
    let date = by == .start ? "start" : "end"
    let text = "\(sessions) not among them: the \(date) of the charge cannot be read, or cannot be. See --by sent."
    if writer.options.format == .text {
      try writer.output.write(writer.style.text(text, .yellow) + "\n")
    } else {
      StandardError.note(text)
    }
  }

  func validate() throws {
    if let since, let until, since >= until { throw ValidationError("--since must come before --until.") }
    if operatorId?.allSatisfy(\.isWhitespace) ?? false { throw ValidationError("--operator has an empty value.") }
  }
}
