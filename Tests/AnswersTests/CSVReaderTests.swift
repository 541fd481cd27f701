import EMIP
import Testing

@testable import Answers

@Suite struct CSVReaderTests {
  private func cells(_ text: String, _ separator: Character = ",") throws -> [[String]] {
    try CSVReader.records(Array(text.utf8), separator: separator.asciiValue!).map(\.cells)
  }

  @Test func `cells are read as RFC 4180 writes them`() throws {
    #expect(try cells("a,b\r\nc,d\r\n") == [["a", "b"], ["c", "d"]])
    #expect(try cells("\"a,\"\"b\"\"\r\nc\",,\n\n\u{feff}") == [["a,\"b\"\r\nc", "", ""], ["\u{feff}"]])
    #expect(try CSVReader.records(Array("a\n\"b".utf8 + [0x22]), separator: 44, firstLine: 2).map(\.line) == [2, 3])
    #expect(try cells("a;b\rc;\"d;\"", ";") == [["a", "b"], ["c", "d;"]])
    #expect(try cells("") == [])
    #expect(try CSVReader.records(Array("\"a\nb\"\n\nc".utf8), separator: 44).map(\.line) == [1, 4])
  }

  @Test func `a quotation mark in the wrong place is told by its line`() {
    #expect(throws: CSVReader.Mistake(line: 2, reason: "a quotation mark is not closed")) { try cells("a\n\"b") }
    #expect(throws: CSVReader.Mistake(line: 1, reason: "text follows a closing quotation mark")) { try cells("\"a\"b") }
  }

  @Test(
    arguments: [
      ("1.234,5", true, "1234.5"), ("1234,50", true, "1234.5"), ("1,234.5", false, "1234.5"), ("-1,234,567", false, "-1234567"),
      ("12,5", false, nil), ("1.5", true, nil), ("1.2,3.4", true, nil), ("12.345", true, "12345"), ("", false, nil),
    ] as [(String, Bool, String?)])
  func `numbers are read as spreadsheets have them`(text: String, hasDecimalComma: Bool, expected: String?) {
    #expect(MeterQuantity(invoice: text, hasDecimalComma: hasDecimalComma)?.description == expected)
  }
}
