import Answers
import ArgumentParser
import JournalFormat
import JournalStore
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

  func run(_ journal: JournalOptions, _ options: LookupOptions, _ detail: Detail) async throws {
    let (exchanges, lastPosition) = try answer(journal)
    try await options.reveal.record("\(command) \(question.recordedQuestion(exchanges))", command: command, in: journal.directory)
    let output = ByteOutput.standard()
    switch options.format {
    case .text: try writeText(exchanges, options, detail, lastPosition, output)
    case .json:
      let document = LookupDocument(question, exchanges, sessions: sessions)
      try output.write(try JSONOutput.bytes(document, isPretty: true) + [UInt8(ascii: "\n")])
    case .ndjson: for exchange in exchanges { try output.write(RowFormat.line(ExchangeDocument(exchange, includesBody: true))) }
    case .raw: try writeRaw(exchanges, options.part, output)
    }
    try output.flush()
  }

  /// The reader is gone when this returns: a segment is open once in a process, and leaving a record may open it to write.
  private func answer(_ journal: JournalOptions) throws -> ([Exchange], JournalPosition?) {
    let reader = try journal.reader()
    return (try question.exchanges(in: reader), try question.asOf ?? reader.lastPosition())
  }

  private func flag(_ count: Int) -> String {
    "\(Figure.count(count, "exchange has", "exchanges have")) this \(question.kind == .sessionId ? "session id" : question.kind.rawValue)"
  }

  private func writeText(
    _ exchanges: [Exchange], _ options: LookupOptions, _ detail: Detail, _ lastPosition: JournalPosition?, _ output: ByteOutput
  ) throws {
    let style = options.color.style(for: output)
    let showsTable = detail == .table && !options.reveal.reveal
    if exchanges.count > 1 || showsTable { try output.write(style.text(flag(exchanges.count), .bold) + "\n") }
    if showsTable {
      let table = ExchangeTable(style: style, lastPosition: lastPosition)
      try output.write(table.header + "\n")
      for exchange in exchanges { try output.write(table.row(exchange) + "\n") }
      return
    }
    for (index, exchange) in exchanges.enumerated() {
      if index > 0 || exchanges.count > 1 { try output.write("\n") }
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
