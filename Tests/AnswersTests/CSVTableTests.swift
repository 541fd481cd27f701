import Foundation
import Testing

@testable import Answers

/// Rows as CSV: whatever a partner sends, a reader of RFC 4180 finds as many cells as there are columns, and no spreadsheet a formula.
@Suite struct CSVTableTests {
  private struct Row: Encodable {
    var first: String
    var second = "end"
  }

  private func line(_ text: String) throws -> String {
    String(decoding: try CSVTable(columns: ["first", "second"]).line(Row(first: text)), as: UTF8.self)
  }

  @Test(arguments: [
    "\"\u{301}", "a\"\u{301},=1+1,\"\u{301}", "\"", "\"\"", ",\u{301}", "\n\u{301}", "a\r\nb", "\"\u{fe0f}=1", "a;\"b\"\t\u{20dd}",
    "\u{1f468}\u{200d}\"",
  ])
  func `a text stays in its cell, whatever marks combine with it`(text: String) throws {
    let bytes = Array(try line(text).utf8)
    let records = try CSVReader.records(bytes, separator: UInt8(ascii: ","))
    #expect(records.map(\.cells.count) == [2] && records.first?.cells.last == "end")
    // Each quotation mark of the text stands twice, between two that are the cell's.
    let quotes = text.utf8.count { $0 == UInt8(ascii: "\"") }
    let written = bytes.count { $0 == UInt8(ascii: "\"") }
    #expect(written == 2 * quotes + 2)
  }

  @Test(arguments: [
    ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@a", "'@a"), ("=\u{301}1", "'=\u{301}1"), (" =1", "' =1"), ("\u{a0}=1", "'\u{a0}=1"),
    ("\u{ff1d}1", "'\u{ff1d}1"), ("\u{200b}=1", "\\u{200b}=1"), ("a=1", "a=1"), ("", ""), ("\u{feff}=1", "\\u{feff}=1"),
  ])
  func `no cell is a formula`(text: String, expected: String) throws {
    #expect(try line(text) == "\(expected),end\r\n")
  }

  @Test func `what acts on a terminal or hides is shown`() throws {
    #expect(
      try line("a\u{1b}[31m\u{9b}2J\u{85}\u{202e}b\u{200b}\u{2066}\u{7f}\u{e0041}")
        == "a\\x1b[31m\\u{9b}2J\\u{85}\\u{202e}b\\u{200b}\\u{2066}\\x7f\\u{e0041},end\r\n")
    #expect(try line("a\rb") == "a\\rb,end\r\n")
  }

  @Test func `JSON shows what hides as escapes, and means the same`() throws {
    let text = "a\u{7f}\u{9b}\u{202e}\u{feff}\u{fe0f}\u{34f}\u{e0041}é€😀\"\u{301}\n"
    for isPretty in [false, true] {
      let bytes = try JSONOutput.bytes(Row(first: text), isPretty: isPretty)
      #expect(String(decoding: bytes, as: UTF8.self).unicodeScalars.allSatisfy { $0.isASCII || "é€😀\u{301}".unicodeScalars.contains($0) })
      let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: String])
      #expect(object["first"].map { Array($0.utf8) } == Array(text.utf8))
    }
  }
}
