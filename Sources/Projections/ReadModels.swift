internal import Glibc
internal import JournalFormat
public import JournalStore

/// The read models of a journal, to ask questions of. Opening brings them up to date where this process may write them; where another process
/// runs them, it waits for that one.
public final class ReadModels {
  public let reader: JournalReader
  public let models: [ReadModel]

  /// How long another process is waited for.
  private static let patience = Duration.seconds(5)

  /// - Parameter tell: told how far the read models have come, where they must catch up.
  /// - Throws: ``JournalError``; `journal.missing` where there is none, `segment.missing` where a read model is not there and this process may
  ///   not make it.
  public init(
    _ journal: JournalDirectory, _ projections: [any Projection.Type] = Projections.all,
    _ tell: (ProjectionRunner.Progress) -> Void = { _ in }
  ) throws(JournalError) {
    reader = try JournalReader(journal)
    let files = ReadModelDirectory(journal)
    if files.isWritable, let models = try Self.caughtUp(journal, projections, tell) {
      self.models = models
      return
    }
    models = try Self.opened(journal, projections, reader)
  }

  /// Nil while another process runs them.
  private static func caughtUp(
    _ journal: JournalDirectory, _ projections: [any Projection.Type], _ tell: (ProjectionRunner.Progress) -> Void
  ) throws(JournalError) -> [ReadModel]? {
    do throws(JournalError) {
      let runner = try ProjectionRunner(journal, projections: projections, purpose: "emip-journal, catching up")
      defer { runner.close() }
      try runner.catchUp(tell)
      // They stay open, to be read.
      return runner.models
    } catch {
      guard error.code == .lockHeld else { throw error }
      return nil
    }
  }

  /// Those that another process runs, as soon as they have seen what the journal holds now, or after some patience as they are.
  private static func opened(
    _ journal: JournalDirectory, _ projections: [any Projection.Type], _ reader: JournalReader
  ) throws(JournalError) -> [ReadModel] {
    let files = ReadModelDirectory(journal)
    let wanted = try reader.lastPosition()?.next ?? .first
    let deadline = ContinuousClock.now + patience
    while true {
      var models: [ReadModel] = []
      for projection in projections {
        guard let model = try present(projection, journal, reader) else { break }
        models.append(model)
      }
      let isComplete = models.count == projections.count
      let seen = try models.map { (model) throws(JournalError) in try model.state().next }
      let hasSeenAll = isComplete && seen.allSatisfy { $0 >= wanted }
      if hasSeenAll || (isComplete && ContinuousClock.now > deadline) || !files.isWritable && isComplete { return models }
      guard ContinuousClock.now <= deadline else {
        throw JournalError(
          .segmentMissing,
          "a read model is not there yet, and who makes it is not done. Ask again, or run `emip-journal projection status`.",
          path: files.path)
      }
      Pause.milliseconds(5)
    }
  }

  /// A read model as it is, whether up to date or not, to be looked at; nil where there is none that this program can use.
  public static func present(
    _ projection: any Projection.Type, _ journal: JournalDirectory, _ reader: JournalReader
  ) throws(JournalError) -> ReadModel? {
    let files = ReadModelDirectory(journal)
    guard let generation = try files.generations()[projection.name] else { return nil }
    return try ReadModel.open(
      projection, files.path(projection.name, generation: generation), generation: generation, journalId: reader.manifest.journalId,
      isWritable: false)
  }

  /// One of those that were asked for.
  public func model(_ projection: any Projection.Type) -> ReadModel { models.first { $0.projection == projection }! }

  /// How many durable entries a read model has not seen.
  public func lag(_ model: ReadModel) throws(JournalError) -> UInt64 {
    let end = try reader.lastPosition()?.next ?? .first
    return end.rawValue - min(end, try model.state().next).rawValue
  }
}
