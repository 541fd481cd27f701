import Answers
import ArgumentParser
import JournalFormat
import JournalStore

struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Count what the journal holds.",
    discussion: """
      Reads every entry: entries by kind, exchanges by operation and outcome, the first and last time, the segments and their sizes.

      EXAMPLES
        emip-journal stats
        emip-journal stats --format json
      """)

  @Option(help: ArgumentHelp("text or json.", valueName: "format"))
  var format: ReportFormat = .text
  @OptionGroup var color: ColorOptions
  @OptionGroup var journal: JournalOptions

  func run() throws {
    let reader = try journal.reader()
    let progress = Progress()
    let census = try Census(reader) { progress.update("counting", $0, of: $1) }
    progress.clear()
    let output = ByteOutput.standard()
    switch format {
    case .json: try output.write(try JSONOutput.bytes(census.document, isPretty: true) + [UInt8(ascii: "\n")])
    case .text: for line in CensusText(census: census, style: color.style(for: output)).lines { try output.write(line + "\n") }
    }
    try output.flush()
    if census.damagedCount > 0 {
      throw AnswerError.damaged(census.damagedCount, "not counted")
    }
    try reader.requireSoundPages()
  }
}
