import ArgumentParser
import JournalFormat
import JournalStore
import Projections

/// How answers of read models are written.
enum AnswerFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json, ndjson, csv
}

/// What every question to a read model takes.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "text; json; ndjson, one object a line; csv, whose cells no spreadsheet takes for formulas. All but text are exact and unmasked.",
      valueName: "format"))
  var format: AnswerFormat = .text

  @Option(
    help: ArgumentHelp(
      "What was known then: a position, or a moment by which it had been recorded: \(Moment.forms).", valueName: "position|time"),
    transform: JournalMoment.parse)
  var asOf: JournalMoment?

  @OptionGroup var color: ColorOptions
  @OptionGroup var journal: JournalOptions

  /// Opens the read models of some projections, up to date, with progress on standard error where they must catch up.
  func question(_ projections: [any Projection.Type]) throws -> ModelQuestion {
    let progress = Progress()
    let models = try ReadModels(journal.directory, projections) { step in
      progress.update("reading the journal: \(Figure.count(step.done)) of \(Figure.count(step.total)) entries")
    }
    progress.clear()
    return try ModelQuestion(models: models, asOf: asOf)
  }
}

/// A point in the journal's history, by position or by time.
enum JournalMoment: Hashable, Sendable {
  case position(JournalPosition)
  case time(Timestamp)

  /// For an option's `transform`. A number is a position.
  static func parse(_ text: String) throws -> JournalMoment {
    if let number = UInt64(text) { return .position(JournalPosition(number)) }
    return .time(try Moment.parse(text))
  }
}

/// Read models that are asked, and as of when.
struct ModelQuestion {
  let models: ReadModels
  /// Nil for now.
  let asOf: JournalPosition?

  /// - Throws: ``CommandFailure`` where nothing had been recorded by then.
  init(models: ReadModels, asOf: JournalMoment?) throws {
    self.models = models
    self.asOf = try asOf.map { try Self.position($0, models.reader) }
  }

  /// The position that a moment means: the last that had been recorded by then.
  static func position(_ moment: JournalMoment, _ reader: JournalReader) throws -> JournalPosition {
    switch moment {
    case .position(let position): return position
    case .time(let time):
      guard let position = try reader.lastPosition(recordedBy: time) else {
        throw CommandFailure(.notFound, "nothing had been recorded by \(Figure.time(time)).")
      }
      return position
    }
  }

  /// Whether a read model could not read all that the journal holds.
  var isIncomplete: Bool { get throws { try models.models.contains { try $0.state().skippedCount > 0 } } }

  /// Up to where the answer goes, how far the read models lag, and what they could not read: lines for people.
  func remarks(_ style: Style) throws -> [String] {
    var lines: [String] = []
    let states = try models.models.map { try $0.state() }
    let seen = states.map { $0.next.rawValue - 1 }.min() ?? 0
    let position = min(asOf?.rawValue ?? seen, seen)
    let time = try position > 0 ? models.reader.entry(at: JournalPosition(position))?.recordedAt : nil
    lines.append(style.text("as of position \(Figure.count(position))" + (time.map { " (\(Figure.time($0)))" } ?? ""), .dim))
    let lag = try models.models.map { try models.lag($0) }.max() ?? 0
    if lag > 0 { lines.append(style.text("behind the journal by \(Figure.count(lag, "entry", "entries"))", .yellow)) }
    for model in models.models {
      let count = try model.state().skippedCount
      guard count > 0, let first = try model.skippedEntries(limit: 1).first else { continue }
      let more = count > 1 ? ", and \(Figure.count(count - 1)) more" : ""
      let name = model.projection.name
      lines.append(style.text("INCOMPLETE: \(name) could not read position \(first.position) (\(first.reason))\(more)", .red))
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
  ///   - text: writes lines to the output.
  /// - Throws: ``CommandFailure`` 65 behind the answer where the read models are incomplete.
  func write<Row: Encodable>(
    _ rows: some Sequence<Row>, columns: [String], _ question: ModelQuestion, text: (ByteOutput) throws -> Void
  ) throws {
    switch options.format {
    case .text: try text(output)
    case .json: try output.write(JSONOutput.bytes(Array(rows), isPretty: true) + [UInt8(ascii: "\n")])
    case .ndjson: for row in rows { try output.write(JSONOutput.bytes(row, isPretty: false) + [UInt8(ascii: "\n")]) }
    case .csv:
      let table = CSVTable(columns: columns)
      try output.write(table.header)
      for row in rows { try output.write(try table.line(row)) }
    }
    try finish(question)
  }

  /// Says as of when the answer is, and ends the output.
  func finish(_ question: ModelQuestion) throws {
    let remarks = try question.remarks(options.format == .text ? style : Style(isColored: false))
    if options.format == .text {
      for line in remarks { try output.write(line + "\n") }
      try output.flush()
    } else {
      try output.flush()
      for line in remarks.dropFirst() { StandardError.note(line) }
    }
    guard try !question.isIncomplete else {
      throw CommandFailure(.badData, "the read model is not complete: the journal has damaged records. Run `emip-journal verify`.")
    }
  }
}
