internal import Foundation
internal import JournalFormat

/// Rows as RFC 4180 has them, of what would be JSON objects. A text that a spreadsheet could take for a formula gets an apostrophe in front (OWASP,
/// "CSV Injection"); what could act on a terminal or hide is shown as ``SafeText`` shows it, lines and tabs aside; a list or an object stands as JSON.
///
/// Cells are bytes: a quotation mark before a combining mark is one `Character` with it, and would not be found.
public struct CSVTable: Sendable {
  /// Keys of the objects, in the order of the cells.
  public let columns: [String]

  /// Makes a table of some columns.
  public init(columns: [String]) { self.columns = columns }

  /// The line that names the columns.
  public var header: [UInt8] { Self.line(columns.map { Self.quoted(Array($0.utf8)) }) }

  /// The line of a row; what it does not have is an empty cell.
  /// - Throws: `EncodingError` for a number that JSON does not have.
  public func line(_ row: some Encodable) throws -> [UInt8] {
    let object = try JSONDecoder().decode([String: JSONValue].self, from: Data(JSONOutput.bytes(row, isPretty: false)))
    return Self.line(try columns.map { try Self.cell(object[$0] ?? .null) })
  }

  private static func line(_ cells: [[UInt8]]) -> [UInt8] {
    Array(cells.joined(separator: [UInt8(ascii: ",")])) + [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
  }

  private static func cell(_ value: JSONValue) throws -> [UInt8] {
    switch value {
    case .null: []
    case .flag(let flag): Array((flag ? "true" : "false").utf8)
    case .integer(let number): Array(String(number).utf8)
    case .number(let number): Array(String(number).utf8)
    case .text(let text): quoted(harmless(text))
    case .list, .object: quoted(try JSONOutput.visible(value))
    }
  }

  /// Takes from a text what would make it a formula, at its beginning or behind blanks there, and what would act on a terminal or hide.
  static func harmless(_ text: String) -> [UInt8] {
    let visible = SafeText.body(text.utf8)
    let first = visible.unicodeScalars.first { formulaStarts.contains($0) || !$0.properties.isWhitespace }
    let isFormula = first.map(formulaStarts.contains) ?? false
    return (isFormula ? [UInt8(ascii: "'")] : []) + Array(visible.utf8)
  }

  /// What begins a formula or is passed over before one, in full width too.
  private static let formulaStarts: Set<Unicode.Scalar> = [
    "=", "+", "-", "@", "\t", "\r", "\n", "\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}",
  ]

  /// What must stand in quotation marks: RFC 4180's, and the separators that spreadsheets of other languages look for.
  private static let quotedBytes = Array("\",;\t\r\n".utf8)

  private static func quoted(_ text: [UInt8]) -> [UInt8] {
    guard text.contains(where: quotedBytes.contains) else { return text }
    let quote = UInt8(ascii: "\"")
    return [quote] + text.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
  }
}
