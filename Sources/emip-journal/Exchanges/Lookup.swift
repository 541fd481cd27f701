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
      "text; json; ndjson, one exchange a line; raw, the bodies byte by byte. All but text are exact and unmasked.", valueName: "format"))
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
  let key: LookupDocument.IdKey
  let id: String
  let terms: [IndexTerm]
  /// The id where it may stand in a record of its own: it is none of a person.
  let recordedId: String?
  /// What is known of it beyond the exchanges; JSON only.
  var sessions: [SessionDocument]?
  /// Nil for now.
  var asOf: JournalPosition?

  func run(_ journal: JournalOptions, _ options: LookupOptions, _ detail: Detail) async throws {
    let directory = journal.directory
    let (exchanges, lastPosition) = try answer(journal)
    guard !exchanges.isEmpty else { throw CommandFailure(.notFound, "no exchange has \(name) \(id) in \(directory.path).") }
    let places = exchanges.prefix(20).map { $0.head.position.description }.joined(separator: ", ")
    let question = recordedId ?? "exchanges at \(places)\(exchanges.count > 20 ? " and more" : "")"
    try await options.reveal.record("\(command) \(question)", command: command, in: directory)
    let output = ByteOutput.standard()
    switch options.format {
    case .text: try writeText(exchanges, options, detail, lastPosition, output)
    case .json:
      let document = LookupDocument(
        key: key, id: id, exchanges: exchanges.map { ExchangeDocument($0, includesBody: true) }, sessions: sessions)
      try output.write(try JSONOutput.bytes(document, isPretty: true) + [UInt8(ascii: "\n")])
    case .ndjson:
      for exchange in exchanges {
        try output.write(try JSONOutput.bytes(ExchangeDocument(exchange, includesBody: true), isPretty: false) + [UInt8(ascii: "\n")])
      }
    case .raw: try writeRaw(exchanges, options.part, output)
    }
    try output.flush()
  }

  /// The reader is gone when this returns: a segment is open once in a process, and leaving a record may open it to write.
  private func answer(_ journal: JournalOptions) throws -> ([Exchange], JournalPosition?) {
    let reader = try journal.reader()
    let exchanges = try reader.exchanges(holding: terms)
    guard let asOf else { return (exchanges, try reader.lastPosition()) }
    let known = try exchanges.filter { $0.head.position <= asOf }.map { exchange in
      Exchange(request: exchange.request, answers: try reader.answers(to: exchange.head.position).filter { $0.position <= asOf })
    }
    return (known.filter { !$0.entries.isEmpty }, asOf)
  }

  private var name: String {
    switch key {
    case .transactionId: "the transactionId"
    case .sessionId: "the session id"
    case .id: "the id"
    }
  }

  private func flag(_ count: Int) -> String {
    "\(Figure.count(count, "exchange has", "exchanges have")) this \(key == .sessionId ? "session id" : key.rawValue)"
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
