import Answers
import ArgumentParser
import JournalFormat
import JournalStore
import Projections
import Recording

/// Which half of an exchange.
enum ExchangePart: String, ExpressibleByArgument, CaseIterable {
  case request, response
}

/// What the commands that look something up by an id have in common.
struct LookupOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "text; json; ndjson, one exchange a line; raw, the bodies byte by byte. Text masks what is personal; passwords and the like are in raw only.",
      valueName: "format"))
  var format: ExchangeFormat = .text

  @Option(help: ArgumentHelp("With --format raw: this half only.", valueName: "request|response"))
  var part: ExchangePart?

  @OptionGroup var reveal: RevealOptions
  @OptionGroup var color: ColorOptions

  func validate() throws {
    if part != nil && format != .raw { throw ValidationError("--part goes with --format raw.") }
  }
}

/// A question by an id, and how its answer is written.
struct Lookup {
  /// How text shows the exchanges.
  enum Detail {
    case table
    case bodies
  }

  let command: String
  var question: LookupQuestion
  /// What is known of it beyond the exchanges; JSON only.
  var sessions: [SessionDocument]?
  /// Whether ``sessions`` lack nothing.
  var isWhole: Result<Void, any Error> = .success(())

  func run(_ journal: JournalOptions, _ options: LookupOptions, _ detail: Detail) async throws {
    let (answer, lastPosition, damage, isAll) = try answer(journal)
    let exchanges = answer.exchanges
    let recorded = answer.question.recordedQuestion(exchanges)
    try await options.reveal.record("\(command) \(recorded)", command: command, in: journal.directory)
    let output = ByteOutput.standard()
    switch options.format {
    case .text: try writeText(answer, options, detail, lastPosition, output)
    case .json:
      let document: any Encodable =
        if let sessions, sessions.count > 1 {
          LookupDocument.several(answer, sessions)
        } else {
          LookupDocument(answer, sessions: sessions)
        }
      try output.write(try JSONOutput.bytes(document, isPretty: true) + [UInt8(ascii: "\n")])
    case .ndjson:
      for line in notes(answer) { StandardError.note(line) }
      for exchange in exchanges { try output.write(RowFormat.line(ExchangeDocument(exchange, includesBody: true))) }
    case .raw:
      for line in notes(answer) { StandardError.note(line) }
      try writeRaw(exchanges, options.part, output)
    }
    try output.flush()
    if !damage.isEmpty { throw AnswerError.unreadable(damage) }
    try isAll.get()
    try isWhole.get()
  }

  /// The reader is gone when this returns: a segment is open once in a process, and leaving a record may open it to write.
  private func answer(_ journal: JournalOptions) throws -> (LookupAnswer, JournalPosition?, DamageLog, isAll: Result<Void, any Error>) {
    let reader = try journal.reader()
    let answer = try question.answer(in: reader)
    return (answer, try question.asOf ?? reader.lastPosition(), reader.damage, Result { try question.requireAll(in: reader) })
  }

  /// What is to be said of an answer beside its exchanges: what was taken for what, which spellings were found, what came again. Safe on a terminal.
  private func notes(_ answer: LookupAnswer) -> [String] {
    var lines: [String] = []
    if answer.question.kind == .position, question.kind != .position {
      lines.append("no exchange has the \(name) \(SafeText.line(question.id)): this is the position")
    } else if answer.isNumber {
      lines.append("found by the \(name), not by the position")
    }
    if answer.spellings.count > 1 || answer.spellings.contains(where: { $0.text != question.id }) {
      let spellings = answer.spellings.map { spelling in
        "\(spelling.kind) \(SafeText.line(spelling.text)) (\(Figure.count(spelling.exchangeCount, "exchange", "exchanges")))"
      }
      lines.append("found as \(spellings.joined(separator: ", "))")
    }
    for repetition in answer.repetitions {
      let (position, earlier) = (repetition.position, repetition.earlier)
      lines.append("the request at position \(position) is a repetition of that at position \(earlier): the same bytes")
    }
    for finding in answer.findings {
      lines.append("\(finding.rule.severity.rawValue) \(finding.rule.id): \(SafeText.line(finding.sentence))")
    }
    return lines
  }

  private func flag(_ count: Int) -> String { "\(Figure.count(count, "exchange has", "exchanges have")) this \(name)" }

  private var name: String { question.kind == .sessionId ? "session id" : question.kind.rawValue }

  private func writeText(
    _ answer: LookupAnswer, _ options: LookupOptions, _ detail: Detail, _ lastPosition: JournalPosition?, _ output: ByteOutput
  ) throws {
    let style = options.color.style(for: output)
    let exchanges = answer.exchanges
    let showsTable = detail == .table && !options.reveal.reveal
    let heads = exchanges.count > 1 || showsTable && answer.question.kind != .position
    if heads { try output.write(style.text(flag(exchanges.count), .bold) + "\n") }
    let notes = notes(answer)
    for line in notes { try output.write(style.text(line, answer.findings.isEmpty ? .dim : .yellow) + "\n") }
    if showsTable {
      let table = ExchangeTable(style: style, lastPosition: lastPosition)
      try output.write(table.header + "\n")
      for exchange in exchanges { try output.write(table.row(exchange) + "\n") }
      return
    }
    for (index, exchange) in exchanges.enumerated() {
      if index > 0 || exchanges.count > 1 || !notes.isEmpty { try output.write("\n") }
      for line in ExchangeText(exchange, isRevealed: options.reveal.reveal, style: style).lines { try output.write(line + "\n") }
    }
  }

  private func writeRaw(_ exchanges: [Exchange], _ part: ExchangePart?, _ output: ByteOutput) throws {
    if exchanges.count > 1 { StandardError.note("\(flag(exchanges.count)): their bodies follow each other.") }
    var bodies: [[UInt8]] = []
    for exchange in exchanges {
      if part != .response { bodies += [exchange.request?.content.payload ?? []] }
      if part != .request { bodies += [exchange.response?.content.payload ?? []] }
    }
    guard bodies.contains(where: { !$0.isEmpty }) else { throw CommandFailure(.notFound, "there is no \(part?.rawValue ?? "body") in it.") }
    for body in bodies { try output.write(body) }
  }
}
