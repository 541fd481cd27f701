internal import JournalFormat
internal import LMDB

extension SegmentReader {
  /// How many entries the segment holds.
  /// - Throws: ``JournalError`` where the segment cannot be read.
  func entryCount() throws(JournalError) -> UInt32 {
    try snapshot { () throws(JournalError) in
      let verified = verifiedBlocks
      let ends = try withCursor(in: segment.tables.entries) { (cursor: borrowing Cursor) throws(LMDBError) -> (last: Int, bound: Int)? in
        guard let last = try cursor.move(.last, { key, _ in leadingNumber(of: key) }) else { return nil }
        guard !verified.contains(last) else { return (Int(last), Int(last)) }
        // A damaged last key must not have anybody look for thousands of millions of entries: it counts as far as one block reaches.
        var previous: UInt32? = last
        while previous == last { previous = try cursor.move(.previous) { key, _ in leadingNumber(of: key) } }
        return (Int(last), (previous.map { Int($0) } ?? -1) + SegmentWriter.maximumBlockEntryCount)
      }
      guard let ends else { return 0 }
      return UInt32(clamping: min(ends.last + 1, ends.bound + 1, try greatestEntryCount()))
    }
  }

  /// More entries there cannot be, whatever the keys of damaged pages say.
  private func greatestEntryCount() throws(JournalError) -> Int {
    let block = SegmentWriter.maximumBlockEntryCount
    if let endedCount { return endedCount + block }
    return try rowCount(of: segment.tables.entries) * block
  }

  /// When the last of so many entries was recorded; nil where there are none.
  /// - Throws: ``JournalError`` where the segment cannot be read.
  func lastRecordedAt(of count: UInt32) throws(JournalError) -> Timestamp? {
    guard count > 0 else { return nil }
    guard let last = try entry(at: count - 1) else { throw JournalError(.segmentDamaged, "the last record is missing.", path: path) }
    return last.recordedAt
  }

  /// The entry at a place of the segment; nil where there is none.
  /// - Throws: ``JournalError`` `record.damaged`.
  func entry(at place: UInt32) throws(JournalError) -> Entry? {
    let position = firstPosition.advanced(by: Int(place))
    if let known = latest?.entry(at: position) { return known }
    do throws(JournalError) {
      return try snapshot { () throws(JournalError) in
        let row = try withBlock(atOrAfter: place) { (block) throws(JournalError) -> DecodedRow? in
          guard block.firstPlace <= place else { return nil }
          var block = block
          let row = try formatted(position) { () throws(FormatError) in try block.row(holding: place) }
          guard let row else { return nil }
          return try rowDecoder.decode(row, of: self)
        }
        latest = row ?? nil
        return latest?.entry(at: position)
      }
    } catch { throw noted(error, at: place) }
  }

  /// The damage to an entry, which the log is told of; any other error as it is. What a record refers to is a part of it.
  private func noted(_ error: JournalError, at place: UInt32) -> JournalError {
    guard error.code == .recordDamaged || error.code == .segmentDamaged else { return error }
    let damage = JournalError(.recordDamaged, error.message, path: path, position: firstPosition.advanced(by: Int(place)))
    damageLog?.note(damage)
    return damage
  }

  /// Reads up to `limit` entries from a place on, each its own result: a damaged block does not hide its neighbours. A place that is missing
  /// between others is reported as damage too.
  /// - Throws: ``JournalError`` where the segment cannot be read at all.
  func entries(from start: UInt32, limit: Int) throws(JournalError) -> [Result<Entry, JournalError>] {
    try snapshot { () throws(JournalError) in
      var results = RunOfEntries(start: start, limit: min(limit, Int(try entryCount()) - Int(start)))
      while !results.isFull {
        let next = results.next
        do throws(JournalError) {
          let found: Void? = try withBlock(atOrAfter: next) { (block) throws(JournalError) in try append(block, to: &results) }
          if found == nil { break }
          // Where keys are damaged, a search may end at a block that it was not for.
          if results.next == next { results.append(failure(Self.missing, at: next)) }
        } catch {
          // What the block holds cannot be told, but its key tells where it ends.
          let end = try blockEnd(atOrAfter: results.next) ?? results.next
          repeat { results.append(failure(error, at: results.next)) } while results.next <= end && !results.isFull
        }
      }
      return results.results
    }
  }

  private static var missing: JournalError { JournalError(.recordDamaged, "the record is missing.") }

  /// Results for places without a gap.
  private struct RunOfEntries {
    let start: UInt32
    let limit: Int
    private(set) var results: [Result<Entry, JournalError>] = []

    init(start: UInt32, limit: Int) {
      self.start = start
      self.limit = limit
      results.reserveCapacity(max(0, limit))
    }

    var next: UInt32 { start + UInt32(results.count) }
    var isFull: Bool { results.count >= limit }

    mutating func append(_ result: consuming Result<Entry, JournalError>) {
      if !isFull { results.append(result) }
    }
  }

  /// Appends a block's entries from ``RunOfEntries/next`` on.
  private func append(_ block: EntryBlock, to results: inout RunOfEntries) throws(JournalError) {
    while results.next < block.firstPlace && !results.isFull { results.append(failure(Self.missing, at: results.next)) }
    var block = block
    while !results.isFull {
      let next = results.next
      let row = try formatted(firstPosition.advanced(by: Int(next))) { () throws(FormatError) in try block.next() }
      guard let row else { return }
      guard row.lastPlace >= next else { continue }
      do throws(JournalError) {
        // The run may begin with the second of a row.
        var isWanted = row.firstPlace >= next
        try rowDecoder.decode(row, of: self) { entry in
          if isWanted { results.append(.success(entry)) }
          isWanted = true
        }
      } catch {
        while results.next <= row.lastPlace && !results.isFull { results.append(failure(error, at: results.next)) }
      }
    }
  }

  private func failure(_ error: JournalError, at place: UInt32) -> Result<Entry, JournalError> {
    .failure(noted(JournalError(error.code, error.message, path: path, position: firstPosition.advanced(by: Int(place))), at: place))
  }

  /// Lends the first block that ends at a place or behind it; nil where there is none.
  private func withBlock<Result>(
    atOrAfter place: UInt32, _ body: (EntryBlock) throws(JournalError) -> Result
  ) throws(JournalError) -> Result? {
    var outcome: Swift.Result<Result, JournalError>?
    var chunks: [UInt8] = []
    var lastPlace: UInt32 = 0
    let isSealed = segment.header.state == .sealed
    var key = place.bigEndian
    try withCursor(in: segment.tables.entries) { (cursor: borrowing Cursor) throws(LMDBError) in
      let isCut = try withUnsafeBytes(of: &key) { (key) throws(LMDBError) in
        try cursor.seek(atOrAfter: key) { key, bytes in
          lastPlace = leadingNumber(of: key)
          // Whoever goes on behind it must not come by here again.
          guard lastPlace >= place else {
            outcome = .failure(
              JournalError(
                .recordDamaged, "the segment's tree leads to an earlier record.", path: path,
                position: firstPosition.advanced(by: Int(place))))
            return false
          }
          guard bytes.count == SegmentWriter.chunkBytes && !isSealed else {
            outcome = lend(bytes, lastPlace, body)
            return false
          }
          chunks.append(contentsOf: bytes)
          return true
        }
      }
      guard isCut ?? false else { return }
      var isLast = false
      while !isLast {
        let more: Void? = try cursor.move(.next) { key, bytes in
          guard key.count == 6, leadingNumber(of: key) == lastPlace else {
            isLast = true
            return
          }
          chunks.append(contentsOf: bytes)
          isLast = bytes.count < SegmentWriter.chunkBytes
        }
        if more == nil { isLast = true }
      }
      outcome = chunks.withRawBytes { lend($0, lastPlace, body) }
    }
    return try outcome?.get()
  }

  private func lend<Result>(
    _ bytes: UnsafeRawBufferPointer, _ lastPlace: UInt32, _ body: (EntryBlock) throws(JournalError) -> Result
  ) -> Swift.Result<Result, JournalError> {
    do throws(JournalError) {
      let isVerified = verifiedBlocks.contains(lastPlace)
      let block = try formatted(firstPosition.advanced(by: Int(lastPlace))) { () throws(FormatError) in
        try EntryBlock(bytes, lastPlace: lastPlace, of: segment.header, isVerified: isVerified)
      }
      if !isVerified { verifiedBlocks.insert(lastPlace) }
      return .success(try body(block))
    } catch { return .failure(error) }
  }

  /// Lends the blocks in their order, from the one that holds a place on, until `body` returns false; each call of `body` within one snapshot,
  /// which the caller keeps short.
  /// - Throws: ``JournalError`` where a block is damaged, or what `body` throws.
  func forEachBlock(from place: UInt32, _ body: (EntryBlock) throws(JournalError) -> Bool) throws(JournalError) {
    try snapshot { () throws(JournalError) in
      var next: UInt32? = place
      while let wanted = next {
        next =
          try withBlock(atOrAfter: wanted) { (block) throws(JournalError) -> UInt32? in
            try body(block) && wanted <= block.lastPlace && block.lastPlace < .max ? block.lastPlace + 1 : nil
          } ?? nil
      }
    }
  }

  /// Where the first block ends that ends at a place or behind it.
  private func blockEnd(atOrAfter place: UInt32) throws(JournalError) -> UInt32? {
    var key = place.bigEndian
    return try withCursor(in: segment.tables.entries) { (cursor: borrowing Cursor) throws(LMDBError) in
      try withUnsafeBytes(of: &key) { (key) throws(LMDBError) in
        try cursor.seek(atOrAfter: key) { key, _ in leadingNumber(of: key) }
      }
    }
  }

  private func formatted<Result>(
    _ position: JournalPosition, _ body: () throws(FormatError) -> Result
  ) throws(JournalError) -> Result {
    do throws(FormatError) { return try body() } catch { throw JournalError(error, position, path: path) }
  }
}
