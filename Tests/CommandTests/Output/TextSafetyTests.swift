import Foundation
import JournalFormat
import JournalStore
import Testing

@testable import emip_journal

@Suite struct TextSafetyTests {
  @Test(arguments: [
    ("\u{1b}[31mred", "\\x1b[31mred"), ("a\u{7}b", "a\\x07b"), ("\u{9b}2J", "\\u{9b}2J"), ("\u{7f}", "\\x7f"),
    ("\u{202e}cba", "\\u{202e}cba"), ("\u{2067}x\u{2069}", "\\u{2067}x\\u{2069}"), ("a\u{200b}b", "a\\u{200b}b"),
    ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
    ("é€😀 ok", "é€😀 ok"),
  ])
  func `a line shows what would act on a terminal as an escape`(text: String, expected: String) {
    #expect(SafeText.line(text) == expected)
  }

  @Test func `a body keeps its lines, and nothing else that acts`() {
    #expect(SafeText.body(Array("a\r\nb\tc\u{1b}c\rd".utf8)) == "a\nb\tc\\x1bc\\rd")
    #expect(SafeText.body([0x61, 0xff, 0xc3, 0x62]) == "a\\xff\\xc3b")
  }

  @Test(arguments: [
    ["show", "T-1"], ["find", "S-1"], ["list"], ["show", "T-1", "--format", "json"], ["list", "--format", "ndjson", "--bodies"],
  ])
  func `no output of a message's text acts on a terminal`(arguments: [String]) async throws {
    let nasty = "\u{9b}31m\u{202e}\u{85}"
    let sample = Sample(session: "S-1", evse: nasty, caller: nasty, comment: nasty)
    let result = try await SampleJournal([sample]).run(arguments)
    #expect(result.status == 0)
    for scalar in nasty.unicodeScalars where !scalar.isASCII { #expect(!result.text.unicodeScalars.contains(scalar), "\(scalar.value)") }
    #expect(result.text.contains("9b"))
  }

  @Test func `JSON that is escaped for the terminal is exact`() async throws {
    let sample = Sample(comment: "\u{9b}\u{202e}\u{2066}\u{feff}\u{61c}\u{7f}é€😀")
    let journal = try await SampleJournal([sample])
    let exchange = try #require(try journal.run("show", "T-1", "--format", "ndjson").objects().first)
    #expect((exchange["request"] as? [String: Any])?["body"] as? String == sample.request)
  }

  @Test func `an id on the command line does not act either`() async throws {
    let result = try await SampleJournal().run("show", "\u{1b}]0;x\u{7}")
    #expect(result.status == 1)
    #expect(!result.errors.contains("\u{1b}"))
  }
}
