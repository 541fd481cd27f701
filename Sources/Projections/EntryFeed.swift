internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Reads the journal in its order, as projections see it: with facts, and with the request of each answer. Not for several threads at a time.
final class EntryFeed {
  /// Consecutive entries; one that is damaged is its error.
  struct Batch: Sendable {
    let start: JournalPosition
    let entries: [Result<ProjectedEntry, JournalError>]

    var end: JournalPosition { start.advanced(by: entries.count) }
  }

  private let reader: JournalReader
  private let messages = MessageReader()
  /// The latest requests by their positions: an answer mostly follows soon.
  private var requests: [JournalPosition: ProjectedMessage] = [:]
  private var requestOrder: [JournalPosition] = []
  private var oldest = 0

  private static let rememberedRequests = 4_096

  init(_ reader: JournalReader) { self.reader = reader }

  /// Up to `limit` entries from a position on; fewer, or none, at the journal's end.
  func batch(from start: JournalPosition, limit: Int) throws(JournalError) -> Batch {
    var entries: [Result<ProjectedEntry, JournalError>] = []
    entries.reserveCapacity(limit)
    while entries.count < limit {
      let found = try reader.entries(from: start.advanced(by: entries.count), limit: min(512, limit - entries.count))
      guard !found.isEmpty else { break }
      for result in found {
        do throws(JournalError) { entries.append(.success(try projected(try result.get()))) } catch { entries.append(.failure(error)) }
      }
    }
    return Batch(start: start, entries: entries)
  }

  private func projected(_ entry: Entry) throws(JournalError) -> ProjectedEntry {
    let message = self.message(entry)
    if entry.kind == .request { remember(message) }
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
    if let known = requests[position] { return known }
    do throws(JournalError) { return try reader.entry(at: position).map(message) } catch {
      guard error.code == .recordDamaged else { throw error }
      return nil
    }
  }

  private func remember(_ message: ProjectedMessage) {
    if requestOrder.count < Self.rememberedRequests {
      requestOrder.append(message.position)
    } else {
      requests[requestOrder[oldest]] = nil
      requestOrder[oldest] = message.position
      oldest = (oldest + 1) % Self.rememberedRequests
    }
    requests[message.position] = message
  }
}
