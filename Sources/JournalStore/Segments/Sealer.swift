internal import Foundation
internal import Glibc
internal import JournalFormat

/// Seals the segments that have ended, one after another, on a thread of its own that gives way to all others, while recording goes on.
///
/// The writer puts the sealed file into the manifest. What goes wrong is told to whoever waits, or else to whoever opened the journal, and
/// tried again when the next segment ends or the journal is opened anew: until then the segment stays as it is.
final class Sealer: @unchecked Sendable {
  // Sendable: every stored property that changes is read and written under the condition's lock.
  private let directory: JournalDirectory
  private let queue: WriteQueue
  private let indexBuilder: IndexBuilder
  private let condition = NSCondition()
  private var isAutomatic: Bool
  private let onFailure: @Sendable (JournalError) -> Void
  private var isAwake: Bool
  private var isStopped = false
  private var waiting: [@Sendable (Result<Void, JournalError>) -> Void] = []
  private let finished = DispatchSemaphore(value: 0)

  /// How the thread gives way: nice(2).
  private static let niceness: Int32 = 10

  /// Starts the thread, which first looks for what an earlier process left.
  /// - Parameters:
  ///   - isAutomatic: whether it seals before it is asked to.
  ///   - onFailure: told what went wrong where nobody waits; called on the sealer's thread.
  init(
    _ directory: JournalDirectory, _ queue: WriteQueue, _ indexBuilder: IndexBuilder, isAutomatic: Bool,
    onFailure: @escaping @Sendable (JournalError) -> Void
  ) {
    self.indexBuilder = indexBuilder
    self.onFailure = onFailure
    self.isAutomatic = isAutomatic
    isAwake = isAutomatic
    self.directory = directory
    self.queue = queue
    Thread.start("journal-sealer") { [self] in
      // To Linux the process 0 is the calling thread alone (setpriority(2), "C library/kernel differences").
      setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
      while takeTurn() {}
      finished.signal()
    }
  }

  /// Looks for segments that have ended, where it seals before it is asked to.
  func wake() {
    condition.withLock {
      guard isAutomatic else { return }
      isAwake = true
      condition.signal()
    }
  }

  /// Seals from now on before it is asked to.
  func begin() {
    condition.withLock { isAutomatic = true }
    wake()
  }

  /// Calls back once all segments that have ended by now are sealed, or with what went wrong.
  func whenDone(_ completion: @escaping @Sendable (Result<Void, JournalError>) -> Void) {
    let isLate = condition.withLock {
      if isStopped { return true }
      waiting.append(completion)
      isAwake = true
      condition.signal()
      return false
    }
    if isLate { completion(.failure(JournalError(.writerEnded, "the journal is closed."))) }
  }

  /// Ends the thread, within a few hundred entries. A file that is half written is garbage.
  func stop() {
    let wasStopped = condition.withLock {
      defer { isStopped = true }
      condition.signal()
      return isStopped
    }
    guard !wasStopped else { return }
    finished.wait()
    for completion in waiting { completion(.failure(JournalError(.writerEnded, "the journal was closed before all was sealed."))) }
    waiting = []
  }

  private var mustStop: Bool { condition.withLock { isStopped } }

  /// Waits until there may be something to seal, and seals it; false once sealing has been stopped.
  private func takeTurn() -> Bool {
    let mayGoOn = condition.withLock {
      while !isAwake && !isStopped { condition.wait() }
      isAwake = false
      return !isStopped
    }
    guard mayGoOn else { return false }
    let turn = condition.withLock { () -> [@Sendable (Result<Void, JournalError>) -> Void] in
      defer { waiting = [] }
      return waiting
    }
    do {
      tell(try sealAll(), turn)
    } catch is SegmentSealer.Stopped {
      condition.withLock { waiting += turn }
    } catch {
      tell(described(error), turn)
    }
    return true
  }

  private func tell(_ failure: JournalError?, _ turn: [@Sendable (Result<Void, JournalError>) -> Void]) {
    for completion in turn { completion(failure.map { .failure($0) } ?? .success(())) }
    // That the writer has ended, and of what, is told to whoever appends.
    if let failure, turn.isEmpty, failure.code != .writerEnded { onFailure(failure) }
  }

  private func described(_ error: any Error) -> JournalError {
    error as? JournalError ?? JournalError(.inputOutput, "sealing failed: \(error)", path: directory.path)
  }

  /// Seals all segments that have ended. One that cannot be sealed does not keep the others from it, but a full disk does: each attempt
  /// takes for a while what recording may need, and even where a smaller segment's sealed file still fits, the manifest may not.
  /// - Returns: why the first that could not be sealed could not.
  /// - Throws: ``SegmentSealer/Stopped``, or why a sealed file could not take its segment's place.
  private func sealAll() throws -> JournalError? {
    var failed: Set<Manifest.Segment> = []
    var first: JournalError?
    while true {
      guard !mustStop else { throw SegmentSealer.Stopped() }
      // It may have ended while a manifest came into force that names a sealed file: to write that file again would remove it first.
      if let ending = queue.endingError { throw ending }
      let segments = try directory.readManifest().segments
      let next = segments.first { $0.state == .hot && $0.lastPosition != nil && !failed.contains($0) }
      guard let segment = next else { return first }
      // The sealed index is made of the segment's own.
      indexBuilder.waitUntilDone(with: segment) { mustStop }
      do {
        try SegmentSealer.seal(segment, in: directory) { [self] in mustStop }
      } catch let error where !(error is SegmentSealer.Stopped) {
        let failure = described(error)
        first = first ?? failure
        guard failure.code != .diskFull else { return first }
        failed.insert(segment)
        continue
      }
      try replace(segment)
    }
  }

  private func replace(_ segment: Manifest.Segment) throws(JournalError) {
    let done = DispatchSemaphore(value: 0)
    let outcome = Outcome()
    queue.add(
      .init(work: .replaceBySealed(segment)) { result in
        outcome.result = result
        done.signal()
      })
    done.wait()
    _ = try outcome.result!.get()
  }

  /// Carries the writer's answer from its thread to this one.
  private final class Outcome: @unchecked Sendable {
    // Sendable: written before the semaphore is signalled and read after it was waited for.
    var result: Result<ClosedRange<JournalPosition>, JournalError>?
  }
}
