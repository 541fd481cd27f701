import Foundation
import Glibc
import JournalFormat
import JournalStore
import Synchronization
import TestSupport
import Testing

@testable import emip_journal

/// Readers of other processes, open while segments are sealed and their old files go: they see every entry, and no error.
@Suite struct SealReadingTests {
  /// Some months, none of them sealed.
  private static func journal(exchanges: Int, days: Int) async throws -> (SampleJournal, JournalContent) {
    let sample = try await SampleJournal()
    try sample.importUnsealed(FaultTraffic.simulated(exchanges: exchanges, seed: 31, days: days))
    return (sample, try JournalContent(sample))
  }

  /// A holder that seals at its leisure: each sync takes its time, so that readers come between all steps.
  private func slowHolder(_ sample: SampleJournal, milliseconds: Int) throws -> RunningCommand {
    let delay = ["-e", "inject=fdatasync,fsync,unlink:delay_enter=\(milliseconds * 1_000)"]
    return try sample.holder(under: SystemCall.tracing(["fdatasync", "fsync", "unlink"], to: "/dev/null", delay))
  }

  @Test(.enabled(if: Permission.strace)) func `commands that run while segments are sealed answer as if nothing happened`() async throws {
    let (sample, content) = try await Self.journal(exchanges: 120, days: 150)
    let commands = [
      ["export"], ["list", "--format", "ndjson", "--bodies", "--limit", "1000"], ["show", "T-none"],
      ["find", "FR*C01", "--format", "ndjson"], ["stats", "--format", "json"],
    ]
    let expected = try commands.map { try sample.run($0) }
    let endings = try sample.states.ended
    let holder = try slowHolder(sample, milliseconds: 120)
    var rounds = 0
    var seen: Set<Int> = []
    repeat {
      rounds += 1
      seen.insert(try sample.states.sealed)
      for (command, wanted) in zip(commands, expected) {
        let result = try sample.run(command)
        #expect(result.status == wanted.status, "\(command): \(result.errors)")
        // Sizes change.
        if command[0] != "stats" { #expect(result.output == wanted.output, "\(command), round \(rounds)") }
      }
      let verify = try sample.run("verify", "--format", "json")
      #expect(verify.status == 0, "\(verify.text) \(verify.errors)")
      #expect(try verify.object()["entryCount"] as? Int == content.entries.count)
      let copy = SampleJournal(at: sample.root + "/backup-\(rounds)", within: sample)
      try FileManager.default.createDirectory(atPath: copy.root, withIntermediateDirectories: true)
      let backup = try sample.run("backup", copy.directory.path)
      #expect(backup.status == 0, "\(backup.errors)")
      try copy.expectWhole(content, "backup \(rounds)")
    } while try sample.states.ended > 0 && rounds < 60
    holder.endInput()
    #expect(holder.waitForEnd() == 0, "\(holder.errors)")
    print("\(rounds) rounds of commands; segments sealed when they began: \(seen.sorted())")
    #expect(try sample.states.sealed == endings)
    #expect(seen.count > 1)
  }

  @Test func `a reader that was open before goes on where it was`() async throws {
    let (sample, content) = try await Self.journal(exchanges: 300, days: 200)
    let readers = try (0..<3).map { _ in try JournalReader(sample.directory) }
    // One has every file open, one has one, one has none.
    for entry in content.entries { #expect(try readers[0].entry(at: entry.position) == entry) }
    #expect(try readers[1].entry(at: .first) == content.entries[0])
    let sealed = try sample.run("seal")
    #expect(sealed.status == 0, "\(sealed.errors)")
    for (number, reader) in readers.enumerated() {
      for entry in content.entries { #expect(try reader.entry(at: entry.position) == entry, "reader \(number)") }
      for entry in content.entries.prefix(40) {
        for term in entry.searchTerms.prefix(2) {
          #expect(try reader.exchanges(holding: [term]).contains { $0.entries.contains(entry) }, "reader \(number)")
        }
      }
    }
  }

  @Test(.enabled(if: Permission.strace)) func `a reader in a loop never misses an entry while segments are sealed`() async throws {
    let (sample, content) = try await Self.journal(exchanges: 300, days: 200)
    let holder = try slowHolder(sample, milliseconds: 8)
    let isDone = Atomic<Bool>(false)
    let loops = Atomic<Int>(0)
    let problems = Mutex<[String]>([])
    let ended = DispatchSemaphore(value: 0)
    // On threads of their own: those of the concurrency pool are few.
    for number in 0..<3 {
      Thread {
        do {
          var kept = try JournalReader(sample.directory)
          while !isDone.load(ordering: .acquiring) {
            if number > 0 { kept = try JournalReader(sample.directory) }
            let problem = number == 2 ? try Self.searchMissing(kept, content) : try Self.readMissing(kept, content)
            if let problem { problems.withLock { $0.append(problem) } }
            loops.add(1, ordering: .relaxed)
          }
        } catch { problems.withLock { $0.append("\(error)") } }
        ended.signal()
      }.start()
    }
    try await waitUntil("all that has ended is sealed") { try sample.states.ended == 0 }
    isDone.store(true, ordering: .releasing)
    for _ in 0..<3 { ended.wait() }
    holder.endInput()
    #expect(holder.waitForEnd() == 0, "\(holder.errors)")
    #expect(try sample.states.ended == 0)
    let found = problems.withLock { Array($0.prefix(5)) }
    #expect(found == [])
    print("readers' loops while segments were sealed: \(loops.load(ordering: .relaxed))")
    try sample.expectWhole(content, "at the end")
  }

  private static func readMissing(_ reader: JournalReader, _ content: JournalContent) throws -> String? {
    var next = 0
    while next < content.entries.count {
      let batch = try reader.entries(from: content.entries[next].position, limit: 20)
      guard !batch.isEmpty else { return "nothing at \(content.entries[next].position)" }
      for result in batch {
        let entry = try result.get()
        if entry != content.entries[next] { return "\(entry.position) instead of \(content.entries[next].position)" }
        next += 1
      }
    }
    return nil
  }

  private static func searchMissing(_ reader: JournalReader, _ content: JournalContent) throws -> String? {
    for entry in content.entries.lazy.filter({ $0.position.rawValue % 7 == 1 }) {
      guard let term = entry.searchTerms.first else { continue }
      let found = try reader.exchanges(holding: [term])
      if !found.contains(where: { $0.entries.contains(entry) }) { return "\(entry.position) was not found" }
    }
    return nil
  }

  @Test func `an export that waits for its reader goes on over the seal of what it reads`() async throws {
    let (sample, _) = try await Self.journal(exchanges: 400, days: 100)
    let expected = try sample.run("export").output
    #expect(expected.count > 300_000)
    // More than a pipe holds: it stands in the middle until somebody reads.
    let process = try ChildProcess(
      Command.path, ["export", "--journal", sample.directory.path], environment: Command.environment([:]), output: .pipe)
    // Once something comes it has begun, and cannot end before the rest is read.
    guard case .bytes(var output) = process.read(patienceMilliseconds: 120_000) else {
      Issue.record("an export writes nothing")
      return
    }
    let sealed = try sample.run("seal", "--newest")
    #expect(sealed.status == 0, "\(sealed.errors)")
    #expect(process.isRunning)
    let maps = try String(contentsOfFile: "/proc/\(process.id)/maps", encoding: .utf8)
    #expect(maps.contains(".g1.mdb (deleted)"), "it still reads what was replaced")
    while case .bytes(let more) = process.read(patienceMilliseconds: 120_000) { output += more }
    #expect(output == expected)
    #expect(process.wait() == .exit(0))
  }
}
