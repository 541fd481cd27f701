internal import JournalFormat
internal import LMDB

/// Brings the index of a segment up to its entries, in steps of one commit each. What is in the file is all that it needs to know, so it
/// goes on after any crash.
struct IndexWriter {
  private let segment: SegmentReader
  private let limits: IndexLimits
  private let owner: IndexState.Owner
  private var file: IndexEnvironment
  private var state: IndexState
  private var maker: IndexRowMaker
  /// The rows of the run at hand, and the times of its entries, as far as these were looked at.
  private var rows: [IndexRow] = []
  private var times: TimeBlockMaker
  /// The first entry that was not looked at.
  private var next: UInt32
  /// How many entries were not read back.
  private(set) var handedCount = 0

  /// Opens a segment's index to write, and makes it anew where it cannot be used.
  /// - Throws: ``JournalError`` where the segment cannot be read or the index not be written.
  init(_ segment: SegmentEnvironment, limits: IndexLimits) throws(JournalError) {
    let reader = try SegmentReader(segment)
    let owner = IndexState.Owner(segment.header)
    var file = try IndexEnvironment.writing(segment.indexPath, owner, limits)
    var state = try file.state()
    if state.indexedThrough > (try reader.entryCount()) {
      // The segment was restored from an earlier copy than the index.
      file = try IndexEnvironment.create(segment.indexPath, owner, limits)
      state = try file.state()
    }
    try translating { () throws(LMDBError) in _ = try file.environment.clearDeadReaders() }
    self.segment = reader
    self.limits = limits
    self.owner = owner
    self.file = file
    self.state = state
    maker = IndexRowMaker(segment.header, from: state.indexedThrough, runEntryCount: limits.runEntryCount)
    times = TimeBlockMaker(segment.header, runEntryCount: limits.runEntryCount)
    next = state.indexedThrough
  }

  var indexedThrough: UInt32 { state.indexedThrough }

  /// Does one piece of work; false where there is none.
  /// - Parameters:
  ///   - entryCount: how many entries the segment has.
  ///   - isClosed: whether there will be no more, so that the last run may be short.
  ///   - feed: entries of the segment that are at hand; the others are read.
  /// - Throws: ``JournalError`` where the segment cannot be read or the index not be written.
  mutating func step(entryCount: UInt32, isClosed: Bool, _ feed: inout IndexFeed) throws(JournalError) -> Bool {
    do throws(JournalError) {
      return try proceed(entryCount, isClosed, &feed)
    } catch {
      guard error.code == .segmentDamaged, error.path == file.environment.path else { throw error }
      // The file was damaged behind our back. It is derived: make it anew.
      try makeAnew()
      return true
    }
  }

  /// Does one piece of work with entries that are all read from the segment; false where there is none.
  /// - Throws: ``JournalError`` where the segment cannot be read or the index not be written.
  mutating func step(entryCount: UInt32, isClosed: Bool) throws(JournalError) -> Bool {
    var feed = IndexFeed()
    return try step(entryCount: entryCount, isClosed: isClosed, &feed)
  }

  private mutating func makeAnew() throws(JournalError) {
    file = try IndexEnvironment.create(file.environment.path, owner, limits)
    state = try file.state()
    maker = IndexRowMaker(segment.segment.header, from: 0, runEntryCount: limits.runEntryCount)
    beginRun()
  }

  private mutating func proceed(_ entryCount: UInt32, _ isClosed: Bool, _ feed: inout IndexFeed) throws(JournalError) -> Bool {
    // Only a closed segment ends with a short run: this index is a later copy than the manifest, from which the segment goes on.
    if !isClosed && state.indexedThrough % limits.runEntryCount != 0 { try makeAnew() }
    let end = min((state.indexedThrough / limits.runEntryCount + 1) * limits.runEntryCount, entryCount)
    // Before any merge: what was handed over goes.
    if next < end { try look(before: end, &feed) }
    let merge = IndexMerge(tables: file.tables, limits: limits, path: file.environment.path)
    var next = state
    if IndexMerge.isUnderWay(state) || merge.begin(&next) {
      let transaction = try translating { () throws(LMDBError) in try file.environment.beginWrite() }
      try merge.step(&next, in: transaction)
      try commit(next, transaction)
      return true
    }
    guard state.indexedThrough < end, isClosed || end % limits.runEntryCount == 0 else { return false }
    try addRun(of: state.indexedThrough..<end)
    return true
  }

  private mutating func addRun(of entries: Range<UInt32>) throws(JournalError) {
    // They come in the order of their entries.
    rows.sortByKey()
    var run = IndexRun(number: state.nextRunNumber, level: 0, entries: entries, expectedKeyCount: rows.count)
    let transaction = try translating { () throws(LMDBError) in try file.environment.beginWrite() }
    run = try translating { () throws(LMDBError) in
      var writer = try IndexRunWriter(run, file.tables, in: transaction)
      for row in rows { try writer.add(row, in: transaction) }
      try writer.flush(in: transaction)
      try file.tables.write(times.blocks, in: transaction)
      return writer.run
    }
    run.filterWordCount = try file.tables.writeFilter(of: run, rows, in: transaction)
    var next = state
    next.runs.append(run)
    next.indexedThrough = entries.upperBound
    try commit(next, transaction)
    beginRun()
  }

  private mutating func beginRun() {
    rows.removeAll(keepingCapacity: true)
    times = TimeBlockMaker(segment.segment.header, runEntryCount: limits.runEntryCount)
    next = state.indexedThrough
  }

  // MARK: Entries

  /// Makes the rows of the entries up to one: from the feed where it goes on right there, else from the segment.
  private mutating func look(before end: UInt32, _ feed: inout IndexFeed) throws(JournalError) {
    while next < end {
      let position = segment.firstPosition.advanced(by: Int(next))
      let start = next
      feed.take(from: position, limit: Int(end - next)) { add($0) }
      handedCount += Int(next - start)
      guard next < end else { return }
      let missing = feed.firstPosition.map { Int(clamping: $0.rawValue - segment.firstPosition.rawValue) - Int(next) } ?? .max
      try read(before: next + UInt32(min(missing, Int(end - next), Self.readEntryCount)))
    }
  }

  private static let readEntryCount = 512

  private mutating func read(before end: UInt32) throws(JournalError) {
    while next < end {
      let results = try segment.entries(from: next, limit: Int(end - next))
      guard !results.isEmpty else {
        throw JournalError(.segmentDamaged, "the segment ends before entries that it had.", path: segment.segment.environment.path)
      }
      for result in results where next < end {
        switch result {
        case .success(let entry): add(entry)
        case .failure:
          // Whoever reads it is told, and whoever searches. Its neighbours have their rows.
          maker.skip(to: &rows)
          times.add(nil, at: next)
          next += 1
        }
      }
    }
  }

  private mutating func add(_ entry: Entry) {
    maker.addRows(of: entry, to: &rows)
    times.add(entry.content.observedAt, at: next)
    next += 1
  }

  private mutating func commit(_ next: IndexState, _ transaction: consuming WriteTransaction) throws(JournalError) {
    do throws(LMDBError) {
      try file.tables.write(next, in: transaction)
      try transaction.commit()
    } catch { throw JournalError(error) }
    state = next
  }
}
