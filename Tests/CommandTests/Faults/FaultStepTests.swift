import Foundation
import JournalFormat
import JournalStore
import Testing

/// The holder's end at each single step that matters on disk, rollovers included, one step after the other.
@Suite(.enabled(if: Permission.strace)) struct FaultStepTests {
  /// The second exchange is asked in one month and answered in the next.
  static func traffic() throws -> FaultTraffic {
    try FaultTraffic([
      Sample(transactionId: "T-1", observedAt: "2025-03-31T10:00:00.000Z"),
      Sample(transactionId: "T-2", observedAt: "2025-03-31T23:59:59.990Z"),
      Sample(transactionId: "T-3", isLost: true, observedAt: "2025-04-30T23:59:59.990Z"),
      Sample(transactionId: "T-4", observedAt: "2025-05-02T10:00:00.000Z"),
    ])
  }

  @Test(arguments: ["pwrite64", "writev", "fdatasync", "fsync", "rename", "unlink"])
  func `an import killed before any of its writes, syncs and renames is completed by the same import`(call: String) async throws {
    let traffic = try Self.traffic()
    var number = 0
    while true {
      number += 1
      let sample = try await SampleJournal()
      let file = sample.root + "/traffic.ndjson"
      try traffic.write(0..<traffic.lines.count, to: file)
      let fault = ["-e", "inject=\(call):signal=KILL:when=\(number)"]
      let command = SystemCall.tracing([call], to: "/dev/null", fault) + [Command.path, "import", file]
      let running = try RunningCommand(command, of: sample)
      let status = running.waitForEnd()
      #expect(try sample.damages() == [], "\(call) \(number)")
      let again = try sample.run("import", file)
      #expect(again.status == 0, "\(call) \(number): \(again.errors)")
      try sample.expectOnce(traffic, 0..<traffic.lines.count, "\(call) \(number)")
      #expect(try sample.damages() == [], "\(call) \(number), completed")
      // The import reached its end: there is no such step any more.
      guard status != 0 else { break }
      try #require(number < 100, "\(call) \(number): status \(status), \(running.errors)")
    }
    print("killed before each of \(number - 1) calls of \(call)")
    #expect(number > 1)
  }
}
