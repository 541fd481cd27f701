internal import JournalFormat
internal import LMDB

extension IndexTables {
  /// Commit where a transaction has written about 8 MB.
  private static let rowsPerTransaction = 2_000_000
  private static let rowsPerStep = 65_536

  /// Writes into these tables, which must be empty, everything that an index of a segment and its tail hold, as one run that keeps no
  /// more of a key than its size asks for. The file counts only once it is whole: a crash leaves one to be thrown away.
  /// - Parameter source: in a snapshot, so that nothing moves meanwhile; nil where everything is in the tail.
  /// - Throws: ``JournalError`` where the source is damaged or the file cannot be written to.
  func write(
    merging source: IndexReader?, _ tail: IndexTail, as owner: IndexState.Owner, into environment: Environment
  ) throws(JournalError) {
    var state = IndexState(owner: owner, runEntryCount: IndexLimits().runEntryCount)
    if let known = try source?.snapshot({ (state) throws(JournalError) in state }) { state = known }
    let sources = state.runs
    let tailRows = tail.sortedRows
    let keyCount = sources.reduce(tailRows.count) { $0 + Int($1.keyCount) }
    let empty = IndexRun(
      number: 1, level: (sources.map(\.level).max() ?? 0) + 1, entries: 0..<max(tail.entries.upperBound, state.indexedThrough),
      keyBits: IndexCoding.sufficientKeyBits(keyCount: keyCount), expectedKeyCount: keyCount)
    var run = try write(sources, tailRows, of: source, to: empty, environment)
    let indexedTimes = try source?.timeBlocks()
    let times = (indexedTimes ?? []) + tail.timeBlocks
    let transaction = try translating { () throws(LMDBError) in try environment.beginWrite() }
    run.filterWordCount = try writeFilter(of: run, in: transaction, path: environment.path)
    state = IndexState(owner: owner, runEntryCount: state.runEntryCount)
    state.indexedThrough = run.entries.upperBound
    state.runs = [run]
    do throws(LMDBError) {
      for (_, blocks) in Dictionary(grouping: times, by: { $0.entries.lowerBound / state.runEntryCount }).sorted(by: { $0.key < $1.key }) {
        try write(blocks, in: transaction)
      }
      try write(state, in: transaction)
      try transaction.commit()
    } catch { throw JournalError(error) }
  }

  private func write(
    _ sources: [IndexRun], _ tailRows: [IndexRow], of source: IndexReader?, to empty: IndexRun, _ environment: Environment
  ) throws(JournalError) -> IndexRun {
    var run = empty
    var start = IndexRow(rawValue: 0)
    var nextOfTail = 0
    /// Rows that are not yet written.
    var rows: [IndexRow] = []
    var isDone = false
    while !isDone {
      let transaction = try translating { () throws(LMDBError) in try environment.beginWrite() }
      var writer = try translating { () throws(LMDBError) in try IndexRunWriter(run, self, in: transaction) }
      let enough = run.rowCount + UInt32(Self.rowsPerTransaction)
      while !isDone && writer.run.rowCount < enough {
        let step = try IndexMerge.nextRows(sources, atLeast: Self.rowsPerStep) { (run, count) throws(JournalError) in
          try source!.read(run, from: start, atLeast: count)
        }
        let tailEnd = tailRows[nextOfTail...].firstIndex { $0 > step.end } ?? tailRows.count
        rows += (step.rows + tailRows[nextOfTail..<tailEnd]).map(run.coding.kept)
        nextOfTail = tailEnd
        // Shorter keys are equal where longer ones were not: their rows are in order only once all of them are there.
        rows.sort()
        let end = step.isLast ? rows.count : rows.firstIndex { $0.key == rows[rows.count - 1].key } ?? 0
        try translating { () throws(LMDBError) in for row in rows[..<end] { try writer.add(row, in: transaction) } }
        rows.removeFirst(end)
        isDone = step.isLast
        if !isDone { start = IndexRow(rawValue: step.end.rawValue + 1) }
      }
      do throws(LMDBError) {
        try writer.flush(in: transaction)
        try transaction.commit()
      } catch { throw JournalError(error) }
      run = writer.run
    }
    return run
  }
}
