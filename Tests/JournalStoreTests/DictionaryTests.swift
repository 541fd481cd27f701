import JournalFormat
import LMDB
import Testing

@testable import JournalStore

@Suite struct DictionaryTests {
  let temporary = TemporaryDirectory()
  private static let secret = "DE8ABSECRETBADGE77"

  /// A message that names the same user as all others do.
  private func message(_ number: Int, keepsText: Bool = false, month: Int64 = 0) -> EntryDraft {
    var draft = draft(id: "IOP-TID-\(number &* 7_919)", at: 1_740_787_200_000 + month * 31 * 86_400_000)
    let start = draft.content.payload.count + 8
    draft.content.payload += Array("<userId>\(Self.secret)</userId><partnerIdType>eMI3</partnerIdType>".utf8)
    draft.content.marks.append(
      Mark(kind: .user, range: start..<start + Self.secret.utf8.count, inlineText: keepsText ? Array(Self.secret.utf8) : nil))
    return draft
  }

  private func dictionaries(_ directory: JournalDirectory) throws -> [[UInt8]?] {
    let reader = try JournalReader(directory)
    return try reader.manifest.segments.map { segment in
      let reader = try reader.reader(segment)
      return try reader.snapshot { () throws(JournalError) in
        try reader.withCursor(in: reader.segment.tables.dictionaries) { (cursor: borrowing Cursor) throws(LMDBError) in
          try cursor.move(.last) { _, value in Array(value) }
        }
      }
    }
  }

  @Test func `a personal value of every sample is in no dictionary, and its neighbours are`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let messages = (0..<1_100).map { message($0) }
    _ = try await journal.append(messages)
    _ = try await journal.append(message(1, month: 1))
    let found = try dictionaries(directory)
    #expect(found.count == 2)
    #expect(found[0] == found[1])
    let dictionary = try #require(found[0])
    #expect(!dictionary.contains(Array(Self.secret.utf8)))
    #expect(!dictionary.contains(Array("SECRETBADGE".utf8)))
    #expect(dictionary.contains(Array("</userId><partnerIdType>".utf8)))
    #expect(try JournalReader(directory).all().prefix(1_100).map(\.content) == messages.map(\.content))
  }

  @Test func `entries come back through dictionaries after reopening`() async throws {
    let directory = try temporary.journal()
    var all: [EntryDraft] = []
    for round in 0..<3 {
      let journal = try Journal(directory, purpose: "test")
      let call = (0..<700).map { message(round * 1_000 + $0) }
      all += call
      _ = try await journal.append(call)
      journal.close()
    }
    // A journal that is closed begins its samples anew.
    #expect(try JournalReader(directory).all().map(\.content) == all.map(\.content))
  }

  @Test func `a message whose metadata tells a personal value is no sample`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    _ = try await journal.append((0..<1_100).map { message($0, keepsText: true) })
    #expect(try dictionaries(directory) == [nil])
  }

  @Test func `a pair's personal values are blanked in both halves`() throws {
    var encoder = try PayloadEncoder(dictionary: nil)
    let (request, answer) = (message(1).content, message(2).content)
    for number in 0..<PayloadEncoder.trainingSampleCount {
      let content = Array("metadata \(number)".utf8) + request.payload + answer.payload
      let isEnough = encoder.sample(content, blanking: [request, answer])
      #expect(isEnough == (number == PayloadEncoder.trainingSampleCount - 1))
    }
    let trained = encoder.train(number: 1)
    let dictionary = try #require(trained)
    #expect(!dictionary.contains(Array("SECRETBADGE".utf8)))
  }
}
