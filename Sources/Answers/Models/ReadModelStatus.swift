internal import JournalFormat
public import JournalStore
internal import Projections

/// How far a read model is, how large, and what it could not read.
public struct ReadModelStatus: Encodable, Sendable {
  /// The read model's name.
  public let name: String
  /// The version of the projection that this program has.
  public let version: UInt32
  /// Whether there is one that this program can use.
  public let isBuilt: Bool
  /// The last position that it has seen; 0 where there is none.
  public let position: UInt64
  /// How many durable entries it has not seen.
  public let lagEntries: UInt64
  /// How many rows it has.
  public let rows: Int
  /// The size of its file.
  public let sizeBytes: Int
  /// A digest of all its rows; nil where it was not asked for.
  @OrNull public private(set) var digest: String?
  /// How many entries it could not read.
  public let skippedEntries: Int
  /// The first hundred positions of them.
  public let skippedPositions: [UInt64]
  /// What is wrong with its file, so that it answers nothing; nil where that is sound, or not there.
  @OrNull public private(set) var damage: String?

  /// The status of every read model that this program knows. Nothing is brought up to date by this.
  /// - Parameter withDigests: whether all rows are read, for ``digest``.
  /// - Throws: `JournalError` where the journal or a read model cannot be read; of one that is damaged ``damage`` tells.
  public static func all(of journal: JournalReader, withDigests: Bool) throws -> [ReadModelStatus] {
    let last = try journal.lastPosition()?.rawValue ?? 0
    return try AllProjections.all.map { projection in
      do {
        guard let model = try ReadModels.present(projection, journal.directory, journal) else {
          return ReadModelStatus(projection, last: last)
        }
        return try ReadModelStatus(model, last: last, withDigest: withDigests)
      } catch let error as JournalError where error.code == .modelDamaged {
        return ReadModelStatus(projection, last: last, damage: error.sentence)
      }
    }
  }
}

extension ReadModelStatus {
  /// Tells of one that is not there, or cannot be asked.
  private init(_ projection: any Projection.Type, last: UInt64, damage: String? = nil) {
    self.init(
      name: projection.name, version: projection.version, isBuilt: false, position: 0, lagEntries: last, rows: 0, sizeBytes: 0, digest: nil,
      skippedEntries: 0, skippedPositions: [], damage: damage)
  }

  private init(_ model: ReadModel, last: UInt64, withDigest: Bool) throws {
    let state = try model.state()
    let position: UInt64 = state.next.rawValue - 1
    let rows: Int = try model.rowCounts().reduce(0) { $0 + $1.count }
    let digest: String? = withDigest ? try model.digest() : nil
    let skipped: [UInt64] = try model.skippedEntries(limit: 100).map(\.position.rawValue)
    self.init(
      name: model.projection.name, version: model.projection.version, isBuilt: true, position: position,
      lagEntries: last - min(last, position),
      rows: rows, sizeBytes: try model.sizeBytes(), digest: digest, skippedEntries: state.skippedCount, skippedPositions: skipped,
      damage: nil)
  }
}
