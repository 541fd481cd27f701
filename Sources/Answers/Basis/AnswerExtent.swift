public import JournalFormat

/// How far an answer goes: which position it was given as of, how far the read models lag behind the journal, and what they could not read.
public struct AnswerExtent: Encodable, Sendable {
  /// The last position that counts; 0 where there is none.
  public let position: UInt64
  /// The moment at which that was recorded.
  public let recordedAt: Timestamp?
  /// The durable entries that a read model has not seen.
  public let lagEntries: UInt64
  /// What could not be read, a line for each read model that lacks something.
  public let gaps: [Gap]
  /// The positions that were asked for the answer and could not be read.
  public let unreadable: [UInt64]

  /// What one read model could not read.
  public struct Gap: Encodable, Sendable {
    /// The name of the read model.
    public let model: String
    /// The first position that it could not read.
    public let position: UInt64
    /// Why it could not.
    public let reason: String
    /// How many entries it could not read.
    public let entries: Int
  }

  private enum Key: String, CodingKey {
    case position, recordedAt, lagEntries, gaps, unreadable
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(position, forKey: .position)
    try container.encode(recordedAt?.description, forKey: .recordedAt)
    try container.encode(lagEntries, forKey: .lagEntries)
    try container.encode(gaps, forKey: .gaps)
    try container.encode(unreadable, forKey: .unreadable)
  }
}
