import Foundation
import JournalFormat
import JournalStore
import Synchronization
import TestSupport
import Testing

/// A system clock that steps: entries keep their order, and the journal says what it noticed.
@Suite struct FaultClockTests {
  private static let start: Int64 = 1_740_787_200_000
  private static let hour: Int64 = 3_600_000
  private let temporary = TemporaryDirectory()

  /// A system clock and a monotonic one that the test moves.
  private final class Hands: Sendable {
    private let times = Mutex<(wall: Int64, monotonic: Int64)>((start, 0))
    private let synchronized = Mutex(false)

    var source: JournalClock.Source {
      JournalClock.Source(
        wall: { self.times.withLock { $0.wall } }, monotonic: { self.times.withLock { $0.monotonic } },
        isSynchronized: { self.synchronized.withLock { $0 } })
    }

    /// The kernel says that a time server keeps the clock.
    func synchronize() { synchronized.withLock { $0 = true } }

    /// Time passes; the system clock steps besides.
    func pass(_ milliseconds: Int64, step: Int64 = 0) {
      times.withLock {
        $0.wall += milliseconds + step
        $0.monotonic += milliseconds
      }
    }
  }

  private final class Run {
    let hands = Hands()
    let directory: JournalDirectory
    let journal: Journal

    init(_ temporary: TemporaryDirectory) throws {
      directory = try temporary.journal()
      journal = try Journal(directory, purpose: "test", clock: hands.source)
    }

    func append() async throws { _ = try await journal.append(draft(id: "A", recorded: false)) }

    func allEntries() throws -> [Entry] {
      let reader = try JournalReader(directory)
      var entries: [Entry] = []
      while case let batch = try reader.entries(from: JournalPosition(UInt64(entries.count) + 1)), !batch.isEmpty {
        entries += try batch.map { try $0.get() }
      }
      return entries
    }

    /// When each entry was recorded, in milliseconds from the start, and the notes among them.
    func recorded() throws -> (times: [Int64], notes: [String]) {
      let entries = try allEntries()
      return (entries.map { $0.recordedAt.rawValue - start }, entries.filter { $0.kind == .note }.map { $0.content.context.reason ?? "" })
    }
  }

  @Test func `a clock that steps back is held until it has caught up, and noted once`() async throws {
    let run = try Run(temporary)
    try await run.append()
    run.hands.pass(1_000, step: -60_000)
    try await run.append()
    run.hands.pass(10_000)
    try await run.append()
    run.hands.pass(60_000)
    try await run.append()
    let (times, notes) = try run.recorded()
    #expect(times == [0, 0, 0, 0, 11_000])
    #expect(notes.count == 1)
    #expect(notes.first?.contains("stepped back by 60000 ms") == true)
    run.journal.close()
  }

  @Test func `a clock that leaps ahead is not followed until it is confirmed`() async throws {
    let run = try Run(temporary)
    try await run.append()
    run.hands.pass(1_000, step: 300 * 24 * Self.hour)
    try await run.append()
    run.hands.pass(5_000)
    try await run.append()
    #expect(try run.recorded().times == [0, 1_000, 1_000, 6_000])
    #expect(try run.directory.readManifest().segments.count == 1)
    try await run.journal.confirmClock()
    try await run.append()
    let (times, notes) = try run.recorded()
    let leapt = 300 * 24 * Self.hour + 6_000
    #expect(times == [0, 1_000, 1_000, 6_000, leapt, leapt])
    #expect(notes.map { $0.prefix(29) } == ["The system clock leapt ahead ", "The system clock was confirme"])
    #expect(try run.directory.readManifest().segments.count == 2)
    run.journal.close()
  }

  @Test func `a clock that leapt ahead and comes back is followed again`() async throws {
    let run = try Run(temporary)
    try await run.append()
    run.hands.pass(1_000, step: 2 * Self.hour)
    try await run.append()
    run.hands.pass(1_000, step: -2 * Self.hour)
    try await run.append()
    run.hands.pass(1_000)
    try await run.append()
    let (times, notes) = try run.recorded()
    #expect(times == [0, 1_000, 1_000, 2_000, 2_000, 3_000])
    #expect(notes.map { $0.prefix(26) } == ["The system clock leapt ahe", "The system clock came back"])
    run.journal.close()
  }

  @Test func `a clock that leapt ahead is followed where the kernel calls it synchronised, from then on`() async throws {
    let run = try Run(temporary)
    try await run.append()
    run.hands.pass(1_000, step: 2 * Self.hour)
    try await run.append()
    run.hands.synchronize()
    run.hands.pass(1_000)
    try await run.append()
    run.hands.pass(1_000, step: 5 * Self.hour)
    try await run.append()
    let (times, notes) = try run.recorded()
    let (first, second) = (2 * Self.hour + 2_000, 7 * Self.hour + 3_000)
    #expect(times == [0, 1_000, 1_000, first, first, second, second])
    #expect(notes.map { $0.contains("synchronised") } == [false, true, true])
    run.journal.close()
  }

  @Test func `a journal that shows no trace of work for a month asks whether the clock is right, before anything is written`() async throws
  {
    let run = try Run(temporary)
    try await run.append()
    run.journal.close()
    let now = Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1_000))
    // Its entries are old, and its files are new: a journal filled with old traffic.
    for (days, isDoubtful) in [(29, false), (31, true)] {
      let wall = now.adding(milliseconds: Int64(days) * 24 * Self.hour).rawValue
      #expect(try (JournalReader(run.directory).unconfirmedSince(now: Timestamp(rawValue: wall)) != nil) == isDoubtful)
      let journal = try Journal(run.directory, purpose: "test", clock: .init(wall: { wall }, monotonic: { 0 }))
      let files = try files(run.directory)
      if isDoubtful {
        for draft in [draft(id: "now"), draft(id: "history", at: Self.start)] {
          let error = await #expect(throws: JournalError.self) { try await journal.append(draft) }
          #expect(error?.code == .clockUnconfirmed)
        }
        await #expect(throws: JournalError.self) { try await journal.seal(endingNewest: true) }
        await #expect(throws: JournalError.self) { try await RemoteJournal(run.directory).append(draft(id: "handed over")) }
        // Not even a file is changed by which the next opening would believe the clock.
        #expect(try self.files(run.directory) == files)
        try await RemoteJournal(run.directory).confirmClock()
      }
      _ = try await journal.append(draft(id: "confirmed"))
      journal.close()
    }
    #expect(try run.allEntries().count == 3)
  }

  /// The files that count, and when they were changed.
  private func files(_ directory: JournalDirectory) throws -> [String: Date] {
    var files: [String: Date] = [:]
    for path in ["manifest"] + (try directory.readManifest().segments.map { "segments/" + $0.fileName }) {
      files[path] = try FileManager.default.attributesOfItem(atPath: directory.path + "/" + path)[.modificationDate] as? Date
    }
    return files
  }

  @Test func `what comes with a time far ahead is refused, and what comes with one ahead is recorded now`() async throws {
    let run = try Run(temporary)
    let day = 24 * Self.hour
    for draft in [
      draft(id: "A", at: Timestamp("9999-12-31T00:00:00Z")!.rawValue), draft(id: "B", at: Self.start + day + 1),
      draft(id: "C", at: Self.start + 3 * day, recorded: false),
    ] {
      let error = await #expect(throws: JournalError.self) { try await run.journal.append(draft) }
      #expect(error?.code == .invalidEntry && error?.message.contains("future") == true)
      await #expect(throws: JournalError.self) { try await RemoteJournal(run.directory).append(draft) }
    }
    _ = try await run.journal.append(draft(id: "D", at: Self.start + day))
    _ = try await run.journal.append(draft(id: "E", at: Self.start - day))
    #expect(try run.recorded().times == [0, 0])
    run.journal.close()
  }

  @Test func `a journal opened by a clock that is behind goes on at its last entry's time`() async throws {
    let run = try Run(temporary)
    run.hands.pass(50_000)
    try await run.append()
    run.journal.close()
    let directory = run.directory
    let later = try openAgain(run)
    run.hands.pass(0, step: -40_000)
    _ = try await later.append(draft(id: "B", recorded: false))
    let last = try #require(try JournalReader(directory).lastEntry())
    #expect(last.recordedAt.rawValue == Self.start + 50_000)
    later.close()
  }

  /// In a directory that nobody holds any more.
  private func openAgain(_ run: Run) throws -> Journal {
    let copy = JournalDirectory(temporary.path + "/copy")
    try FileManager.default.copyItem(atPath: run.directory.path, toPath: copy.path)
    return try Journal(copy, purpose: "test", clock: run.hands.source)
  }

  @Test func `whatever the clock does, recordedAt never decreases and the journal stays whole`() async throws {
    var generator = SeededGenerator()
    let run = try Run(temporary)
    for _ in 0..<80 {
      let steps: [Int64] = [0, 0, 0, -500, -90_000, Self.hour / 2, 2 * Self.hour, -2 * Self.hour, 960 * Self.hour]
      let step = steps.randomElement(using: &generator) ?? 0
      run.hands.pass(Int64.random(in: 0...90_000, using: &generator), step: step)
      if Int.random(in: 0..<10, using: &generator) == 0 { try await run.journal.confirmClock() }
      try await run.append()
    }
    run.journal.close()
    let reader = try JournalReader(run.directory)
    let entries = try run.allEntries()
    #expect(entries.filter { $0.kind == .request }.count == 80)
    #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.recordedAt <= $1.recordedAt })
    for segment in reader.manifest.segments { #expect(try reader.verifyEntries(segment).damages == []) }
    #expect(try reader.verifyManifest().damages == [])
  }
}
