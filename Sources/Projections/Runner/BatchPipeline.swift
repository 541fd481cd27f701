internal import Dispatch
internal import JournalFormat
internal import JournalStore
internal import Synchronization

/// Takes batches from the thread that reads the journal to several read models. Each model takes them in their order; none waits for another, until
/// one is some batches behind.
///
/// Used by one thread.
final class BatchPipeline {
  private let works: [ModelWork]
  private let queues: [DispatchQueue]
  private let group = DispatchGroup()
  /// Places for batches that were sent and are not applied by all.
  private let room = DispatchSemaphore(value: sentLimit)
  private let ended = Mutex<(batches: [SentBatch], entryCount: UInt64)>(([], 0))

  /// Memory holds these, and the one that is read.
  private static let sentLimit = 2

  init(_ works: [ModelWork]) {
    self.works = works
    queues = works.map { DispatchQueue(label: "emip-journal read model \($0.model.projection.name)") }
  }

  /// Waits until a batch may be sent.
  /// - Returns: false where a model has failed: nothing more is of use.
  func hasRoom() -> Bool {
    room.wait()
    room.signal()
    // Batches end where the next one is made, outside the lock: their memory is used again there.
    var batches: [SentBatch] = []
    ended.withLock { Swift.swap(&$0.batches, &batches) }
    batches.removeAll()
    return works.allSatisfy { !$0.hasFailed }
  }

  func send(_ batch: consuming EntryFeed.Batch) {
    room.wait()
    let sent = SentBatch(batch, modelCount: works.count)
    for (work, queue) in zip(works, queues) {
      // The group, the semaphore and the list are made for several threads.
      nonisolated(unsafe) let pipeline = self
      queue.async(group: group) {
        work.take(sent.batch)
        guard sent.isLast() else { return }
        pipeline.ended.withLock { ended in
          ended.batches.append(sent)
          ended.entryCount += UInt64(sent.batch.entries.count)
        }
        pipeline.room.signal()
      }
    }
  }

  /// How many entries all models have seen.
  var appliedCount: UInt64 { ended.withLock { $0.entryCount } }

  /// Waits until all that was sent is applied.
  func finish() { group.wait() }
}

/// A batch, and how many models have not applied it yet.
private final class SentBatch: Sendable {
  let batch: EntryFeed.Batch
  private let remaining: Mutex<Int>

  init(_ batch: consuming EntryFeed.Batch, modelCount: Int) {
    self.batch = batch
    remaining = Mutex(modelCount)
  }

  /// Whether nobody is left to apply it.
  func isLast() -> Bool {
    remaining.withLock { remaining in
      remaining -= 1
      return remaining == 0
    }
  }
}

/// One read model, and what has become of it. Sendable: each transaction is made by one thread, one after the other.
final class ModelWork: Sendable {
  let model: ReadModel
  private let state: Mutex<Result<ReadModel.State, JournalError>>

  init(_ model: ReadModel, _ state: ReadModel.State) {
    self.model = model
    self.state = Mutex(.success(state))
  }

  var hasFailed: Bool { if case .failure = state.withLock({ $0 }) { true } else { false } }

  /// - Throws: why it could not go on.
  func result() throws(JournalError) { _ = try state.withLock { $0 }.get() }

  /// Applies what the model has not seen of a batch, in one transaction, unless it has failed before.
  func take(_ batch: borrowing EntryFeed.Batch) {
    guard case .success(let before) = state.withLock({ $0 }), before.next < batch.end else { return }
    let after = Result { () throws(JournalError) in try apply(batch, before) }
    state.withLock { $0 = after }
  }

  private func apply(_ batch: borrowing EntryFeed.Batch, _ before: ReadModel.State) throws(JournalError) -> ReadModel.State {
    var state = before
    state.next = batch.end
    let first = max(batch.start, before.next)
    if let last = batch.entries.last(where: { $0 != nil }) { state.lastRecordedAt = last!.entry.recordedAt }
    // Where positions are gone, or cannot be read, the model says so.
    let gap = before.next < batch.start ? (before.next, batch.start) : nil
    state.skippedCount += (gap == nil ? 0 : 1) + batch.failures.count { $0.key >= first }
    return try model.write { (projection, rows) throws(JournalError) in
      if let gap {
        try model.skip(gap.0, "the entries up to position \(gap.1.rawValue - 1) are gone", in: rows)
        try projection.passGap(in: rows)
      }
      let (heads, entries, failures) = (batch.heads, batch.entries, batch.failures)
      let concerns = batch.contexts.map { type(of: projection).isConcerned(by: $0.value) }
      for index in Int(first.rawValue - batch.start.rawValue)..<entries.count {
        let head = heads[index]
        let position = batch.start.advanced(by: index)
        if !failures.isEmpty, let failure = failures[position] {
          try model.skip(position, failure.code.rawValue, in: rows)
          try projection.passGap(in: rows)
          continue
        }
        rows.clockBefore = state.clock ?? head.observedAt
        if head.isRequest {
          state.clock = max(rows.clockBefore, head.observedAt)
          rows.clock = state.clock!
          try projection.passTime(at: position, in: rows)
        } else {
          rows.clock = rows.clockBefore
        }
        if concerns[Int(head.context)] { try projection.apply(entries[index]!, to: rows) }
      }
      return state
    }
  }
}
