import ArgumentParser
import Foundation
import JournalFormat
import JournalStore
import Projections
import Synchronization

/// How fast the read models are built, how large they are, and how far they lag behind a journal that is written to.
struct ProjectionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "projections", abstract: "Build and follow against the clock. The read models that the journal has are removed first.")

  @Argument(help: "Traffic to record while the read models follow, or - for standard input.")
  var traffic: String
  @Option(help: "How many exchanges a second are recorded meanwhile.")
  var rate = 1_000
  @Option(help: "For how many seconds.")
  var seconds = 10
  @OptionGroup var journal: JournalOptions

  private struct Figures: Encodable {
    var rebuildPerSecond = 0.0
    /// The pages in use of each read model, and of all.
    var bytesPerExchange: [String: Double] = [:]
    /// What of those pages is not a row: their own, and the room left in them.
    var overheadBytesPerExchange = 0.0
    /// The free pages of what large transactions replaced are in these too.
    var fileBytesPerExchange = 0.0
    /// What it took to ask for a session, a CDR, a status or a white list entry as of a position.
    var questionP50Microseconds = 0.0
    var questionP99Microseconds = 0.0
    var liveLagP50Milliseconds = 0.0
    var liveLagP99Milliseconds = 0.0
  }

  func run() async throws {
    let directory = journal.directory
    try? FileManager.default.removeItem(atPath: directory.path + "/read-models")
    var figures = Figures()
    let runner = try ProjectionRunner(directory, purpose: EmipJournalBench.purpose)
    let start = ContinuousClock.now
    let entries = try runner.catchUp()
    figures.rebuildPerSecond = Double(entries) / (ContinuousClock.now - start).inSeconds
    let exchanges = Double(entries) / 2
    for model in runner.models {
      let (rows, pages) = try model.contentBytes()
      figures.bytesPerExchange[model.projection.name] = Double(pages) / exchanges
      figures.overheadBytesPerExchange += Double(pages - rows) / exchanges
      figures.fileBytesPerExchange += Double(try model.sizeBytes()) / exchanges
    }
    figures.bytesPerExchange["all"] = figures.bytesPerExchange.values.reduce(0, +)
    let lags = try await follow(runner, directory)
    if !lags.isEmpty {
      figures.liveLagP50Milliseconds = lags[lags.count / 2]
      figures.liveLagP99Milliseconds = lags[lags.count * 99 / 100]
    }
    // Nobody opens a file twice.
    runner.close()
    let questions = try QuestionSample(directory, count: 2_000).microseconds()
    if !questions.isEmpty {
      figures.questionP50Microseconds = questions[questions.count / 2]
      figures.questionP99Microseconds = questions[questions.count * 99 / 100]
    }
    try EmipJournalBench.write(figures)
  }

  /// Milliseconds from when an exchange was durable until all read models had seen it, ascending.
  private func follow(_ runner: ProjectionRunner, _ directory: JournalDirectory) async throws -> [Double] {
    let exchanges = try TrafficSource(traffic).groups(exchangeCount: rate * seconds, groupSize: 1)
    let opened = try Journal(directory, purpose: EmipJournalBench.purpose)
    let watch = LagWatch()
    // Nothing but this task's own thread uses it.
    nonisolated(unsafe) let follower = runner
    return try await withThrowingTaskGroup(of: Void.self) { group in
      let pause = Duration.seconds(1) / rate
      group.addTask {
        var next = ContinuousClock.now
        for drafts in exchanges {
          let now = ContinuousClock.now
          if next > now { try await Task.sleep(until: next, clock: .continuous) }
          next += pause
          watch.recorded(try await opened.append(drafts).upperBound)
        }
        watch.end()
      }
      try follower.follow(told: { watch.seen($0) }, until: { watch.hasSeenAll })
      try await group.waitForAll()
      opened.close()
      return watch.lags.sorted()
    }
  }
}

/// When what was recorded was seen.
private final class LagWatch: Sendable {
  private struct State {
    var waiting: [(position: JournalPosition, since: ContinuousClock.Instant)] = []
    var lags: [Double] = []
    var hasEnded = false
  }

  private let state = Mutex(State())

  func recorded(_ position: JournalPosition) {
    let now = ContinuousClock.now
    state.withLock { $0.waiting.append((position, now)) }
  }

  /// - Parameter next: the first position that has not been.
  func seen(_ next: JournalPosition) {
    let now = ContinuousClock.now
    state.withLock { state in
      let count = state.waiting.prefix { $0.position < next }.count
      state.lags += state.waiting[..<count].map { max(0, (now - $0.since) / .milliseconds(1)) }
      state.waiting.removeFirst(count)
    }
  }

  /// Nothing more will be recorded.
  func end() { state.withLock { $0.hasEnded = true } }

  var hasSeenAll: Bool { state.withLock { $0.hasEnded && $0.waiting.isEmpty } }
  var lags: [Double] { state.withLock { $0.lags } }
}
