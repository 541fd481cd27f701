import Foundation
import Glibc
import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

/// `kill -9`, a full disk and a failing one within the building and merging of an index: no answer is wrong then, and the next opening
/// completes the index.
@Suite(.enabled(if: Permission.strace)) struct FaultIndexTests {
  /// One segment that has ended and one that goes on, neither with an index.
  private static func journal() async throws -> (SampleJournal, JournalContent) {
    let sample = try await SampleJournal()
    let traffic = try FaultTraffic.simulated(exchanges: 200, seed: 17, days: 45)
    try sample.importUnsealed(traffic)
    try #require(try sample.states == (0, 1))
    for path in try sample.indexPaths {
      for file in [path, path + "-lock"] { try? FileManager.default.removeItem(atPath: file) }
    }
    return (sample, try JournalContent(sample))
  }

  /// Does something at some of so many calls, spread over all of them, and at more until a merge was under way when it came.
  /// - Parameter body: returns how many merges were under way.
  private static func spread(
    over count: Int, _ generator: inout SeededGenerator, _ body: (_ number: Int) async throws -> Int
  ) async throws -> (numbers: [Int], merges: Int) {
    // A few calls more or less are made each time, by which pages are next to each other: the very last might not come.
    let count = count * 9 / 10
    let part = max(1, count / 5)
    let first = stride(from: 1, through: count, by: part).map { min(count, $0 + Int.random(in: 0..<part, using: &generator)) }
    var done: (numbers: [Int], merges: Int) = ([], 0)
    for number in first + (1...count).shuffled(using: &generator) where done.numbers.count < first.count || done.merges == 0 {
      done.merges += try await body(number)
      done.numbers.append(number)
    }
    #expect(done.merges > 0)
    return done
  }

  /// How often a call is made on the index files when nothing goes wrong.
  private static func callCount(_ call: String, _ original: SampleJournal) throws -> Int {
    let sample = try original.copied()
    let trace = sample.root + "/trace"
    let running = try IndexBuildingProcess.run(sample, under: SystemCall.tracing([call], to: trace, try sample.onIndexes))
    #expect(running.waitForEnd() == 0 && running.output.contains(IndexBuildingProcess.success), "\(running.output) \(running.errors)")
    return SystemCall.parse(try String(contentsOfFile: trace, encoding: .utf8)).count { $0.begins }
  }

  @Test(arguments: ["pwrite64", "writev", "fdatasync"])
  func `an index whose builder is killed answers rightly, and is completed`(call: String) async throws {
    var generator = SeededGenerator("kill -9 of an index's builder at \(call)")
    let (original, content) = try await Self.journal()
    let count = try Self.callCount(call, original)
    let done = try await Self.spread(over: count, &generator) { number in
      let sample = try original.copied()
      let fault = try sample.onIndexes + ["-e", "inject=\(call):signal=KILL:when=\(number)"]
      let running = try IndexBuildingProcess.run(sample, under: SystemCall.tracing([call], to: "/dev/null", fault))
      let status = running.waitForEnd()
      #expect(status == -SIGKILL || status == 128 + SIGKILL, "\(call) \(number): \(status) \(running.errors)")
      let merges = try sample.mergesUnderWay()
      try sample.expectWhole(content, "\(call) \(number)")
      try await sample.expectIndexed(content, "\(call) \(number)")
      return merges
    }
    print("builder killed at \(done.numbers) of \(count) calls of \(call); merges under way: \(done.merges)")
  }

  @Test(arguments: [("pwrite64", "ENOSPC"), ("fdatasync", "EIO")])
  func `an index that cannot be written ends the writer with its reason, and is completed`(call: String, fault: String) async throws {
    var generator = SeededGenerator("\(fault) of an index's builder at \(call)")
    let (original, content) = try await Self.journal()
    let count = try Self.callCount(call, original)
    let done = try await Self.spread(over: count, &generator) { number in
      let sample = try original.copied()
      let injection = try sample.onIndexes + ["-e", "inject=\(call):error=\(fault):when=\(number)+"]
      let running = try IndexBuildingProcess.run(sample, under: SystemCall.tracing([call], to: "/dev/null", injection))
      #expect(running.waitForEnd() == 0, "\(call) \(number): \(running.errors)")
      #expect(running.output.contains(".index.mdb: the index cannot be built"), "\(call) \(number): \(running.output)")
      #expect(running.output.contains(fault == "EIO" ? "(io.error)" : "(disk.full)"), "\(call) \(number): \(running.output)")
      let merges = try sample.mergesUnderWay()
      try sample.expectWhole(content, "\(call) \(number)")
      try await sample.expectIndexed(content, "\(call) \(number)")
      return merges
    }
    print("\(fault) at \(done.numbers) of \(count) calls of \(call); merges under way: \(done.merges)")
  }

  @Test(.enabled(if: Permission.mounts)) func `a disk that is full after any page leaves an index that answers rightly`() async throws {
    let (original, content) = try await Self.journal()
    let home = try await SampleJournal()
    let disk = try SmallDisk(at: home.root + "/disk", kilobytes: 8_192)
    let sample = SampleJournal(at: disk.path, within: home)
    var stopped = 0
    var generator = SeededGenerator("a disk that is full while an index is built")
    for pages in stride(from: 0, to: 100, by: 20).map({ $0 + generator.below(20) }) {
      try? FileManager.default.removeItem(atPath: sample.directory.path)
      let copied = try Command.run(["-a", original.directory.path, sample.directory.path], executable: "/bin/cp")
      try #require(copied.status == 0, "\(copied.errors)")
      try disk.fill(sparingPages: pages)
      let log = SampleJournal(at: home.root, within: home)
      let running = try IndexBuildingProcess.run(sample, outputIn: log)
      let status = running.waitForEnd()
      #expect(status == 0, "\(pages) pages: \(running.output) \(running.errors)")
      if !running.output.contains(IndexBuildingProcess.success) {
        stopped += 1
        #expect(running.output.contains("(disk.full)"), "\(pages) pages: \(running.output)")
      }
      // Readers have no room for lock files either.
      try disk.fill(sparingPages: nil)
      try sample.expectWhole(content, "\(pages) pages")
      try await sample.expectIndexed(content, "\(pages) pages")
    }
    print("indexes stopped by a full disk: \(stopped) of 5")
    #expect(stopped >= 3)
  }
}

/// The building of indexes in a process of its own, which a fault may end. The real limits would need some ten thousand entries for the first
/// merge, so it is this test bundle that runs once more, and does only this.
@Suite struct IndexBuildingProcess {
  static let limits = IndexLimits(runEntryCount: 32, maximumUnindexedEntries: 64, mergedRunCount: 3, maximumRunCount: 5, mergeStepRows: 100)
  static let success = "the indexes are built"
  private static let variable = "EMIP_JOURNAL_TEST_BUILDS_INDEX"
  private static let journal = ProcessInfo.processInfo.environment[variable]

  /// - Parameter log: whose directory the output goes to; else the journal's.
  static func run(_ sample: SampleJournal, under tracer: [String] = [], outputIn log: SampleJournal? = nil) throws -> RunningCommand {
    try RunningCommand(testOnly: "IndexBuildingProcess", with: variable, sample.directory.path, under: tracer, in: log ?? sample)
  }

  @Test(.enabled(if: journal != nil, "only as a process that another test starts")) func `builds the indexes of a journal`() async throws {
    do throws(JournalError) {
      let journal = try Journal(JournalDirectory(Self.journal!), purpose: "a test", indexLimits: Self.limits, sealsByItself: false)
      journal.waitForIndexes()
      // What the builder failed of is told to whoever appends.
      _ = try await journal.append(Sample(transactionId: "T-after", observedAt: "2024-01-01T10:00:00Z").drafts)
      journal.close()
      print(Self.success)
    } catch { print("\(error) (\(error.code.rawValue))") }
  }
}

extension SampleJournal {
  fileprivate var indexPaths: [String] {
    get throws { try directory.readManifest().segments.map { Manifest.Segment.indexPath(ofSegmentAt: directory.path(of: $0)) } }
  }

  /// What limits a trace to the files of indexes.
  fileprivate var onIndexes: [String] { get throws { try indexPaths.flatMap { ["-P", $0] } } }

  /// In how many indexes a merge was interrupted.
  fileprivate func mergesUnderWay() throws -> Int {
    try indexStates().count { IndexMerge.isUnderWay($0) }
  }

  private func indexStates() throws -> [IndexState] {
    try directory.readManifest().segments.compactMap { segment in
      let environment = try SegmentEnvironment.reading(directory.path(of: segment), state: .hot, isGrowing: true)
      return try IndexEnvironment.reading(environment.indexPath, IndexState.Owner(environment.header))?.state()
    }
  }

  /// Opens the journal without a fault, and checks that every index is completed and finds what a look at each entry finds.
  fileprivate func expectIndexed(_ content: JournalContent, _ context: String) async throws {
    let journal = try Journal(
      directory, purpose: "a test", indexLimits: IndexBuildingProcess.limits, sealsByItself: false)
    journal.waitForIndexes()
    journal.close()
    let states = try indexStates()
    let segments = try directory.readManifest().segments
    #expect(states.count == segments.count, "\(context)")
    let last = try #require(try JournalReader(directory).lastPosition())
    for (segment, state) in zip(segments, states) {
      let count = UInt32((segment.lastPosition ?? last).rawValue + 1 - segment.firstPosition.rawValue)
      let runEntryCount = IndexBuildingProcess.limits.runEntryCount
      let isClosed = segment.lastPosition != nil
      #expect(state.indexedThrough == (isClosed ? count : count / runEntryCount * runEntryCount), "\(context): \(segment.name)")
      #expect(!IndexMerge.isUnderWay(state), "\(context): \(segment.name)")
      #expect(state.runs.count <= IndexBuildingProcess.limits.maximumRunCount, "\(context): \(segment.name)")
    }
    try expectWhole(content, context + ", completed")
  }
}
