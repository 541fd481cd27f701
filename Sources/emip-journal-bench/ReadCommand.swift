import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Simulation

/// How fast a journal is read on one thread: replayed in order, and looked up.
struct ReadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "read", abstract: "Replay and look up against the clock.")

  @Option(help: "How many transactions to look up.")
  var lookups = 20_000
  @OptionGroup var journal: JournalOptions

  private struct Figures: Encodable {
    var replayPerSecond = 0.0
    var factsPerSecond = 0.0
    var lookupP50Microseconds = 0.0
    var lookupP99Microseconds = 0.0
  }

  func run() throws {
    let reader = try JournalReader(journal.directory)
    guard let first = reader.firstPosition, let last = try reader.lastPosition() else {
      throw BenchError("the journal is empty.")
    }
    var figures = Figures()
    figures.replayPerSecond = try replay(reader, from: first) { _ in }
    let messages = MessageReader()
    figures.factsPerSecond = try replay(reader, from: first) { _ = messages.read($0.content) }
    let durations = try lookUp(try sample(reader, in: first...last), reader)
    figures.lookupP50Microseconds = durations[durations.count / 2]
    figures.lookupP99Microseconds = durations[durations.count * 99 / 100]
    try EmipJournalBench.write(figures)
  }

  /// Entries per second.
  private func replay(_ reader: JournalReader, from first: JournalPosition, _ body: (Entry) -> Void) throws -> Double {
    let start = ContinuousClock.now
    var next = first
    while case let batch = try reader.entries(from: next), !batch.isEmpty {
      for result in batch { body(try result.get()) }
      next = next.advanced(by: batch.count)
    }
    return Double(next.rawValue - first.rawValue) / (ContinuousClock.now - start).inSeconds
  }

  /// transactionIds from all over the journal, always the same ones of a journal of that length. Reading them warms the cache.
  private func sample(_ reader: JournalReader, in positions: ClosedRange<JournalPosition>) throws -> [IndexTerm] {
    var terms: [IndexTerm] = []
    var generator = SplitMix64(seed: 1)
    while terms.count < lookups {
      let position = JournalPosition(UInt64.random(in: positions.lowerBound.rawValue...positions.upperBound.rawValue, using: &generator))
      guard let content = try reader.entry(at: position)?.content, let mark = content.marks.first(where: { $0.kind == .transactionId })
      else { continue }
      terms.append(mark.term(in: content.payload))
    }
    return terms
  }

  /// Microseconds of each look-up of a transaction with both its bodies, ascending.
  private func lookUp(_ terms: [IndexTerm], _ reader: JournalReader) throws -> [Double] {
    try terms.map { term in
      let start = ContinuousClock.now
      let found = try reader.exchanges(holding: [term])
      let duration = (ContinuousClock.now - start) / .microseconds(1)
      guard !found.isEmpty else { throw BenchError("an id of the journal was not found.") }
      return duration
    }.sorted()
  }
}
