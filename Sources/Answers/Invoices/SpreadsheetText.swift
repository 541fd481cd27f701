internal import Foundation

/// A spreadsheet's file as text, whatever wrote it: UTF-8, UTF-16 as Excel's "Unicode text", or Windows-1252 as its plain CSV in Western Europe.
struct SpreadsheetText {
  /// UTF-8, without a byte order mark and without a line that names the separator.
  let bytes: [UInt8]
  /// The number of the first of its lines in the file, from 1.
  let firstLine: Int
  /// What a first line `sep=;` says is between cells.
  let separator: UInt8?
  /// Whether it was read as Windows-1252, which bytes cannot tell for certain.
  let isCodePage: Bool

  /// Why a file is no text.
  struct Mistake: Error {
    let reason: String
  }

  init(_ file: [UInt8]) throws(Mistake) {
    if file.starts(with: Array("PK\u{3}\u{4}".utf8)) || file.starts(with: [0xd0, 0xcf, 0x11, 0xe0]) {
      throw Mistake(reason: "it is a workbook: save the sheet as CSV")
    }
    var text: [UInt8]
    (text, isCodePage) = try Self.decoded(file)
    if text.starts(with: [0xef, 0xbb, 0xbf]) { text.removeFirst(3) }
    let first = text.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    separator = Self.separator(named: first)
    if separator != nil {
      text.removeFirst(first.count)
      text.removeFirst(text.starts(with: Array("\r\n".utf8)) ? 2 : min(1, text.count))
    }
    firstLine = separator == nil ? 1 : 2
    bytes = text
  }

  private static func decoded(_ file: [UInt8]) throws(Mistake) -> (text: [UInt8], isCodePage: Bool) {
    if let isBigEndian = isBigEndian(file) {
      guard file.count.isMultiple(of: 2) else { throw Mistake(reason: "it is UTF-16 that was cut off") }
      let units = stride(from: 0, to: file.count, by: 2).map { index in
        let (first, second) = (UInt16(file[index]), UInt16(file[index + 1]))
        return isBigEndian ? first << 8 | second : second << 8 | first
      }
      guard let text = String(validating: units, as: UTF16.self) else { throw Mistake(reason: "it looks like UTF-16, and is not valid") }
      return (Array(text.utf8), false)
    }
    if String(validating: file, as: UTF8.self) != nil { return (file, false) }
    guard let text = String(bytes: file, encoding: .windowsCP1252) else {
      throw Mistake(reason: "its characters are neither UTF-8 nor UTF-16 nor Windows-1252")
    }
    return (Array(text.utf8), true)
  }

  /// The order of UTF-16's bytes, by its byte order mark or by the zero beside its first character; nil for what is something else.
  private static func isBigEndian(_ file: [UInt8]) -> Bool? {
    guard file.count >= 2 else { return nil }
    switch (file[0], file[1]) {
    case (0xfe, 0xff), (0, 1...): return true
    case (0xff, 0xfe), (1..., 0): return false
    default: return nil
    }
  }

  private static func separator(named line: ArraySlice<UInt8>) -> UInt8? {
    let bare = line.filter { $0 != UInt8(ascii: "\"") }
    guard bare.count == 5, String(decoding: bare.prefix(4), as: UTF8.self).lowercased() == "sep=" else { return nil }
    return bare[4]
  }

  /// What is between cells: what the file names, else what stands most often in its first line; a comma where nothing does.
  var likelySeparator: UInt8 {
    if let separator { return separator }
    // The comma last: it stands in headings more often than the others do.
    let candidates = Array(";\t|,".utf8)
    var counts = [Int](repeating: 0, count: candidates.count)
    var isQuoted = false
    for byte in bytes.drop(while: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if isQuoted { continue }
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { break }
      if let index = candidates.firstIndex(of: byte) { counts[index] += 1 }
    }
    let most = counts.max() ?? 0
    return most == 0 ? UInt8(ascii: ",") : candidates[counts.firstIndex(of: most)!]
  }
}
