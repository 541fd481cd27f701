import Foundation
import JournalFormat
import JournalStore
import TestSupport
import Testing

@Suite struct JournalTests {
  let temporary = TemporaryDirectory()

  @Test func `what is appended is found by its terms, and is the same byte for byte`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let positions = try await journal.append([
      draft(id: "A-1"), draft(.response, id: "A-1", request: .behind(1), outcome: .ok), draft(id: "B-2"),
    ])
    #expect(positions == JournalPosition(1)...JournalPosition(3))
    let reader = try JournalReader(directory)
    let found = try reader.exchanges(holding: [IndexTerm(.id, "A-1")])
    #expect(found.count == 1)
    #expect(found.first?.request?.content == draft(id: "A-1").content)
    #expect(found.first?.response?.content == draft(.response, id: "A-1", outcome: .ok).content)
    #expect(found.first?.response?.requestPosition == JournalPosition(1))
    #expect(try reader.exchanges(holding: [IndexTerm(.id, "a-1")]).isEmpty)
    #expect(try reader.exchanges(holding: [IndexTerm(.operatorId, "frc01")]).count == 2)
  }

  @Test func `an answer that comes later is found by its request`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let request = try await journal.append(draft(id: "A"))
    for number in 0..<10 { _ = try await journal.append(draft(id: "other-\(number)")) }
    _ = try await journal.append(draft(.response, id: "A", request: .position(request), outcome: .error))
    let exchange = try #require(try JournalReader(directory).exchanges(holding: [IndexTerm(.id, "A")]).first)
    #expect(exchange.request?.position == request)
    #expect(exchange.response?.position == JournalPosition(12))
    #expect(exchange.outcome?.name == .error && exchange.outcome?.by == .peer)
  }

  @Test func `a journal goes on where it ended`() async throws {
    let directory = try temporary.journal()
    for round in 0..<3 {
      let journal = try Journal(directory, purpose: "test")
      #expect(journal.lastPosition?.rawValue ?? 0 == UInt64(round * 5))
      for number in 0..<5 { _ = try await journal.append(draft(id: "\(round)-\(number)")) }
      journal.close()
    }
    let reader = try JournalReader(directory)
    #expect(try reader.lastPosition() == JournalPosition(15))
    #expect(try reader.entries(from: .first, limit: 100).map { try $0.get().position.rawValue } == Array(1...15))
  }

  @Test func `segments follow the months, and cursors go on over them`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let day: Int64 = 86_400_000
    for number in 0..<100 { _ = try await journal.append(draft(id: "\(number)", at: 1_740_787_200_000 + Int64(number) * day)) }
    let reader = try JournalReader(directory)
    #expect(reader.manifest.segments.map(\.period.description) == ["2025-03", "2025-04", "2025-05", "2025-06"])
    var seen: [UInt64] = []
    var next = JournalPosition.first
    while case let batch = try reader.entries(from: next, limit: 7), !batch.isEmpty {
      for result in batch { seen.append(try result.get().position.rawValue) }
      next = JournalPosition(seen.last! + 1)
    }
    #expect(seen == Array(1...100))
    for segment in reader.manifest.segments {
      #expect(try reader.verifyEntries(segment).damages.isEmpty)
    }
    #expect(try reader.verifyManifest().damages.isEmpty)
  }

  @Test func `records over a page come back whole`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    var generator = SeededGenerator()
    var contents: [EntryContent] = []
    for size in [0, 1, 1_900, 1_950, 1_960, 1_970, 1_980, 1_990, 2_000, 2_010, 4_000, 6_000, 100_000, 2_097_152] {
      var content = draft(id: "").content
      // Not compressible, so that the record is as long as the payload and lands on every side of the bound.
      content.payload = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      contents.append(content)
    }
    for extra in 0..<64 {
      var content = draft(id: "").content
      content.payload = (0..<1_940 + extra).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      contents.append(content)
    }
    for content in contents { _ = try await journal.append(EntryDraft(content)) }
    let read = try JournalReader(directory).entries(from: .first, limit: 1_000).map { try $0.get().content }
    #expect(read == contents)
  }

  @Test func `a second holder is told who holds it`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "the first holder")
    let error = #expect(throws: JournalError.self) { try Journal(directory, purpose: "the second") }
    #expect(error?.code == .lockHeld)
    #expect(error?.message.contains("the first holder (process \(ProcessInfo.processInfo.processIdentifier)") == true)
    journal.close()
  }

  @Test func `work is handed to the holder`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let remote = try RemoteJournal(directory)
    let positions = try await remote.append([draft(id: "R"), draft(.response, id: "R", request: .behind(1), outcome: .ok)])
    #expect(positions == JournalPosition(1)...JournalPosition(2))
    let found = try JournalReader(directory).exchanges(holding: [IndexTerm(.id, "R")])
    #expect(found.first?.request?.content == draft(id: "R").content)
    #expect(found.first?.response?.content == draft(.response, id: "R", outcome: .ok).content)
    journal.close()
    await #expect(throws: JournalError.self) { try await remote.append([draft(id: "S")]) }
    #expect(throws: JournalError.self) { try RemoteJournal(directory) }
  }

  @Test func `many callers share commits`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let positions = try await withThrowingTaskGroup(of: JournalPosition.self) { group in
      for number in 0..<512 { group.addTask { try await journal.append(draft(id: "\(number)")) } }
      return try await group.reduce(into: Set()) { $0.insert($1.rawValue) }
    }
    #expect(positions == Set(1...512))
  }
}
