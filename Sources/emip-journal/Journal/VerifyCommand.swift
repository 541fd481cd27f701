import Answers
import ArgumentParser
import JournalStore

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check the whole journal for damage.",
    discussion: """
      Checks the manifest and that positions follow each other; the pages of each segment; then, in a process of its own, every record's \
      checksum and that the indexes and the records agree; last, that the read models are what was written. Writes nothing, and works beside \
      whoever writes. Ends with 1 where damage was found.

      EXAMPLES
        emip-journal verify
        emip-journal verify --journal /backup/journal --format json
      """)

  @Option(help: ArgumentHelp("text or json.", valueName: "format"))
  var format: ReportFormat = .text
  @OptionGroup var color: ColorOptions
  @OptionGroup var journal: JournalOptions

  func run() throws {
    let report = try VerificationRun(directory: journal.directory).report()
    let output = ByteOutput.standard()
    switch format {
    case .json: try output.write(try JSONOutput.bytes(report, isPretty: true) + [UInt8(ascii: "\n")])
    case .text: for line in report.lines(color.style(for: output)) { try output.write(line + "\n") }
    }
    try output.flush()
    if !report.isClean { throw ExitCode(ExitStatus.notFound.rawValue) }
  }
}
