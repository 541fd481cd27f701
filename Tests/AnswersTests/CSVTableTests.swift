import Foundation
import JournalFormat
import TestSupport
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
    ("\u{3000}=1", "'\u{3000}=1"),
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

  @Test func `JSON shows what acts as escapes, and means the same`() throws {
    let text = "a\u{7f}\u{9b}\u{202e}\u{feff}\u{61c}\u{200b}\u{2066}é€😀\"\u{301}\n"
    for isPretty in [false, true] {
      let bytes = try JSONOutput.bytes(Row(first: text), isPretty: isPretty)
      #expect(String(decoding: bytes, as: UTF8.self).unicodeScalars.allSatisfy { $0.isASCII || "é€😀\u{301}".unicodeScalars.contains($0) })
      let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: String])
      #expect(object["first"].map { Array($0.utf8) } == Array(text.utf8))
    }
  }

  @Test func `any text stays in its cell, shown and no formula`() throws {
    var random = SeededGenerator("texts in cells of CSV")
    let scalars = Array(
      "\"\",;=+-@'\t\r\n aé\u{301}\u{338}\u{20dd}\u{fe0f}\u{200d}\u{202e}\u{85}\u{a0}\u{ff1d}\u{1f468}\u{e0041}".unicodeScalars)
    for _ in 0..<3_000 {
      let text = String(String.UnicodeScalarView((0..<random.below(12)).map { _ in scalars[random.below(scalars.count)] }))
      let cells = try CSVReader.records(Array(try line(text).utf8), separator: UInt8(ascii: ",")).first?.cells ?? []
      #expect(cells.count == 2 && cells.last == "end", "\(text.debugDescription)")
      let shown = SafeText.body(text.utf8)
      let cell = cells.first.map { Array($0.utf8) }
      #expect(cell == Array(shown.utf8) || cell == Array("'\(shown)".utf8), "\(text.debugDescription)")
    }
  }

  @Test func `a list stands in its cell as JSON in which nothing hides`() throws {
    let texts = ["=1\u{fe0f}", "\"\u{301},\u{e0041}"]
    let bytes = try CSVTable(columns: ["list", "end"]).line(["list": texts, "end": []])
    let cells = try #require(try CSVReader.records(bytes, separator: UInt8(ascii: ",")).first?.cells)
    #expect(cells.count == 2 && cells[0].unicodeScalars.allSatisfy { $0.isASCII || $0 == "\u{301}" }, "\(cells)")
    #expect(try JSONSerialization.jsonObject(with: Data(cells[0].utf8)) as? [String] == texts)
  }
}
