internal import Dispatch
public import JournalFormat
public import JournalStore
internal import Synchronization

extension ProjectionRunner {
  /// What came of a rebuild.
  public struct Rebuilt: Hashable, Sendable {
    /// The name of the read model.
    public let name: String
    /// The digest of the rows that were in force; nil where there were none that could be used.
    public let digestBefore: String?
    /// The digest of the rows that the journal gives now.
    public let digest: String
    /// What the read model in force was made of and cannot be read any more.
    public var lost: [LostEntry] = []
    /// Whether the one in force stayed, as the new one would lack what is ``lost``.
    public var isKept = false
    /// Whether both are the same.
    public var isSame: Bool { digestBefore == digest }
  }

  /// An entry of the journal that was damaged after a read model had seen it.
  public struct LostEntry: Hashable, Sendable {
    /// Where it stands.
    public let position: JournalPosition
    /// Why it cannot be read.
    public let reason: String
  }

  /// Builds read models anew beside those in force, in one reading of the journal, compares their rows, and puts the new ones in force, but for those that
  /// would lose what those in force still have of entries that are damaged by now. A rebuild that was interrupted is taken up where it was.
  /// - Parameter overDamage: whether what is damaged is given up.
  /// - Throws: ``JournalError``: the first that reading the journal or writing a read model met; `opening.damaged` where it cannot begin.
  public func rebuild(
    _ names: [String], overDamage: Bool = false, _ tell: (Progress) -> Void = { _ in }
  ) throws(JournalError) -> [Rebuilt] {
    var rebuilt = try caughtUp(names.filter(replaced.contains), tell).map { (model) throws(JournalError) in
      Rebuilt(name: model.projection.name, digestBefore: nil, digest: try model.digest())
    }
    try packBegun()
    let live = try caughtUp(names.filter { !replaced.contains($0) })
    replaced.subtract(names)
    let fresh = try live.map { (live) throws(JournalError) in
      if let begun = try begunRebuild(of: live) { return begun }
      return try begin(live.projection, generation: files.freeGeneration(live.projection.name))
    }
    try advance(fresh, to: live, tell)
    rebuilt += try putInForce(fresh, for: live, overDamage)
    try files.removeGarbage(files.generations())
    return names.compactMap { name in rebuilt.first { $0.name == name } }
  }

  private func putInForce(_ fresh: [ReadModel], for live: [ReadModel], _ overDamage: Bool) throws(JournalError) -> [Rebuilt] {
    var rebuilt = try compare(live, with: fresh)
    for index in rebuilt.indices { rebuilt[index].isKept = !overDamage && !rebuilt[index].lost.isEmpty }
    let changed = try packed(zip(fresh, rebuilt).filter { !$0.1.isKept }.map(\.0))
    try swap(changed)
    return rebuilt
  }

  /// As ``rebuild(_:_:)-([String],_)``, of one.
  /// - Throws: ``JournalError``, as the other does.
  public func rebuild(_ name: String, _ tell: (Progress) -> Void = { _ in }) throws(JournalError) -> Rebuilt {
    try rebuild([name], tell)[0]
  }

  /// Builds read models anew, compares their rows with those in force, and leaves everything as it was.
  /// - Throws: ``JournalError``: the first that reading the journal or writing a read model met; `opening.damaged` where it cannot begin.
  public func verify(_ names: [String], _ tell: (Progress) -> Void = { _ in }) throws(JournalError) -> [Rebuilt] {
    let live = try caughtUp(names)
    let paths = names.map(files.scratchPath)
    defer { paths.forEach(removeScratch) }
    let fresh = try zip(live, paths).map { (live, path) throws(JournalError) in try begin(live.projection, generation: 0, path: path) }
    try advance(fresh, to: live, tell)
    return try compare(live, with: fresh)
  }

  /// As ``verify(_:_:)-([String],_)``, of one.
  /// - Throws: ``JournalError``, as the other does.
  public func verify(_ name: String, _ tell: (Progress) -> Void = { _ in }) throws(JournalError) -> Rebuilt {
    try verify([name], tell)[0]
  }

  /// Writes the opening state of every read model at a purge horizon and rebuilds each from it: what the messages before the horizon said is known
  /// only as far as it must be from then on. The messages may go afterwards, not before.
  ///
  /// No command calls it yet: this, ``Projection/condense(_:horizon:from:)``, the openings of the read models, ``Projection/convert(_:)`` and what
  /// reads an ``OpeningState`` wait for retention, which purges messages, and are held by tests until then.
  /// - Parameter horizon: the first position that stays.
  /// - Throws: ``JournalError`` `horizon.invalid` where it would move back.
  public func moveHorizon(to horizon: JournalPosition, _ tell: (Progress) -> Void = { _ in }) throws(JournalError) {
    try catchUp()
    for model in models {
      try writeOpeningState(model.projection, horizon, tell)
      _ = try rebuild(model.projection.name, tell)
    }
  }

  private func writeOpeningState(
    _ projection: any Projection.Type, _ horizon: JournalPosition, _ tell: (Progress) -> Void
  ) throws(JournalError) {
    let path = files.scratchPath(projection.name)
    defer { removeScratch(path) }
    let model = try begin(projection, generation: 0, path: path)
    guard try model.state().next <= horizon else {
      throw JournalError(.invalidHorizon, "the horizon lies before the present one; it never moves back.", position: horizon)
    }
    _ = try advance([model], to: horizon, tell)
    let state = try model.state()
    _ = try model.write { (projection, rows) throws(JournalError) in
      rows.clock = state.clock ?? Timestamp(rawValue: 0)
      try projection.condense(rows, horizon: horizon, from: reader)
      return state
    }
    try FileSystem.replace(files.openingStatePath(projection.name), with: OpeningState(model).encoded(), in: files.path)
  }

  private func caughtUp(_ names: [String], _ tell: (Progress) -> Void = { _ in }) throws(JournalError) -> [ReadModel] {
    let named = try names.map { (name) throws(JournalError) in
      guard let model = models.first(where: { $0.projection.name == name }) else {
        throw JournalError(.modelMissing, "there is no read model \(name).", path: files.path)
      }
      return model
    }
    _ = try advance(named, tell)
    return named
  }

  /// A rebuild that somebody began, as far as it can be used: from where this one would begin, and not beyond the model in force.
  private func begunRebuild(of live: ReadModel) throws(JournalError) -> ReadModel? {
    let projection = live.projection
    guard let generation = try files.begunGeneration(projection.name, after: live.generation),
      let found = try Self.unlessDamaged(
        true,
        { () throws(JournalError) in
          try ReadModel.open(
            projection, files.path(projection.name, generation: generation), generation: generation, journalId: journalId, isWritable: true,
            isInForce: false)
        }), let begun = found
    else { return nil }
    let opening = try files.openingState(projection, journalId: journalId)
    let (state, liveState) = (try begun.state(), try live.state())
    // What could not be read then perhaps can be now.
    return state.skippedCount == 0 && state.start == opening?.horizon ?? reader.firstPosition ?? .first && state.next <= liveState.next
      ? begun : nil
  }

  /// Brings new ones as far as those in force are.
  private func advance(_ fresh: [ReadModel], to live: [ReadModel], _ tell: (Progress) -> Void) throws(JournalError) {
    let end = try live.map { (model) throws(JournalError) in try model.state().next }.max()
    _ = try advance(fresh, to: end, tell)
  }

  private func compare(_ live: [ReadModel], with fresh: [ReadModel]) throws(JournalError) -> [Rebuilt] {
    let digests = try concurrently(live + fresh) { (model) throws(JournalError) in try model.digest() }
    return try zip(zip(live, fresh), zip(digests, digests[live.count...])).map { (models, digests) throws(JournalError) in
      Rebuilt(
        name: models.0.projection.name, digestBefore: digests.0, digest: digests.1, lost: try Self.lost(of: models.0, in: models.1))
    }
  }

  /// What one read model has seen and the other, made of the same journal later, could not read.
  private static func lost(of live: ReadModel, in fresh: ReadModel) throws(JournalError) -> [LostEntry] {
    let known = Set(try live.skippedEntries(limit: .max).map(\.position))
    return try fresh.skippedEntries(limit: .max).filter { !known.contains($0.position) }
      .map { LostEntry(position: $0.position, reason: $0.reason) }
  }

  func removeScratch(_ path: String) {
    for path in [path, path + "-lock"] { try? FileSystem.remove(path) }
  }

  /// Does the same with several models, on as many threads as there are cores.
  func concurrently<Result: Sendable>(
    _ models: [ReadModel], _ body: (ReadModel) throws(JournalError) -> Result
  ) throws(JournalError) -> [Result] {
    let results = Mutex([Swift.Result<Result, JournalError>?](repeating: nil, count: models.count))
    // Each model is one thread's own.
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: models.count) { index in
      let result = Swift.Result { () throws(JournalError) in try body(models[index]) }
      results.withLock { $0[index] = result }
    }
    return try results.withLock { $0 }.map { (result) throws(JournalError) in try result!.get() }
  }
}
