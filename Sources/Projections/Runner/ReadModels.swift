internal import Glibc
internal import JournalFormat
public import JournalStore

/// The read models of a journal, to ask questions of. Opening brings them up to date where this process may write them; where another process
/// runs them, it waits for that one.
public final class ReadModels {
  /// The journal that they are made from.
  public let reader: JournalReader
  /// Those that were asked for, in that order.
  public let models: [ReadModel]

  /// How long another process is waited for.
  private static let patience = Duration.seconds(5)

  /// - Parameter tell: told how far the read models have come, where they must catch up.
  /// - Throws: ``JournalError``; `journal.missing` where there is no journal, `model.missing` where a read model is not there and this process may not
  ///   make it, `model.behind` where another process makes it and has not come so far.
  public init(
    _ journal: JournalDirectory, _ projections: [any Projection.Type] = AllProjections.all,
    _ tell: (ProjectionRunner.Progress) -> Void = { _ in }
  ) throws(JournalError) {
    reader = try JournalReader(journal)
    let isWritable = ReadModelDirectory(journal).isWritable
    let end = try reader.lastPosition()?.next ?? .first
    if let models = try Self.present(projections, journal, reader, upTo: end) {
      self.models = models
      return
    }
    var obstacle: JournalError?
    if isWritable, let models = try Self.caughtUp(journal, projections, tell, &obstacle) {
      self.models = models
    } else {
      let patience = isWritable && obstacle == nil ? Self.patience : .zero
      models = try Self.awaited(projections, journal, reader, upTo: end, patience, obstacle)
    }
  }

  /// Nil while another process runs them, or while nothing can be written.
  /// - Parameter obstacle: set where nothing can be written.
  private static func caughtUp(
    _ journal: JournalDirectory, _ projections: [any Projection.Type], _ tell: (ProjectionRunner.Progress) -> Void,
    _ obstacle: inout JournalError?
  ) throws(JournalError) -> [ReadModel]? {
    do throws(JournalError) {
      let runner = try ProjectionRunner(journal, projections: projections, purpose: "emip-journal, catching up")
      defer { runner.close() }
      try runner.catchUp(tell)
      // They stay open, to be read.
      return runner.models
    } catch {
      if error.code == .diskFull { obstacle = error }
      guard error.code == .lockHeld || error.code == .diskFull else { throw error }
      return nil
    }
  }

  /// Those that another process runs, as soon as they have seen what the journal holds now, or after some patience as they are.
  private static func awaited(
    _ projections: [any Projection.Type], _ journal: JournalDirectory, _ reader: JournalReader, upTo end: JournalPosition,
    _ patience: Duration, _ obstacle: JournalError?
  ) throws(JournalError) -> [ReadModel] {
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      if let models = try present(projections, journal, reader, upTo: end) { return models }
      usleep(5_000)
    }
    if let models = try present(projections, journal, reader, upTo: nil) { return models }
    if let obstacle { throw obstacle }
    let path = ReadModelDirectory(journal).path
    guard patience > .zero else {
      throw JournalError(
        .modelMissing, "a read model is not there, and this process may not make it. Ask as somebody who may write.", path: path)
    }
    throw JournalError(
      .modelBehind, "a read model is not there yet, and who makes it is not done. Ask again, or run `emip-journal projection status`.",
      path: path)
  }

  /// Nil where one is missing, or has not seen what comes before `wanted`.
  private static func present(
    _ projections: [any Projection.Type], _ journal: JournalDirectory, _ reader: JournalReader, upTo wanted: JournalPosition?
  ) throws(JournalError) -> [ReadModel]? {
    var models: [ReadModel] = []
    for projection in projections {
      guard let model = try present(projection, journal, reader) else { return nil }
      let next = try model.state().next
      if let wanted, next < wanted { return nil }
      // One that is ahead was made of a journal that a backup has replaced.
      guard next <= (try reader.lastPosition()?.next ?? .first) else { return nil }
      models.append(model)
    }
    return models
  }

  /// A read model as it is, whether up to date or not, to be looked at; nil where there is none that this program can use.
  /// - Throws: ``JournalError`` where the file cannot be read.
  public static func present(
    _ projection: any Projection.Type, _ journal: JournalDirectory, _ reader: JournalReader
  ) throws(JournalError) -> ReadModel? {
    let files = ReadModelDirectory(journal)
    guard let generation = try files.generations()[projection.name] else { return nil }
    return try ReadModel.open(
      projection, files.path(projection.name, generation: generation), generation: generation, journalId: reader.manifest.journalId,
      isWritable: false)
  }

  /// What is wrong with the files of the read models of a journal: those that are there, whether they are up to date or not.
  /// - Returns: the errors, each with the path of its file.
  /// - Throws: ``JournalError`` where a file cannot be read.
  public static func damages(of reader: JournalReader) throws(JournalError) -> [JournalError] {
    let files = ReadModelDirectory(reader.directory)
    var damages: [JournalError] = []
    for projection in AllProjections.all {
      do throws(JournalError) {
        _ = try present(projection, reader.directory, reader)
        _ = try files.openingState(projection, journalId: reader.manifest.journalId)
      } catch {
        guard [.modelDamaged, .openingDamaged].contains(error.code) else { throw error }
        // The same file may be to blame for all.
        if !damages.contains(where: { $0.path == error.path }) { damages.append(error) }
      }
    }
    return damages
  }

  /// Refuses an answer whose rows may have been written to while they were read: who may not write takes no place among the readers of a file.
  /// - Throws: ``JournalError`` `model.behind`.
  public func requireUnwritten() throws(JournalError) {
    for model in models { try model.requireUnwritten() }
  }

  /// One of those that were asked for.
  public func model(_ projection: any Projection.Type) -> ReadModel { models.first { $0.projection == projection }! }

  /// How many durable entries a read model has not seen.
  /// - Throws: ``JournalError`` where the journal or the read model cannot be read.
  public func lag(_ model: ReadModel) throws(JournalError) -> UInt64 {
    let end = try reader.lastPosition()?.next ?? .first
    return end.rawValue - min(end, try model.state().next).rawValue
  }
}
