import JournalFormat
import LMDB
import TestSupport
import Testing

@testable import JournalStore

/// How the rows of a run are packed.
@Suite struct IndexCodingTests {
  let temporary = TemporaryDirectory()

  /// Rows as a run has them: keys that come once, and keys that come in a thousand entries.
  private static func rows(_ count: Int, of entryCount: Int, _ generator: inout SeededGenerator) -> [IndexRow] {
    let busy = (0..<3).map { _ in UInt32.random(in: .min ... .max, using: &generator) } + [0, .max]
    var rows: Set<IndexRow> = []
    for _ in 0..<count {
      let key = generator.chance(3) ? busy.randomElement(using: &generator)! : UInt32.random(in: .min ... .max, using: &generator)
      rows.insert(IndexRow(IndexKey(rawValue: key), UInt32(generator.below(entryCount))))
    }
    return rows.sorted()
  }

  /// Writes a run and gives it to `body` with the rows that it should hold.
  private func withRun(
    _ rows: [IndexRow], entryCount: Int, keyBits: UInt8 = 32, _ body: (IndexRun, [IndexRow], IndexReader) throws -> Void
  ) throws {
    let environment = try Environment(path: temporary.path + "/run.mdb", access: .readWrite, mapSizeBytes: 1 << 30)
    let keyCount = Set(rows.map(\.key)).count
    var run = IndexRun(number: 7, level: 0, entries: 100..<100 + UInt32(entryCount), keyBits: keyBits, expectedKeyCount: keyCount)
    let shifted = rows.map { IndexRow($0.key, $0.entry + 100) }
    let transaction = try environment.beginWrite()
    let tables = try IndexTables(in: transaction)
    var writer = try IndexRunWriter(run, tables, in: transaction)
    for row in shifted { try writer.add(row, in: transaction) }
    try writer.flush(in: transaction)
    run = writer.run
    run.filterWordCount = try tables.writeFilter(of: run, in: transaction, path: "run")
    var state = IndexState(owner: .init(Self.header), runEntryCount: 8_192)
    state.runs = [run]
    try tables.write(state, in: transaction)
    try transaction.commit()
    try body(run, shifted, try IndexReader(environment, tables, owner: environment))
  }

  private static let header = SegmentHeader(
    state: .hot, journalId: "a", period: Period("2025-03")!, ordinal: 1, generation: 1, firstPosition: .first,
    baseTime: Timestamp(rawValue: 0),
    pseudonymKey: [])

  @Test(arguments: [(1, 1), (2, 70_000), (500, 30), (5_000, 8_192), (60_000, 1 << 20), (20_000, 1 << 31)])
  func `a run holds the rows that were written, and finds them by their keys`(rowCount: Int, entryCount: Int) throws {
    var generator = SeededGenerator()
    let rows = Self.rows(rowCount, of: entryCount, &generator)
    try withRun(rows, entryCount: entryCount) { run, expected, reader in
      #expect(run.rowCount == UInt32(expected.count))
      #expect(run.keyCount == UInt32(Set(expected.map(\.key)).count))
      #expect(try reader.read(run, from: IndexRow(rawValue: 0), atLeast: .max).rows == expected)
      let start = expected.randomElement(using: &generator)!
      #expect(try reader.read(run, from: start, atLeast: .max).rows == expected.filter { $0 >= start })
      for key in Set(expected.map(\.key)).shuffled(using: &generator).prefix(300) {
        var found: [UInt32] = []
        try reader.appendEntries(under: key, to: &found)
        #expect(found.sorted() == expected.filter { $0.key == key }.map(\.entry))
      }
    }
  }

  @Test func `a run that keeps less of its keys loses no row, and adds few that only look right`() throws {
    var generator = SeededGenerator()
    let rows = Self.rows(20_000, of: 1 << 20, &generator)
    let keyCount = Set(rows.map(\.key)).count
    try withRun(rows, entryCount: 1 << 20, keyBits: IndexCoding.sufficientKeyBits(keyCount: keyCount)) { run, expected, reader in
      #expect(run.coding.keyBits < 24)
      for row in expected { #expect(try reader.holds(row) && reader.filtersLetThrough(row)) }
      // A key that looks like a busy one adds all of that one's rows: keys are counted.
      var falseKeys = 0
      for _ in 0..<2_000 {
        var found: [UInt32] = []
        try reader.appendEntries(under: IndexKey(rawValue: .random(in: .min ... .max, using: &generator)), to: &found)
        falseKeys += found.isEmpty ? 0 : 1
      }
      #expect(falseKeys < 60)
    }
  }

  @Test(arguments: [1, 10, 20_000, 150_000])
  func `a filter lets every key of its run through, and few others`(keyCount: Int) throws {
    var generator = SeededGenerator()
    let rows = Set((0..<keyCount).map { _ in UInt32.random(in: .min ... .max, using: &generator) }).sorted().map {
      IndexRow(IndexKey(rawValue: $0), 0)
    }
    try withRun(rows, entryCount: 1) { run, expected, reader in
      for row in expected { #expect(try reader.filtersLetThrough(row)) }
      var passed = 0
      for _ in 0..<20_000 {
        if try reader.filtersLetThrough(IndexRow(IndexKey(rawValue: .random(in: .min ... .max, using: &generator)), 100)) { passed += 1 }
      }
      #expect(passed < 20_000 / 12)
    }
  }

  @Test func `a block of which any bit changed is told`() throws {
    var generator = SeededGenerator()
    let rows = Self.rows(60, of: 500, &generator)
    let coding = IndexCoding(entries: 0..<500, keyBits: 32, expectedKeyCount: 40)
    let key = IndexBlock.key(1, rows.last!.key)
    var encoder = IndexBlockEncoder(coding)
    for row in rows {
      let fits = encoder.add(row)
      #expect(fits)
    }
    let block = encoder.finish(key: key)
    func read(_ key: [UInt8], _ block: [UInt8]) throws -> [IndexRow] {
      var read: [IndexRow] = []
      try key.withUnsafeBytes { key in
        try block.withUnsafeBytes { block in
          try IndexBlock.forEachRow(key: key, block, coding) {
            read.append($0)
            return true
          }
        }
      }
      return read
    }
    #expect(try read(key, block) == rows)
    for bit in 0..<block.count * 8 {
      var damaged = block
      damaged[bit / 8] ^= 1 << (bit % 8)
      #expect(throws: FormatError.self) { try read(key, damaged) }
    }
    #expect(throws: FormatError.self) { try read(IndexBlock.key(2, rows.last!.key), block) }
    for length in 0..<block.count { #expect(throws: FormatError.self) { try read(key, Array(block[..<length])) } }
  }

  @Test func `the spans of time come back`() throws {
    var generator = SeededGenerator()
    for count: UInt32 in [1, 63, 64, 65, 2_047, 2_048] {
      var maker = TimeBlockMaker(Self.header, runEntryCount: 2_048)
      for index in 4_096..<4_096 + count {
        maker.add(generator.chance(9) ? nil : Timestamp(rawValue: Int64.random(in: -1_000_000...1_000_000, using: &generator)), at: index)
      }
      let decoded = try TimeBlock.encoded(maker.blocks).withUnsafeBytes { try TimeBlock.decode($0, from: 4_096, runEntryCount: 2_048) }
      #expect(decoded == maker.blocks)
      #expect(decoded.last?.entries.upperBound == 4_096 + count)
    }
  }

  @Test(arguments: [0, 1, 255, 256, 5_000]) func `rows are sorted by key and keep the order of one key`(count: Int) {
    var generator = SeededGenerator()
    var rows = (0..<count).map { entry in
      IndexRow(
        IndexKey(rawValue: generator.chance(3) ? UInt32(generator.below(5)) : .random(in: .min ... .max, using: &generator)), UInt32(entry))
    }
    let expected = rows.sorted()
    rows.sortByKey()
    #expect(rows == expected)
  }
}
