import Answers
import JournalStore
import Recording

/// Writes exchanges one after the other as a table, JSON or NDJSON.
final class ExchangeListWriter {
  private let output: ByteOutput
  private let format: ListFormat
  private let includesBodies: Bool
  private let table: ExchangeTable
  private var count = 0

  init(_ output: ByteOutput, format: ListFormat, includesBodies: Bool, table: ExchangeTable) {
    self.output = output
    self.format = format
    self.includesBodies = includesBodies
    self.table = table
  }

  func begin() throws {
    switch format {
    // A pipe gets the rows alone.
    case .text: if output.isTerminal { try output.writeLine(table.header) }
    case .json: try output.write("{\"exchanges\": [")
    case .ndjson: break
    }
  }

  func write(_ exchange: Exchange) throws {
    switch format {
    case .text: try output.writeLine(table.row(exchange))
    case .json:
      try output.write(count == 0 ? "\n" : ",\n")
      try output.write(try JSONOutput.bytes(document(exchange), isPretty: true))
    case .ndjson:
      try output.write(try JSONOutput.bytes(document(exchange), isPretty: false))
      try output.writeLine("")
    }
    count += 1
  }

  func end() throws {
    if format == .json { try output.write("\n]}\n") }
    try output.flush()
  }

  /// What was written reaches its reader now.
  func flush() throws { try output.flush() }

  private func document(_ exchange: Exchange) -> ExchangeDocument { ExchangeDocument(exchange, includesBody: includesBodies) }
}
