/// How rows are written for machines. What is absent is null in each, so that all rows of a kind have the same keys.
public enum RowFormat: String, CaseIterable, Sendable {
  /// One array over several lines.
  case json
  /// An object a line.
  case ndjson
  /// A line of cells for each row, behind a line that names them.
  case csv

  /// Writes rows one after the other, as they come.
  /// - Parameters:
  ///   - columns: of CSV, in their order: keys of the rows.
  ///   - output: takes the next bytes.
  /// - Throws: what `output` throws, and `EncodingError` for a number that JSON does not have.
  public func write<Row: Encodable>(_ rows: some Sequence<Row>, columns: [String], to output: ([UInt8]) throws -> Void) throws {
    switch self {
    case .json: try output(JSONOutput.bytes(Array(rows), isPretty: true) + [UInt8(ascii: "\n")])
    case .ndjson: for row in rows { try output(Self.line(row)) }
    case .csv:
      let table = CSVTable(columns: columns)
      try output(table.header)
      for row in rows { try output(try table.line(row)) }
    }
  }

  /// The line of NDJSON that a row is.
  /// - Throws: `EncodingError` for a number that JSON does not have.
  public static func line(_ row: some Encodable) throws -> [UInt8] { try JSONOutput.bytes(row, isPretty: false) + [UInt8(ascii: "\n")] }
}
