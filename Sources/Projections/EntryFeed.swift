internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Reads the journal in its order, as projections see it: with facts, and with the request of each answer. Not for several threads at a time.
final class EntryFeed {
  /// Consecutive entries.
  struct Batch: Sendable {
    let start: JournalPosition
    /// Nil for one that is damaged.
    var entries: [ProjectedEntry?] = []
    /// What is wrong with those.
    var failures: [JournalPosition: JournalError] = [:]

    var end: JournalPosition { start.advanced(by: entries.count) }
  }

  private let reader: JournalReader
  private let messages = MessageReader()
  /// The latest requests, each in the place that its position gives it: an answer mostly follows soon.
  private var requests: [ProjectedMessage?] = Array(repeating: nil, count: rememberedRequests)

  private static let rememberedRequests = 8_192

  init(_ reader: JournalReader) { self.reader = reader }

  /// Up to `limit` entries from a position on; fewer, or none, at the journal's end.
  func batch(from start: JournalPosition, limit: Int) throws(JournalError) -> Batch {
    var batch = Batch(start: start)
    batch.entries.reserveCapacity(limit)
    while batch.entries.count < limit {
      let found = try reader.entries(from: batch.end, limit: min(512, limit - batch.entries.count))
      guard !found.isEmpty else { break }
      for result in found {
        switch result {
        case .success(let entry): batch.entries.append(try projected(entry))
        case .failure(let error):
          batch.failures[batch.end] = error
          batch.entries.append(nil)
        }
      }
    }
    return batch
  }

  private func projected(_ entry: Entry) throws(JournalError) -> ProjectedEntry {
    let message = self.message(entry)
    if entry.kind == .request { requests[Self.place(of: entry.position)] = message }
    return ProjectedEntry(
      message: message, request: try entry.exchange.flatMap { (position) throws(JournalError) in try request(at: position) })
  }

  private func message(_ entry: Entry) -> ProjectedMessage {
    guard !entry.content.payload.isEmpty, case .message(let facts) = messages.read(entry.content) else {
      return ProjectedMessage(entry: entry, facts: nil)
    }
    return ProjectedMessage(entry: entry, facts: facts)
  }

  /// Nil where it is gone or damaged: what becomes of it is told where it stands.
  private func request(at position: JournalPosition) throws(JournalError) -> ProjectedMessage? {
    if let known = requests[Self.place(of: position)], known.position == position { return known }
    do throws(JournalError) { return try reader.entry(at: position).map(message) } catch {
      guard error.code == .recordDamaged else { throw error }
      return nil
    }
  }

  private static func place(of position: JournalPosition) -> Int { Int(position.rawValue % UInt64(rememberedRequests)) }
}
