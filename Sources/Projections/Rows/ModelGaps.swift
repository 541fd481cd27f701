internal import JournalFormat

/// The entries that a read model could not read: what is missing in its rows, or is still there, may be so because of them. Nothing is found of a gap.
public struct ModelGaps: Hashable, Sendable {
  /// In order.
  private let positions: [JournalPosition]

  /// Takes the positions in their order; none where all could be read.
  init(_ positions: [JournalPosition] = []) { self.positions = positions }

  /// Whether all could be read.
  public var isEmpty: Bool { positions.isEmpty }

  /// How many stand behind a position and before another.
  func count(after start: JournalPosition?, before end: JournalPosition?) -> Int {
    positions.count { position in start.map { position > $0 } ?? true && end.map { position < $0 } ?? true }
  }
}
