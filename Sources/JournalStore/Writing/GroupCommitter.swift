internal import Foundation
internal import JournalFormat

/// Commits groups, one after the other, while the writer's thread encodes the next: the disk is waited for here. Its thread begins with the first
/// group; a caller who awaits each append never needs it.
///
/// At most two groups are on their way; the writer waits for room. After an error nothing more is written.
final class GroupCommitter: @unchecked Sendable {
  // Sendable: what changes is read and written under the condition's lock.
  struct Group: Sendable {
    let batch: WriteBatch
    /// Called once: with nil when the batch is durable.
    let completion: @Sendable (JournalError?) -> Void
  }

  private let indexBuilder: IndexBuilder
  private let condition = NSCondition()
  private var waiting: Group?
  private var isCommitting = false
  private var failure: JournalError?
  private var isClosed = false
  private var isRunning = false

  /// - Parameter indexBuilder: told what is durable.
  init(_ indexBuilder: IndexBuilder) { self.indexBuilder = indexBuilder }

  /// Whether nothing is on its way.
  /// - Throws: why a group could not be committed.
  func isIdle() throws(JournalError) -> Bool {
    let (failure, isIdle) = condition.withLock { (self.failure, waiting == nil && !isCommitting) }
    if let failure { throw failure }
    return isIdle
  }

  /// Commits a batch on the calling thread, behind all groups.
  /// - Throws: why it, or a group before it, could not be committed: nothing is written behind that.
  func commit(_ batch: WriteBatch) throws(JournalError) {
    try drain()
    try write(batch)
  }

  /// Has a group committed behind those before it; waits while two are on their way.
  func submit(_ group: Group) {
    let failure: JournalError? = condition.withLock {
      while waiting != nil && self.failure == nil { condition.wait() }
      if let failure = self.failure { return failure }
      waiting = group
      if isRunning { condition.broadcast() } else { start() }
      return nil
    }
    if let failure { group.completion(failure) }
  }

  /// Waits until all groups are durable.
  /// - Throws: why one is not.
  func drain() throws(JournalError) {
    let failure: JournalError? = condition.withLock {
      while waiting != nil || isCommitting { condition.wait() }
      return self.failure
    }
    if let failure { throw failure }
  }

  /// Commits what is on its way, ends the thread and waits for its end.
  func close() {
    condition.withLock {
      isClosed = true
      condition.broadcast()
      while isRunning { condition.wait() }
    }
  }

  private func start() {
    isRunning = true
    Thread.start("journal-committer") { [self] in
      run()
      condition.withLock {
        isRunning = false
        condition.broadcast()
      }
    }
  }

  private func run() {
    while let group = next() {
      var failure = condition.withLock { self.failure }
      if failure == nil { do throws(JournalError) { try write(group.batch) } catch { failure = error } }
      group.completion(failure)
      condition.withLock {
        isCommitting = false
        condition.broadcast()
      }
    }
  }

  private func write(_ batch: WriteBatch) throws(JournalError) {
    do throws(JournalError) { try batch.commit() } catch {
      condition.withLock { failure = .writerEnded(by: error) }
      throw error
    }
    indexBuilder.note(batch.entries, entryCount: batch.entryCount)
  }

  private func next() -> Group? {
    condition.withLock {
      while waiting == nil && !isClosed { condition.wait() }
      guard let group = waiting.take() else { return nil }
      isCommitting = true
      condition.broadcast()
      return group
    }
  }
}

extension JournalError {
  /// What LMDB knows of a file whose write or sync failed is not to be trusted any more: writing ends, for good.
  static func writerEnded(by error: JournalError) -> JournalError {
    error.code == .writerEnded ? error : JournalError(.writerEnded, "writing ended after an error: \(error)", path: error.path)
  }
}
