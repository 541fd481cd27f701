internal import JournalFormat

/// The comparison of an index file with the entries, which are shown to it one after the other. Rows are counted and summed by groups of
/// entries; only where a sum does not fit are they looked for one by one.
struct IndexCheck {
  private static let groupSize: UInt32 = 256

  private let segment: Manifest.Segment
  private let file: IndexReader
  private let state: IndexState
  /// What the index holds of each group of entries.
  private var groups: [Sum]
  private var maker: IndexRowMaker
  private var times: TimeBlockMaker
  private var indexedTimes: [TimeBlock] = []
  /// The entries of the group at hand.
  private var entries: [Entry] = []
  private var rows: [IndexRow] = []
  private var isWhole = true
  private var isWholeSoFar = true
  private(set) var report = Verification()

  private struct Sum: Equatable {
    var count: UInt32 = 0
    var value: UInt64 = 0

    mutating func add(_ row: IndexRow) {
      count += 1
      var hash = (row.rawValue ^ row.rawValue >> 33) &* 0xff51_afd7_ed55_8ccd
      hash ^= hash >> 33
      value &+= hash
    }
  }

  /// Begins to compare; nil where the segment has no index file that could be checked: what is wrong with it is in `report` then.
  /// - Throws: ``JournalError`` where the file system fails.
  init?(_ segment: Manifest.Segment, _ reader: SegmentReader, _ report: inout Verification) throws(JournalError) {
    let path = reader.segment.indexPath
    if reader.segment.tables.index == nil, try IndexEnvironment.isMissing(path) { return nil }
    do throws(JournalError) {
      guard let found = try reader.openIndexFile() else {
        throw JournalError(.segmentDamaged, "the index file cannot be used. Remove it; it is made anew from the entries.", path: path)
      }
      file = found
      var sums: [Sum] = []
      var strayRows: UInt64 = 0
      (state, indexedTimes) = try file.snapshot { [file] (state) throws(JournalError) in
        sums = Array(repeating: Sum(), count: (Int(state.indexedThrough) + Int(Self.groupSize) - 1) / Int(Self.groupSize))
        try file.forEachBatch { run, rows in
          for row in rows {
            guard row.entry < state.indexedThrough, run.entries.contains(row.entry) else {
              strayRows += 1
              continue
            }
            sums[Int(row.entry / Self.groupSize)].add(row)
          }
        }
        return (state, try file.timeBlocks())
      }
      groups = sums
      if strayRows > 0 { report.add(.init(segment: segment.name, message: "the index has rows of entries that it does not cover")) }
    } catch {
      guard error.code == .segmentDamaged else { throw error }
      report.add(.init(segment: segment.name, message: error.message))
      return nil
    }
    self.segment = segment
    maker = IndexRowMaker(reader.segment.header, from: 0, runEntryCount: state.runEntryCount)
    times = TimeBlockMaker(reader.segment.header, runEntryCount: state.runEntryCount)
  }

  /// Takes the next entry.
  /// - Throws: ``JournalError`` where the file system fails.
  mutating func add(_ result: Result<Entry, JournalError>, at place: UInt32) throws(JournalError) {
    guard place < state.indexedThrough else { return }
    switch result {
    case .failure:
      maker.skip()
      times.add(nil, at: place)
      isWhole = false
      isWholeSoFar = false
    case .success(let entry):
      maker.addRows(of: entry, to: &rows)
      times.add(entry.content.observedAt, at: place)
      entries.append(entry)
    }
    if (place + 1) % Self.groupSize == 0 || place + 1 == state.indexedThrough { try endGroup(place / Self.groupSize) }
  }

  private mutating func endGroup(_ number: UInt32) throws(JournalError) {
    var sum = Sum()
    for row in rows { sum.add(kept(row)) }
    report.indexRowCount += UInt64(rows.count)
    if sum != groups[Int(number)] {
      let missing = try missingRows()
      if missing == 0 && isWhole && groups[Int(number)].count != sum.count {
        let first = segment.firstPosition.rawValue + UInt64(number * Self.groupSize)
        report.add(
          .init(
            segment: segment.name, position: first,
            message: "the index has \(groups[Int(number)].count) rows of the entries from here on, and they account for \(sum.count)"))
      }
    }
    for row in rows where try !file.filtersLetThrough(row) {
      report.add(.init(segment: segment.name, position: position(row), message: "a filter of the index hides the entry"))
    }
    entries.removeAll(keepingCapacity: true)
    rows.removeAll(keepingCapacity: true)
    isWhole = true
  }

  /// Names the entries of the group whose rows are missing. An answer's row may be its request's, which perhaps cannot be read any more.
  private mutating func missingRows() throws(JournalError) -> Int {
    var count = 0
    for row in rows where try !file.holds(row) {
      if let request = entries.first(where: { $0.position.rawValue == position(row) })?.requestPosition, request >= segment.firstPosition,
        try file.holds(IndexRow(row.key, UInt32(request.rawValue - segment.firstPosition.rawValue)))
      {
        continue
      }
      count += 1
      report.add(.init(segment: segment.name, position: position(row), message: "an index does not know the entry"))
    }
    return count
  }

  /// Compares the spans of time, after the last entry.
  mutating func finish() {
    for (indexed, found) in zip(indexedTimes, times.blocks) {
      // Where records are damaged, a span is rightly wider than what was read.
      let isRight =
        isWholeSoFar ? indexed == found : indexed.earliest <= found.earliest && found.latest <= indexed.latest
      guard !isRight else { continue }
      let first = segment.firstPosition.rawValue + UInt64(found.entries.lowerBound)
      report.add(.init(segment: segment.name, position: first, message: "the table of times is wrong from this position on"))
    }
  }

  private func position(_ row: IndexRow) -> UInt64 { segment.firstPosition.rawValue + UInt64(row.entry) }

  /// What the run that holds an entry's rows keeps of this one.
  private func kept(_ row: IndexRow) -> IndexRow {
    state.runs.first { $0.entries.contains(row.entry) }.map { $0.coding.kept(row) } ?? row
  }
}
