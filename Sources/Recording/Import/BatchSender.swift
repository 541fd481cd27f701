internal import Foundation
internal import Glibc
internal import JournalFormat
internal import JournalStore
internal import Synchronization

/// Sends what an import takes to the journal, in batches and in order, while the next ones are filled. Where the journal's holder goes away, it finds
/// out which of what was under way was recorded, and gives the rest to whoever holds the journal next.
///
/// Not for several threads at a time.
final class BatchSender {
  /// Entries that go to the journal in one call, as soon as there are so many.
  static let batchEntryCount = 1_000
  /// Bytes of messages that go to the journal in one call, as soon as there are so many.
  static let batchBytes = 4 << 20
  /// Batches that may wait for their commit: enough for reading and writing to overlap, within the writer's queue.
  static let maximumBatchesInFlight = 3

  private let connect: TrafficImporter.Connect
  private var appender: (any JournalAppender)?
  private var filter: DuplicateFilter
  private var batch = Batch()
  private var flight: [BatchInFlight] = []
  /// Where the entries of the export stand that were recorded or known.
  private var positions = PositionMap()
  /// Since ``begin(_:)``.
  private(set) var recorded = Recorded()

  /// What was recorded.
  struct Recorded {
    var entryCount = 0
    var firstPosition: JournalPosition?
    var lastPosition: JournalPosition?
  }

  /// - Parameters:
  ///   - appender: what `connect` gave.
  ///   - filter: told what is recorded.
  ///   - connect: called where the holder has gone away.
  init(_ appender: any JournalAppender, _ filter: DuplicateFilter, connect: @escaping TrafficImporter.Connect) {
    self.appender = appender
    self.filter = filter
    self.connect = connect
  }

  /// Begins a run.
  func begin(_ filter: DuplicateFilter) {
    self.filter = filter
    positions = PositionMap()
    recorded = Recorded()
  }

  /// Lets the journal go.
  func close() {
    if let journal = appender as? Journal { journal.close() }
    appender = nil
  }

  // MARK: The batch that is being filled

  /// Whether it is time to send.
  var isBatchFull: Bool { batch.drafts.count >= Self.batchEntryCount || batch.payloadBytes >= Self.batchBytes }

  /// Puts a draft into the batch.
  /// - Parameter old: where an entry of an export stood.
  func append(_ draft: EntryDraft, from old: JournalPosition? = nil) { batch.append(draft, from: old) }

  /// Notes that the journal had an entry of the export already.
  func note(_ old: JournalPosition, isKnownAs position: JournalPosition) { positions.insert(old, position) }

  /// How the draft that is put next refers to the request that stood at an old position. One that the export leaves out keeps its number out of
  /// this journal's: the answer then stands alone.
  /// - Throws: ``JournalError`` where the journal takes no more.
  func reference(to old: JournalPosition) throws(JournalError) -> EntryDraft.RequestReference {
    if let index = batch.index(of: old) { return .behind(batch.drafts.count - index) }
    if !flight.isEmpty { try finish() }
    return positions[old].map { .position($0) } ?? .none
  }

  /// Sends the batch once there is room for it under way.
  /// - Throws: ``JournalError`` where the journal takes no more.
  func send() throws(JournalError) {
    try land { flight.count < Self.maximumBatchesInFlight }
    guard !batch.drafts.isEmpty else { return }
    let next = BatchInFlight(batch)
    batch = Batch()
    flight.append(next)
    submit(next)
  }

  /// Waits until all that was sent is recorded.
  /// - Throws: ``JournalError`` where the journal takes no more.
  func finish() throws(JournalError) { try land { false } }

  // MARK: Under way

  private func submit(_ next: BatchInFlight) {
    guard let appender else { return next.land(.failure(JournalError(.writerEnded, "the importer was closed."))) }
    appender.submit(next.drafts) { next.land($0) }
  }

  /// Waits for one batch after the other until there are few enough.
  private func land(until isEnough: () -> Bool) throws(JournalError) {
    while let first = flight.first, !isEnough() {
      switch first.wait() {
      case .success(let range):
        flight.removeFirst()
        note(first, recordedAt: range)
      case .failure(let error) where error.code == .queueFull:
        // Others fill the queue.
        usleep(10_000)
        flight[0] = BatchInFlight(again: first)
        submit(flight[0])
      case .failure(let error):
        guard error.code == .handOver || error.code == .writerEnded, !(appender is Journal) else { throw error }
        try resume()
      }
    }
  }

  private func note(_ landed: BatchInFlight, recordedAt range: ClosedRange<JournalPosition>) {
    recorded.entryCount += landed.drafts.count
    recorded.firstPosition = recorded.firstPosition ?? range.lowerBound
    recorded.lastPosition = range.upperBound
    filter.take(range)
    for (index, old) in landed.olds.sorted(by: { $0.key < $1.key }) { positions.insert(old, range.lowerBound.advanced(by: index)) }
  }

  // MARK: The holder went away

  /// Finds out which of what is under way was recorded, and gives the rest to whoever holds the journal now.
  private func resume() throws(JournalError) {
    var unanswered = flight[...]
    flight = []
    let before = filter.range
    defer { filter.range = before }
    while !unanswered.isEmpty {
      appender = nil
      do {
        appender = try connect()
      } catch {
        throw error as? JournalError ?? JournalError(.handOver, "\(error)")
      }
      try filter.extendToEnd()
      try sendAgain(&unanswered)
    }
  }

  /// One at a time, so that what follows is compared with what was recorded. What is left when it returns met the end of another holder.
  private func sendAgain(_ unanswered: inout ArraySlice<BatchInFlight>) throws(JournalError) {
    while let batch = unanswered.first {
      if case .success(let range) = batch.wait() {
        note(batch, recordedAt: range)
        unanswered.removeFirst()
        continue
      }
      guard let rest = try withoutRecorded(batch) else {
        unanswered.removeFirst()
        continue
      }
      unanswered[unanswered.startIndex] = rest
      submit(rest)
      if case .failure(let error) = rest.wait() {
        if error.code == .queueFull {
          usleep(10_000)
          continue
        }
        guard error.code == .handOver, !(appender is Journal) else { throw error }
        return
      }
    }
  }

  /// What the journal does not have of a batch that nobody answered for; nil where it has all.
  private func withoutRecorded(_ batch: BatchInFlight) throws(JournalError) -> BatchInFlight? {
    let (missing, stored) = try filter.missing(batch.drafts)
    recorded.entryCount += batch.drafts.count - missing.count
    var rest = Batch()
    for (index, old) in batch.olds.sorted(by: { $0.key < $1.key }) { if let position = stored[index] { positions.insert(old, position) } }
    for (index, draft) in missing { rest.append(draft, from: batch.olds[index]) }
    return missing.isEmpty ? nil : BatchInFlight(rest)
  }
}

/// Entries that go to the journal in one call.
private struct Batch {
  private(set) var drafts: [EntryDraft] = []
  private(set) var payloadBytes = 0
  /// Where entries of an export stood, by their index in the batch.
  private(set) var olds: [Int: JournalPosition] = [:]
  private var indexes: [JournalPosition: Int] = [:]

  mutating func append(_ draft: EntryDraft, from old: JournalPosition?) {
    if let old {
      olds[drafts.count] = old
      indexes[old] = drafts.count
    }
    drafts.append(draft)
    payloadBytes += draft.content.payload.count
  }

  func index(of old: JournalPosition) -> Int? { indexes[old] }
}

/// A batch that was sent, and what becomes of it.
private final class BatchInFlight: Sendable {
  let drafts: [EntryDraft]
  let olds: [Int: JournalPosition]
  private let result = Mutex<Result<ClosedRange<JournalPosition>, JournalError>?>(nil)
  private let done = DispatchSemaphore(value: 0)

  init(_ batch: Batch) {
    drafts = batch.drafts
    olds = batch.olds
  }

  /// The same, to be sent once more.
  init(again batch: BatchInFlight) { (drafts, olds) = (batch.drafts, batch.olds) }

  func land(_ result: Result<ClosedRange<JournalPosition>, JournalError>) {
    self.result.withLock { $0 = result }
    done.signal()
  }

  /// Its positions, or why it was not recorded, as far as is known; waits for it. May be called more than once.
  func wait() -> Result<ClosedRange<JournalPosition>, JournalError> {
    done.wait()
    done.signal()
    return result.withLock { $0! }
  }
}
