import Foundation
import Glibc
import JournalFormat
import JournalStore
import Testing

@testable import emip_journal

@Suite struct FollowTests {
  /// A `list --follow` under way.
  private final class Follower {
    let process: ChildProcess
    private var lines: OutputLines

    init(_ journal: SampleJournal, _ options: [String]) throws {
      process = try ChildProcess(
        Command.path, ["list", "--follow", "--format", "ndjson", "--journal", journal.directory.path] + options,
        environment: Command.environment([:]), output: .pipe)
      lines = OutputLines(of: process)
    }

    /// The next line; nil at the end or when none comes in time.
    func line(withinMilliseconds patience: Int32 = 120_000) -> String? { lines.next(patienceMilliseconds: patience) }
  }

  @Test func `follow shows exchanges when their answers arrive, over a rollover, and ends at the limit`() async throws {
    let sample = try await SampleJournal([Sample(transactionId: "T-old")])
    let holder = try Journal(sample.directory, purpose: "a test")
    let follower = try Follower(sample, ["--after", "0", "--limit", "3"])
    #expect(follower.line()?.contains("T-old") == true)
    let late = Sample(transactionId: "T-late", observedAt: "2025-03-31T23:59:59Z")
    let head = try await holder.append(EntryDraft(late.requestContent, recordedAt: late.requestContent.observedAt))
    _ = try await holder.append(Sample(transactionId: "T-next", observedAt: "2025-04-01T00:00:01Z").drafts)
    #expect(follower.line()?.contains("T-next") == true)
    _ = try await holder.append(EntryDraft(late.answerContent, request: .position(head)))
    #expect(follower.line()?.contains("T-late") == true)
    #expect(follower.process.wait() == .exit(0))
    #expect(try sample.directory.readManifest().segments.count > 1)
    holder.close()
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `follow begins with what is new, keeps to its filter, and ends when it is asked to`(signal: Int32) async throws {
    let sample = try await SampleJournal([Sample(transactionId: "T-old", requestStatus: 10_201)])
    let follower = try Follower(sample, ["--outcome", "error"])
    let holder = try Journal(sample.directory, purpose: "a test")
    // What is new is what comes after it has begun, and it does not say when that is.
    var lines: [String] = []
    for _ in 0..<100 where lines.isEmpty {
      _ = try await holder.append(Sample(transactionId: "T-good").drafts)
      _ = try await holder.append(Sample(transactionId: "T-bad", requestStatus: 10_201).drafts)
      if let line = follower.line(withinMilliseconds: 300) { lines.append(line) }
    }
    follower.process.signal(signal)
    #expect(follower.process.wait() == .exit(0))
    while let line = follower.line() { lines.append(line) }
    #expect(!lines.isEmpty && lines.allSatisfy { $0.contains("T-bad") })
    holder.close()
  }
}
