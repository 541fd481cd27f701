import JournalFormat
import JournalStore
import TestSupport
import Testing

/// Identifiers as hostile as a message may hold them.
@Suite struct IdentifierTests {
  let temporary = TemporaryDirectory()

  @Test func `ids of any kind are found by exactly themselves`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let long = String(repeating: "0123456789", count: 60)
    let ids = [
      long, long + "x", "Abc", "abc", "ABC", "a\u{0}b", "\u{1b}[2J\u{7f}", "tab\there", " ", "é", "e\u{301}", "=1+1", "../..", "%00",
    ]
    for id in ids { _ = try await journal.append([draft(id: id), draft(.response, id: id, request: .behind(1), outcome: .ok)]) }
    let reader = try JournalReader(directory)
    for (index, id) in ids.enumerated() {
      let found = try reader.exchanges(holding: [IndexTerm(.id, text: id.utf8)])
      #expect(found.map(\.head.position.rawValue) == [UInt64(2 * index + 1)], "\(id.debugDescription)")
      #expect(found.first?.request?.content.texts(of: .id) == [Array(id.utf8)])
    }
    for other in ["aBC", "Abc ", "", long + "y"] { #expect(try reader.exchanges(holding: [IndexTerm(.id, text: other.utf8)]).isEmpty) }
  }

  @Test func `an empty id is found where it was marked`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    var empty = draft(id: "A")
    empty.content.marks = [Mark(kind: .id, range: 5..<5)]
    _ = try await journal.append([draft(id: "A"), empty])
    #expect(try JournalReader(directory).exchanges(holding: [IndexTerm(.id, "")]).map(\.head.position.rawValue) == [2])
  }

  @Test func `every user of a list of 500 is found, in any spelling, and nobody else`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    var list = draft(id: "list")
    for number in 0..<500 {
      let start = list.content.payload.count
      list.content.payload += Array("4ab\(1_000 + number)".utf8)
      list.content.marks.append(Mark(kind: .user, range: start..<list.content.payload.count))
    }
    _ = try await journal.append([draft(id: "other"), list, draft(.response, id: "list", request: .behind(1), outcome: .ok)])
    journal.close()
    let reader = try JournalReader(directory)
    for number in 0..<500 {
      for spelling in ["4ab\(1_000 + number)", "04AB\(1_000 + number)"] {
        let found = try reader.exchanges(holding: [IndexTerm(.user, spelling)])
        #expect(found.map(\.head.position.rawValue) == [2])
      }
    }
    #expect(try reader.exchanges(holding: [IndexTerm(.user, "4ab1500")]).isEmpty)
    #expect(try reader.entry(at: JournalPosition(2))?.content == list.content)
    #expect(try reader.verifyEntries(reader.manifest.segments[0]).damages == [])
  }
}
