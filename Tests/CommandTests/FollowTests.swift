import Foundation
import Glibc
import JournalFormat
import JournalStore
import Testing

@Suite struct FollowTests {
  /// A `list --follow` under way.
  private final class Follower {
    let process: Process
    private let pipe = Pipe()
    private var pending: [UInt8] = []

    init(_ journal: SampleJournal, _ options: [String]) throws {
      process = Command.process(["list", "--follow", "--format", "ndjson", "--journal", journal.directory.path] + options)
      process.standardOutput = pipe
      process.standardError = FileHandle.nullDevice
      try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// The next line; nil at the end or when none comes in time.
    func line(withinMilliseconds patience: Int32 = 20_000) -> String? {
      while true {
        if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
          defer { pending.removeSubrange(...end) }
          return String(decoding: pending[..<end], as: UTF8.self)
        }
        var entry = pollfd(fd: pipe.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, patience) > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(entry.fd, &buffer, buffer.count)
        guard count > 0 else { return nil }
        pending += buffer[..<count]
      }
    }
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
    follower.process.waitUntilExit()
    #expect(follower.process.terminationStatus == 0)
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
    kill(follower.process.processIdentifier, signal)
    follower.process.waitUntilExit()
    #expect(follower.process.terminationReason == .exit)
    #expect(follower.process.terminationStatus == 0)
    while let line = follower.line() { lines.append(line) }
    #expect(!lines.isEmpty && lines.allSatisfy { $0.contains("T-bad") })
    holder.close()
  }
}
