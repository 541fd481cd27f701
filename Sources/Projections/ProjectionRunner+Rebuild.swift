public import JournalFormat
public import JournalStore

extension ProjectionRunner {
  /// What came of a rebuild.
  public struct Rebuilt: Hashable, Sendable {
    public let name: String
    /// Of the rows that were in force, and of those that the journal gives now.
    public let digestBefore: String
    public let digest: String
    public var isSame: Bool { digestBefore == digest }
  }

  /// Builds a read model anew beside the one in force, compares their rows, and puts the new one in force. A rebuild that was interrupted is
  /// taken up where it was.
  public func rebuild(_ name: String, _ tell: (Progress) -> Void = { _ in }) throws(JournalError) -> Rebuilt {
    let live = try caughtUp(name)
    let fresh =
      if let begun = try begunRebuild(of: live) { begun } else { try begin(live.projection, generation: files.freeGeneration(name)) }
    let rebuilt = try compare(live, with: fresh, tell)
    try swap(fresh)
    return rebuilt
  }

  /// Builds a read model anew, compares its rows with those in force, and leaves everything as it was.
  public func verify(_ name: String, _ tell: (Progress) -> Void = { _ in }) throws(JournalError) -> Rebuilt {
    let live = try caughtUp(name)
    let path = files.scratchPath(name)
    defer { removeScratch(path) }
    return try compare(live, with: begin(live.projection, generation: 0, path: path), tell)
  }

  /// Writes the opening state of every read model at a purge horizon and rebuilds each from it: what the messages before the horizon said is known
  /// only as far as it must be from then on. The messages may go afterwards, not before.
  /// - Parameter horizon: the first position that stays.
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
      throw JournalError(.invalidEntry, "the horizon lies before the present one; it never moves back.", position: horizon)
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

  private func caughtUp(_ name: String) throws(JournalError) -> ReadModel {
    guard let model = models.first(where: { $0.projection.name == name }) else {
      throw JournalError(.invalidEntry, "there is no read model \(name).")
    }
    _ = try advance([model])
    return model
  }

  /// A rebuild that somebody began, as far as it can be used: from where this one would begin, and not beyond the model in force.
  private func begunRebuild(of live: ReadModel) throws(JournalError) -> ReadModel? {
    let projection = live.projection
    guard let generation = try files.begunGeneration(projection.name, after: live.generation),
      let begun = try ReadModel.open(
        projection, files.path(projection.name, generation: generation), generation: generation, journalId: journalId, isWritable: true)
    else { return nil }
    let opening = try files.openingState(projection, journalId: journalId)
    let (state, liveState) = (try begun.state(), try live.state())
    return state.start == opening?.horizon ?? reader.firstPosition ?? .first && state.next <= liveState.next ? begun : nil
  }

  private func compare(_ live: ReadModel, with fresh: ReadModel, _ tell: (Progress) -> Void) throws(JournalError) -> Rebuilt {
    _ = try advance([fresh], to: live.state().next, tell)
    return Rebuilt(name: live.projection.name, digestBefore: try live.digest(), digest: try fresh.digest())
  }

  private func removeScratch(_ path: String) {
    for path in [path, path + "-lock"] { try? FileSystem.remove(path) }
  }
}
