import Foundation
import JournalFormat
import JournalStore
import Testing

/// What the system calls of the writer say about its promise: durable first, acknowledged then.
@Suite(.enabled(if: Permission.strace)) struct FaultSyncTests {
  @Test func `each append is synced, then committed by a synced write, then acknowledged`() async throws {
    let sample = try await SampleJournal([Sample(transactionId: "T-0", observedAt: "2025-03-01T10:00:00Z")])
    let trace = sample.root + "/trace"
    let known = Set(try FileManager.default.subpathsOfDirectory(atPath: sample.root).map { sample.root + "/" + $0 })
    let holder = try sample.holder(under: SystemCall.tracing(SystemCall.durability, to: trace))
    let remote = try RemoteJournal(sample.directory)
    for day in 1...24 {
      // Every eighth begins a month.
      let time = "2025-\(["03", "04", "05", "06"][day / 8])-\(10 + day % 8)T10:00:00Z"
      _ = try await remote.append(Sample(transactionId: "T-\(day)", observedAt: time).drafts)
    }
    holder.endInput()
    #expect(holder.waitForEnd() == 0, "\(holder.errors)")
    var audit = DurabilityAudit(root: sample.root, knownFiles: known)
    let appendAnswer = ", 21, MSG_NOSIGNAL"
    audit.run(SystemCall.parse(try String(contentsOfFile: trace, encoding: .utf8))) {
      $0.name == "sendto" && $0.arguments.contains(appendAnswer)
    }
    #expect(audit.problems == [])
    #expect(audit.acknowledgements == 24)
    // Three segments are made with one commit each.
    #expect(audit.commits >= 24 + 3)
    #expect(audit.manifests == 3 + audit.replacements)
  }

  @Test func `an import says what it recorded once all of it is durable`() async throws {
    let sample = try await SampleJournal()
    let trace = sample.root + "/trace"
    let traffic = try FaultTraffic.simulated(exchanges: 60, seed: 3, days: 100)
    try traffic.write(0..<60, to: sample.root + "/traffic.ndjson")
    let known = Set(try FileManager.default.subpathsOfDirectory(atPath: sample.root).map { sample.root + "/" + $0 })
    let command = SystemCall.tracing(SystemCall.durability, to: trace) + [Command.path, "import", sample.root + "/traffic.ndjson"]
    let running = try RunningCommand(command, of: sample)
    #expect(running.waitForEnd() == 0, "\(running.errors)")
    var audit = DurabilityAudit(root: sample.root + "/journal", knownFiles: known)
    audit.run(SystemCall.parse(try String(contentsOfFile: trace, encoding: .utf8))) { $0.name == "write" && $0.descriptor?.number == 1 }
    #expect(audit.problems == [])
    #expect(audit.acknowledgements >= 1)
    #expect(audit.manifests == 4 + audit.replacements)
  }

  @Test func `a segment's old file goes when its sealed one and the manifest that names it are durable`() async throws {
    let sample = try await SampleJournal()
    try sample.importUnsealed(FaultTraffic.simulated(exchanges: 60, seed: 3, days: 100))
    let trace = sample.root + "/trace"
    let known = Set(try FileManager.default.subpathsOfDirectory(atPath: sample.root).map { sample.root + "/" + $0 })
    let command = SystemCall.tracing(SystemCall.durability, to: trace) + [Command.path, "seal"]
    let running = try RunningCommand(command, of: sample)
    #expect(running.waitForEnd() == 0, "\(running.errors)")
    var audit = DurabilityAudit(root: sample.root + "/journal", knownFiles: known)
    audit.run(SystemCall.parse(try String(contentsOfFile: trace, encoding: .utf8))) { $0.name == "write" && $0.descriptor?.number == 1 }
    #expect(audit.problems == [])
    #expect(audit.replacements == 3)
    #expect(audit.manifests == 3)
  }
}
