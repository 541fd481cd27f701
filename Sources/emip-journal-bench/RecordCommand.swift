import ArgumentParser
import Foundation
import JournalStore
import Synchronization

/// How fast parsed exchanges become durable, in groups, with indexes and sealing behind. The clock stands still while traffic is parsed.
struct RecordCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "record", abstract: "Record a traffic file against the clock.")

  @Argument(help: "The traffic, or - for standard input.")
  var traffic: String
  @Option(help: "How many exchanges are submitted together.")
  var group = 256
  @Option(help: "How many groups may be under way; with 1 each is awaited before the next is submitted.")
  var inFlight = 3
  @Option(help: "How many exchanges are parsed ahead; else all of them, so that nothing behind the writer gets time to catch up.")
  var ahead = Int.max
  @OptionGroup var journal: JournalOptions

  private struct Figures: Encodable {
    var exchanges = 0
    var recordPerSecond = 0.0
    /// Until the segments that had ended were sealed too.
    var sealedPerSecond = 0.0
    /// The rate of the last twentieth of the exchanges to that of the first, by the clock.
    var lastToFirstTwentieth = 0.0
    /// Entries that no index knew; readers look through them.
    var largestIndexLag = 0
    var segmentsEnded = 0
    /// When the last exchange was durable.
    var segmentsSealed = 0
    var secondsSealingWasBehind = 0.0
  }

  /// Up to a moment of the clock, this much was durable.
  private struct Mark {
    let exchanges: Int
    let seconds: Double
  }

  func validate() throws {
    guard group > 0, inFlight > 0, ahead > 0, group * inFlight <= 2_048 else {
      throw ValidationError("more exchanges would be under way than the journal lets wait.")
    }
  }

  func run() async throws {
    let directory = journal.directory
    let opened = try Journal(directory, purpose: EmipJournalBench.purpose)
    var figures = Figures()
    let marks = try record(in: opened, &figures)
    guard let last = marks.last else { throw BenchError("there are no exchanges.") }
    figures.exchanges = last.exchanges
    figures.recordPerSecond = Double(last.exchanges) / last.seconds
    figures.lastToFirstTwentieth = Self.lastToFirstTwentieth(marks)
    let segments = try directory.readManifest().segments
    figures.segmentsEnded = segments.count { $0.lastPosition != nil }
    figures.segmentsSealed = segments.count { $0.state == .sealed }
    let start = ContinuousClock.now
    try await opened.seal(endingNewest: false)
    figures.secondsSealingWasBehind = (ContinuousClock.now - start).inSeconds
    figures.sealedPerSecond = Double(last.exchanges) / (last.seconds + figures.secondsSealingWasBehind)
    opened.close()
    try EmipJournalBench.write(figures)
  }

  private func record(in journal: Journal, _ figures: inout Figures) throws -> [Mark] {
    let source = try TrafficSource(traffic)
    var marks: [Mark] = []
    var done = Mark(exchanges: 0, seconds: 0)
    while case let groups = try source.groups(exchangeCount: ahead, groupSize: group), !groups.isEmpty {
      let start = ContinuousClock.now
      let flight = Flight(limit: inFlight)
      for (index, drafts) in groups.enumerated() {
        flight.submit(drafts, to: journal)
        figures.largestIndexLag = max(figures.largestIndexLag, journal.indexLag)
        let exchanges = done.exchanges + (index + 1) * group
        marks.append(Mark(exchanges: exchanges, seconds: done.seconds + (ContinuousClock.now - start).inSeconds))
      }
      try flight.land()
      let count = groups.reduce(0) { $0 + $1.count } / 2
      done = Mark(exchanges: done.exchanges + count, seconds: done.seconds + (ContinuousClock.now - start).inSeconds)
      marks[marks.count - 1] = done
    }
    return marks
  }

  private static func lastToFirstTwentieth(_ marks: [Mark]) -> Double {
    guard let last = marks.last, let first = marks.first(where: { $0.exchanges >= last.exchanges / 20 }),
      let late = marks.last(where: { $0.exchanges <= last.exchanges / 20 * 19 })
    else { return 1 }
    let rates = (Double(first.exchanges) / first.seconds, Double(last.exchanges - late.exchanges) / (last.seconds - late.seconds))
    return rates.1 / rates.0
  }
}

/// Groups on their way to be durable, a bounded number at a time.
private final class Flight: Sendable {
  private let limit: Int
  private let room: DispatchSemaphore
  private let failure = Mutex<JournalError?>(nil)

  init(limit: Int) {
    self.limit = limit
    room = DispatchSemaphore(value: limit)
  }

  /// Waits for room, not for these entries.
  func submit(_ drafts: [EntryDraft], to journal: Journal) {
    room.wait()
    journal.submit(drafts) { [self] result in
      if case .failure(let error) = result { failure.withLock { $0 = $0 ?? error } }
      room.signal()
    }
  }

  /// Waits until all are durable.
  func land() throws {
    for _ in 0..<limit { room.wait() }
    // A semaphore must not be let go below where it began.
    for _ in 0..<limit { room.signal() }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
