import TestSupport
import Testing

@testable import JournalFormat

@Suite struct TermTests {
  @Test func `a kind keeps its number, comparison and whether it is personal in one byte`() {
    for number in UInt8(1)...31 {
      for comparison in [TermComparison.exact, .compact, .hexPadded, .unindexed] {
        for isPersonal in [false, true] {
          let kind = TermKind(rawValue: TermKind(number: number, comparison: comparison, isPersonal: isPersonal).rawValue)
          #expect(kind.number == number && kind.comparison == comparison && kind.isPersonal == isPersonal)
        }
      }
    }
    // What is read from a damaged record may be any byte.
    for byte in UInt8.min...UInt8.max { #expect(TermKind(rawValue: byte).comparison.rawValue == byte >> 5 & 3) }
  }

  @Test(arguments: [
    (TermComparison.exact, "aB*-c d", "aB*-c d"), (.unindexed, "aB ", "aB "), (.exact, "", ""),
    (.compact, "fr*a23*e45b*78c", "FRA23E45B78C"), (.compact, "FR-A23 E45b", "FRA23E45B"), (.compact, "é", "é"), (.compact, "*-* ", ""),
    (.hexPadded, "4ab", "000004AB"), (.hexPadded, "04abcdef", "04ABCDEF"), (.hexPadded, "104abcdef", "00000104ABCDEF"),
    (.hexPadded, "04abcdef123456", "04ABCDEF123456"), (.hexPadded, "104abcdef123456", "104ABCDEF123456"), (.hexPadded, "", "00000000"),
  ])
  func `a text becomes comparable by its comparison`(comparison: TermComparison, text: String, value: String) {
    #expect(comparison.normalized(text.utf8) == Array(value.utf8))
    #expect(IndexTerm(TermKind(number: 1, comparison: comparison), text).value == Array(value.utf8))
  }

  @Test func `bringing a value into its comparison again changes nothing`() {
    var generator = SeededGenerator()
    for _ in 0..<2_000 {
      let text = generator.bytes(generator.below(20))
      for comparison in [TermComparison.exact, .compact, .hexPadded, .unindexed] {
        let value = comparison.normalized(text)
        #expect(comparison.normalized(value) == value)
      }
    }
  }

  @Test func `terms of different kinds, operations or exchanges differ`() {
    #expect(IndexTerm(TermKind(number: 1, comparison: .exact), "a") != IndexTerm(TermKind(number: 2, comparison: .exact), "a"))
    #expect(IndexTerm.operationOutcome("A", nil) != .operationOutcome("A", .ok))
    #expect(IndexTerm.operationOutcome("A", .error) != .operationOutcome("B", .error))
    #expect(IndexTerm.requestPosition(JournalPosition(1)) != .requestPosition(JournalPosition(256)))
    #expect(IndexTerm.requestPosition(JournalPosition(0x0102)).value == [0, 0, 0, 0, 0, 0, 1, 2])
  }
}
