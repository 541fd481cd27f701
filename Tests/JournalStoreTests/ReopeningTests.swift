import JournalFormat
import JournalStore
import TestSupport
import Testing

@Suite struct ReopeningTests {
  @Test func `a journal that was closed can be opened at once`() async throws {
    let temporary = TemporaryDirectory()
    defer { withExtendedLifetime(temporary) {} }
    let directory = try temporary.journal()
    for number in 1...50 {
      let journal = try Journal(directory, purpose: "a test")
      _ = try await journal.append(draft(id: "\(number)"))
      journal.close()
      #expect(try JournalReader(directory).lastPosition() == JournalPosition(UInt64(number)))
    }
  }
}
