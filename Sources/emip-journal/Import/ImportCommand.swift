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
      cut off is simply run again: it makes the journal that one run would have made. Only two imports of the same lines at the same moment do \
      not see each other. Where another process holds the journal, that one does the writing.

      For each file, the first line that the journal does not have decides when its entries count as recorded. Where the file has come to the \
      journal's end by then, it is history: each entry counts as recorded when it was observed, and segments follow the history. Else it is \
      older than what the journal has, and all that is new in it counts as recorded now; that is counted and said, for answers `--as-of` an \
      earlier moment do not have it. So import files in the order of their times.

      What the journal has and cannot read it does not recognise: such lines are recorded again, and named; the exit code is then 65.

      Lines that cannot be taken go to a file, with their numbers and reasons, and do not stop the rest; the exit code is then 65. So do, with \
      no such exit code, entries of an export that a file may not bring: what a journal or its gateway did itself. A file that is something \
      else, such as gzip or one JSON array, is refused before anything is recorded.

      EXAMPLES
        emip-journal import traffic.ndjson.zst
        emip-journal import --format json yesterday.ndjson today.ndjson
        zcat old.ndjson.gz | emip-journal import -
        jq -c '.[]' array.json | emip-journal import -
      """)

  @Argument(help: "Files to read, or - for standard input.")
  var files: [String]

  @Option(help: ArgumentHelp("Where rejected lines go; else FILE.rejects.ndjson in this directory.", valueName: "file"))
  var rejects: String?

  @Option(
    name: .customLong("personal"),
    help: ArgumentHelp(
      "Another element or attribute all of which is personal, by its name, which eMIP need not know. May be repeated. Free texts, faults, SOAP headers and what eMIP does not know are personal anyway.",
      valueName: "name"))
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
    try refuseForeign(sources)
    let importer = try TrafficImporter(reader, configuration: configuration, now: .now) { [journal] in
      let appender = try directory.openAppenderPatiently(purpose: "emip-journal import", onSealingFailure: journal.logSealingFailure)
      // Another's takes work through a queue; what this process holds itself does not.
      if !(appender is Journal) { try ProcessStart.requireThreads() }
      return appender
    }
    var outcomes: [ImportOutcome] = []
    do {
      for source in sources { outcomes.append(try run(source, importer)) }
    } catch {
      importer.close()
      // What was done before stands.
      if !outcomes.isEmpty { try report(outcomes) }
      throw error
    }
    importer.close()
    try report(outcomes)
    let again = outcomes.reduce(0) { $0 + $1.report.recordedAgain }
    let rejected = outcomes.reduce(0) { $0 + $1.report.rejected }
    if rejected > 0 {
      let names = outcomes.filter { $0.report.rejected > 0 }.compactMap(\.rejects).joined(separator: ", ")
      throw CommandFailure(.badData, "\(Figure.count(UInt64(rejected), "line was", "lines were")) rejected; see \(names).")
    }
    if again > 0 {
      throw CommandFailure(
        .badData,
        "\(Figure.count(again, "line was", "lines were")) recorded though the journal may have them: what is there cannot be read. Run `emip-journal verify`."
      )
    }
  }

  /// Before anything is recorded: what follows a file that is left out would come before it.
  private func refuseForeign(_ sources: [ImportSource]) throws {
    let sentences = sources.compactMap { source in
      source.foreignFormat.map { ForeignFile(source.name, $0, isCompressed: source.isCompressed, journal.journal).sentence }
    }
    guard let last = sentences.last else { return }
    for sentence in sentences.dropLast() { StandardError.note(sentence) }
    throw CommandFailure(.badData, last)
  }

  private func run(_ source: ImportSource, _ importer: TrafficImporter) throws -> ImportOutcome {
    let progress = Progress()
    let rejects = RejectFile(rejects ?? source.rejectsName, source: source.name)
    let start = ContinuousClock.now
    var told = 0
    do {
      try importer.run(try source.open()) {
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
      try rejects.complete()
      if let format = error.foreignFormat {
        let file = ForeignFile(source.name, format, isCompressed: error.isCompressed, journal.journal)
        throw CommandFailure(.badData, file.sentence)
      }
      let taken = Figure.count(UInt64(importer.report.lines), "line", "lines")
      throw CommandFailure(error.isDamage ? .badData : .inputOutput, "\(error). What came before (\(taken)) is recorded.")
    }
    progress.clear()
    try rejects.complete()
    return ImportOutcome(
      file: source.name, report: importer.report, journalEnd: importer.journalEnd, rejects: rejects.isUsed ? rejects.path : nil,
      firstRejection: rejects.first, seconds: (ContinuousClock.now - start) / .seconds(1))
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
      let name = element.split(separator: ":").last.map(String.init) ?? ""
      guard WireName.isElementName(name) else { throw ValidationError("--personal: «\(SafeText.line(element))» is no name of an element.") }
      // A partner's own name may mean one of ours, and ours be spelled otherwise.
      let number = configuration.names.name(of: name)
      if number != WireName.unknown { configuration.personalNames.insert(number) }
      configuration.personalElements.insert(name)
    }
    return configuration
  }

  private func report(_ outcomes: [ImportOutcome]) throws {
    let output = ByteOutput.standard()
    switch format {
    case .json:
      for outcome in outcomes { if let warning = outcome.warning { StandardError.note(warning) } }
      try output.write(try JSONOutput.bytes(["files": outcomes], isPretty: true) + [0x0a])
    case .text:
      for warning in outcomes.compactMap(\.warning) { try output.writeLine(warning) }
      for line in outcomes.flatMap(\.lines) { try output.writeLine(line) }
    }
    try output.flush()
  }
}
