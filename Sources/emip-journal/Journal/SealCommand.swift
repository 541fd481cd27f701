import Answers
import ArgumentParser
import JournalFormat
import JournalStore

struct SealCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seal",
    abstract: "Seal the segments that have ended: one file each, smaller and whole.",
    discussion: """
      A segment ends with its month, or when its file reaches the size that the journal was made with; whoever holds the journal then seals it \
      by and by. This waits until that is done. Recording goes on meanwhile, and a segment stays as it was until its sealed file is complete and \
      was compared with it.

      EXAMPLES
        emip-journal seal
        emip-journal seal --newest
      """)

  @Flag(help: "End the newest segment too; the next entry begins another.")
  var newest = false
  @Option(help: ArgumentHelp("text or json.", valueName: "format"))
  var format: ReportFormat = .text
  @OptionGroup var journal: JournalOptions

  /// What was done.
  private struct Report: Codable {
    let sealedSegments: Int
    let openSegments: Int
    let sizeBytes: Int
  }

  func run() async throws {
    let directory = journal.directory
    let before = try directory.readManifest().segments.count { $0.state == .sealed }
    let appender = try directory.openAppenderPatiently(purpose: "emip-journal seal", onSealingFailure: journal.logSealingFailure)
    defer { (appender as? Journal)?.close() }
    try await appender.seal(endingNewest: newest)
    let segments = try directory.readManifest().segments
    let sealed = segments.count { $0.state == .sealed }
    let report = Report(
      sealedSegments: sealed - before, openSegments: segments.count - sealed,
      sizeBytes: try segments.reduce(0) { $0 + (try directory.sizeBytes(of: $1)) })
    let output = ByteOutput.standard()
    switch format {
    case .json: try output.write(JSONOutput.bytes(report, isPretty: true) + [0x0a])
    case .text:
      let count = Figure.count(UInt64(report.sealedSegments), "segment", "segments")
      let open = report.openSegments == 0 ? "none is left open" : "\(report.openSegments) left open"
      try output.write("sealed \(count), \(open); \(Figure.size(report.sizeBytes)) in all\n")
    }
    try output.flush()
  }
}
