import Foundation
import JournalFormat
import LMDB
import Synchronization
import TestSupport
import Testing

@testable import JournalStore

/// What the writer hands to the index builder in memory saves reading it back, and changes nothing.
@Suite struct IndexFeedTests {
  let temporary = TemporaryDirectory()
  private static let limits = IndexLimits(
    runEntryCount: 64, maximumUnindexedEntries: 256, mergedRunCount: 3, maximumRunCount: 6, mergeStepRows: 100)

  /// Exchanges with ids, badges and refusals; some answers stand apart from their request, some have rows of their own only.
  private static func drafts(_ count: Int, _ generator: inout SeededGenerator) -> [EntryDraft] {
    (0..<count).flatMap { _ -> [EntryDraft] in
      let id = "id \(generator.below(300))"
      var request = draft(id: id)
      if generator.chance(3) {
        let badge = Array("0\(generator.below(50))ab".utf8)
        request.content.marks.append(Mark(kind: .user, range: request.content.payload.count..<request.content.payload.count + badge.count))
        request.content.payload += badge
      }
      let answer = draft(.response, id: generator.chance(2) ? id : "answer \(generator.below(100))", request: .behind(1), outcome: .error)
      guard generator.chance(4) else { return [request, answer] }
      var late = answer
      late.request = .behind(2)
      return [request, draft(id: "between"), late]
    }
  }

  private func journal(_ name: String, seed: UInt64, count: Int = 1_500) async throws -> JournalDirectory {
    let directory = try temporary.journal(name)
    var generator = SeededGenerator(seed: seed)
    let journal = try Journal(directory, purpose: "test", indexLimits: Self.limits, sealsByItself: false)
    while journal.lastPosition.map({ $0.rawValue < count }) ?? true {
      _ = try await journal.append(Self.drafts(1 + generator.below(20), &generator))
    }
    try await waitUntil("every full run is indexed") { journal.indexLag < Int(Self.limits.runEntryCount) }
    #expect(journal.handedCount >= count - 2 * Int(Self.limits.runEntryCount), "seed \(seed)")
    journal.close()
    return directory
  }

  /// All that an index file holds, table by table.
  private func content(of file: IndexFile) throws -> [[[UInt8]]] {
    var tables: [[[UInt8]]] = []
    let segment = try SegmentEnvironment.reading(file.segmentPath, state: .hot, isGrowing: true)
    let index = try #require(try IndexEnvironment.reading(file.path, IndexState.Owner(segment.header)))
    let transaction = try index.environment.beginRead()
    for table in [index.tables.index, index.tables.runs, index.tables.filters, index.tables.times] {
      var rows: [[UInt8]] = []
      try transaction.withCursor(in: table) { (cursor: borrowing Cursor) throws(LMDBError) in
        func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) { rows.append(Array(key) + Array(value)) }
        var more: Void? = try cursor.move(.first, take)
        while more != nil { more = try cursor.move(.next, take) }
      }
      tables.append(rows)
    }
    return tables
  }

  @Test func `what a recorder indexed from memory is what the segment gives, byte by byte`() async throws {
    let directory = try await journal("journal", seed: SeededGenerator.newSeed())
    let file = IndexFile(directory, try directory.readManifest().segments[0])
    try file.build(limits: Self.limits)  // A merge may not have been at its end.
    let live = try content(of: file)
    #expect(live[1].count > 20)
    try FileManager.default.removeItem(atPath: file.path)
    try file.build(limits: Self.limits)
    #expect(try content(of: file) == live)
  }

  @Test(arguments: 0..<8) func `entries that were left out of the feed are read, and the rows are the same`(round: Int) async throws {
    let seed = SeededGenerator.newSeed()
    let directory = try await journal("journal \(round)", seed: seed)
    let file = IndexFile(directory, try directory.readManifest().segments[0])
    try FileManager.default.removeItem(atPath: file.path)
    try file.build(limits: Self.limits)
    let expected = try content(of: file)
    try FileManager.default.removeItem(atPath: file.path)
    // As the writer does it, but that batches are lost at random: before, between and behind runs.
    let segment = try SegmentEnvironment.reading(file.segmentPath, state: .hot, isGrowing: true)
    let reader = try SegmentReader(segment)
    let count = try reader.entryCount()
    var generator = SeededGenerator(seed: seed)
    var writer = try IndexWriter(segment, limits: Self.limits)
    var feed = IndexFeed()
    var known: UInt32 = 0
    var handed = 0
    while known < count {
      let batch = try reader.entries(from: known, limit: min(1 + generator.below(90), Int(count - known))).map { try $0.get() }
      known += UInt32(batch.count)
      if !generator.chance(3) {
        feed.append(batch)
        handed += batch.count
      }
      if generator.chance(2) || known == count { while try writer.step(entryCount: known, isClosed: false, &feed) {} }
    }
    #expect(try content(of: file) == expected, "seed \(seed)")
    #expect(writer.handedCount == handed && feed.isEmpty, "seed \(seed)")
  }

  @Test func `a feed is bounded, and goes on behind what it left out`() {
    func entry(_ position: UInt64, bytes: Int = 0) -> Entry {
      let content = EntryContent(
        observedAt: Timestamp(rawValue: 0), context: EntryContext(kind: .request), payload: Array(repeating: 0, count: bytes))
      return Entry(position: JournalPosition(position), recordedAt: Timestamp(rawValue: 0), requestPosition: nil, content: content)
    }
    func positions(_ feed: inout IndexFeed, from position: UInt64, limit: Int = 10_000) -> [UInt64] {
      var found: [UInt64] = []
      feed.take(from: JournalPosition(position), limit: limit) { found.append($0.position.rawValue) }
      return found
    }
    var feed = IndexFeed()
    feed.append([entry(3), entry(4)])
    feed.append([entry(5, bytes: IndexFeed.maximumBytes)])
    feed.append([entry(6, bytes: 1)])
    feed.append([entry(7)])
    #expect(positions(&feed, from: 1) == [])
    #expect(feed.firstPosition == JournalPosition(3))
    #expect(positions(&feed, from: 4, limit: 1) == [4])
    #expect(positions(&feed, from: 5, limit: 1) == [5])
    #expect(positions(&feed, from: 6) == [])
    #expect(feed.firstPosition == JournalPosition(7))
    #expect(positions(&feed, from: 8) == [] && feed.isEmpty)
    for position in 1...UInt64(IndexFeed.maximumEntryCount) { feed.append([entry(position)]) }
    feed.append([entry(UInt64(IndexFeed.maximumEntryCount) + 1)])
    #expect(positions(&feed, from: 1).count == IndexFeed.maximumEntryCount && feed.isEmpty)
  }

  @Test func `nothing is handed over before it is durable`() async throws {
    let directory = try temporary.journal()
    let builder = IndexBuilder(directory, limits: Self.limits)
    let committer = GroupCommitter(builder)
    // The writer asks for the time before each call's entries: in the middle of a group, when those of the earlier calls are written and
    // not committed.
    struct Observation: Equatable { var told: Int, durable: Int, asked: Int }
    let observations = Mutex<[Observation]>([])
    let asked = Mutex(0)
    let observe: @Sendable () -> Int64 = {
      let durable = (try? JournalReader(directory).lastPosition())?.map { Int($0.rawValue) } ?? 0
      let count = asked.withLock { count in
        count += 1
        return count
      }
      observations.withLock { $0.append(Observation(told: builder.lag, durable: durable, asked: count)) }
      return 1_740_787_200_000
    }
    var writer = try JournalWriter(
      directory, clock: JournalClock(.init(wall: observe, monotonic: { 0 })), indexBuilder: builder, committer: committer)
    // A segment with an entry, so that the builder has something to be told of.
    try writer.performAll([.append([draft(id: "first")])], by: committer)
    writer.startIndexing()
    try writer.performAll((0..<10).map { .append([draft(id: "a \($0)"), draft(id: "b \($0)")]) }, by: committer)
    builder.stop()
    let seen = observations.withLock { $0 }
    #expect(seen.count >= 11)
    for observation in seen { #expect(observation.told <= observation.durable) }
    #expect(seen.last?.durable == 1)
    #expect(builder.lag == 21)
  }

  @Test func `what could not be committed is not handed over`() async throws {
    let directory = try temporary.journal()
    let builder = IndexBuilder(directory, limits: Self.limits)
    let committer = GroupCommitter(builder)
    var writer: JournalWriter? = try JournalWriter(directory, clock: JournalClock(), indexBuilder: builder, committer: committer)
    try writer!.performAll([.append([draft(id: "first")])], by: committer)
    writer!.startIndexing()
    try writer!.performAll([.append((0..<9).map { draft(id: "durable \($0)") })], by: committer)
    let file = IndexFile(directory, try directory.readManifest().segments[0])
    // From now on every write to the segment's file finds the disk full.
    let full = open("/dev/full", O_RDWR)
    defer { close(full) }
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
      guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + name), path == file.segmentPath else {
        continue
      }
      dup2(full, try #require(Int32(name)))
    }
    #expect(throws: JournalError.self) { try writer!.performAll([.append((0..<500).map { draft(id: "lost \($0)") })], by: committer) }
    #expect(builder.lag == 10)
    try await waitUntil("the builder has what was committed") { builder.handedCount >= 9 }
    builder.waitUntilAtRest()
    builder.stop()
    #expect(builder.lag == 10 && builder.handedCount == 9)
    writer = nil
    let journal = try Journal(directory, purpose: "test", indexLimits: Self.limits, sealsByItself: false)
    let first = try await journal.append((0..<100).map { draft(id: "after \($0)") })
    #expect(first.lowerBound == JournalPosition(11))
    journal.close()
    let reader = try JournalReader(directory)
    #expect(try reader.exchanges(holding: [IndexTerm(.id, "lost 1")]).isEmpty)
    #expect(try reader.verifyEntries(reader.manifest.segments[0]).damages == [])
  }
}

extension JournalWriter {
  /// Durable on return.
  fileprivate mutating func performAll(_ works: [WriteQueue.Work], by committer: GroupCommitter) throws {
    if let batch = try perform(works).batch { try committer.commit(batch) }
  }
}
