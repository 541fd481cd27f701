import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

/// Which entries share a row, and that they come back whichever they do.
@Suite struct RowTests {
  let temporary = TemporaryDirectory()

  /// Appends a call, reads it back, and returns how many rows each segment has.
  private func rows(_ drafts: [EntryDraft]) async throws -> [Int] {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    _ = try await journal.append(drafts)
    journal.close()
    let reader = try JournalReader(directory)
    #expect(try reader.allEntries().map(\.content) == drafts.map(\.content))
    for position in (1...drafts.count).reversed() { #expect(try reader.entry(at: JournalPosition(UInt64(position))) != nil) }
    return try reader.manifest.segments.map { segment in
      #expect(try reader.verifyEntries(segment).damages == [])
      let reader = try reader.reader(segment)
      return try reader.entryRowCount()
    }
  }

  @Test func `a request and the answer that comes with it share a row`() async throws {
    let call = [
      draft(id: "A"), draft(.response, id: "A", request: .behind(1), outcome: .ok), draft(id: "B"), draft(id: "C"),
      draft(.failure, id: "", request: .behind(1), outcome: .lost),
    ]
    #expect(try await rows(call) == [3])
  }

  @Test func `an answer to another than the entry before has a row of its own`() async throws {
    let call = [draft(id: "A"), draft(id: "B"), draft(.response, id: "A", request: .behind(2), outcome: .ok)]
    #expect(try await rows(call) == [3])
  }

  @Test func `an answer to an answer can be read`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let requests: [EntryDraft.RequestReference] = [.none, .none, .position(JournalPosition(2)), .position(JournalPosition(3))]
    let contents = (1...4).map { readContent(soapMessage("<transactionId>T\($0)</transactionId>")) }
    for (content, request) in zip(contents, requests) { _ = try await journal.append(EntryDraft(content, request: request)) }
    journal.close()
    // The last first: nothing that it refers to was read before.
    for number in (1...4).reversed() {
      #expect(try JournalReader(directory).entry(at: JournalPosition(UInt64(number)))?.content == contents[number - 1])
    }
  }

  @Test func `long lists do not share a row`() async throws {
    for (filler, expected) in [(32_000, 1), (33_000, 2)] {
      let directory = try temporary.journal("journal \(filler)")
      let journal = try Journal(directory, purpose: "test")
      _ = try await journal.append([
        draft(id: "A", filler: filler), draft(.response, id: "A", request: .behind(1), outcome: .ok, filler: filler),
      ])
      let reader = try JournalReader(directory)
      let segment = try reader.reader(reader.manifest.segments[0])
      // Repetitive text is short when compressed: no row is cut.
      #expect(try segment.entryRowCount() == expected)
      #expect(try reader.exchange(at: .first).response?.content.payload == draft(id: "A", filler: filler).content.payload)
    }
  }

  @Test func `a pair over a month's end stands in two segments`() async throws {
    let end = try #require(Timestamp("2025-04-01T00:00:00Z")).rawValue
    let call = [
      draft(id: "A", at: end - 1), draft(.response, id: "A", at: end, request: .behind(1), outcome: .ok), draft(id: "B", at: end),
    ]
    #expect(try await rows(call) == [1, 2])
  }

  @Test func `an answer that is recorded later than its request keeps its time`() async throws {
    let start = try #require(Timestamp("2025-03-01T00:00:00Z")).rawValue
    let call = (0..<40).flatMap { number in
      [
        draft(id: "A", at: start + Int64(number) * 1_000),
        draft(.response, id: "A", at: start + Int64(number) * 1_000 + Int64(number % 3), request: .behind(1), outcome: .ok),
      ]
    }
    #expect(try await rows(call) == [40])
    let entries = try JournalReader(JournalDirectory(temporary.path + "/journal")).allEntries()
    #expect(entries.map(\.recordedAt) == call.map { $0.recordedAt! })
  }

  @Test func `an earlier time does not take an entry back`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let later = try #require(Timestamp("2025-04-01T00:00:00Z"))
    _ = try await journal.append([draft(id: "A", at: later.rawValue), draft(id: "B", at: later.rawValue - 1)])
    let entries = try JournalReader(directory).allEntries()
    #expect(entries.map(\.recordedAt) == [later, later])
    #expect(entries.map(\.content.observedAt) == [later, later.adding(milliseconds: -1)])
  }
}

@Suite struct ShapeTests {
  let temporary = TemporaryDirectory()

  private func shapeCount(_ reader: JournalReader) throws -> Int {
    let segment = try reader.reader(reader.manifest.segments[0])
    return try segment.rowCount(of: segment.segment.tables.shapes!)
  }

  @Test func `what comes again from row to row is kept once, from its second row on`() async throws {
    let directory = try temporary.journal()
    let pair = [draft(id: "A"), draft(.response, id: "A", request: .behind(1), outcome: .ok)]
    var journal = try Journal(directory, purpose: "test")
    _ = try await journal.append(pair)
    #expect(try shapeCount(JournalReader(directory)) == 0)
    _ = try await journal.append(pair)
    #expect(try shapeCount(JournalReader(directory)) == 1)
    journal.close()
    journal = try Journal(directory, purpose: "test")
    for _ in 0..<3 { _ = try await journal.append(pair) }
    journal.close()
    let reader = try JournalReader(directory)
    #expect(try shapeCount(reader) == 1)
    #expect(try reader.allEntries().map(\.content) == Array(repeating: pair.map(\.content), count: 5).flatMap { $0 })
  }

  @Test func `shapes beyond what a segment keeps come back all the same`() throws {
    var table = ShapeTable()
    var stored = 0
    for number in 0..<UInt32(ShapeTable.maximumCount + 100) {
      let part = RowShape.Part(EntryMetadata.Flags(rawValue: 0), context: number % 16_000, head: nil)
      let shape = RowShape(first: part, second: number < 16_000 ? nil : part)
      for _ in 0..<2 {
        switch table.number(of: shape) {
        case .known: Issue.record("\(number) was known")
        case .new(let new, let encoding):
          stored += 1
          #expect(new == stored && encoding.withUnsafeBytes { try? RowShape($0) } == shape)
        case .inline(let encoding): #expect(encoding.withUnsafeBytes { try? RowShape($0) } == shape)
        }
      }
    }
    #expect(stored == ShapeTable.maximumCount)
  }

  @Test(arguments: [2, 3]) func `no bytes of a block trap`(version: Int) throws {
    var random = SeededGenerator()
    var header = SegmentHeader(
      state: .hot, journalId: "0", period: Period(year: 2025, month: 3), ordinal: 1, generation: 1, firstPosition: .first,
      baseTime: Timestamp(rawValue: 1_740_787_200_000), pseudonymKey: [])
    header.version = version
    var rows = 0
    for _ in 0..<50_000 {
      // Small numbers: lengths and times that may be such.
      var bytes: [UInt8] = [0, 0, 0, 0]
      for _ in 0..<random.below(60) { bytes.append(UInt8(random.below(random.chance(8) ? 256 : 12))) }
      bytes.withUnsafeBytes { bytes in
        let last = [0, 5, 4_095, 100_000, UInt32.max][random.below(5)]
        guard var block = try? EntryBlock(bytes, lastPlace: last, of: header, isVerified: true) else { return }
        while let row = try? block.next() {
          rows += 1
          #expect(block.firstPlace <= row.firstPlace && row.lastPlace <= last)
        }
      }
    }
    #expect(rows > 1_000)
  }

  @Test func `no bytes of a shape trap, and none are left over`() throws {
    var random = SeededGenerator()
    var shapes = 0
    for _ in 0..<50_000 {
      let bytes = random.bytes(random.below(12))
      guard let shape = bytes.withUnsafeBytes({ try? RowShape($0) }) else { continue }
      shapes += 1
      var encoding: [UInt8] = []
      shape.encode(to: &encoding)
      #expect(encoding.withUnsafeBytes { try? RowShape($0) } == shape)
    }
    #expect(shapes > 100)
  }
}

@Suite struct ContextTests {
  let temporary = TemporaryDirectory()

  @Test func `contexts beyond what a segment keeps come back all the same`() async throws {
    let directory = try temporary.journal()
    var journal = try Journal(directory, purpose: "test")
    var all: [EntryDraft] = []
    for round in 0..<5 {
      let call = (0..<3_500).map { number in
        var draft = draft(id: "")
        draft.content.context.partner = "partner \(round) \(number)"
        return draft
      }
      all += call
      _ = try await journal.append(call)
      journal.close()
      journal = try Journal(directory, purpose: "test")
    }
    let reader = try JournalReader(directory)
    let segment = try reader.reader(reader.manifest.segments[0])
    #expect(try segment.rowCount(of: segment.segment.tables.contexts) == ContextTable.maximumCount)
    #expect(try reader.allEntries().map(\.content) == all.map(\.content))
  }

  @Test(arguments: [900, 1_100, 100_000])
  func `a large context comes back`(size: Int) async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    var large = draft(id: "A")
    large.content.context.http.headers = [HTTPHeader(name: "X-Large", value: String(repeating: "v", count: size))]
    for _ in 0..<3 { _ = try await journal.append([large, draft(.response, id: "A", request: .behind(1), outcome: .ok)]) }
    let reader = try JournalReader(directory)
    #expect(try reader.allEntries().filter { $0.kind == .request }.map(\.content) == Array(repeating: large.content, count: 3))
    let segment = try reader.reader(reader.manifest.segments[0])
    #expect(try segment.rowCount(of: segment.segment.tables.contexts) == (size < 1_000 ? 2 : 1))
  }
}

extension SegmentReader {
  fileprivate func entryRowCount() throws -> Int {
    var count = 0
    try forEachBlock(from: 0) { (block) throws(JournalError) in
      var block = block
      do throws(FormatError) { while try block.next() != nil { count += 1 } } catch { Issue.record(error) }
      return true
    }
    return count
  }
}
