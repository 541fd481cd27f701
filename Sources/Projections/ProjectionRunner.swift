internal import Dispatch
public import JournalFormat
public import JournalStore
internal import Synchronization

/// Keeps read models up to date with the journal. One at a time in all processes; anybody reads meanwhile (``ReadModels``).
///
/// Not for several threads at a time.
public final class ProjectionRunner {
  let files: ReadModelDirectory
  let reader: JournalReader
  private let lock: JournalLock
  private let feed: EntryFeed
  public private(set) var models: [ReadModel] = []

  /// Entries that are applied in one transaction, at most: how much is done again after a kill. While there is much to catch up with, fewer commits
  /// count for more.
  static let batchEntryCount = 4_096
  static let catchUpBatchEntryCount = 16_384

  /// How far a run has come.
  public struct Progress: Sendable {
    public let done: UInt64
    public let total: UInt64
  }

  /// Takes up the read models where they end. One that is missing, damaged, of another version, or no longer fits the journal begins anew.
  /// - Parameter purpose: what others are told who want to run them meanwhile.
  /// - Throws: ``JournalError`` `lock.held` while another runs them.
  public init(
    _ journal: JournalDirectory, projections: [any Projection.Type] = Projections.all, purpose: String
  ) throws(JournalError) {
    files = ReadModelDirectory(journal)
    reader = try JournalReader(journal)
    try files.make()
    lock = try JournalLock(files.lockPath, of: files.path, purpose: purpose)
    feed = EntryFeed(reader)
    var generations = try files.generations()
    for projection in projections {
      if let model = try open(projection, generations[projection.name]), try fits(model) {
        models.append(model)
      } else {
        let generation = try files.freeGeneration(projection.name)
        models.append(try begin(projection, generation: generation))
        generations[projection.name] = generation
      }
    }
    if try generations != files.generations() { try files.write(generations) }
  }

  /// Lets another run them: nothing may be asked of this one any more.
  public func close() {
    models = []
    lock.release()
  }

  var journalId: String { reader.manifest.journalId }

  // MARK: Catching up

  /// Brings all read models up to the journal's present end.
  /// - Returns: how many entries were new to the one that lagged most.
  @discardableResult
  public func catchUp(_ tell: (Progress) -> Void = { _ in }) throws(JournalError) -> Int { try advance(models, tell) }

  /// Applies what comes, as it comes, until told to end; each batch is durable before the next is read.
  /// - Parameters:
  ///   - pauseMilliseconds: between two looks at a journal that stands still.
  ///   - told: the first position that no read model has seen, whenever it has moved, and at every pause.
  ///   - shouldEnd: asked between batches.
  public func follow(
    pauseMilliseconds: UInt32 = 10, told: (JournalPosition) -> Void = { _ in }, _ tell: (Progress) -> Void = { _ in },
    until shouldEnd: () -> Bool
  ) throws(JournalError) {
    var cleared = ContinuousClock.now
    while !shouldEnd() {
      let isStill = try advance(models, tell, until: shouldEnd) == 0
      if let next = try models.map({ (model) throws(JournalError) in try model.state().next }).min() { told(next) }
      if isStill { Pause.milliseconds(pauseMilliseconds) }
      guard ContinuousClock.now - cleared > .seconds(60) else { continue }
      cleared = .now
      for model in models { try model.clearDeadReaders() }
    }
  }

  /// Brings some models up to a position, or to the journal's end, together: each takes what it has not seen. While they take one batch, the next
  /// is read.
  func advance(
    _ models: [ReadModel], to end: JournalPosition? = nil, _ tell: (Progress) -> Void = { _ in }, until shouldEnd: () -> Bool = { false }
  ) throws(JournalError) -> Int {
    var states = try models.map { (model) throws(JournalError) in try model.state() }
    let last = try reader.lastPosition()
    guard let begin = states.map(\.next).min(), let end = end ?? last?.next, begin < end else { return 0 }
    var next = try batch(from: begin, to: end)
    while !next.entries.isEmpty {
      let batch = next
      let work = BatchWork(models, states, batch)
      let following = Mutex<Result<EntryFeed.Batch, JournalError>?>(nil)
      // The journal is read by one thread at a time: by this work's first part alone.
      nonisolated(unsafe) let runner = self
      DispatchQueue.concurrentPerform(iterations: models.count + 1) { part in
        if part == 0 {
          let result = Result { () throws(JournalError) in try runner.batch(from: batch.end, to: end) }
          following.withLock { $0 = result }
        } else {
          work.run(part - 1)
        }
      }
      states = try work.states()
      tell(Progress(done: batch.end.rawValue - begin.rawValue, total: end.rawValue - begin.rawValue))
      guard !shouldEnd() else { break }
      next = try following.withLock { $0! }.get()
    }
    return Int(next.start.rawValue - begin.rawValue)
  }

  private func batch(from start: JournalPosition, to end: JournalPosition) throws(JournalError) -> EntryFeed.Batch {
    let start = max(start, reader.firstPosition ?? start)
    let remaining = Int(clamping: end.rawValue - min(end, start).rawValue)
    let limit = remaining > 4 * Self.catchUpBatchEntryCount ? Self.catchUpBatchEntryCount : Self.batchEntryCount
    return try feed.batch(from: start, limit: min(limit, remaining))
  }

  // MARK: Models

  private func open(_ projection: any Projection.Type, _ generation: UInt32?) throws(JournalError) -> ReadModel? {
    guard let generation else { return nil }
    return try ReadModel.open(
      projection, files.path(projection.name, generation: generation), generation: generation, journalId: journalId, isWritable: true)
  }

  /// Whether a read model was made from this journal as it is: a backup that was put in its place may end earlier.
  private func fits(_ model: ReadModel) throws(JournalError) -> Bool {
    let state = try model.state()
    let end = try reader.lastPosition()?.next ?? reader.manifest.nextPosition
    guard state.next <= end else { return false }
    guard let lastRecordedAt = state.lastRecordedAt else { return true }
    do throws(JournalError) {
      guard let last = try reader.entry(at: JournalPosition(state.next.rawValue - 1)) else { return true }
      return last.recordedAt == lastRecordedAt
    } catch {
      guard error.code == .recordDamaged else { throw error }
      return true
    }
  }

  /// Makes a read model that has seen nothing but its opening state.
  func begin(_ projection: any Projection.Type, generation: UInt32, path: String? = nil) throws(JournalError) -> ReadModel {
    let opening = try files.openingState(projection, journalId: journalId)
    let start = opening?.horizon ?? reader.firstPosition ?? .first
    let model = try ReadModel.create(
      projection, path ?? files.path(projection.name, generation: generation), generation: generation, journalId: journalId, start: start)
    guard let opening else { return model }
    let state = try model.state()
    _ = try model.write { (_, rows) throws(JournalError) in
      for row in opening.rows where row.table < projection.tables.count {
        try rows.put(row.row.value, for: row.row.key, in: projection.tables[row.table])
      }
      var opened = state
      opened.clock = opening.clock
      return opened
    }
    return model
  }

  /// Puts another generation of a read model in force.
  func swap(_ model: ReadModel) throws(JournalError) {
    var generations = try files.generations()
    generations[model.projection.name] = model.generation
    try files.write(generations)
    try files.removeGarbage(generations)
    models = models.map { $0.projection.name == model.projection.name ? model : $0 }
  }
}

/// One batch on its way into several read models, each by a thread of its own.
private final class BatchWork: Sendable {
  private let models: [ReadModel]
  private let before: [ReadModel.State]
  private let batch: EntryFeed.Batch
  private let results: Mutex<[Result<ReadModel.State, JournalError>?]>

  init(_ models: [ReadModel], _ states: [ReadModel.State], _ batch: EntryFeed.Batch) {
    self.models = models
    self.batch = batch
    before = states
    results = Mutex(Array(repeating: nil, count: models.count))
  }

  func run(_ index: Int) {
    let result = Result { () throws(JournalError) in try apply(models[index], before[index]) }
    results.withLock { $0[index] = result }
  }

  /// The state of each model behind the batch.
  func states() throws(JournalError) -> [ReadModel.State] {
    let results = results.withLock { $0 }
    return try results.map { (result) throws(JournalError) in try result!.get() }
  }

  private func apply(_ model: ReadModel, _ before: ReadModel.State) throws(JournalError) -> ReadModel.State {
    guard before.next < batch.end else { return before }
    var state = before
    state.next = batch.end
    let first = max(batch.start, before.next)
    if let last = batch.entries.last(where: { $0 != nil }) { state.lastRecordedAt = last!.entry.recordedAt }
    // Where positions are gone, or cannot be read, the model says so.
    let gap = before.next < batch.start ? (before.next, batch.start) : nil
    state.skippedCount += (gap == nil ? 0 : 1) + batch.failures.count { $0.key >= first }
    return try model.write { (projection, rows) throws(JournalError) in
      if let gap { try model.skip(gap.0, "the entries up to position \(gap.1.rawValue - 1) are gone", in: rows) }
      for index in Int(first.rawValue - batch.start.rawValue)..<batch.entries.count {
        guard let entry = batch.entries[index] else {
          let position = batch.start.advanced(by: index)
          try model.skip(position, batch.failures[position]!.code.rawValue, in: rows)
          continue
        }
        rows.clockBefore = state.clock ?? entry.entry.content.observedAt
        if entry.kind == .request { state.clock = max(state.clock ?? entry.entry.content.observedAt, entry.entry.content.observedAt) }
        rows.clock = state.clock ?? entry.entry.content.observedAt
        try projection.apply(entry, to: rows)
      }
      return state
    }
  }
}
