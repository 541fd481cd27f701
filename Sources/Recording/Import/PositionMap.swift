internal import JournalFormat

/// Where entries of an export stand in this journal: runs of positions that moved by the same distance.
struct PositionMap {
  private var runs: [(old: JournalPosition, new: JournalPosition, count: UInt64)] = []

  /// The present position of the entry that had an old one; nil where it is not known.
  subscript(old: JournalPosition) -> JournalPosition? {
    for run in runs.reversed() where run.old <= old && old.rawValue < run.old.rawValue + run.count {
      return JournalPosition(run.new.rawValue + old.rawValue - run.old.rawValue)
    }
    return nil
  }

  /// Notes where an entry stands now.
  mutating func insert(_ old: JournalPosition, _ new: JournalPosition) {
    if let last = runs.last, old.rawValue == last.old.rawValue + last.count, new.rawValue == last.new.rawValue + last.count {
      runs[runs.count - 1].count += 1
    } else {
      runs.append((old, new, 1))
    }
  }
}
