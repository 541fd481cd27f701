import Foundation
import JournalFormat
import JournalStore
import Testing

@Suite struct TextSafetyTests {
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
