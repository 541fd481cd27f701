internal import JournalFormat
internal import LMDB

/// The index of a segment as a reader has it: the file's, and what the entries have beyond it.
final class SegmentIndex {
  /// The index file; nil while there is none that can be used: then everything is in the tail.
  var file: IndexReader?
  /// The file as it was when it was opened; nil where there was none.
  var watched: WatchedFile?
  var tail: IndexTail
  /// The states of the file and of the segment that the tail goes on from and up to.
  var seen: (file: Int, segment: Int)?
  /// The entries without rows in the file, as they could not be read when it was made, and the state of the file that this was true in.
  var unreadable: (places: [UInt32], file: Int)?

  init(file: IndexReader?, watched: WatchedFile?, tail: IndexTail) {
    self.file = file
    self.watched = watched
    self.tail = tail
  }
}

extension SegmentReader {
  /// The places in the segment of the entries that may hold a term, ascending; two values may share a key, so verify each.
  /// - Throws: ``JournalError`` where segment or index cannot be read.
  func candidates(for term: IndexTerm) throws(JournalError) -> [UInt32] {
    let key = keyMaker.key(of: term)
    return try withIndex { (index) throws(JournalError) in
      var found: [UInt32] = []
      try index.file?.appendEntries(under: key, to: &found)
      index.tail.appendEntries(under: key, to: &found)
      try noteUnreadable(index)
      found.sort()
      return found.withoutRepetitions
    }
  }

  /// Tells the log of the entries that could not be read when they were indexed: what is searched for may be among them. A segment is sealed only
  /// where it has none.
  private func noteUnreadable(_ index: SegmentIndex) throws(JournalError) {
    guard let damageLog, segment.header.state == .hot else { return }
    for damage in index.tail.damages { damageLog.note(damage) }
    guard let file = index.file else { return }
    let state = file.lastTransactionIdentifier
    if index.unreadable?.file != state {
      var places: [UInt32] = []
      try file.appendEntries(under: keyMaker.key(of: .unreadableEntry), to: &places)
      index.unreadable = (places, state)
    }
    // It is noted where it is read.
    for place in index.unreadable!.places { _ = try? entry(at: place) }
  }

  /// Whether a search may find any of the terms: false only where the filter of a sealed segment says so.
  /// - Parameter sharedKeys: of each term the key in every segment; nil where each segment has its own.
  /// - Throws: ``JournalError`` where segment or index cannot be read.
  func mayHold(_ terms: [IndexTerm], sharedKeys: [IndexKey?]) throws(JournalError) -> Bool {
    try catchUp()
    guard segment.isImmutable, let file = segmentIndex?.file else { return true }
    for (term, key) in zip(terms, sharedKeys) {
      if try file.mayHold(key ?? keyMaker.key(of: term)) { return true }
    }
    return false
  }

  /// The spans of time of all entries, in order.
  /// - Throws: ``JournalError`` where segment or index cannot be read.
  func timeBlocks() throws(JournalError) -> [TimeBlock] {
    try withIndex { (index) throws(JournalError) in
      let indexed = try index.file?.timeBlocks()
      return (indexed ?? []) + index.tail.timeBlocks
    }
  }

  /// What is wrong with a page of the segment or, where that was searched, of its index file; nil where all are sound.
  /// - Throws: ``JournalError`` where segment or index cannot be read.
  func pageDamage() throws(JournalError) -> JournalError? {
    if let damage = try segment.environment.pageDamage() { return damage }
    guard segment.tables.index == nil, let file = segmentIndex?.file else { return nil }
    return try file.pageDamage()
  }

  /// How many entries have no index in the file yet.
  /// - Throws: ``JournalError`` where segment or index cannot be read.
  func unindexedCount() throws(JournalError) -> Int { try withIndex { $0.tail.entries.count } }

  /// Reads what the index does not know yet, up to the segment's present end. Done before a snapshot begins, it keeps that one short.
  /// - Throws: ``JournalError`` where segment or index cannot be read.
  func catchUp() throws(JournalError) {
    let index = if let segmentIndex { segmentIndex } else { try openIndex() }
    segmentIndex = index
    if segment.isImmutable, index.seen != nil { return }
    // Looked up before anything is read: what comes in between is looked for the next time.
    let present = (file: index.file?.lastTransactionIdentifier ?? 0, segment: segment.environment.lastTransactionIdentifier)
    if let seen = index.seen, seen == present, index.tail.entries.count <= Self.longTail { return }
    if let state = try index.file?.snapshot({ (state) throws(JournalError) in state }) {
      if state.indexedThrough < index.tail.entries.lowerBound || state.indexedThrough > index.tail.entries.upperBound {
        index.tail = IndexTail(segment.header, from: state.indexedThrough, runEntryCount: state.runEntryCount)
      } else {
        index.tail.drop(before: state.indexedThrough)
      }
    }
    var count = try currentEntryCount()
    // The tail keeps what is damaged, for every search.
    let log = damageLog
    damageLog = nil
    defer { damageLog = log }
    while index.tail.entries.upperBound < count {
      for result in try entries(from: index.tail.entries.upperBound, limit: 512) { index.tail.add(result) }
      count = try currentEntryCount()
    }
    index.seen = present
    // A builder should have shortened so long a tail: perhaps it has made the file only now, or made it anew.
    guard index.tail.entries.count > Self.longTail, index.watched?.wasReplaced ?? true, FileSystem.exists(segment.indexPath) else { return }
    index.watched = WatchedFile(segment.indexPath)
    guard let file = try openIndexFile() else { return }
    index.file = file
    index.seen = nil
  }

  private static var longTail: Int { 2 * IndexLimits().maximumUnindexedEntries }

  private func openIndex() throws(JournalError) -> SegmentIndex {
    // Watched before it is opened: what replaces it in between is noticed.
    let watched = FileSystem.exists(segment.indexPath) ? WatchedFile(segment.indexPath) : nil
    let tail = IndexTail(segment.header, from: 0, runEntryCount: IndexLimits().runEntryCount)
    return SegmentIndex(file: try openIndexFile(), watched: watched, tail: tail)
  }

  /// The index within a sealed segment or in the file beside a hot one; nil where there is no file that can be used.
  /// - Throws: ``JournalError`` where the file system fails.
  func openIndexFile() throws(JournalError) -> IndexReader? {
    if let tables = segment.tables.index {
      return try IndexReader(segment.environment, tables, owner: segment, isImmutable: segment.isImmutable)
    }
    guard let environment = try IndexEnvironment.reading(segment.indexPath, IndexState.Owner(segment.header)) else { return nil }
    return try IndexReader(environment.environment, environment.tables, owner: environment)
  }

  /// Runs `body` with the file's index in a snapshot and the tail that goes on where that ends.
  /// - Throws: ``JournalError`` where segment or index cannot be read, or what `body` throws.
  func withIndex<Result>(_ body: (SegmentIndex) throws(JournalError) -> Result) throws(JournalError) -> Result {
    try catchUp()
    let index = segmentIndex!
    guard let file = index.file else { return try body(index) }
    return try file.snapshot { (state) throws(JournalError) in
      index.tail.drop(before: state.indexedThrough)
      return try body(index)
    }
  }

  private func currentEntryCount() throws(JournalError) -> UInt32 {
    try snapshot { () throws(JournalError) in
      // What was counted in a state of the segment need not be counted in it again.
      if let countedEntries, countedEntries.state == snapshotIdentifier { return countedEntries.count }
      let count = try entryCount()
      countedEntries = (snapshotIdentifier, count)
      return count
    }
  }
}

extension [UInt32] {
  /// Numbers that are in order, each once.
  fileprivate var withoutRepetitions: [UInt32] {
    guard count > 1 else { return self }
    return indices.filter { $0 == 0 || self[$0] != self[$0 - 1] }.map { self[$0] }
  }
}
