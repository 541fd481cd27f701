import Foundation
import JournalFormat
import Synchronization
import TestSupport
import Testing

@testable import JournalStore

@Suite struct GroupCommitterTests {
  private typealias Outcome = Result<ClosedRange<JournalPosition>, JournalError>
  private let temporary = TemporaryDirectory()

  private func drafts(_ name: String) -> [EntryDraft] {
    (0..<200).map { draft(id: "\(name)-\($0)") }
  }

  /// What became of groups that were all submitted before the first was durable, in the order in which they were told.
  private func submit(_ names: [String], to journal: Journal) -> [(name: String, result: Outcome)] {
    let results = Mutex<[(String, Outcome)]>([])
    let done = DispatchSemaphore(value: 0)
    for name in names {
      journal.submit(drafts(name)) { result in
        results.withLock { $0.append((name, result)) }
        done.signal()
      }
    }
    for _ in names { done.wait() }
    return results.withLock { $0 }
  }

  @Test func `groups become durable in the order in which they were submitted`() throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let names = (0..<20).map { "G\($0)" }
    let told = submit(names, to: journal)
    #expect(told.map(\.name) == names)
    for (number, outcome) in told.enumerated() {
      #expect(try outcome.result.get() == JournalPosition(UInt64(number * 200 + 1))...JournalPosition(UInt64(number * 200 + 200)))
    }
    #expect(journal.lastPosition == JournalPosition(4_000))
    journal.close()
  }

  @Test func `the writer itself writes nothing behind a group that failed`() throws {
    let directory = try temporary.journal()
    let builder = IndexBuilder(directory, limits: .init())
    let committer = GroupCommitter(builder)
    var writer = try JournalWriter(directory, clock: JournalClock(), indexBuilder: builder, committer: committer)
    let batch = try #require(try writer.perform([.append(drafts("first"))]).batch)
    // Rows that LMDB refuses: a key must come behind those before.
    let broken = WriteBatch(segment: batch.segment, rows: batch.rows + batch.rows, entries: [], entryCount: batch.entryCount)
    let told = Mutex<JournalError?>(nil)
    committer.submit(GroupCommitter.Group(batch: broken) { error in told.withLock { $0 = error } })
    let error = #expect(throws: JournalError.self) { try committer.drain() }
    #expect(error?.code == .writerEnded)
    #expect(told.withLock { $0 } != nil)
    #expect(throws: JournalError.self) { try committer.isIdle() }
    #expect(throws: JournalError.self) { try committer.commit(batch) }
    // What would wait for it, to begin a segment for instance, is told so too.
    #expect(throws: JournalError.self) { _ = try writer.perform([.append(drafts("second")), .endSegment]) }
    committer.close()
    #expect(try JournalReader(directory).lastPosition() == nil)
  }

  @Test func `after a commit that failed no group behind it is written, and all are told`() throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test", sealsByItself: false)
    let first = submit(["durable"], to: journal)
    #expect(throws: Never.self) { try first[0].result.get() }
    let segment = directory.path(of: try directory.readManifest().segments[0])
    // From now on every write to the segment's file finds the disk full.
    let full = open("/dev/full", O_RDWR)
    defer { close(full) }
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
      let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + name)
      guard path == segment else { continue }
      dup2(full, try #require(Int32(name)))
    }
    let told = submit((0..<10).map { "lost \($0)" }, to: journal)
    #expect(told.count == 10)
    for outcome in told { #expect(throws: JournalError.self, "\(outcome.name)") { try outcome.result.get() } }
    #expect(journal.lastPosition == JournalPosition(200))
    // Nothing is let in any more.
    let late = submit(["late"], to: journal)
    #expect(throws: JournalError.self) { try late[0].result.get() }
    journal.close()

    let again = try Journal(directory, purpose: "test")
    #expect(again.lastPosition == JournalPosition(200))
    let next = submit(["after"], to: again)
    #expect(try next[0].result.get().lowerBound == JournalPosition(201))
    again.close()
  }
}
