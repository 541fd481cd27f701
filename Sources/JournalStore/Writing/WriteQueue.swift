internal import Foundation
internal import JournalFormat

/// What waits for the writer's thread: bounded, and handed over whole, so that whatever waits shares one commit.
final class WriteQueue: @unchecked Sendable {
  // Sendable: every stored property is read and written under the condition's lock.
  static let maximumEntryCount = 4_096
  /// The payloads that wait, together; a call that has more for itself is let in where nothing else waits.
  static let maximumBytes = 64 << 20

  /// A call that waits for its entries to be durable.
  struct Job: Sendable {
    let work: Work
    /// Called once, on the writer's thread.
    let completion: @Sendable (Result<ClosedRange<JournalPosition>, JournalError>) -> Void
  }

  enum Work: Sendable {
    case append([EntryDraft])
    case confirmClock
    /// Ends the newest segment, so that it can be sealed.
    case endSegment
    /// Puts a segment's sealed file in its place.
    case replaceBySealed(Manifest.Segment)

    /// What keeps the journal going must not be refused for want of room.
    var isInternal: Bool {
      if case .replaceBySealed = self { true } else { false }
    }

    var entryCount: Int {
      switch self {
      case .append(let drafts): drafts.count
      case .confirmClock, .endSegment, .replaceBySealed: 1
      }
    }

    /// The size of its payloads.
    var byteCount: Int {
      switch self {
      case .append(let drafts): drafts.reduce(0) { $0 + $1.content.payload.count }
      case .confirmClock, .endSegment, .replaceBySealed: 0
      }
    }
  }

  private let condition = NSCondition()
  private var jobs: [Job] = []
  private var entryCount = 0
  private var byteCount = 0
  private var isClosed = false
  private var ending: JournalError?

  /// Queues a job, or completes it at once with the reason why it cannot be.
  func add(_ job: Job) {
    let jobBytes = job.work.byteCount
    let refusal: JournalError? = condition.withLock {
      if let ending { return ending }
      guard !isClosed else { return JournalError(.writerEnded, "the journal is closed.") }
      let hasRoom =
        entryCount + job.work.entryCount <= Self.maximumEntryCount && (jobs.isEmpty || byteCount + jobBytes <= Self.maximumBytes)
      guard hasRoom || job.work.isInternal else {
        return JournalError(
          .queueFull, "\(entryCount) entries of \(byteCount) bytes wait to be written, as many as may. Try again.")
      }
      jobs.append(job)
      entryCount += job.work.entryCount
      byteCount += jobBytes
      condition.signal()
      return nil
    }
    if let refusal { job.completion(.failure(refusal)) }
  }

  /// All jobs that wait; waits for one. Nil when the queue is closed and empty.
  func take() -> [Job]? {
    condition.withLock {
      while jobs.isEmpty && !isClosed { condition.wait() }
      guard !jobs.isEmpty else { return nil }
      defer {
        jobs = []
        (entryCount, byteCount) = (0, 0)
      }
      return jobs
    }
  }

  /// Lets no job in any more; what waits is still done.
  func close() {
    condition.withLock {
      isClosed = true
      condition.broadcast()
    }
  }

  var isEmpty: Bool { condition.withLock { jobs.isEmpty } }

  /// What ended the queue for good; nil while it has not been.
  var endingError: JournalError? { condition.withLock { ending } }

  /// Ends the queue for good: what waits and what comes fails with `error`.
  func end(_ error: JournalError) {
    let waiting = condition.withLock {
      ending = error
      isClosed = true
      defer { jobs = [] }
      return jobs
    }
    for job in waiting { job.completion(.failure(error)) }
  }
}
