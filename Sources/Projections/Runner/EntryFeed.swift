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
    /// What everybody asks for of each entry, side by side: who is not concerned need not look for the entry itself.
    fileprivate(set) var heads: [Head] = []
    /// The contexts of the entries, each once.
    fileprivate(set) var contexts: [SharedContext] = []
    private var contextNumbers: [ObjectIdentifier: Int] = [:]

    struct Head {
      let observedAt: Timestamp
      let isRequest: Bool
      /// A place in ``contexts``.
      let context: UInt32
    }

    init(start: JournalPosition) { self.start = start }

    var end: JournalPosition { start.advanced(by: entries.count) }

    fileprivate mutating func append(_ entry: ProjectedEntry) {
      let content = entry.message.entry.content
      let context = content.sharedContext
      let number = contextNumbers[ObjectIdentifier(context)] ?? contexts.count
      if number == contexts.count {
        contexts.append(context)
        contextNumbers[ObjectIdentifier(context)] = number
      }
      heads.append(Head(observedAt: content.observedAt, isRequest: entry.kind == .request, context: UInt32(number)))
      entries.append(entry)
    }

    fileprivate mutating func append(_ failure: JournalError) {
      failures[end] = failure
      heads.append(Head(observedAt: Timestamp(rawValue: 0), isRequest: false, context: 0))
      entries.append(nil)
    }
  }

  private let reader: JournalReader
  private let messages: JournalMessages
  /// The latest requests, each in the place that its position gives it: an answer mostly follows soon.
  private var requests: [ProjectedMessage?] = Array(repeating: nil, count: rememberedRequests)

  private static let rememberedRequests = 8_192

  init(_ reader: JournalReader) {
    self.reader = reader
    messages = JournalMessages(reader)
  }

  /// Up to `limit` entries from a position on; fewer, or none, at the journal's end.
  func batch(from start: JournalPosition, limit: Int) throws(JournalError) -> Batch {
    var batch = Batch(start: start)
    batch.entries.reserveCapacity(limit)
    batch.heads.reserveCapacity(limit)
    while batch.entries.count < limit {
      let found = try reader.entries(from: batch.end, limit: min(512, limit - batch.entries.count))
      guard !found.isEmpty else { break }
      for result in found {
        switch result {
        case .success(let entry): batch.append(try projected(entry))
        case .failure(let error): batch.append(error)
        }
      }
    }
    return batch
  }

  private func projected(_ entry: Entry) throws(JournalError) -> ProjectedEntry {
    let message = messages.message(entry)
    if entry.kind == .request { requests[Self.place(of: entry.position)] = message }
    return ProjectedEntry(
      message: message, request: try entry.requestPosition.flatMap { (position) throws(JournalError) in try request(at: position) })
  }

  /// The request at a position; nil where it is gone or damaged: what becomes of it is told where it stands.
  private func request(at position: JournalPosition) throws(JournalError) -> ProjectedMessage? {
    if let known = requests[Self.place(of: position)], known.position == position { return known }
    return try messages.message(at: position)
  }

  private static func place(of position: JournalPosition) -> Int { Int(position.rawValue % UInt64(rememberedRequests)) }
}
