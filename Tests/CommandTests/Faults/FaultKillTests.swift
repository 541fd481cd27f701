import Foundation
import Glibc
import JournalFormat
import JournalStore
import Synchronization
import TestSupport
import Testing

/// `kill -9` at any moment: nothing acknowledged is lost, nothing is repaired, and the journal goes on.
@Suite struct FaultKillTests {
  @Test func `a holder killed while it appends loses nothing that it acknowledged`() async throws {
    var generator = SeededGenerator("kill -9 of a holder")
    var acknowledged = 0
    for _ in 0..<10 {
      let sample = try await SampleJournal()
      let ledger = AppendLedger(random: generator.next())
      for round in 1...10 {
        let holder = try sample.holder()
        let clients = try (0..<3).map { _ in try AppendClient(sample.directory, ledger) }
        // Some rounds end before the first commit, some after many, and all at some moment between two system calls.
        try ledger.waitFor(Int.random(in: 0...25, using: &generator))
        letPass(microseconds: .random(in: 0...6_000, using: &generator))
        holder.killNow()
        for client in clients { client.finish() }
        let problems = try ledger.problems(of: sample)
        #expect(problems == [], "round \(round)")
      }
      acknowledged += ledger.acknowledgedCount
      #expect(try sample.damages() == [])
      // It opens, goes on, and takes what it is given.
      #expect(try await sample.appendOne().rawValue == UInt64(try sample.entries().count))
      let verify = try sample.run("verify")
      #expect(verify.status == 0, "\(verify.text) \(verify.errors)")
    }
    print("entries acknowledged before 100 kills: \(acknowledged)")
    #expect(acknowledged > 100)
  }

  @Test func `an import killed at a random moment is completed by the same import`() async throws {
    var generator = SeededGenerator("kill -9 of an import")
    let traffic = try FaultTraffic.simulated(exchanges: 150, seed: generator.next() >> 1, days: 600)
    let all = 0..<traffic.lines.count
    var longest = 200_000
    var killed = 0
    for round in 1...60 {
      // A new journal: what follows the first kill is recorded in one segment, and rollovers are what this is about.
      let sample = try await SampleJournal()
      let file = sample.root + "/traffic.ndjson"
      try traffic.write(all, to: file)
      let running = try RunningCommand(["import", file], in: sample)
      let observer = LastPositionObserver(sample.directory)
      letPass(microseconds: .random(in: 0...longest, using: &generator))
      // Whichever part of it that is: as long as it takes here, or longer.
      if running.killNow() { killed += 1 } else { longest = longest * 9 / 10 }
      let seen = observer.finish()
      let found = UInt64(try sample.entries().count)
      #expect(found >= seen, "round \(round): \(seen) entries had been seen, \(found) are there")
      #expect(try sample.damages() == [], "round \(round)")
      let again = try sample.run("import", file)
      #expect(again.status == 0, "round \(round): \(again.errors)")
      try sample.expectOnce(traffic, all, "round \(round)")
      let verify = try round % 10 == 0 ? sample.run("verify") : nil
      #expect(verify?.status ?? 0 == 0, "\(verify?.text ?? "") \(verify?.errors ?? "")")
    }
    print("imports killed under way: \(killed) of 60")
    #expect(killed >= 10)
  }
}

extension SampleJournal {
  /// Opens the journal here and appends one entry, as whoever comes after a crash.
  func appendOne() async throws -> JournalPosition {
    let journal = try Journal(directory, purpose: "a test")
    defer { journal.close() }
    return try await journal.append(EntryDraft(Sample(transactionId: "T-after").requestContent))
  }
}

/// Looks at the journal's end while another process writes: what any reader saw is as good as acknowledged.
final class LastPositionObserver: Sendable {
  private let state = Mutex<(seen: UInt64, isStopped: Bool)>((0, false))
  private let ended = DispatchSemaphore(value: 0)

  init(_ directory: JournalDirectory) {
    Thread { [self] in
      let reader = try? JournalReader(directory)
      try? waitUntil("nobody wants to know any more", atMost: .seconds(3_600)) {
        if let last = try? reader?.lastPosition() { state.withLock { $0.seen = max($0.seen, last.rawValue) } }
        return state.withLock { $0.isStopped }
      }
      ended.signal()
    }.start()
  }

  /// The last position that was seen.
  func finish() -> UInt64 {
    state.withLock { $0.isStopped = true }
    ended.wait()
    return state.withLock { $0.seen }
  }
}
