internal import Glibc
public import JournalFormat
public import JournalStore

/// Keeps read models up to date with the journal. One at a time in all processes; anybody reads meanwhile (``ReadModels``).
///
/// Not for several threads at a time.
public final class ProjectionRunner {
  let files: ReadModelDirectory
  let reader: JournalReader
  private let lock: JournalLock
  private let feed: EntryFeed
  /// The read models that it runs, in the order of their projections; none once it is closed.
  public private(set) var models: [ReadModel] = []
  /// Those that were made anew by this run, until they have caught up.
  private var begun: Set<String> = []
  /// Those that were made anew in place of what was damaged, until they are rebuilt.
  var replaced: Set<String> = []

  /// Entries that are applied in one transaction, at most: how much is done again after a kill. While there is much to catch up with, fewer commits
  /// count for more.
  static let batchEntryCount = 4_096
  static let catchUpBatchEntryCount = 16_384

  /// How far a run has come.
  public struct Progress: Sendable {
    /// Positions that were taken in so far.
    public let done: UInt64
    /// Positions that there were to take in when it began.
    public let total: UInt64
  }

  /// Takes up the read models where they end. One that is missing, of another version, or no longer fits the journal begins anew.
  /// - Parameters:
  ///   - replacesDamaged: whether one that is damaged begins anew too.
  ///   - overDamage: whether what damaged pages of the journal may hide is given up.
  ///   - purpose: what others are told who want to run them meanwhile.
  /// - Throws: ``JournalError`` `lock.held` while another runs them, `model.damaged`, `segment.damaged` where pages of the journal may hide entries.
  public init(
    _ journal: JournalDirectory, projections: [any Projection.Type] = AllProjections.all, replacesDamaged: Bool = false,
    overDamage: Bool = false, purpose: String
  ) throws(JournalError) {
    files = ReadModelDirectory(journal)
    reader = try JournalReader(journal)
    // What looks as if it had never been recorded must not be taken out of what was made of it.
    if !overDamage { try reader.requireSoundPages() }
    try files.make()
    lock = try JournalLock(files.lockPath, of: files.path, purpose: purpose)
    feed = EntryFeed(reader)
    // All are made anew where nobody knows which there are.
    let isReplaceable = replacesDamaged && projections.count == AllProjections.all.count
    let present = try Self.unlessDamaged(isReplaceable) { () throws(JournalError) in try files.generations() }
    var generations = present ?? [:]
    for projection in projections {
      let known = try Self.unlessDamaged(replacesDamaged) { () throws(JournalError) in try open(projection, generations[projection.name]) }
      if let model = known ?? nil, try fits(model) {
        models.append(model)
      } else {
        let generation = try files.freeGeneration(projection.name)
        models.append(try begin(projection, generation: generation))
        begun.insert(projection.name)
        if known == nil || present == nil { replaced.insert(projection.name) }
        generations[projection.name] = generation
      }
    }
    if generations != present { try files.write(generations) }
  }

  /// - Returns: nil where it is damaged, and may be.
  static func unlessDamaged<Result>(_ mayBe: Bool, _ body: () throws(JournalError) -> Result) throws(JournalError) -> Result? {
    do throws(JournalError) { return try body() } catch {
      guard mayBe, error.code == .modelDamaged else { throw error }
      return nil
    }
  }

  /// Lets another run them: nothing may be asked of this one any more.
  public func close() {
    models = []
    lock.release()
  }

  var journalId: String { reader.manifest.journalId }

  // MARK: Catching up

  /// Brings all read models up to the journal's present end.
  /// - Throws: ``JournalError``: the first that reading the journal or writing a read model met; `opening.damaged` where a read model must begin
  ///   anew and cannot.
  /// - Returns: how many entries were new to the one that lagged most.
  @discardableResult
  public func catchUp(_ tell: (Progress) -> Void = { _ in }) throws(JournalError) -> Int {
    let count = try advance(models, tell)
    try packBegun()
    return count
  }

  /// Applies what comes, as it comes, until told to end; what was durable at one look at the journal is applied before the next.
  /// - Parameters:
  ///   - pauseMilliseconds: between two looks at a journal that stands still.
  ///   - told: the first position that no read model has seen, whenever it has moved, and at every pause.
  ///   - shouldEnd: asked between batches.
  /// - Throws: ``JournalError``: the first that reading the journal or writing a read model met.
  public func follow(
    pauseMilliseconds: UInt32 = 10, told: (JournalPosition) -> Void = { _ in }, _ tell: (Progress) -> Void = { _ in },
    until shouldEnd: () -> Bool
  ) throws(JournalError) {
    var cleared = ContinuousClock.now
    while !shouldEnd() {
      let isStill = try advance(models, tell, until: shouldEnd) == 0
      if let next = try models.map({ (model) throws(JournalError) in try model.state().next }).min() { told(next) }
      if isStill {
        try packBegun()
        usleep(pauseMilliseconds * 1_000)
      }
      guard ContinuousClock.now - cleared > .seconds(60) else { continue }
      cleared = .now
      for model in models { try model.clearDeadReaders() }
    }
  }

  /// Brings some models up to a position, or to the journal's end, together: each takes what it has not seen, by a thread of its own, while the
  /// next is read.
  func advance(
    _ models: [ReadModel], to end: JournalPosition? = nil, _ tell: (Progress) -> Void = { _ in }, until shouldEnd: () -> Bool = { false }
  ) throws(JournalError) -> Int {
    let last = try reader.lastPosition()
    let states = try models.map { (model) throws(JournalError) in try model.state() }
    guard let begin = states.map(\.next).min(), let end = end ?? last?.next, begin < end else { return 0 }
    let works = zip(models, states).map(ModelWork.init)
    let pipeline = BatchPipeline(works)
    var start = begin
    let reading = Result { () throws(JournalError) in
      while start < end, !shouldEnd(), pipeline.hasRoom() {
        // The first are short, so that nobody waits for long until there is something to do.
        let batch = try batch(from: start, to: end, limit: max(Self.batchEntryCount, Int(clamping: start.rawValue - begin.rawValue)))
        guard !batch.entries.isEmpty else { break }
        start = batch.end
        pipeline.send(batch)
        tell(Progress(done: pipeline.appliedCount, total: end.rawValue - begin.rawValue))
      }
    }
    pipeline.finish()
    // What a model could not write counts for more than what comes behind it.
    for work in works { try work.result() }
    try reading.get()
    tell(Progress(done: start.rawValue - begin.rawValue, total: end.rawValue - begin.rawValue))
    return Int(start.rawValue - begin.rawValue)
  }

  private func batch(from start: JournalPosition, to end: JournalPosition, limit: Int) throws(JournalError) -> EntryFeed.Batch {
    let start = max(start, reader.firstPosition ?? start)
    let remaining = Int(clamping: end.rawValue - min(end, start).rawValue)
    // The last are short again: all models end at about the same time.
    let most = remaining > 2 * Self.catchUpBatchEntryCount ? Self.catchUpBatchEntryCount : Self.batchEntryCount
    return try feed.batch(from: start, limit: min(limit, most, remaining))
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
    guard let last = try reader.readableEntry(at: JournalPosition(state.next.rawValue - 1)) else { return true }
    return last.recordedAt == lastRecordedAt
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

  /// Those that were made anew have grown by large transactions.
  func packBegun() throws(JournalError) {
    guard !begun.isEmpty else { return }
    try swap(packed(models.filter { begun.contains($0.projection.name) }))
    begun = []
  }

  /// Writes a model to a new file.
  typealias Packing = (_ model: ReadModel, _ path: String) throws(JournalError) -> Void

  /// Each model without free pages, as a generation of its own; itself where there are few, or no disk space for a copy.
  func packed(
    _ models: [ReadModel], by pack: Packing = { (model, path) throws(JournalError) in try model.pack(to: path) }
  ) throws(JournalError) -> [ReadModel] {
    try concurrently(models) { (model) throws(JournalError) in
      do throws(JournalError) { return try self.packed(model, by: pack) } catch {
        guard error.code == .diskFull else { throw error }
        return model
      }
    }
  }

  private func packed(_ model: ReadModel, by pack: Packing) throws(JournalError) -> ReadModel {
    guard try model.hasMuchRoom() else { return model }
    let (projection, name) = (model.projection, model.projection.name)
    let scratch = files.scratchPath(name)
    defer { removeScratch(scratch) }
    try pack(model, scratch)
    let generation = try files.freeGeneration(name)
    let path = files.path(name, generation: generation)
    try FileSystem.rename(scratch, to: path, in: files.path)
    guard let packed = try ReadModel.open(projection, path, generation: generation, journalId: journalId, isWritable: true) else {
      throw JournalError(.modelDamaged, "a copy of the read model cannot be read. Rebuild the read model.", path: path)
    }
    return packed
  }

  /// Puts other generations of read models in force.
  func swap(_ changed: [ReadModel]) throws(JournalError) {
    var generations = try files.generations()
    for model in changed { generations[model.projection.name] = model.generation }
    guard try generations != files.generations() else { return }
    try files.write(generations)
    try files.removeGarbage(generations)
    models = models.map { model in changed.first { $0.projection.name == model.projection.name } ?? model }
  }
}

/// Lets time pass.
enum Pause {
  static func milliseconds(_ count: UInt32) { usleep(count * 1_000) }
}
