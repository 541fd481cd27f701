import ArgumentParser
import JournalFormat
import JournalStore

struct Statistics: ParsableCommand {
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
    var census = Census()
    try EntryScan.run(reader, label: "counting") { result in
      switch result {
      case .success(let entry): census.add(entry)
      case .failure: census.damagedCount += 1
      }
    }
    for segment in reader.manifest.segments {
      census.add(
        segment, sizeBytes: try reader.directory.sizeBytes(of: segment), unindexedEntries: try reader.unindexedEntryCount(segment))
    }
    let output = ByteOutput.standard()
    switch format {
    case .json: try output.write(try JSONOutput.bytes(census.document, isPretty: true) + [UInt8(ascii: "\n")])
    case .text: for line in CensusText(census: census, style: color.style(for: output)).lines { try output.write(line + "\n") }
    }
    try output.flush()
    if census.damagedCount > 0 {
      throw CommandFailure.damaged(census.damagedCount, "not counted")
    }
  }
}
