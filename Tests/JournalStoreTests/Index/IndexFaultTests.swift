import Foundation
import JournalFormat
import LMDB
import TestSupport
import Testing

@testable import JournalStore

/// An index is derived: whatever becomes of its file, no answer is wrong, and it is made anew or the damage is told.
@Suite struct IndexFaultTests {
  let temporary = TemporaryDirectory()
  private static let limits = IndexLimits(
    runEntryCount: 32, maximumUnindexedEntries: 64, mergedRunCount: 3, maximumRunCount: 5, mergeStepRows: 40)

  /// A journal of some hundred entries, and what each id should find.
  private struct Fixture {
    let directory: JournalDirectory
    var positions: [String: [UInt32]] = [:]
    var count: UInt32 = 0

    var segment: Manifest.Segment { get throws { try directory.readManifest().segments[0] } }
    var file: IndexFile { get throws { IndexFile(directory, try segment) } }

    init(_ directory: JournalDirectory, seed: UInt64, entryCount: Int = 700) async throws {
      self.directory = directory
      var generator = SeededGenerator(seed: seed)
      let journal = try Journal(directory, purpose: "test", indexLimits: IndexFaultTests.limits, sealsByItself: false)
      while count < entryCount {
        let ids = (0..<1 + generator.below(40)).map { _ in "id \(generator.below(150))" }
        for id in ids {
          positions[id, default: []].append(count)
          count += 1
        }
        _ = try await journal.append(ids.map { draft(id: $0) })
      }
      journal.close()
    }

    /// How many ids are answered; those whose answer is refused because the index is damaged are not.
    @discardableResult
    func check(_ comment: Comment? = nil) throws -> Int {
      let reader = try JournalReader(directory).reader(try segment)
      var answered = 0
      for (id, expected) in positions {
        do throws(JournalError) {
          let found = try reader.candidates(for: IndexTerm(.id, id))
          #expect(found == expected, comment)
          answered += 1
        } catch { #expect(error.code == .segmentDamaged, comment) }
      }
      return answered
    }

    func isClean() throws -> Bool {
      let reader = try JournalReader(directory)
      return try reader.verifyEntries(try segment).damages.isEmpty && reader.verifyPages(try segment).damages.isEmpty
    }

    /// Opens the journal to write, which makes good what is wrong, and waits until nothing is left to do.
    func reopen() throws {
      let journal = try Journal(directory, purpose: "test", indexLimits: IndexFaultTests.limits, sealsByItself: false)
      try waitUntil("every full run is indexed") { journal.indexLag < 32 }
      journal.close()
      try file.build(limits: IndexFaultTests.limits)
    }
  }

  @Test func `the file of any earlier commit gives the same answers, and is taken up where it is`() async throws {
    let fixture = try await Fixture(temporary.journal(), seed: SeededGenerator.newSeed())
    let file = try fixture.file
    try FileManager.default.removeItem(atPath: file.path)
    var copies: [String] = []
    do {
      let segment = try SegmentEnvironment.reading(file.segmentPath, state: .hot, isGrowing: true)
      var writer = try IndexWriter(segment, limits: Self.limits)
      repeat {
        let copy = temporary.path + "/copy \(copies.count)"
        try FileManager.default.copyItem(atPath: file.path, toPath: copy)
        copies.append(copy)
      } while try writer.step(entryCount: fixture.count, isClosed: false)
    }
    #expect(copies.count > 30)
    for copy in copies {
      try FileManager.default.removeItem(atPath: file.path)
      try FileManager.default.copyItem(atPath: copy, toPath: file.path)
      #expect(try fixture.check("\(copy)") == fixture.positions.count)
      #expect(try fixture.isClean())
      try file.build(limits: Self.limits)
      #expect(try file.state().indexedThrough == fixture.count / 32 * 32)
      #expect(try fixture.check("\(copy), built") == fixture.positions.count)
      #expect(try fixture.isClean())
    }
  }

  @Test func `a file that is missing, cut short, empty or another's is made anew`() async throws {
    let fixture = try await Fixture(temporary.journal(), seed: SeededGenerator.newSeed())
    let other = try await Fixture(temporary.journal("other"), seed: 1)
    let file = try fixture.file
    let whole = try Data(contentsOf: URL(filePath: file.path))
    let wrongs: [Data?] = [
      nil, Data(), Data(whole.prefix(5_000)), Data(whole.prefix(whole.count / 2)), Data(repeating: 7, count: whole.count),
      try Data(contentsOf: URL(filePath: other.file.path)),
    ]
    for wrong in wrongs {
      try FileManager.default.removeItem(atPath: file.path)
      if let wrong { try wrong.write(to: URL(filePath: file.path)) }
      #expect(try fixture.check("\(String(describing: wrong))") == fixture.positions.count)
      try fixture.reopen()
      #expect(try file.state().indexedThrough == fixture.count / 32 * 32)
      #expect(try fixture.check("\(String(describing: wrong)), reopened") == fixture.positions.count)
      #expect(try fixture.isClean())
    }
  }

  @Test func `a row of the file that is damaged or missing is told, and no answer is wrong`() async throws {
    let seed = SeededGenerator.newSeed()
    var generator = SeededGenerator(seed: seed)
    let fixture = try await Fixture(temporary.journal(), seed: seed)
    let file = try fixture.file
    let whole = try Data(contentsOf: URL(filePath: file.path))
    for (table, isRemoved) in ["index", "runs", "filters", "times"].flatMap({ [($0, false), ($0, false), ($0, true)] }) {
      try whole.write(to: URL(filePath: file.path))
      var row = 0
      try file.change { (transaction) throws(LMDBError) in
        let database = try transaction.database(table, .plain)
        row = generator.below(try transaction.statistics(of: database).entryCount)
        let (key, value) = try transaction.withCursor(in: database) { (cursor: borrowing Cursor) throws(LMDBError) in
          var found = try cursor.move(.first) { (Array($0), Array($1)) }!
          for _ in 0..<row { found = try cursor.move(.next) { (Array($0), Array($1)) }! }
          return found
        }
        var changed = value
        changed[generator.below(value.count)] ^= 1 << UInt8(generator.below(8))
        if isRemoved {
          try key.withRawBytes { (key) throws(LMDBError) in try transaction.remove(key, in: database) }
        } else {
          try transaction.put(changed, for: key, in: database)
        }
      }
      let comment: Comment = "seed \(seed), row \(row) of \(table)"
      if !isRemoved { try fixture.check(comment) }
      #expect(try !fixture.isClean(), comment)
      try FileManager.default.removeItem(atPath: file.path)
      try fixture.reopen()
      #expect(try fixture.isClean(), comment)
    }
  }

  @Test func `damage that a merge meets has the index made anew`() async throws {
    let fixture = try await Fixture(temporary.journal(), seed: 3, entryCount: 150)
    let file = try fixture.file
    try file.change { (transaction) throws(LMDBError) in
      let database = try transaction.database("runs", .plain)
      let key = try transaction.withCursor(in: database) { (cursor: borrowing Cursor) throws(LMDBError) in
        try cursor.move(.last) { key, _ in Array(key) }!
      }
      try transaction.put([1, 2, 3, 4, 5, 6, 7, 8], for: key, in: database)
    }
    #expect(try !fixture.isClean())
    let journal = try Journal(fixture.directory, purpose: "test", indexLimits: Self.limits, sealsByItself: false)
    for number in 0..<20 { _ = try await journal.append((0..<20).map { draft(id: "new \(number * 20 + $0)") }) }
    journal.close()
    try file.build(limits: Self.limits)
    #expect(try fixture.isClean())
    #expect(try fixture.check() == fixture.positions.count)
  }

  @Test func `a reader that looked before the index was made anew finds the new one`() async throws {
    let fixture = try await Fixture(temporary.journal(), seed: 4)
    let reader = try JournalReader(fixture.directory).reader(try fixture.segment)
    #expect(try reader.candidates(for: IndexTerm(.id, "id 1")) == fixture.positions["id 1"] ?? [])
    let file = try fixture.file
    try FileManager.default.removeItem(atPath: file.path)
    try fixture.reopen()
    for (id, expected) in fixture.positions { #expect(try reader.candidates(for: IndexTerm(.id, id)) == expected) }
  }
}
