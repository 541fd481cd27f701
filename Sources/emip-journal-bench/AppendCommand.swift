import ArgumentParser
import JournalStore

/// How fast callers that await each entry are: one, who has a commit to itself, and many, who share them.
struct AppendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "append", abstract: "Append entries one by one against the clock.")

  @Argument(help: "The traffic.")
  var traffic: String
  @Option(help: "How many entries one caller appends.")
  var count = 16_000
  @OptionGroup var journal: JournalOptions

  private static let manyCallers = 512

  private struct Figures: Encodable {
    let appendPerSecond: Double
    let append512CallersPerSecond: Double
  }

  func run() async throws {
    let exchanges = try TrafficSource(traffic).groups(exchangeCount: count / 2, groupSize: 1)
    let directory = journal.directory
    try directory.initialize()
    let opened = try Journal(directory, purpose: EmipJournalBench.purpose)
    let one = try await rate(exchanges, by: 1, in: opened)
    let many = try await rate((0..<16).flatMap { _ in exchanges }, by: Self.manyCallers, in: opened)
    opened.close()
    try EmipJournalBench.write(Figures(appendPerSecond: one, append512CallersPerSecond: many))
  }

  /// Entries per second: each caller awaits the request, then its answer, as a gateway does.
  private func rate(_ exchanges: [[EntryDraft]], by callers: Int, in journal: Journal) async throws -> Double {
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<callers {
        group.addTask {
          for number in stride(from: caller, to: exchanges.count, by: callers) {
            let request = try await journal.append(exchanges[number][0])
            var answer = exchanges[number][1]
            answer.request = .position(request)
            _ = try await journal.append(answer)
          }
        }
      }
      try await group.waitForAll()
    }
    return Double(exchanges.count * 2) / (ContinuousClock.now - start).inSeconds
  }
}
