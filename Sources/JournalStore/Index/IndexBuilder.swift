internal import Foundation
internal import JournalFormat
internal import LMDB

/// Builds the indexes of a journal behind its writer, on a thread of its own: the newest segment's as entries come, and those of closed
/// segments to their very end in between. The writer waits rather than outrun it, and ends with its error where it fails.
///
/// The writer hands over what it has committed in memory; only what is not handed over is read from the segment.
final class IndexBuilder: @unchecked Sendable {
  // Sendable: what changes is read and written under the condition's lock; the thread's own things never leave it.
  private let directory: JournalDirectory
  private let limits: IndexLimits
  private let condition = NSCondition()
  private var newest: Newest?
  /// Closed segments whose index may end too early, the oldest first.
  private var closed: [Manifest.Segment] = []
  /// Entries of the newest segment that were not read back.
  private var handed = 0
  private var failure: JournalError?
  private var isStopped = false
  private var isRunning = false
  /// The thread has taken something to do.
  private var isAtWork = false
  /// The writer waits for room.
  private var isAwaited = false

  private struct Newest {
    let segment: Manifest.Segment
    var entryCount: UInt32
    var indexedThrough: UInt32 = 0
    /// What there was when the journal was opened: an index that has to be made anew must not stop the recording.
    let countAtOpening: UInt32
    /// The thread is to look at it.
    var mayHaveWork = true
    /// How many entries there were when the thread last looked at it.
    var seenCount: UInt32 = 0
    /// What was committed since then.
    var feed = IndexFeed()

    var unindexedCount: Int { Int(entryCount) - Int(indexedThrough) }
    var unindexedCountSinceOpening: Int { Int(entryCount) - Int(min(max(indexedThrough, countAtOpening), entryCount)) }
  }

  /// The thread looks at new entries once they are this part of a run, so that little is left to do when the run is full.
  private static let partsOfRun: UInt32 = 16
  /// The longest, in seconds, that fewer wait: messages stay in memory as long as they must.
  private static let longestWait = 0.25

  init(_ directory: JournalDirectory, limits: IndexLimits) {
    self.directory = directory
    self.limits = limits
  }

  // MARK: The writer's side

  /// Begins to build.
  /// - Parameters:
  ///   - segments: all of the journal.
  ///   - entryCount: what the one that is written to has.
  func start(_ segments: [Manifest.Segment], entryCount: UInt32) {
    condition.withLock {
      // A sealed segment has its index within.
      closed = segments.filter { $0.lastPosition != nil && $0.state == .hot }
      newest = segments.last.flatMap { last in
        last.lastPosition == nil ? Newest(segment: last, entryCount: entryCount, countAtOpening: entryCount) : nil
      }
      isRunning = true
    }
    Thread.start("index-builder") { [self] in
      run()
      condition.withLock {
        isRunning = false
        condition.broadcast()
      }
    }
  }

  /// Waits until so many more entries leave no more without an index than may be.
  /// - Parameter written: how many entries the newest segment has, those included whose commit is under way.
  /// - Throws: what the builder failed of.
  func waitForRoom(for count: Int, written: UInt32) throws(JournalError) {
    let found: JournalError? = condition.withLock {
      while failure == nil, isRunning, let newest, newest.unindexedCountSinceOpening >= Int(limits.runEntryCount),
        newest.unindexedCountSinceOpening + Int(max(written, newest.entryCount) - newest.entryCount) + count
          > limits.maximumUnindexedEntries
      {
        isAwaited = true
        condition.wait()
      }
      isAwaited = false
      return failure
    }
    if let found { throw found }
  }

  /// Tells what was committed, and how many entries the newest segment has with it, all durable.
  func note(_ entries: [Entry], entryCount: UInt32) {
    condition.withLock {
      guard let before = newest?.entryCount else { return }
      let wasEmpty = newest!.feed.isEmpty
      newest!.feed.append(entries)
      newest!.entryCount = entryCount
      let isMuch = entryCount - newest!.seenCount >= limits.runEntryCount / Self.partsOfRun
      if isMuch || before / limits.runEntryCount != entryCount / limits.runEntryCount { newest!.mayHaveWork = true }
      // What is little is looked at when its time has come, which a thread that sleeps for good does not know of.
      if newest!.mayHaveWork || wasEmpty { condition.broadcast() }
    }
  }

  /// Tells that there will be no more of the newest segment.
  func end(_ segment: Manifest.Segment) {
    condition.withLock {
      closed.append(segment)
      newest = nil
      condition.broadcast()
    }
  }

  /// Waits until a segment that has ended is indexed to its end, or `shouldStop` says so.
  func waitUntilDone(with segment: Manifest.Segment, shouldStop: () -> Bool) {
    condition.withLock {
      while isRunning, !isStopped, failure == nil, closed.contains(where: { $0.file == segment.file }), !shouldStop() {
        _ = condition.wait(until: Date(timeIntervalSinceNow: 0.05))
      }
    }
  }

  /// Tells that a segment's file is to go.
  func forget(_ segment: Manifest.Segment) {
    condition.withLock { closed.removeAll { $0.file == segment.file } }
  }

  /// Tells that a segment begins.
  func begin(_ segment: Manifest.Segment) {
    condition.withLock {
      newest = Newest(segment: segment, entryCount: 0, countAtOpening: 0)
      condition.broadcast()
    }
  }

  /// Entries of the newest segment that no index file knows yet.
  var lag: Int { condition.withLock { newest?.unindexedCount ?? 0 } }

  /// Waits until every index is as far as it can be, or building has ended: for tests that count files or pages.
  func waitUntilAtRest() {
    condition.withLock {
      while isRunning, !isStopped, failure == nil, isAtWork || !closed.isEmpty || newest?.mayHaveWork ?? false {
        _ = condition.wait(until: Date(timeIntervalSinceNow: 0.05))
      }
    }
  }

  /// Whether the writer waits for it: for tests.
  var holdsWriterUp: Bool { condition.withLock { isAwaited } }

  /// Entries of the newest segment that were indexed from memory.
  var handedCount: Int { condition.withLock { handed } }

  /// Ends the thread after the step that it is at.
  func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
      while isRunning { condition.wait() }
    }
  }

  // MARK: The thread

  private enum Task {
    case newest(Manifest.Segment, entryCount: UInt32)
    case closed(Manifest.Segment)
  }

  /// The newest segment comes first, as soon as it has something to do: its lag holds up the writer, that of the others nobody.
  /// - Parameter feed: gets what was handed over, where nothing of before is left in it.
  private func next(_ feed: inout IndexFeed) -> Task? {
    condition.withLock {
      isAtWork = false
      defer { isAtWork = true }
      condition.broadcast()
      while !isStopped {
        if newest?.mayHaveWork ?? false { return .newest(newest!.segment, entryCount: takeFeed(&feed)) }
        if let segment = closed.first {
          feed = IndexFeed()
          return .closed(segment)
        }
        if newest?.feed.isEmpty ?? true {
          condition.wait()
        } else if !condition.wait(until: Date(timeIntervalSinceNow: Self.longestWait)) {
          newest?.mayHaveWork = true
        }
      }
      return nil
    }
  }

  /// Tells, under the lock, how many entries the thread is to look at, and those of them that were handed over.
  private func takeFeed(_ feed: inout IndexFeed) -> UInt32 {
    // Of a segment that the thread has seen nothing of: what is left is another's.
    if newest!.seenCount == 0 { feed = IndexFeed() }
    // What came meanwhile has its turn when nothing of before is left.
    guard feed.isEmpty else { return newest!.seenCount }
    swap(&newest!.feed, &feed)
    newest!.seenCount = newest!.entryCount
    newest!.mayHaveWork = false
    return newest!.entryCount
  }

  private func run() {
    var growing: (file: Manifest.Segment.File, index: IndexWriter)?
    var finishing: (file: Manifest.Segment.File, index: IndexWriter)?
    var feed = IndexFeed()
    do throws(JournalError) {
      while let task = next(&feed) {
        switch task {
        case .newest(let segment, let entryCount):
          if growing?.file != segment.file {
            let environment = try SegmentEnvironment.reading(directory.path(of: segment), state: .hot, isGrowing: true)
            growing = (segment.file, try IndexWriter(environment, limits: limits))
          }
          let didWork = try growing!.index.step(entryCount: entryCount, isClosed: false, &feed)
          note(segment, growing!.index, mayHaveMore: didWork)
        case .closed(let segment):
          if finishing?.file != segment.file {
            finishing = nil
            if growing?.file == segment.file { growing = nil }
            finishing = try open(segment).map { (segment.file, $0) }
          }
          let count = UInt32(clamping: segment.lastPosition!.rawValue + 1 - segment.firstPosition.rawValue)
          if try finishing?.index.step(entryCount: count, isClosed: true) ?? false { continue }
          finishing = nil
          condition.withLock { closed.removeAll { $0.file == segment.file } }
        }
      }
    } catch {
      condition.withLock {
        failure = JournalError(error.code, "the index cannot be built: \(error.message)", path: error.path)
        condition.broadcast()
      }
    }
  }

  private func note(_ segment: Manifest.Segment, _ index: IndexWriter, mayHaveMore: Bool) {
    condition.withLock {
      guard newest?.segment.file == segment.file else { return }
      newest!.indexedThrough = index.indexedThrough
      handed = index.handedCount
      if mayHaveMore { newest!.mayHaveWork = true }
      condition.broadcast()
    }
  }

  /// Opens the index of a segment that has ended; nil where there is nothing to do, or where the segment is missing or damaged: whoever reads
  /// it is told, and recording goes on. Damage to pages might end the process, so they are walked before anything is mapped.
  private func open(_ segment: Manifest.Segment) throws(JournalError) -> IndexWriter? {
    do throws(JournalError) {
      let path = directory.path(of: segment)
      guard try PageWalk.isSound(path) else { return nil }
      let environment = try SegmentEnvironment.reading(path, state: .hot, isGrowing: false)
      let count = segment.lastPosition!.rawValue + 1 - segment.firstPosition.rawValue
      if try !IndexEnvironment.isMissing(environment.indexPath), try PageWalk.isSound(environment.indexPath),
        let index = try IndexEnvironment.reading(environment.indexPath, IndexState.Owner(environment.header)),
        case let state = try index.state(), UInt64(state.indexedThrough) == count, !IndexMerge.isUnderWay(state)
      {
        return nil
      }
      return try IndexWriter(environment, limits: limits)
    } catch {
      guard [.segmentMissing, .segmentDamaged].contains(error.code) else { throw error }
      return nil
    }
  }
}

extension PageWalk {
  /// Whether a file can be mapped and read without danger.
  /// - Throws: ``JournalError`` where it cannot be read at all.
  static func isSound(_ path: String) throws(JournalError) -> Bool {
    let walked = try translating { () throws(LMDBError) in try walk(path) }
    if case .success = walked { return true }
    return false
  }
}
