import Answers
import ArgumentParser
import EMIP
import Foundation
import JournalFormat
import JournalStore
import Recording

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Record exchanges from traffic files or exports.",
    discussion: """
      Takes NDJSON, plain or compressed with zstd: one exchange a line (recordedAt, direction, operation, httpStatus, latencyMs, peer, clientCN, \
      request, response), or one entry a line as `export` writes it. What the journal has already is not recorded again, so an import that was \
      cut off is simply run again; only two imports of the same lines at the same moment do not see each other. Where another process holds the \
      journal, that one does the writing.

      If the first line is not older than the journal's last entry, entries are recorded at the times they were observed, and segments follow \
      the history; else the whole run is recorded now.

      What the journal has and cannot read it does not recognise: such lines are recorded again, and named; the exit code is then 65.

      Lines that cannot be taken go to a file, with their numbers and reasons, and do not stop the rest; the exit code is then 65.

      EXAMPLES
        emip-journal import traffic.ndjson.zst
        emip-journal import --format json yesterday.ndjson today.ndjson
        zcat old.ndjson.gz | emip-journal import -
      """)

  @Argument(help: "Files to read, or - for standard input.")
  var files: [String]

  @Option(help: ArgumentHelp("Where rejected lines go; else FILE.rejects.ndjson in this directory.", valueName: "file"))
  var rejects: String?

  @Option(
    name: .customLong("personal"),
    help: ArgumentHelp("Another element whose text is personal, such as availabilityStatusComment. May be repeated.", valueName: "element"))
  var personalElements: [String] = []

  @Option(help: ArgumentHelp("A file of a partner's own element names: theirName = ourName, one a line.", valueName: "file"))
  var wireNames: String?

  @Option(
    help: ArgumentHelp("Hold messages against an XML schema, such as Schemas/messages.xsd, and record what it finds.", valueName: "file"))
  var schema: String?

  @Option(help: ArgumentHelp("text or json.", valueName: "format"))
  var format: ReportFormat = .text

  @OptionGroup var journal: JournalOptions

  func run() throws {
    let configuration = try readerConfiguration()
    let directory = journal.directory
    let sources = try files.map { try ImportSource($0) }
    let reader = try journal.reader()
    let importer = try TrafficImporter(reader, configuration: configuration, now: .now) { [journal] in
      try directory.openAppenderPatiently(purpose: "emip-journal import", onSealingFailure: journal.logSealingFailure)
    }
    var outcomes: [ImportOutcome] = []
    for source in sources { outcomes.append(try run(source, importer)) }
    importer.close()
    try report(outcomes)
    let again = outcomes.reduce(0) { $0 + $1.report.recordedAgain }
    let rejected = outcomes.reduce(0) { $0 + $1.report.rejected }
    if rejected > 0 {
      let names = outcomes.compactMap(\.rejects).joined(separator: ", ")
      throw CommandFailure(.badData, "\(Figure.count(UInt64(rejected), "line was", "lines were")) rejected; see \(names).")
    }
    if again > 0 {
      throw CommandFailure(
        .badData,
        "\(Figure.count(again, "line was", "lines were")) recorded though the journal may have them: what is there cannot be read. Run `emip-journal verify`."
      )
    }
  }

  private func run(_ source: ImportSource, _ importer: TrafficImporter) throws -> ImportOutcome {
    let progress = Progress()
    let rejects = RejectFile(rejects ?? source.rejectsName, source: source.name)
    let start = ContinuousClock.now
    var told = 0
    do {
      try importer.run(source.lines) {
        try rejects.write($0)
      } recordedAgain: { repetition in
        told += 1
        guard told <= Self.toldRepetitionCount else { return }
        let positions = repetition.positions.prefix(4).map { Figure.count($0.rawValue) }.joined(separator: ", ")
        progress.clear()
        StandardError.note(
          "\(source.name), line \(repetition.lineNumber): recorded, perhaps again, as position \(positions)\(repetition.positions.count > 4 ? ", …" : "") "
            + "cannot be read and may be it")
      } progress: { report in
        progress.update(source.progressText(report, since: start))
      }
    } catch let error as LineReaderError {
      progress.clear()
      let taken = Figure.count(UInt64(importer.report.lines), "line", "lines")
      throw CommandFailure(error.isDamage ? .badData : .inputOutput, "\(error). What came before (\(taken)) is recorded.")
    }
    progress.clear()
    try rejects.complete()
    return ImportOutcome(
      file: source.name, report: importer.report, rejects: rejects.isUsed ? rejects.path : nil,
      seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  /// More lines than these are counted, not told one by one.
  private static let toldRepetitionCount = 100

  private func readerConfiguration() throws -> MessageReaderConfiguration {
    var configuration = MessageReaderConfiguration()
    if let wireNames {
      guard let text = try? String(contentsOfFile: wireNames, encoding: .utf8) else {
        throw CommandFailure(.inputOutput, "\(wireNames): the file of names cannot be read.")
      }
      do throws(EMIPError) { configuration.names = try WireName.Table(contentsOf: text) } catch {
        throw CommandFailure(.badData, "\(wireNames): \(error)")
      }
    }
    if let schema {
      do throws(EMIPError) { configuration.schema = try MessageSchema(path: schema) } catch { throw CommandFailure(.badData, "\(error)") }
    }
    for element in personalElements {
      let number = configuration.names.name(of: element)
      guard number != WireName.unknown else { throw ValidationError("--personal: eMIP has no element «\(SafeText.line(element))».") }
      configuration.personalNames.insert(number)
    }
    return configuration
  }

  private func report(_ outcomes: [ImportOutcome]) throws {
    let output = ByteOutput.standard()
    switch format {
    case .json: try output.write(try JSONOutput.bytes(["files": outcomes], isPretty: true) + [0x0a])
    case .text: for outcome in outcomes { try output.writeLine(outcome.text) }
    }
    try output.flush()
  }
}

/// What became of one file.
struct ImportOutcome: Encodable {
  let file: String
  let report: TrafficImporter.Report
  /// Where rejected lines went; nil where there were none.
  let rejects: String?
  let seconds: Double

  var exchangesPerSecond: Double { seconds > 0 ? (Double(report.recordedExchanges) / seconds).rounded() : 0 }

  private enum CodingKeys: CodingKey {
    case file, lines, recordedExchanges, recordedEntries, duplicates, refusals, recordedAgain, rejected, firstPosition, lastPosition,
      rejects, seconds,
      exchangesPerSecond
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(file, forKey: .file)
    try container.encode(report.lines, forKey: .lines)
    try container.encode(report.recordedExchanges, forKey: .recordedExchanges)
    try container.encode(report.recordedEntries, forKey: .recordedEntries)
    try container.encode(report.duplicates, forKey: .duplicates)
    try container.encode(report.refusals, forKey: .refusals)
    try container.encode(report.recordedAgain, forKey: .recordedAgain)
    try container.encode(report.rejected, forKey: .rejected)
    try container.encode(report.firstPosition, forKey: .firstPosition)
    try container.encode(report.lastPosition, forKey: .lastPosition)
    try container.encode(rejects, forKey: .rejects)
    try container.encode((seconds * 1000).rounded() / 1000, forKey: .seconds)
    try container.encode(exchangesPerSecond, forKey: .exchangesPerSecond)
  }

  var text: String {
    var parts = ["\(Figure.count(UInt64(report.recordedExchanges), "exchange", "exchanges")) recorded"]
    if let first = report.firstPosition, let last = report.lastPosition { parts.append("positions \(first) to \(last)") }
    if report.duplicates > 0 { parts.append("\(Figure.count(UInt64(report.duplicates))) known already") }
    if report.refusals > 0 { parts.append("\(Figure.count(UInt64(report.refusals))) of them refused messages") }
    if report.recordedAgain > 0 { parts.append("\(Figure.count(UInt64(report.recordedAgain))) of them perhaps known, and unreadable") }
    if report.rejected > 0 { parts.append("\(Figure.count(UInt64(report.rejected), "line", "lines")) rejected") }
    return "\(SafeText.line(file)): \(parts.joined(separator: ", "))"
  }
}
