internal import JournalFormat
internal import LMDB
internal import MerkleTree

/// Rewrites a segment that has ended into its sealed state: full pages, one index, and a node of the tree for each 256 leaves
/// (`Schemas/journal-format.md`, "Sealed segment"). The rows stay what they are, but for their blocks.
///
/// The file counts only once the manifest lists it. What is left by a crash, or by ``Stopped``, is garbage.
struct SegmentSealer {
  /// What a transaction writes at most, so that its pages fit in memory and others get their turn.
  static let stepBytes = 8 << 20
  /// Entries that are read within one snapshot.
  private static let stepEntryCount: UInt32 = 512

  /// Sealing was asked to end early.
  struct Stopped: Error {}

  private let source: SegmentReader
  private let target: SegmentEnvironment
  private let entryCount: UInt32
  private let shouldStop: () -> Bool

  /// - Parameters:
  ///   - segment: has ended.
  ///   - shouldStop: asked every few hundred entries.
  private init(
    _ segment: Manifest.Segment, in directory: JournalDirectory, shouldStop: @escaping () -> Bool
  ) throws(JournalError) {
    try Self.checkPages(of: segment, in: directory)
    source = try SegmentReader(SegmentEnvironment.reading(directory.path(of: segment), state: .hot, isGrowing: false))
    entryCount = try source.entryCount()
    self.shouldStop = shouldStop
    try Self.removeFile(of: segment, in: directory)
    var header = source.segment.header
    header.state = .sealed
    header.generation = segment.sealed.generation
    target = try SegmentEnvironment.create(directory.path(of: segment.sealed), header)
  }

  /// Damage to the pages of a tree may end whoever reads it by a signal, and with this process the recording would end.
  private static func checkPages(of segment: Manifest.Segment, in directory: JournalDirectory) throws(JournalError) {
    let path = directory.path(of: segment)
    let indexPath = Manifest.Segment.indexPath(ofSegmentAt: path)
    for file in try [path] + (IndexEnvironment.isMissing(indexPath) ? [] : [indexPath]) {
      let walked = try translating { () throws(LMDBError) in try PageWalk.walk(file) }
      guard case .failure(let damage) = walked else { continue }
      let remedy = file == path ? "Run verify; restore the file from a backup." : "Remove the file; it is made anew from the entries."
      throw JournalError(.segmentDamaged, "\(damage). \(remedy)", path: file)
    }
  }

  /// Writes a segment's sealed file, compares it with the old one, and leaves it durable.
  /// - Throws: ``Stopped``, or a ``JournalError``: then the file is removed, and the segment stays as it is.
  static func seal(_ segment: Manifest.Segment, in directory: JournalDirectory, shouldStop: @escaping () -> Bool) throws {
    do {
      try SegmentSealer(segment, in: directory, shouldStop: shouldStop).seal()
      try FileSystem.synchronizeDirectory(directory.segmentsPath)
    } catch {
      // Told before there is room again.
      let failure = (error as? LMDBError).map { JournalError($0) } ?? error
      // What is half written must not take the space that recording needs.
      try? removeFile(of: segment, in: directory)
      throw failure
    }
  }

  /// Removes a segment's sealed file. Only for one that no manifest has ever listed.
  /// - Throws: ``JournalError`` where the file system fails.
  static func removeFile(of segment: Manifest.Segment, in directory: JournalDirectory) throws(JournalError) {
    let path = directory.path(of: segment.sealed)
    try FileSystem.remove(path)
    try FileSystem.remove(path + "-lock")
  }

  private func seal() throws {
    try copyTables()
    try copyRows()
    try writeIndex()
    try writeTree(try comparedNodes())
  }

  // MARK: Tables

  /// What rows refer to: each table of the segment with its copy.
  private var tables: [(Database, Database)] { zip(source.segment.tables.shared, target.tables.shared).map { ($0.table, $1.table) } }

  private func copyTables() throws {
    for (from, to) in tables {
      var start: [UInt8]? = [0]
      while let key = start {
        let (rows, next) = try source.rows(of: from, from: key, limit: 1_000)
        let transaction = try target.environment.beginWrite()
        for row in rows { try transaction.put(row.value, for: row.key, in: to, .lastKey) }
        try transaction.commit()
        start = next
      }
    }
  }

  // MARK: Rows

  private func copyRows() throws {
    var builder = EntryBlockBuilder(of: target.header, firstPlace: 0)
    var finished: [EntryBlockBuilder.Block] = []
    var finishedBytes = 0
    var latest = Timestamp(rawValue: Timestamp.range.lowerBound)
    var next: UInt32 = 0
    while next < entryCount {
      guard !shouldStop() else { throw Stopped() }
      let end = next.addingReportingOverflow(Self.stepEntryCount).partialValue
      try source.forEachBlock(from: next) { (block) throws(JournalError) in
        guard block.firstPlace == next else {
          throw JournalError(
            .recordDamaged, "the record is missing.", path: source.path, position: source.firstPosition.advanced(by: Int(next)))
        }
        try repack(block, &builder, &finished, latest: &latest)
        next = block.lastPlace + 1
        return next < end
      }
      finishedBytes = finished.reduce(0) { $0 + $1.bytes.count }
      if finishedBytes >= Self.stepBytes { try put(&finished) }
    }
    if !builder.isEmpty { finished.append(builder.finish()) }
    try put(&finished)
  }

  /// Moves the rows of a block into blocks that fill pages. Only the time before a row changes, where the row before it does.
  private func repack(
    _ block: EntryBlock, _ builder: inout EntryBlockBuilder, _ finished: inout [EntryBlockBuilder.Block], latest: inout Timestamp
  ) throws(JournalError) {
    var block = block
    do throws(FormatError) {
      while let row = try block.next() {
        if builder.isPageFull(adding: row.bytes.count) { finished.append(builder.finish()) }
        guard row.recordedAt >= latest else { throw FormatError("it was recorded before the entry before it") }
        latest = row.recordedAt
        builder.append(row.bytes, recordedAt: row.recordedAt, isPair: row.isPair)
      }
    } catch {
      throw JournalError(error, source.firstPosition.advanced(by: Int(block.firstPlace)), path: source.path)
    }
  }

  private func put(_ blocks: inout [EntryBlockBuilder.Block]) throws {
    let transaction = try target.environment.beginWrite()
    for block in blocks { try transaction.put(block.bytes, for: bigEndianBytes(block.lastPlace), in: target.tables.entries, .lastKey) }
    try transaction.commit()
    blocks.removeAll(keepingCapacity: true)
  }

  // MARK: Index

  private func writeIndex() throws(JournalError) {
    try source.withIndex { (index) throws(JournalError) in
      try target.tables.index!.write(merging: index.file, index.tail, as: IndexState.Owner(target.header), into: target.environment)
    }
  }

  // MARK: Comparison

  /// Reads both files to their end, compares them, and returns the nodes over the copy's leaves.
  ///
  /// An entry is decoded from its position, the time and the bytes of its row, what these name in the tables, and earlier rows; and by the same code
  /// in both files. So all of this is compared, byte by byte, which is more than the entries that come of it, and decoding the copy alone
  /// shows that each can be read.
  private func comparedNodes() throws -> [MerkleHash] {
    let copy = try SegmentReader(target)
    guard try copy.entryCount() == entryCount else { throw differs(at: 0) }
    for (original, copied) in tables { try compare(original, copied, copy) }
    var nodes = LeafNodes()
    var next: UInt32 = 0
    while next < entryCount {
      guard !shouldStop() else { throw Stopped() }
      let originals = try StoredRows(source, from: next, atLeast: Self.stepEntryCount)
      let copies = try StoredRows(copy, from: next, atLeast: Self.stepEntryCount)
      guard originals == copies, originals.end > next else { throw differs(at: next) }
      let entries = try copy.entries(from: next, limit: Int(originals.end - next))
      guard entries.count == Int(originals.end - next) else { throw differs(at: next) }
      for row in originals.rows {
        let first = try entries[Int(row.firstPlace - next)].get()
        guard first.recordedAt == row.recordedAt else { throw differs(at: row.firstPlace) }
        nodes.append(first)
        if row.isPair { nodes.append(try entries[Int(row.firstPlace + 1 - next)].get()) }
      }
      next = originals.end
    }
    return nodes.finish()
  }

  private func compare(_ original: Database, _ copied: Database, _ copy: SegmentReader) throws {
    var start: [UInt8]? = [0]
    while let key = start {
      let (originals, next) = try source.rows(of: original, from: key, limit: 1_000)
      let (copies, nextOfCopy) = try copy.rows(of: copied, from: key, limit: 1_000)
      guard originals.elementsEqual(copies, by: ==), next == nextOfCopy else { throw differs(at: 0) }
      start = next
    }
  }

  private func differs(at place: UInt32) -> JournalError {
    JournalError(
      .segmentDamaged, "the sealed copy differs from the segment; the segment stays as it is.", path: target.environment.path,
      position: source.firstPosition.advanced(by: Int(place)))
  }

  private func writeTree(_ nodes: [MerkleHash]) throws {
    let transaction = try target.environment.beginWrite()
    for (number, node) in nodes.enumerated() {
      try transaction.put(node.bytes, for: bigEndianBytes(UInt32(number)), in: target.tables.tree, .lastKey)
    }
    try transaction.commit()
  }
}

/// Rows of a segment as they are stored, wherever its blocks begin.
private struct StoredRows: Equatable {
  struct Row: Equatable {
    let firstPlace: UInt32
    let isPair: Bool
    let recordedAt: Timestamp
    /// Where its bytes end.
    let end: Int
  }

  private(set) var rows: [Row] = []
  /// The bytes of all rows, without the times before them: these count from what stands before.
  private var bytes: [UInt8] = []
  /// The first place behind them.
  private(set) var end: UInt32

  /// Reads rows from the one on that begins at a place, until they hold so many entries or there are no more.
  init(_ reader: SegmentReader, from start: UInt32, atLeast count: UInt32) throws(JournalError) {
    end = start
    let enough = start.addingReportingOverflow(count).partialValue
    bytes.reserveCapacity(Int(count) * 128)
    try reader.forEachBlock(from: start) { (block) throws(JournalError) in
      do throws(FormatError) {
        try append(block, enough)
      } catch {
        throw JournalError(error, reader.firstPosition.advanced(by: Int(block.firstPlace)), path: reader.path)
      }
      return end < enough
    }
  }

  private mutating func append(_ block: EntryBlock, _ enough: UInt32) throws(FormatError) {
    var block = block
    while end < enough, let row = try block.next() {
      guard row.lastPlace >= end else { continue }
      guard row.firstPlace == end else { throw FormatError("a row is missing before it") }
      bytes.append(contentsOf: row.bytes)
      rows.append(Row(firstPlace: row.firstPlace, isPair: row.isPair, recordedAt: row.recordedAt, end: bytes.count))
      end = row.lastPlace + 1
    }
  }
}

extension EntryBlockBuilder {
  /// A page of a long value holds so much less than 4,096 bytes (mdb.c, `PAGEHDRSZ`).
  private static let pageHeadBytes = 16
  private static let pageBytes = 4_096
  /// Pages of a block that small rows fill.
  private static let commonPageCount = 4
  /// What may stay empty at the end of a block.
  private static let spareBytes = 128

  /// Whether a sealed block is so full that a row of so many bytes belongs in the next one.
  func isPageFull(adding rowBytes: Int) -> Bool {
    guard !isEmpty else { return false }
    let used = sizeBound + Self.pageHeadBytes
    let pages = (used + Self.pageBytes - 1) / Self.pageBytes
    let spare = pages * Self.pageBytes - used
    guard spare < rowBytes + Self.rowHeadBytes else { return Int(entryCount) >= SegmentWriter.maximumBlockEntryCount - 1 }
    return spare <= Self.spareBytes || pages >= Self.commonPageCount
  }
}
