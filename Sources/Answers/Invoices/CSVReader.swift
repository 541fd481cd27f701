/// Reads comma-separated values (RFC 4180), with another separator where the file has one. Lines end with CR LF, LF or CR; a quoted cell
/// may hold any of them. Empty lines do not count.
struct CSVReader {
  /// A line that is written otherwise, and why.
  struct Mistake: Error, Hashable {
    /// From 1.
    let line: Int
    let reason: String
  }

  /// A record and the line that it begins in, from 1.
  struct Record: Hashable {
    let line: Int
    let cells: [String]
  }

  private let bytes: [UInt8]
  private let separator: UInt8
  private var index = 0
  private var line: Int

  private static let quote = UInt8(ascii: "\"")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// All records of a text in UTF-8.
  /// - Parameter firstLine: the number of its first line, for those of records and mistakes.
  static func records(_ bytes: [UInt8], separator: UInt8, firstLine: Int = 1) throws(Mistake) -> [Record] {
    var reader = CSVReader(bytes: bytes, separator: separator, line: firstLine)
    var records: [Record] = []
    while reader.index < reader.bytes.count {
      let record = try reader.record()
      if record.cells != [""] { records.append(record) }
    }
    return records
  }

  private init(bytes: [UInt8], separator: UInt8, line: Int) {
    self.bytes = bytes
    self.separator = separator
    self.line = line
  }

  private mutating func record() throws(Mistake) -> Record {
    let start = line
    var cells: [String] = []
    while true {
      cells.append(try cell())
      guard index < bytes.count, bytes[index] == separator else { break }
      index += 1
      // What ends with a separator has an empty cell behind it.
      if index == bytes.count { cells.append("") }
    }
    skipLineEnd()
    return Record(line: start, cells: cells)
  }

  private mutating func cell() throws(Mistake) -> String {
    guard index < bytes.count, bytes[index] == Self.quote else { return plainCell() }
    let start = line
    var text: [UInt8] = []
    index += 1
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == Self.lineFeed { line += 1 }
      guard byte == Self.quote else {
        text.append(byte)
        continue
      }
      guard index < bytes.count, bytes[index] == Self.quote else {
        guard index == bytes.count || isEnd(bytes[index]) else {
          throw Mistake(line: line, reason: "text follows a closing quotation mark")
        }
        return String(decoding: text, as: UTF8.self)
      }
      text.append(Self.quote)
      index += 1
    }
    throw Mistake(line: start, reason: "a quotation mark is not closed")
  }

  private mutating func plainCell() -> String {
    let start = index
    while index < bytes.count, !isEnd(bytes[index]) { index += 1 }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  private func isEnd(_ byte: UInt8) -> Bool { byte == separator || byte == Self.lineFeed || byte == Self.carriageReturn }

  private mutating func skipLineEnd() {
    guard index < bytes.count else { return }
    let isReturn = bytes[index] == Self.carriageReturn
    index += 1
    if isReturn, index < bytes.count, bytes[index] == Self.lineFeed { index += 1 }
    line += 1
  }
}
