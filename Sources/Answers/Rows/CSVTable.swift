internal import Foundation

/// Rows as RFC 4180 has them, of what would be JSON objects. A text that a spreadsheet could take for a formula gets an apostrophe in front (OWASP,
/// "CSV Injection"); a list or an object stands as JSON.
public struct CSVTable: Sendable {
  /// Keys of the objects, in the order of the cells.
  public let columns: [String]

  /// Makes a table of some columns.
  public init(columns: [String]) { self.columns = columns }

  /// The line that names the columns.
  public var header: [UInt8] { line(columns.map(Self.quoted)) }

  /// The line of a row; what it does not have is an empty cell.
  /// - Throws: `EncodingError` for a number that JSON does not have.
  public func line(_ row: some Encodable) throws -> [UInt8] {
    let object = try JSONDecoder().decode([String: JSONValue].self, from: Data(JSONOutput.bytes(row, isPretty: false)))
    return line(try columns.map { try Self.cell(object[$0] ?? .null) })
  }

  private func line(_ cells: [String]) -> [UInt8] { Array((cells.joined(separator: ",") + "\r\n").utf8) }

  private static func cell(_ value: JSONValue) throws -> String {
    switch value {
    case .null: ""
    case .flag(let flag): flag ? "true" : "false"
    case .integer(let number): String(number)
    case .number(let number): String(number)
    case .text(let text): quoted(harmless(text))
    case .list, .object: quoted(String(decoding: try JSONOutput.bytes(value, isPretty: false), as: UTF8.self))
    }
  }

  /// Takes from a text what would make it a formula.
  public static func harmless(_ text: String) -> String {
    guard let first = text.unicodeScalars.first, "=+-@\t\r\n".unicodeScalars.contains(first) else { return text }
    return "'" + text
  }

  private static func quoted(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x2c || $0 == 0x0a || $0 == 0x0d }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
