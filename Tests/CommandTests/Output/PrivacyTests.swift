import Foundation
import JournalFormat
import JournalStore
import Testing

@Suite struct PrivacyTests {
  static let user = "04A1B2C3"

  @Test(arguments: [["show", "T-1"], ["session", "S-1", "--bodies"], ["find", "T-1", "--bodies"], ["list"]])
  func `text masks what is personal`(arguments: [String]) async throws {
    let journal = try await SampleJournal([Sample(user: Self.user)])
    let result = try journal.run(arguments)
    #expect(result.status == 0)
    #expect(!result.text.contains(Self.user))
    if arguments != ["list"] {
      #expect(result.text.contains("<userId>••••</userId>"))
      #expect(result.text.contains("<serviceSessionId>S-1</serviceSessionId>"))
    }
  }

  @Test func `a personal value that another field quotes is masked there too`() async throws {
    let text = try await SampleJournal([Sample(user: Self.user, faultReason: "no user \(Self.user) here")]).run("show", "T-1").text
    #expect(!text.contains(Self.user))
    #expect(text.contains("no user •••• here"))
  }

  @Test func `what was not read is withheld as a whole`() async throws {
    let journal = try await SampleJournal([Sample()], [refusal("<userId>\(Self.user)")])
    let refused = try journal.run("list", "--outcome", "refused", "--format", "ndjson", "--bodies")
    #expect(refused.text.contains(Self.user))
    #expect(!(try journal.run("list", "--outcome", "refused").text.contains(Self.user)))
  }

  @Test func `JSON and raw are exact`() async throws {
    let journal = try await SampleJournal([Sample(user: Self.user)])
    for format in ["json", "ndjson", "raw"] {
      let text = try journal.run("show", "T-1", "--format", format).text
      #expect(text.contains(Self.user))
      #expect(!text.contains("•"))
    }
  }

  @Test func `reveal shows them and leaves a record, without the id that find was given`() async throws {
    let journal = try await SampleJournal([Sample(user: Self.user)])
    let shown = try journal.run("show", "T-1", "--reveal", "--reason", "complaint 4711")
    #expect(shown.text.contains("<userId>\(Self.user)</userId>"))
    #expect(try journal.run("find", Self.user, "--reveal").text.contains(Self.user))
    let records = try journal.run("export").objects().filter { $0["kind"] as? String == "access" }
    let reasons = records.compactMap { $0["reason"] as? String }
    #expect(reasons.count == 2)
    #expect(reasons.first?.hasPrefix("reveal: show T-1: complaint 4711") == true)
    #expect(reasons.last?.hasPrefix("reveal: find exchanges at 1: no reason given") == true)
    #expect(records.allSatisfy { $0["author"] as? String == "gateway" })
  }

  @Test func `reveal goes through who holds the journal`() async throws {
    let sample = try await SampleJournal([Sample(user: Self.user)])
    let holder = try Journal(sample.directory, purpose: "a test")
    #expect(try sample.run("show", "T-1", "--reveal").text.contains(Self.user))
    #expect(holder.lastPosition == JournalPosition(3))
    holder.close()
  }

  @Test func `what cannot be recorded is not revealed`() async throws {
    let sample = try await SampleJournal([Sample(user: Self.user)])
    let holder = try Journal(sample.directory, purpose: "a test")
    // A holder that does not listen.
    try FileManager.default.removeItem(atPath: sample.directory.path + "/socket")
    let result = try sample.run("show", "T-1", "--reveal")
    #expect(result.status == 74)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains("revealed only when"))
    holder.close()
  }
}
