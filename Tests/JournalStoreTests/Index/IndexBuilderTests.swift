import Foundation
import JournalFormat
import LMDB
import Synchronization
import TestSupport
import Testing

@testable import JournalStore

@Suite struct IndexBuilderTests {
  let temporary = TemporaryDirectory()
  private static let limits = IndexLimits(runEntryCount: 32, maximumUnindexedEntries: 64)

  @Test func `the writer waits rather than outrun the builder, and goes on with it`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test", indexLimits: Self.limits, sealsByItself: false)
    _ = try await journal.append((0..<40).map { draft(id: "first \($0)") })
    let file = IndexFile(directory, try directory.readManifest().segments[0])
    try await waitUntil("the first run is indexed") { try file.state().indexedThrough >= 32 }
    let segment = try SegmentEnvironment.reading(file.segmentPath, state: .hot, isGrowing: true)
    let index = try #require(try IndexEnvironment.reading(file.path, IndexState.Owner(segment.header)))
    // Whoever has the write transaction holds the builder up.
    let held = HeldTransaction(of: index.environment)
    try await waitUntil("it is held") { held.isHeld }
    let appending = AppendsInTurn((0..<100).map { number in (0..<10).map { draft(id: "id \(number * 10 + $0)") } }, to: journal)
    try await waitUntil("the writer waits for the builder") { journal.waitsForIndex }
    let waiting = try #require(journal.lastPosition).rawValue
    // One call more would be too many.
    #expect(waiting == 90)
    #expect(journal.indexLag == Int(waiting) - 32)
    try await held.commit()
    try await waitUntil("all are appended") { try appending.isDone }
    #expect(journal.lastPosition == JournalPosition(1_040))
    journal.close()
    #expect(try JournalReader(directory).verifyEntries(try directory.readManifest().segments[0]).damages == [])
  }

  @Test func `a builder that fails ends the writer with its error`() async throws {
    let directory = try temporary.journal()
    do {
      let journal = try Journal(directory, purpose: "test", indexLimits: Self.limits, sealsByItself: false)
      _ = try await journal.append(draft(id: "A"))
      journal.close()
    }
    let file = IndexFile(directory, try directory.readManifest().segments[0])
    try? FileManager.default.removeItem(atPath: file.path)
    try FileManager.default.createDirectory(atPath: file.path, withIntermediateDirectories: true)
    let journal = try Journal(directory, purpose: "test", indexLimits: Self.limits, sealsByItself: false)
    var failure: JournalError?
    try await waitUntil("an append is refused") {
      do throws(JournalError) { _ = try await journal.append(draft(id: "more")) } catch { failure = error }
      return failure != nil
    }
    #expect(failure?.path?.hasSuffix(".index.mdb") == true)
    journal.close()
    try FileManager.default.removeItem(atPath: file.path)
    _ = try await Journal(directory, purpose: "test", indexLimits: Self.limits, sealsByItself: false).append(draft(id: "B"))
  }

  @Test func `a closed segment is indexed to its very end, whenever it was closed`() async throws {
    let directory = try temporary.journal()
    let month: Int64 = 31 * 86_400_000
    var journal = try Journal(directory, purpose: "test", indexLimits: Self.limits, sealsByItself: false)
    _ = try await journal.append((0..<150).map { draft(id: "\($0)", at: 1_740_787_200_000 + Int64($0 / 50) * month) })
    journal.close()
    let segments = try directory.readManifest().segments
    try FileManager.default.removeItem(atPath: IndexFile(directory, segments[0]).path)
    journal = try Journal(directory, purpose: "test", indexLimits: Self.limits, sealsByItself: false)
    for segment in segments.dropLast() {
      let file = IndexFile(directory, segment)
      try await waitUntil("\(segment.name) is indexed to its end") { (try? file.state().indexedThrough) == 50 }
    }
    journal.close()
    let reader = try JournalReader(directory)
    for number in 0..<150 { #expect(try reader.exchanges(holding: [IndexTerm(.id, "\(number)")]).count == 1) }
    for segment in segments { #expect(try reader.verifyEntries(segment).damages == []) }
  }

  @Test func `everything that an index and its tail hold can be written as one run`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test", indexLimits: Self.limits, sealsByItself: false)
    for number in 0..<50 { _ = try await journal.append((0..<21).map { draft(id: "\((number * 21 + $0) % 700)") }) }
    journal.close()
    let reader = try JournalReader(directory)
    let segment = try reader.reader(reader.manifest.segments[0])
    try segment.catchUp()
    let source = try #require(segment.segmentIndex?.file)
    let tail = try #require(segment.segmentIndex?.tail)
    #expect(tail.entries.count > 0)
    let environment = try Environment(path: temporary.path + "/sealed.mdb", access: .readWrite, mapSizeBytes: 1 << 30)
    let tables = try environment.change { (transaction) throws(LMDBError) in try IndexTables(in: transaction) }
    try tables.write(merging: source, tail, as: IndexState.Owner(segment.segment.header), into: environment)
    let sealed = try IndexReader(environment, tables, owner: environment)
    #expect(try sealed.snapshot { $0.indexedThrough } == 1_050)
    #expect(try sealed.timeBlocks() == segment.timeBlocks())
    var keyMaker = segment.keyMaker
    for number in 0..<700 {
      let key = keyMaker.key(of: IndexTerm(.id, "\(number)"))
      var found: [UInt32] = []
      try sealed.appendEntries(under: key, to: &found)
      // A key may look like another one: what is there must be found.
      #expect(Set(found).isSuperset(of: try segment.candidates(for: IndexTerm(.id, "\(number)"))))
      #expect(found.count < 6)
    }
  }
}

/// Appends drafts, each call when the one before is durable, on the journal's own threads: a task would wait for one behind hundreds of tests.
private final class AppendsInTurn: Sendable {
  private let journal: Journal
  private let calls: [[EntryDraft]]
  private let state = Mutex<Result<Int, JournalError>>(.success(0))

  init(_ calls: [[EntryDraft]], to journal: Journal) {
    self.journal = journal
    self.calls = calls
    append(0)
  }

  private func append(_ index: Int) {
    journal.submit(calls[index]) { [self] result in
      state.withLock { $0 = result.map { _ in index + 1 } }
      if case .success = result, index + 1 < calls.count { append(index + 1) }
    }
  }

  /// - Throws: what an append failed of.
  var isDone: Bool { get throws { try state.withLock { try $0.get() } == calls.count } }
}

/// Holds the write transaction of an environment, on a thread of its own: it belongs to the thread that began it.
private final class HeldTransaction: Sendable {
  private let end = DispatchSemaphore(value: 0)
  private let state = Mutex<(isHeld: Bool, result: Result<Void, LMDBError>?)>((false, nil))

  init(of environment: Environment) {
    Thread { [self] in
      let result = Result { () throws(LMDBError) in
        let transaction = try environment.beginWrite()
        state.withLock { $0.isHeld = true }
        end.wait()
        try transaction.commit()
      }
      state.withLock { $0.result = result }
    }.start()
  }

  var isHeld: Bool { state.withLock { $0.isHeld } }

  func commit() async throws {
    end.signal()
    try await waitUntil("the transaction has ended") { state.withLock { $0.result != nil } }
    try state.withLock { try $0.result?.get() }
  }
}
