import Foundation
import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

@Suite struct IndexTests {
  let temporary = TemporaryDirectory()
  private static let small = IndexLimits(
    runEntryCount: 32, maximumUnindexedEntries: 64, mergedRunCount: 3, maximumRunCount: 6, mergeStepRows: 50)

  @Test func `rows are found wherever they moved, and all of them are counted`() async throws {
    let directory = try temporary.journal()
    var generator = SeededGenerator()
    var positions: [String: [UInt32]] = [:]
    var count: UInt32 = 0
    for round in 0..<12 {
      let journal = try Journal(directory, purpose: "test", indexLimits: Self.small, sealsByItself: true)
      for _ in 0..<10 {
        let ids = (0..<1 + generator.below(30)).map { _ in "id \(generator.below(200))" }
        for id in ids {
          positions[id, default: []].append(count)
          count += 1
        }
        _ = try await journal.append(ids.map { draft(id: $0) })
      }
      journal.close()
      let reader = try JournalReader(directory)
      let segment = try reader.reader(reader.manifest.segments[0])
      for (id, expected) in positions {
        #expect(try segment.candidates(for: IndexTerm(.id, id)) == expected, "round \(round)")
      }
      #expect(try reader.verifyEntries(reader.manifest.segments[0]).damages == [])
      let state = try IndexFile(directory, reader.manifest.segments[0]).state()
      // A merge that is under way adds its target to the list. A search looks in that or in the sources, by how far the key's rows moved.
      #expect(state.runs.count { $0.extent == .whole || $0.isTarget } <= Self.small.maximumRunCount, "round \(round)")
      #expect(state.runs.count { !$0.isTarget } <= Self.small.maximumRunCount, "round \(round)")
    }
    let journal = try Journal(directory, purpose: "test", indexLimits: Self.small, sealsByItself: true)
    journal.waitForIndexes()
    journal.close()
    let reader = try JournalReader(directory)
    let state = try IndexFile(directory, reader.manifest.segments[0]).state()
    #expect(state.runs.contains { $0.level >= 2 })
    #expect(state.runs.allSatisfy { $0.extent == .whole } && state.runs.count <= Self.small.maximumRunCount)
    #expect(state.indexedThrough > count - 2 * Self.small.runEntryCount)
  }

  @Test func `two values of one key are told apart, and neither is lost`() async throws {
    let (one, other) = Self.collision
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    // The answer's own row is spared, because the request has one of the same key.
    _ = try await journal.append([draft(id: one), draft(.response, id: other, request: .behind(1), outcome: .ok), draft(id: other)])
    let reader = try JournalReader(directory)
    #expect(try reader.exchanges(holding: [IndexTerm(.id, one)]).map(\.head.position.rawValue) == [1])
    #expect(try reader.exchanges(holding: [IndexTerm(.id, other)]).map(\.head.position.rawValue) == [1, 3])
    var query = ExchangeQuery()
    query.termGroups = [[IndexTerm(.id, other)]]
    var shown: [UInt64] = []
    try reader.forEachExchange(query) { result in
      shown.append(try result.get().head.position.rawValue)
      return true
    }
    #expect(shown == [1, 3])
  }

  @Test func `an exchange over the end of a month is listed in its request's place by what its answer says`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let monthEnd = try #require(Timestamp("2025-04-01T00:00:00Z")).rawValue
    _ = try await journal.append([
      draft(id: "A", at: monthEnd - 10_000), draft(.response, id: "A", at: monthEnd - 9_000, request: .behind(1), outcome: .error),
      draft(id: "B", at: monthEnd - 1), draft(.response, id: "answer", at: monthEnd + 1, request: .behind(1), outcome: .error),
      draft(id: "C", at: monthEnd + 2), draft(.response, id: "answer", at: monthEnd + 3, request: .behind(1), outcome: .error),
    ])
    let reader = try JournalReader(directory)
    #expect(reader.manifest.segments.count == 2)
    func heads(_ change: (inout ExchangeQuery) -> Void) throws -> [UInt64] {
      var query = ExchangeQuery()
      change(&query)
      var shown: [UInt64] = []
      try reader.forEachExchange(query) { result in
        shown.append(try result.get().head.position.rawValue)
        return true
      }
      return shown
    }
    #expect(try heads { $0.termGroups = [[IndexTerm(.id, "answer")]] } == [3, 5])
    #expect(
      try heads {
        $0.operation = "HeartBeat"
        $0.outcome = .error
      } == [1, 3, 5])
    #expect(
      try heads {
        $0.operation = "HeartBeat"
        $0.outcome = .error
        $0.isReversed = true
      } == [5, 3, 1])
    #expect(try reader.exchange(at: JournalPosition(3)).response?.position == JournalPosition(4))
  }

  @Test func `a badge's key is of its segment, and an id's is not`() {
    var maker = IndexKeyMaker(pseudonymKey: [UInt8](repeating: 1, count: 32))
    var other = IndexKeyMaker(pseudonymKey: [UInt8](repeating: 2, count: 32))
    #expect(maker.key(of: IndexTerm(.id, "a")) == other.key(of: IndexTerm(.id, "a")))
    #expect(maker.key(of: IndexTerm(.user, "04AB")) != other.key(of: IndexTerm(.user, "04AB")))
    #expect(maker.key(of: IndexTerm(.user, "4ab")) == maker.key(of: IndexTerm(.user, "04AB")))
  }

  @Test func `a mark's key is its term's, whatever its comparison`() {
    var generator = SeededGenerator()
    var maker = IndexKeyMaker(pseudonymKey: [UInt8](repeating: 1, count: 32))
    for _ in 0..<500 {
      let payload = Array("abZ*-9 é".utf8).shuffled(using: &generator)
      let comparison = [TermComparison.exact, .compact, .hexPadded].randomElement(using: &generator)!
      let kind = TermKind(number: 5, comparison: comparison, isPersonal: generator.chance(3))
      let start = generator.below(payload.count)
      let mark = Mark(kind: kind, range: start..<payload.count, inlineText: generator.chance(3) ? [65, 42] : nil)
      let key = payload.withUnsafeBufferPointer { maker.key(of: mark, in: $0) }
      #expect(key == maker.key(of: mark.term(in: payload)))
      // Once more, from what it remembers; and a maker that remembers nothing.
      #expect(payload.withUnsafeBufferPointer { maker.key(of: mark, in: $0) } == key)
      var other = IndexKeyMaker(pseudonymKey: [UInt8](repeating: 1, count: 32))
      #expect(other.key(of: mark.term(in: payload)) == key)
    }
  }

  /// Two ids with the same key: among some hundred thousand there are some.
  private static let collision: (String, String) = {
    var maker = IndexKeyMaker(pseudonymKey: [UInt8](repeating: 0, count: 32))
    var seen: [IndexKey: String] = [:]
    for number in 0... {
      let id = String(number, radix: 36)
      if let other = seen.updateValue(id, forKey: maker.key(of: IndexTerm(.id, id))) { return (other, id) }
    }
    fatalError("there are more ids than keys")
  }()
}

extension IndexRun {
  /// Whether a merge that is under way moves its rows here.
  fileprivate var isTarget: Bool { if case .before = extent { true } else { false } }
}
