internal import JournalFormat
internal import LMDB

extension SegmentReader {
  /// The indexes in the segment of the entries that may hold a term, ascending; two values may share a key, so verify each.
  func candidates(for term: IndexTerm) throws(JournalError) -> [UInt32] {
    let key = keyMaker.key(of: term)
    return try snapshot { () throws(JournalError) in
      var entries: [UInt32] = []
      try forEachRow(of: try runs(), from: IndexRow(key, 0)) { row in
        guard row.key == key else { return row.key < key }
        entries.append(row.entry)
        return true
      }
      var bytes = key.rawValue.bigEndian
      try withCursor(in: segment.tables.index) { (cursor: borrowing Cursor) throws(LMDBError) in
        try withUnsafeBytes(of: &bytes) { (bytes) throws(LMDBError) in
          var next = try cursor.seek(to: bytes) { _, value in index(from: value) }
          while let found = next {
            entries.append(found)
            next = try cursor.move(.nextDuplicate) { _, value in index(from: value) }
          }
        }
      }
      // Runs come in the order of their numbers, which a merge puts behind younger ones.
      entries.sort()
      return entries
    }
  }

  /// Whether the indexes hold a row.
  func indexHolds(_ row: IndexRow) throws(JournalError) -> Bool {
    try snapshot { () throws(JournalError) in
      var isInRun = false
      try forEachRow(of: try runs().filter { $0.firstEntry <= row.entry }, from: row) { found in
        isInRun = isInRun || found == row
        return found < row
      }
      if isInRun { return true }
      let key = bigEndianBytes(row.key.rawValue)
      let value = bigEndianBytes(row.entry)
      return try withCursor(in: segment.tables.index) { (cursor: borrowing Cursor) throws(LMDBError) in
        try key.withRawBytes { (key) throws(LMDBError) in
          try value.withRawBytes { (value) throws(LMDBError) in
            try cursor.seek(to: key, valueAtOrAfter: value) { _, found in index(from: found) == row.entry } ?? false
          }
        }
      }
    }
  }

  func indexKeys(of entry: Entry) -> [IndexKey] {
    entry.indexKeys(&keyMaker, contextKeys: entry.content.context.indexKeys(&keyMaker), segmentStart: firstPosition)
  }

  /// All rows of the indexes, in the tree and in the runs.
  func indexRowCount() throws(JournalError) -> Int {
    try snapshot { () throws(JournalError) in
      let runRows = try runs().reduce(0) { $0 + Int($1.rowCount) }
      return try rowCount(of: segment.tables.index) + runRows
    }
  }

  /// The runs of the snapshot, in the order of their numbers.
  func runs() throws(JournalError) -> [IndexRun] {
    try snapshot { () throws(JournalError) in
      let state = snapshotIdentifier
      if let known = knownRuns, known.state == state { return known.runs }
      var runs: [Result<IndexRun, FormatError>] = []
      try withCursor(in: segment.tables.runList) { (cursor: borrowing Cursor) throws(LMDBError) in
        func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
          do throws(FormatError) { runs.append(.success(try IndexRun(number: index(from: key), value))) } catch {
            runs.append(.failure(error))
          }
        }
        var more: Void? = try cursor.move(.first, take)
        while more != nil { more = try cursor.move(.next, take) }
      }
      var read: [IndexRun] = []
      for run in runs { read.append(try indexed { () throws(FormatError) in try run.get() }) }
      knownRuns = (state, read)
      return read
    }
  }

  /// Shows rows of each run, from the block that may hold `start` on, until `body` returns false for this run.
  private func forEachRow(of runs: [IndexRun], from start: IndexRow, _ body: (IndexRow) -> Bool) throws(JournalError) {
    var failure: FormatError?
    try withCursor(in: segment.tables.runs) { (cursor: borrowing Cursor) throws(LMDBError) in
      for run in runs where failure == nil { try Self.forEachRow(cursor, run, from: start, &failure, body) }
    }
    if let failure { try indexed { () throws(FormatError) in throw failure } }
  }

  private static func forEachRow(
    _ cursor: borrowing Cursor, _ run: IndexRun, from start: IndexRow, _ failure: inout FormatError?, _ body: (IndexRow) -> Bool
  ) throws(LMDBError) {
    let key = IndexBlock.key(run.number, start)
    var problem: FormatError?
    func show(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
      guard IndexBlock.run(key) == run.number else { return false }
      var wantsMore = true
      do throws(FormatError) {
        try IndexBlock.forEachRow(value, run) { row in
          guard row >= start else { return true }
          wantsMore = body(row)
          return wantsMore
        }
      } catch {
        problem = error
        return false
      }
      return wantsMore
    }
    // A block's key is its last row, so the first block at or after `start` is the first that may hold it.
    var more = try key.withRawBytes { (key) throws(LMDBError) in try cursor.seek(atOrAfter: key, show) } ?? false
    while more { more = try cursor.move(.next, show) ?? false }
    failure = problem
  }

  private func indexed<Result>(_ body: () throws(FormatError) -> Result) throws(JournalError) -> Result {
    do throws(FormatError) { return try body() } catch {
      throw JournalError(.segmentDamaged, "the index is damaged: \(error.message).", path: segment.environment.path)
    }
  }
}
