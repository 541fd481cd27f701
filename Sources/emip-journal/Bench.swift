internal import ArgumentParser
internal import EMIP
internal import Foundation
internal import JournalFormat
internal import JournalStore

/// Figures of the journal for `Tools/benchmark`; not for users.
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Measure lookups and replay of a journal.", shouldDisplay: false)

  @Option var journal = "journal"
  @Option var format = "json"
  @Option var lookups = 20_000

  func run() async throws {
    let reader = try JournalReader(JournalDirectory(journal))
    let (ids, replay) = try self.replay(reader)
    var durations = try ids.map { id in
      let start = ContinuousClock.now
      let found = try reader.exchanges(holding: [id])
      let end = ContinuousClock.now
      guard !found.isEmpty else { throw ValidationError("an id of the journal was not found") }
      return (end - start) / .microseconds(1)
    }
    durations.sort()
    let figures: [String: Double] = [
      "replayEntriesPerSecond": replay.rounded(), "lookupP50Microseconds": durations[durations.count / 2],
      "lookupP99Microseconds": durations[durations.count * 99 / 100],
    ]
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    print(String(decoding: try encoder.encode(figures), as: UTF8.self))
  }

  /// Reads all entries once for speed and once for a sample of transaction ids in random order.
  private func replay(_ reader: JournalReader) throws -> ([IndexTerm], Double) {
    guard let last = try reader.lastPosition() else { throw ValidationError("the journal is empty") }
    let start = ContinuousClock.now
    var next = JournalPosition.first
    var count = 0
    while case let batch = try reader.entries(from: next), !batch.isEmpty {
      count += batch.count
      next = next.advanced(by: batch.count)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    var ids: [IndexTerm] = []
    while ids.count < lookups {
      let position = JournalPosition(UInt64.random(in: 1...last.rawValue))
      guard let content = try reader.entry(at: position)?.content, let mark = content.marks.first(where: { $0.kind == .transactionId })
      else {
        continue
      }
      ids.append(mark.term(in: content.payload))
    }
    return (ids, Double(count) / seconds)
  }
}
