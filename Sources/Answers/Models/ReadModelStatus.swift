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

  /// The status of every read model that this program knows. Nothing is brought up to date by this.
  /// - Parameter withDigests: whether all rows are read, for ``digest``.
  /// - Throws: `JournalError` where the journal or a read model cannot be read.
  public static func all(of journal: JournalReader, withDigests: Bool) throws -> [ReadModelStatus] {
    let last = try journal.lastPosition()?.rawValue ?? 0
    return try AllProjections.all.map { projection in
      guard let model = try ReadModels.present(projection, journal.directory, journal) else {
        return ReadModelStatus(
          name: projection.name, version: projection.version, isBuilt: false, position: 0, lagEntries: last, rows: 0, sizeBytes: 0,
          digest: nil, skippedEntries: 0, skippedPositions: [])
      }
      let state = try model.state()
      return ReadModelStatus(
        name: projection.name, version: projection.version, isBuilt: true, position: state.next.rawValue - 1,
        lagEntries: last - min(last, state.next.rawValue - 1), rows: try model.rowCounts().reduce(0) { $0 + $1.count },
        sizeBytes: try model.sizeBytes(), digest: withDigests ? try model.digest() : nil, skippedEntries: state.skippedCount,
        skippedPositions: try model.skippedEntries(limit: 100).map(\.position.rawValue))
    }
  }
}
