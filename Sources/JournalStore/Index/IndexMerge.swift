internal import JournalFormat
internal import LMDB

/// Merges runs into one, in steps of a commit each: what a step writes, it removes from the sources, so that the file needs little more
/// room than the rows do. All that a step needs to know stands in the ``IndexState``, so that a merge goes on after any crash.
struct IndexMerge {
  let tables: IndexTables
  let limits: IndexLimits
  let path: String

  /// Begins a merge where the runs of some level are enough, or all runs too many. Nothing moves yet.
  func begin(_ state: inout IndexState) -> Bool {
    guard let sources = sources(state.runs), let last = sources.max(by: { $0.level < $1.level }) else { return false }
    let numbers = Set(sources.map(\.number))
    for index in state.runs.indices where numbers.contains(state.runs[index].number) {
      state.runs[index].extent = .from(IndexRow(rawValue: 0))
    }
    let entries = sources.map(\.entries.lowerBound).min()!..<sources.map(\.entries.upperBound).max()!
    var target = IndexRun(
      number: state.nextRunNumber, level: last.level + 1, entries: entries, expectedKeyCount: sources.reduce(0) { $0 + Int($1.keyCount) })
    target.extent = .before(IndexRow(rawValue: 0))
    state.runs.append(target)
    return true
  }

  static func isUnderWay(_ state: IndexState) -> Bool { state.runs.contains { $0.extent != .whole } }

  private func sources(_ runs: [IndexRun]) -> [IndexRun]? {
    let levels = Set(runs.map(\.level)).sorted()
    for level in levels {
      let ofLevel = runs.filter { $0.level == level }
      if ofLevel.count >= limits.mergedRunCount { return ofLevel }
    }
    guard runs.count >= limits.maximumRunCount, levels.count > 1 else { return nil }
    return runs.filter { $0.level <= levels[1] }
  }

  /// Moves the next rows of the merge that is under way.
  /// - Throws: ``JournalError`` where a run is damaged or the file cannot be written to.
  func step(_ state: inout IndexState, in transaction: borrowing WriteTransaction) throws(JournalError) {
    guard let targetIndex = state.runs.lastIndex(where: { if case .before = $0.extent { true } else { false } }),
      case .before(let start) = state.runs[targetIndex].extent
    else { throw .damagedIndex(FormatError("a merge has no target"), path: path) }
    let sources = state.runs.filter { if case .from = $0.extent { true } else { false } }
    let (rows, consumed, isLast) = try nextRows(sources, from: start, in: transaction)
    let target = state.runs[targetIndex]
    var written = try translating { () throws(LMDBError) in
      for key in consumed { try key.withRawBytes { (key) throws(LMDBError) in try transaction.remove(key, in: tables.runs) } }
      var writer = try IndexRunWriter(target, tables, in: transaction)
      for row in rows { try writer.add(row, in: transaction) }
      try writer.flush(in: transaction)
      return writer.run
    }
    if isLast {
      written.extent = .whole
      written.filterWordCount = try tables.writeFilter(of: written, in: transaction, path: path)
      for source in sources { try removeFilter(of: source, in: transaction) }
      state.runs.removeAll { run in sources.contains { $0.number == run.number } }
    } else {
      let bound = IndexRow(rawValue: rows[rows.count - 1].rawValue + 1)
      written.extent = .before(bound)
      for index in state.runs.indices { if case .from = state.runs[index].extent { state.runs[index].extent = .from(bound) } }
    }
    state.runs[state.runs.count - 1] = written
  }

  /// The next rows of all sources, in order, the keys of the blocks that hold no others, and whether nothing is behind them.
  private func nextRows(
    _ sources: [IndexRun], from start: IndexRow, in transaction: borrowing WriteTransaction
  ) throws(JournalError) -> (rows: [IndexRow], consumed: [[UInt8]], isLast: Bool) {
    let step = try Self.nextRows(sources, atLeast: limits.mergeStepRows) { (source, count) throws(JournalError) in
      try tables.read(source, from: start, atLeast: count, in: transaction, path: path)
    }
    return (step.rows, step.batches.flatMap { $0.blocks.filter { $0.last <= step.end }.map(\.key) }, step.isLast)
  }

  /// What comes next in some runs together.
  struct Step {
    /// The rows, in order.
    var rows: [IndexRow] = []
    /// What was read of each run; the rows up to `end` are among `rows`.
    var batches: [IndexRowBatch] = []
    var end = IndexRow(rawValue: .max)
    var isLast: Bool { end == IndexRow(rawValue: .max) }
  }

  /// The next rows of several runs, in order.
  /// - Parameter read: reads so many rows of a run, from where the last step ended.
  /// - Throws: What `read` throws.
  static func nextRows(
    _ sources: [IndexRun], atLeast count: Int, _ read: (IndexRun, Int) throws(JournalError) -> IndexRowBatch
  ) throws(JournalError) -> Step {
    let total = sources.reduce(0) { $0 + Int($1.rowCount) }
    var step = Step()
    // Runs share no entries: in this order, the rows of a key stay in order.
    for source in sources.sorted(by: { $0.entries.lowerBound < $1.entries.lowerBound }) {
      let batch = try read(source, count * Int(source.rowCount) / max(total, 1) + 1)
      // Beyond where a run was not read to its end, rows of it may be missing.
      if !batch.endsRun, let last = batch.rows.last { step.end = min(step.end, last) }
      step.batches.append(batch)
    }
    step.rows.reserveCapacity(step.batches.reduce(0) { $0 + $1.rows.count })
    for batch in step.batches { step.rows += batch.rows[..<batch.rows.partitionIndex { $0 > step.end }] }
    step.rows.sortByKey()
    return step
  }

  private func removeFilter(of run: IndexRun, in transaction: borrowing WriteTransaction) throws(JournalError) {
    let partCount = (Int(run.filterWordCount) + IndexFilter.wordsPerPart - 1) / IndexFilter.wordsPerPart
    for part in 0..<partCount {
      let key = IndexFilter.key(run.number, UInt32(part))
      try translating { () throws(LMDBError) in
        try key.withRawBytes { (key) throws(LMDBError) in try transaction.remove(key, in: tables.filters) }
      }
    }
  }
}

extension [IndexRow] {
  /// Where the rows begin that a condition holds for, which it does for all behind the first of them.
  fileprivate func partitionIndex(_ isBehind: (IndexRow) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
