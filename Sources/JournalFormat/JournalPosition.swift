/// Where an entry stands in the journal: dense and global, from 1. A missing position is damage.
public struct JournalPosition: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The number, from 1.
  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// The position of a number.
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  /// The first position of every journal.
  public static let first = JournalPosition(1)

  /// The position behind it.
  public var next: JournalPosition { JournalPosition(rawValue + 1) }
  public var description: String { String(rawValue) }

  public static func < (left: JournalPosition, right: JournalPosition) -> Bool { left.rawValue < right.rawValue }

  /// The position that many entries further on.
  public func advanced(by count: Int) -> JournalPosition { JournalPosition(rawValue + UInt64(count)) }
}
