internal import Foundation
public import JournalFormat
internal import Synchronization

/// Takes entries and makes them durable: the journal itself where this process holds it, or its holder behind a socket.
public protocol JournalAppender: Sendable {
  /// Queues entries to be appended, next to each other, after those of earlier calls from the same thread.
  ///
  /// - Parameter completion: called once, on any thread: with their positions when they are durable, or with the ``JournalError``.
  ///   `queue.full` may be tried again, `entry.invalid` is the caller's mistake; after anything else nothing is known of these entries.
  func submit(_ drafts: [EntryDraft], completion: @escaping @Sendable (Result<ClosedRange<JournalPosition>, JournalError>) -> Void)

  /// Believes the system clock as it is from now on, where it had leapt ahead or the journal had been left alone for long.
  func confirmClock() async throws(JournalError)

  /// Records that somebody is about to see personal values: a fact about the journal's own life, which it states itself.
  /// - Parameter reason: who asks, what for and why.
  /// - Throws: ``JournalError`` where it is not recorded.
  func recordAccess(_ reason: String) async throws(JournalError)

  /// Waits until every segment that has ended is sealed.
  /// - Parameter endingNewest: whether the newest segment is ended first, so that it is sealed too.
  /// - Throws: ``JournalError``: why a segment could not be sealed; it stays as it was.
  func seal(endingNewest: Bool) async throws(JournalError)
}

extension JournalAppender {
  /// Appends entries, next to each other. They are durable when this returns; see ``submit(_:completion:)`` for what is thrown.
  /// - Throws: ``JournalError``: `queue.full` may be tried again, `entry.invalid` is the caller's mistake; after anything else nothing is known of these
  ///   entries.
  public func append(_ drafts: [EntryDraft]) async throws(JournalError) -> ClosedRange<JournalPosition> {
    let result = await withCheckedContinuation { continuation in
      submit(drafts) { continuation.resume(returning: $0) }
    }
    return try result.get()
  }

  /// Appends one entry.
  /// - Throws: ``JournalError``, as for several drafts.
  public func append(_ draft: EntryDraft) async throws(JournalError) -> JournalPosition { try await append([draft]).lowerBound }
}

/// A journal that this process holds: it alone appends.
///
/// Any number of tasks may append at once; whatever waits shares a commit. All writing happens on one thread of its own.
public final class Journal: JournalAppender {
  /// Where it stands.
  public let directory: JournalDirectory
  private let lock: JournalLock
  private let clock: JournalClock.Source
  private let queue: WriteQueue
  private let state: SharedState
  private let server: HandOverServer
  private let sealer: Sealer
  private let indexBuilder: IndexBuilder

  /// What the writer's thread tells the others.
  private final class SharedState: Sendable {
    struct Values: Sendable {
      var lastPosition: JournalPosition?
      var lastRecordedAt: Timestamp?
    }
    let values: Mutex<Values>
    let finished = DispatchSemaphore(value: 0)
    init(_ values: Values) { self.values = Mutex(values) }
  }

  /// Opens a journal to append to it, after any crash and without a repair step.
  /// - Parameters:
  ///   - purpose: what a second process is told about the holder, for instance `emip-journal import`.
  ///   - clock: for tests.
  ///   - onSealingFailure: told why a segment that has ended could not be sealed where nobody waits for that in ``seal(endingNewest:)``. It
  ///     stays as it was, and is tried again when the next segment ends. Called on a thread of the journal's: do not block it.
  /// - Throws: ``JournalError``: `lock.held`, `journal.missing`, `format.newer`, `manifest.damaged`, `segment.damaged`, `segment.missing`,
  ///   `filesystem.network`, or an error of the file system.
  public convenience init(
    _ directory: JournalDirectory, purpose: String, clock: JournalClock.Source = .system,
    onSealingFailure: @escaping @Sendable (JournalError) -> Void = { _ in }
  ) throws(JournalError) {
    try self.init(
      directory, purpose: purpose, clock: clock, indexLimits: .init(), sealsByItself: true, onSealingFailure: onSealingFailure)
  }

  /// - Parameters:
  ///   - indexLimits: for tests.
  ///   - sealsByItself: false for tests that look at the files: then segments are sealed by ``seal(endingNewest:)`` only.
  init(
    _ directory: JournalDirectory, purpose: String, clock: JournalClock.Source = .system, indexLimits: IndexLimits = .init(),
    sealsByItself: Bool, onSealingFailure: @escaping @Sendable (JournalError) -> Void = { _ in }
  ) throws(JournalError) {
    let manifest = try directory.readManifest()
    try FileSystem.refuseNetworkFileSystem(directory.path)
    self.directory = directory
    self.clock = clock
    lock = try JournalLock(directory.lockPath, of: directory.path, purpose: purpose)
    let indexBuilder = IndexBuilder(directory, limits: indexLimits)
    let committer = GroupCommitter(indexBuilder)
    let writer = try JournalWriter(
      directory, clock: JournalClock(clock), newestChange: try directory.newestChange(manifest), indexBuilder: indexBuilder,
      committer: committer)
    self.indexBuilder = indexBuilder
    let queue = WriteQueue()
    let state = SharedState(.init(lastPosition: writer.lastPosition, lastRecordedAt: writer.newestRecordedAt))
    self.queue = queue
    self.state = state
    // Before the sealer, which waits for the index of each segment.
    writer.startIndexing()
    let mayBegin = sealsByItself && !writer.awaitsConfirmation
    let sealer = Sealer(directory, queue, indexBuilder, isAutomatic: mayBegin, onFailure: onSealingFailure)
    do {
      server = try HandOverServer(directory, queue, sealer, clock)
    } catch {
      sealer.stop()
      indexBuilder.stop()
      throw error
    }
    self.sealer = sealer
    let handed = HandedWriter(writer)
    Thread.start("journal-writer") {
      Self.run(handed.take(), committer, queue, state, sealer, sealsByItself: sealsByItself)
      committer.close()
      // By now the writer is gone, and with it its hold on the newest segment.
      state.finished.signal()
    }
  }

  deinit { close() }

  /// The last position that is durable; nil in an empty journal.
  public var lastPosition: JournalPosition? { state.values.withLock { $0.lastPosition } }
  /// When the last durable entry was recorded; nil in an empty journal.
  public var lastRecordedAt: Timestamp? { state.values.withLock { $0.lastRecordedAt } }

  /// Entries of the newest segment that its index does not know yet; readers look through them. Normally fewer than 8,192.
  public var indexLag: Int { indexBuilder.lag }

  /// Waits until the indexes are as far as they can be: for tests that look at the files.
  func waitForIndexes() { indexBuilder.waitUntilAtRest() }

  /// Whether the writer waits until its index has come nearer: for tests.
  var waitsForIndex: Bool { indexBuilder.holdsWriterUp }

  /// Entries of the newest segment that were indexed without being read back, since the journal was opened.
  var handedCount: Int { indexBuilder.handedCount }

  /// Queues entries for the writer's thread; never blocks.
  public func submit(
    _ drafts: [EntryDraft], completion: @escaping @Sendable (Result<ClosedRange<JournalPosition>, JournalError>) -> Void
  ) {
    if let mistake = drafts.mistake { return completion(.failure(mistake)) }
    queue.add(.init(work: .append(drafts), completion: completion))
  }

  /// Believes the system clock as it is from now on, where it had leapt ahead or the journal had been left alone for long.
  /// - Throws: ``JournalError`` where it cannot be recorded.
  public func confirmClock() async throws(JournalError) {
    let result = await withCheckedContinuation { continuation in
      queue.add(.init(work: .confirmClock) { continuation.resume(returning: $0) })
    }
    _ = try result.get()
  }

  /// Records that somebody is about to see personal values.
  /// - Throws: ``JournalError`` where it is not recorded.
  public func recordAccess(_ reason: String) async throws(JournalError) { _ = try await append(.access(reason, by: clock)) }

  /// Waits until every segment that has ended is sealed.
  /// - Throws: ``JournalError`` of the first segment that could not be sealed: it stays as it is.
  public func seal(endingNewest: Bool) async throws(JournalError) {
    if endingNewest {
      let ended = await withCheckedContinuation { continuation in
        queue.add(.init(work: .endSegment) { continuation.resume(returning: $0) })
      }
      _ = try ended.get()
    }
    let sealed = await withCheckedContinuation { continuation in sealer.whenDone { continuation.resume(returning: $0) } }
    try sealed.get()
  }

  /// Writes what waits, ends the journal's threads and lets the lock go. Further appends fail. A segment that is being sealed stays as it was.
  public func close() {
    // While the writer still answers.
    sealer.stop()
    server.stop()
    queue.close()
    state.finished.wait()
    state.finished.signal()
    indexBuilder.stop()
    lock.release()
  }

  /// Carries the writer to its thread, which alone has it from then on.
  private final class HandedWriter: @unchecked Sendable {
    // Sendable: made by one thread and emptied by another, which is started in between.
    private var writer: JournalWriter?

    init(_ writer: JournalWriter) { self.writer = writer }

    func take() -> JournalWriter { writer.take()! }
  }

  private static func run(
    _ writer: JournalWriter, _ committer: GroupCommitter, _ queue: WriteQueue, _ state: SharedState, _ sealer: Sealer, sealsByItself: Bool
  ) {
    var writer = writer
    var awaitedConfirmation = writer.awaitsConfirmation
    var endedSegmentCount = writer.endedSegmentCount
    while let jobs = queue.take() {
      @Sendable func fail(_ error: JournalError) {
        // First for all: who is told of the error and looks again must find the queue ended.
        queue.end(.writerEnded(by: error))
        for job in jobs { job.completion(.failure(error)) }
      }
      do throws(JournalError) {
        let performed = try writer.perform(jobs.map(\.work))
        let values = SharedState.Values(lastPosition: writer.lastPosition, lastRecordedAt: writer.newestRecordedAt)
        let results = performed.results
        @Sendable func tell() {
          state.values.withLock { $0 = values }
          for (job, result) in zip(jobs, results) { job.completion(result) }
        }
        if awaitedConfirmation, !writer.awaitsConfirmation {
          awaitedConfirmation = false
          if sealsByItself { sealer.begin() }
        }
        if writer.endedSegmentCount != endedSegmentCount {
          endedSegmentCount = writer.endedSegmentCount
          sealer.wake()
        }
        guard let batch = performed.batch else {
          try committer.drain()
          tell()
          continue
        }
        // With more to do, the disk is waited for on another thread; with nothing, another thread would only be one more to wait for.
        if try committer.isIdle(), queue.isEmpty {
          try committer.commit(batch)
          tell()
        } else {
          committer.submit(GroupCommitter.Group(batch: batch) { error in if let error { fail(error) } else { tell() } })
        }
      } catch {
        return fail(error)
      }
    }
  }
}

extension Thread {
  /// Starts a thread of the journal's own, which tools show by its name (at most 15 bytes of it, prctl(2)). Whoever waits for its end is told by
  /// `body`'s last step.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.name = name
    thread.stackSize = 4 << 20
    thread.start()
  }
}
