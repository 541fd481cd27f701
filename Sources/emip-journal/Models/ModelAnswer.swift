import Answers
import ArgumentParser
import JournalFormat
import JournalStore
import Projections

/// How answers of read models are written.
enum AnswerFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json, ndjson, csv

  /// Nil for people.
  var rows: RowFormat? { RowFormat(rawValue: rawValue) }
}

/// What every question to a read model takes.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "text; json; ndjson, one object a line; csv, whose cells no spreadsheet takes for formulas. All but text are unmasked, and json and ndjson exact.",
      valueName: "format"))
  var format: AnswerFormat = .text

  @Option(
    help: ArgumentHelp(
      "What was known then: a position, or a moment by which it had been recorded: \(Moment.spellings).", valueName: "position|time"),
    transform: JournalMoment.parse)
  var asOf: JournalMoment?

  @OptionGroup var color: ColorOptions
  @OptionGroup var journal: JournalOptions

  /// Opens the read models of some projections, up to date, with progress on standard error where they must catch up.
  func basis(_ projections: [any Projection.Type]) throws -> AnswerBasis { try AnswerBasis(journal, projections, asOf: asOf) }
}

extension AnswerBasis {
  /// Opens read models with progress on standard error, where they must catch up.
  init(_ journal: JournalOptions, _ projections: [any Projection.Type], asOf: JournalMoment?) throws {
    try ProcessStart.requireThreads()
    let progress = Progress()
    try self.init(journal.directory, projections, asOf: asOf) { progress.update("reading the journal", $0.done, of: $0.total) }
    progress.clear()
  }
}

extension AnswerExtent {
  /// The extent for a person: as of when the answer is, how far the read models lag, and what they could not read.
  func lines(_ style: Style) -> [String] {
    let time = recordedAt.map { " (\(Figure.time($0)))" } ?? ""
    var lines = [style.text("as of position \(Figure.count(position))" + time, .dim)]
    if lagEntries > 0 { lines.append(style.text("behind the journal by \(Figure.count(lagEntries, "entry", "entries"))", .yellow)) }
    for gap in gaps {
      let more = gap.entries > 1 ? ", and \(Figure.count(gap.entries - 1)) more" : ""
      lines.append(style.text("INCOMPLETE: \(gap.model) could not read position \(gap.position) (\(gap.reason))\(more)", .red))
    }
    if let first = unreadable.first {
      let more = unreadable.count > 1 ? ", nor \(Figure.count(unreadable.count - 1)) more" : ""
      lines.append(style.text("INCOMPLETE: position \(Figure.count(first)) cannot be read\(more)", .red))
    }
    return lines
  }
}

/// Writes the answer of a read model: the same rows for people and for machines.
struct AnswerWriter {
  let output = ByteOutput.standard()
  let options: ModelOptions
  let style: Style

  init(_ options: ModelOptions) {
    self.options = options
    style = options.color.style(for: output)
  }

  /// Writes rows for machines, or calls `text` for people, and then says as of when.
  /// - Parameters:
  ///   - columns: of CSV, in their order: keys of the rows.
  ///   - unreadCount: how many messages of what was asked for could not be read.
  ///   - text: writes lines to the output.
  /// - Throws: `AnswerError` behind the answer where the read models are incomplete.
  func write<Row: Encodable>(
    _ rows: some Sequence<Row>, columns: [String], _ basis: AnswerBasis, unreadCount: UInt64 = 0, text: (ByteOutput) throws -> Void
  ) throws {
    if let format = options.format.rows {
      try format.write(rows, columns: columns) { try output.write($0) }
    } else {
      try text(output)
    }
    try finish(basis, unreadCount: unreadCount)
  }

  /// Says as of when the answer is and what is not in it, and ends the output.
  func finish(_ basis: AnswerBasis, unreadCount: UInt64 = 0) throws {
    let extent = try basis.extent()
    let unread =
      "\(Figure.count(unreadCount, "message", "messages")) of these could not be read, and are in no answer: emip-journal findings --rule message-refused"
    if options.format == .text {
      if unreadCount > 0 { try output.write(style.text(unread, .yellow) + "\n") }
      for line in extent.lines(style) { try output.write(line + "\n") }
      try output.flush()
    } else {
      try output.flush()
      if unreadCount > 0 { StandardError.note(unread) }
      for line in extent.lines(Style(isColored: false)).dropFirst() { StandardError.note(line) }
    }
    try basis.requireWhole()
  }
}
