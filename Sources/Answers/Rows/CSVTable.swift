import Foundation

/// Rows as RFC 4180 has them, of what would be JSON objects. A text that a spreadsheet could take for a formula gets an apostrophe in front (OWASP,
/// "CSV Injection"); a list or an object stands as JSON.
struct CSVTable {
  let columns: [String]

  var header: [UInt8] { line(columns.map(Self.quoted)) }

  func line(_ row: some Encodable) throws -> [UInt8] {
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

  static func harmless(_ text: String) -> String {
    guard let first = text.unicodeScalars.first, "=+-@\t\r\n".unicodeScalars.contains(first) else { return text }
    return "'" + text
  }

  private static func quoted(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x2c || $0 == 0x0a || $0 == 0x0d }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}

/// Any JSON.
enum JSONValue: Codable, Hashable {
  case null
  case flag(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Int64.self) {
      self = .integer(number)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([JSONValue].self) {
      self = .list(list)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .flag(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .list(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}
