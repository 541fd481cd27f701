internal import JournalFormat
internal import LMDB

/// Looks up keys in the index of one segment. Not for several threads at a time.
final class IndexReader {
  private let environment: Environment
  private let tables: IndexTables
  /// Keeps what is shared of the file open.
  private let owner: AnyObject
  /// Whether nobody writes to the file any more: then one snapshot does for ever.
  private let isImmutable: Bool
  private var transaction: ReadTransaction
  private var isInSnapshot = false
  private var known: (snapshot: Int, state: IndexState)?
  private var filters: [LoadedFilter] = []

  /// A run's filter as far as it was looked at, part by part.
  private struct LoadedFilter {
    var run: UInt32
    /// Where the parts stand in the map. It was taken in a snapshot of the present state, and is read in one of the same only: the newest
    /// state's pages are not written to while it is the newest, nor while a snapshot of it lives.
    var parts: [UnsafeRawBufferPointer?]
    /// The parts whose checksums were found to fit. A run never changes.
    var isChecked: [Bool]
  }

  /// Begins to read an index.
  /// - Parameters:
  ///   - owner: kept as long as the reader, for instance the ``IndexEnvironment``.
  ///   - isImmutable: whether nobody writes to the file any more.
  /// - Throws: ``JournalError`` where no snapshot of the file can be had.
  init(_ environment: Environment, _ tables: IndexTables, owner: AnyObject, isImmutable: Bool = false) throws(JournalError) {
    var transaction = try translating { () throws(LMDBError) in try environment.beginRead() }
    transaction.reset()
    self.environment = environment
    self.tables = tables
    self.owner = owner
    self.isImmutable = isImmutable
    self.transaction = transaction
  }

  var path: String { environment.path }
  var lastTransactionIdentifier: Int { environment.lastTransactionIdentifier }

  /// What is wrong with a page of the file; nil where all are sound.
  /// - Throws: ``JournalError`` where it cannot be read.
  func pageDamage() throws(JournalError) -> JournalError? { try environment.pageDamage() }

  /// Runs `body` within one snapshot, with the state that it shows. Nested calls share the outer one.
  /// - Throws: ``JournalError`` where the file is damaged, or what `body` throws.
  func snapshot<Result>(_ body: (IndexState) throws(JournalError) -> Result) throws(JournalError) -> Result {
    guard !isInSnapshot else { return try body(known!.state) }
    guard environment.hasLock || isImmutable else { return try withoutLock(body) }
    do throws(LMDBError) { try transaction.renew() } catch { throw JournalError(error) }
    isInSnapshot = true
    defer {
      if !isImmutable || known == nil {
        isInSnapshot = false
        transaction.reset()
      }
    }
    return try withState(body)
  }

  /// As ``snapshot(_:)``, where nothing keeps a writer from the pages: what was read of pages that may have been written to meanwhile is read again.
  private func withoutLock<Result>(_ body: (IndexState) throws(JournalError) -> Result) throws(JournalError) -> Result {
    for _ in 0..<SegmentReader.attemptCount {
      do throws(LMDBError) { try transaction.renew() } catch { throw JournalError(error) }
      isInSnapshot = true
      let result = Swift.Result { () throws(JournalError) in try withState(body) }
      isInSnapshot = false
      let mayBeOverwritten = transaction.mayBeOverwritten
      transaction.reset()
      if !mayBeOverwritten { return try result.get() }
    }
    throw .withoutLock(path)
  }

  private func withState<Result>(_ body: (IndexState) throws(JournalError) -> Result) throws(JournalError) -> Result {
    let identifier = transaction.identifier
    if let known, known.snapshot == identifier { return try body(known.state) }
    let state = try readState()
    known = (identifier, state)
    let before = filters
    filters = state.runs.map { run in
      let partCount = (Int(run.filterWordCount) + IndexFilter.wordsPerPart - 1) / IndexFilter.wordsPerPart
      let isChecked = before.first { $0.run == run.number && $0.isChecked.count == partCount }?.isChecked
      return LoadedFilter(
        run: run.number, parts: Array(repeating: nil, count: partCount), isChecked: isChecked ?? Array(repeating: false, count: partCount))
    }
    return try body(state)
  }

  private func readState() throws(JournalError) -> IndexState {
    let state = try translating { () throws(LMDBError) in try tables.state(in: transaction) }
    do throws(FormatError) {
      guard let state else { throw FormatError("its state is missing") }
      return try state.get()
    } catch { throw .damagedIndex(error, path: path) }
  }

  // MARK: Keys

  /// Adds the entries under a key, in no order, and some that only look like it: verify each.
  /// - Throws: ``JournalError`` where the index is damaged.
  func appendEntries(under key: IndexKey, to found: inout [UInt32]) throws(JournalError) {
    try snapshot { (state) throws(JournalError) in
      for (index, run) in state.runs.enumerated() where run.covers(key) {
        let kept = run.coding.kept(key)
        guard try mayHold(index, run, kept) else { continue }
        try forEachRow(of: run, under: kept) { found.append($0) }
      }
    }
  }

  /// Whether the index may have rows under a key: false only where a filter says so.
  /// - Throws: ``JournalError`` where the index is damaged.
  func mayHold(_ key: IndexKey) throws(JournalError) -> Bool {
    try snapshot { (state) throws(JournalError) in
      for (index, run) in state.runs.enumerated() where run.covers(key) {
        if try mayHold(index, run, run.coding.kept(key)) { return true }
      }
      return false
    }
  }

  /// Whether the index holds a row, as far as its run tells rows apart.
  /// - Throws: ``JournalError`` where the index is damaged.
  func holds(_ row: IndexRow) throws(JournalError) -> Bool {
    try snapshot { (state) throws(JournalError) in
      for run in state.runs where run.entries.contains(row.entry) && run.covers(row.key) {
        var isThere = false
        try forEachRow(of: run, under: run.coding.kept(row.key)) { isThere = isThere || $0 == row.entry }
        if isThere { return true }
      }
      return false
    }
  }

  /// Whether the filters let a search for a key through, in each run that has the rows of an entry.
  /// - Throws: ``JournalError`` where the index is damaged.
  func filtersLetThrough(_ row: IndexRow) throws(JournalError) -> Bool {
    try snapshot { (state) throws(JournalError) in
      for (index, run) in state.runs.enumerated() where run.entries.contains(row.entry) && run.covers(row.key) {
        guard try mayHold(index, run, run.coding.kept(row.key)) else { return false }
      }
      return true
    }
  }

  private func mayHold(_ index: Int, _ run: IndexRun, _ key: IndexKey) throws(JournalError) -> Bool {
    guard run.filterWordCount > 0 else { return true }
    let word = Int(IndexFilter.word(key, of: run.filterWordCount))
    let part = word / IndexFilter.wordsPerPart
    var words = filters[index].parts[part]
    if words == nil { words = try loadPart(part, index, run) }
    let value = UInt64(
      littleEndian: words!.loadUnaligned(fromByteOffset: word % IndexFilter.wordsPerPart * 8, as: UInt64.self))
    let bits = IndexFilter.bits(key)
    return value & bits == bits
  }

  private func loadPart(_ part: Int, _ index: Int, _ run: IndexRun) throws(JournalError) -> UnsafeRawBufferPointer {
    let key = IndexFilter.key(run.number, UInt32(part))
    let found = try translating { () throws(LMDBError) in
      try key.withRawBytes { (key) throws(LMDBError) in try transaction.withValue(of: key, in: tables.filters) { $0 } }
    }
    let wordCount = min(IndexFilter.wordsPerPart, Int(run.filterWordCount) - part * IndexFilter.wordsPerPart)
    guard let found, found.count == wordCount * 8 + IndexFilter.checksumBytes, filters[index].isChecked[part] || checked(found) != nil
    else { throw .damagedIndex(FormatError("a filter is damaged"), path: path) }
    filters[index].isChecked[part] = true
    filters[index].parts[part] = found
    return found
  }

  /// Shows the entries of a run's rows under a key as the run keeps it.
  private func forEachRow(of run: IndexRun, under wanted: IndexKey, _ body: (UInt32) -> Void) throws(JournalError) {
    var failure: FormatError?
    let start: IndexRow = if case .from(let bound) = run.extent { bound } else { IndexRow(rawValue: 0) }
    /// Whether rows under the key may follow in the next block.
    func show(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
      guard let place = IndexBlock.place(key), place.run == run.number else { return false }
      do throws(FormatError) {
        try IndexBlock.forEachRow(key: key, value, run.coding) { row in
          if row.key == wanted && row >= start { body(row.entry) }
          return row.key <= wanted
        }
      } catch {
        failure = error
        return false
      }
      return place.last == wanted
    }
    do throws(LMDBError) {
      try transaction.withCursor(in: tables.runs) { (cursor: borrowing Cursor) throws(LMDBError) in
        var key = (UInt64(run.number) << 32 | UInt64(wanted.rawValue)).bigEndian
        // A block's key is its last row's, so the first block at or after the key is the first that may hold it.
        var more = try withUnsafeBytes(of: &key) { (key) throws(LMDBError) in try cursor.seek(atOrAfter: key, show) } ?? false
        while more { more = try cursor.move(.next, show) ?? false }
      }
    } catch { throw JournalError(error) }
    if let failure { throw .damagedIndex(failure, path: path) }
  }

  // MARK: Whole runs

  /// Shows all rows that there are, run by run, a good many at a time. Within one snapshot: it takes some hundredths of a second for a
  /// million rows.
  /// - Throws: ``JournalError`` where the index is damaged.
  func forEachBatch(_ body: (IndexRun, [IndexRow]) -> Void) throws(JournalError) {
    try snapshot { (state) throws(JournalError) in
      for run in state.runs {
        var start: IndexRow = if case .from(let bound) = run.extent { bound } else { IndexRow(rawValue: 0) }
        var isDone = false
        while !isDone {
          let batch = try read(run, from: start, atLeast: 8_192)
          body(run, batch.rows)
          isDone = batch.endsRun
          if let last = batch.rows.last { start = IndexRow(rawValue: last.rawValue + 1) }
        }
      }
    }
  }

  /// Some rows of a run, from one on.
  /// - Throws: ``JournalError`` where the index is damaged.
  func read(_ run: IndexRun, from start: IndexRow, atLeast count: Int) throws(JournalError) -> IndexRowBatch {
    try snapshot { (_) throws(JournalError) in
      var outcome: Result<IndexRowBatch, JournalError>?
      try translating { () throws(LMDBError) in
        try transaction.withCursor(in: tables.runs) { (cursor: borrowing Cursor) throws(LMDBError) in
          do throws(JournalError) { outcome = .success(try tables.read(run, from: start, atLeast: count, cursor, path: path)) } catch {
            outcome = .failure(error)
          }
        }
      }
      return try outcome!.get()
    }
  }

  // MARK: Times

  /// The spans of time of the entries that are indexed.
  /// - Throws: ``JournalError`` where the index is damaged.
  func timeBlocks() throws(JournalError) -> [TimeBlock] {
    try snapshot { (state) throws(JournalError) in
      var blocks: [TimeBlock] = []
      var failure: FormatError?
      func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        do throws(FormatError) {
          let start = leadingNumber(of: key)
          guard key.count == 4, start == blocks.last?.entries.upperBound ?? 0 else { throw FormatError("the table of times has a gap") }
          blocks += try TimeBlock.decode(value, from: start, runEntryCount: state.runEntryCount)
        } catch { failure = failure ?? error }
      }
      do throws(LMDBError) {
        try transaction.withCursor(in: tables.times) { (cursor: borrowing Cursor) throws(LMDBError) in
          var more: Void? = try cursor.move(.first, take)
          while more != nil { more = try cursor.move(.next, take) }
        }
      } catch { throw JournalError(error) }
      if failure == nil, blocks.last?.entries.upperBound ?? 0 != state.indexedThrough {
        failure = FormatError("the table of times ends too early or too late")
      }
      if let failure { throw .damagedIndex(failure, path: path) }
      return blocks
    }
  }
}
