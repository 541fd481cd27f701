public import JournalFormat

/// The entries of a journal that were asked for, or may have been meant, and could not be read: an answer lacks what they say. Whoever answers looks
/// here before it lets the answer pass for whole.
///
/// Not for several threads at a time.
public final class DamageLog {
  private struct Met {
    let error: JournalError
    /// When it was met first and last, by the count of all meetings.
    let earliest: UInt64
    var latest: UInt64
  }

  private var met: [JournalPosition: Met] = [:]
  private var meetingCount: UInt64 = 0
  private var isQuiet = false

  /// A log of nothing so far.
  public init() {}

  /// Whether all that was asked for could be read.
  public var isEmpty: Bool { met.isEmpty }
  /// Where the entries stand, in order.
  public var positions: [JournalPosition] { met.keys.sorted() }

  /// What is wrong with the entry at a position; nil where it was not asked for, or could be read.
  public func error(at position: JournalPosition) -> JournalError? { met[position]?.error }

  /// A point in time, to be asked from.
  public struct Mark: Sendable {
    fileprivate let meetingCount: UInt64
  }

  /// The present moment.
  public var mark: Mark { Mark(meetingCount: meetingCount) }

  /// The entries that were met since a moment, in order, whether they had been met before or not.
  public func positions(since mark: Mark) -> [JournalPosition] {
    guard meetingCount > mark.meetingCount else { return [] }
    return met.filter { $0.value.latest > mark.meetingCount }.keys.sorted()
  }

  /// Takes note of an entry that cannot be read.
  func note(_ error: JournalError) {
    guard !isQuiet, let position = error.position else { return }
    meetingCount += 1
    met[position] = Met(error: error, earliest: met[position]?.earliest ?? meetingCount, latest: meetingCount)
  }

  /// Runs what looks for something that nothing in the answer depends on: what it meets is not noted.
  /// - Throws: what `body` throws.
  func quietly<Result>(_ body: () throws(JournalError) -> Result) throws(JournalError) -> Result {
    let before = isQuiet
    isQuiet = true
    defer { isQuiet = before }
    return try body()
  }

  /// Forgets the entries that were met for the first time since a moment: what was read then does not count.
  func forget(since mark: Mark) {
    guard meetingCount > mark.meetingCount else { return }
    met = met.filter { $0.value.earliest <= mark.meetingCount }
  }
}
