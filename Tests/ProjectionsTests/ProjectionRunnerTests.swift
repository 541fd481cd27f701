import Foundation
import JournalFormat
import JournalStore
import TestSupport
import Testing

@testable import Projections

/// Counts requests and answers of each operation, and keeps the positions of all of one operation.
struct CountingProjection: Projection {
  static let name = "counting"
  static let version: UInt32 = 1
  static let counts = ModelTable("counts", 0)
  static let positions = HistoryTable(ModelTable("positions", 1))
  static let tables = [counts, positions.table]

  func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    let subject = Array((entry.context.operation ?? "-").utf8) + [entry.request == nil ? 0 : 1]
    let count = try rows.value(of: subject, in: Self.counts)?.first ?? 0
    try rows.put([count &+ 1], for: subject, in: Self.counts)
    try Self.positions.append(Array(repeating: count, count: 200), at: entry.position, to: subject, in: rows) { _ in [0xaa] }
  }
}

/// Keeps every time that it is told of, and the positions of the answers, which are all that concerns it.
struct AnswersProjection: Projection {
  static let name = "answers"
  static let version: UInt32 = 1
  static let times = ModelTable("times", 0)
  static let shown = ModelTable("shown", 1)
  static let tables = [times, shown]

  static func isConcerned(by context: EntryContext) -> Bool { context.kind == .response }

  func passTime(at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    try rows.put([UInt8(position.rawValue)], for: bigEndianBytes(rows.clock.rawValue), in: Self.times)
  }

  func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    try rows.put([entry.request == nil ? 0 : 1], for: [UInt8(entry.position.rawValue)], in: Self.shown)
  }
}

@Suite struct ProjectionRunnerTests {
  private static func journal(_ count: Int64) async throws -> ScriptedJournal {
    let journal = try ScriptedJournal()
    for number in 0..<count { try await journal.exchange("HeartBeat", at: number * 1_000) }
    return journal
  }

  private static func runner(_ journal: ScriptedJournal) throws -> ProjectionRunner {
    try ProjectionRunner(journal.directory, projections: [CountingProjection.self], purpose: "test")
  }

  @Test func `a read model follows the journal, and knows the request of each answer`() async throws {
    let journal = try await Self.journal(3)
    let runner = try Self.runner(journal)
    #expect(try runner.catchUp() == 6)
    try await journal.exchange("HeartBeat", at: 9_000)
    #expect(try runner.catchUp() == 2)
    #expect(try runner.catchUp() == 0)
    let rows = try runner.models[0].snapshot()
    #expect(try rows.value(of: Array("HeartBeat".utf8) + [1], in: CountingProjection.counts) == [4])
    #expect(try runner.models[0].state().next == JournalPosition(9))
  }

  @Test func `whatever the batches, the rows are the same`() async throws {
    let journal = try await Self.journal(1)
    let runner = try Self.runner(journal)
    for number in 1..<20 as Range<Int64> {
      try await journal.exchange("HeartBeat", at: number * 1_000)
      try runner.catchUp()
    }
    let rebuilt = try runner.rebuild("counting")
    #expect(rebuilt.isSame)
    #expect(try runner.verify("counting").isSame)
  }

  @Test func `a projection is shown what concerns it, and told of the time with every request`() async throws {
    let journal = try await Self.journal(3)
    let rows = try journal.model(AnswersProjection.self).snapshot()
    var told: [UInt8] = []
    try rows.forEach(in: AnswersProjection.times) { row in
      told += row.value
      return true
    }
    #expect(told == [1, 3, 5])
    for position in 1...6 as ClosedRange<UInt8> {
      #expect(try rows.value(of: [position], in: AnswersProjection.shown) == (position.isMultiple(of: 2) ? [1] : nil))
    }
  }

  @Test func `several read models are rebuilt together, also where one was begun before`() async throws {
    let journal = try await Self.journal(6)
    let runner = try ProjectionRunner(
      journal.directory, projections: [CountingProjection.self, AnswersProjection.self], purpose: "test")
    try runner.catchUp()
    let digests = try runner.models.map { (model) throws in try model.digest() }
    do {
      let begun = try runner.begin(CountingProjection.self, generation: 7)
      _ = try runner.advance([begun], to: JournalPosition(5))
    }
    let rebuilt = try runner.rebuild(["answers", "counting"])
    #expect(rebuilt.map(\.name) == ["answers", "counting"] && rebuilt.allSatisfy(\.isSame))
    #expect(rebuilt.map(\.digest) == digests.reversed())
    #expect(runner.models.map(\.generation) == [7, 2])
    #expect(try runner.verify(["answers", "counting"]).allSatisfy(\.isSame))
  }

  @Test func `a packed copy has the same rows and state, and no free pages`() async throws {
    let journal = try await Self.journal(2)
    let runner = try Self.runner(journal)
    try runner.catchUp()
    let model = runner.models[0]
    #expect(try !model.hasMuchRoom())
    let state = try model.state()
    // Rows that fill many pages, most of which go again.
    for isKept in [true, false] {
      _ = try model.write { (_, rows) throws(JournalError) in
        for number in 0..<2_000 as Range<UInt32> {
          let key = bigEndianBytes(number)
          if isKept {
            try rows.put(Array(repeating: 7, count: 1_000), for: key, in: CountingProjection.counts)
          } else if number % 10 > 0 {
            try rows.remove(key, in: CountingProjection.counts)
          }
        }
        return state
      }
    }
    #expect(try model.hasMuchRoom())
    // Without space for a copy it stays as it is.
    let unpacked = try runner.packed([model]) { (_, _) throws(JournalError) in throw JournalError(.diskFull, "") }
    #expect(unpacked.first === model)
    #expect(throws: JournalError.self) {
      try runner.packed([model]) { (_, _) throws(JournalError) in throw JournalError(.inputOutput, "") }
    }
    let packed = try #require(try runner.packed([model]).first)
    #expect(try packed.digest() == model.digest() && packed.state() == model.state())
    #expect(try packed.sizeBytes() < model.sizeBytes() / 4 && !packed.hasMuchRoom())
    try runner.swap([packed])
    try await journal.exchange("HeartBeat", at: 9_000)
    #expect(try runner.catchUp() == 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: runner.files.path).filter { $0.hasSuffix(".mdb") }.count == 1)
  }

  @Test func `a rebuild finds rows that are not what the journal says, and mends them`() async throws {
    let journal = try await Self.journal(5)
    let runner = try Self.runner(journal)
    try runner.catchUp()
    let model = runner.models[0]
    let state = try model.state()
    _ = try model.write { (_, rows) throws(JournalError) in
      try rows.put([99], for: Array("HeartBeat".utf8) + [0], in: CountingProjection.counts)
      return state
    }
    #expect(try !runner.verify("counting").isSame)
    #expect(try !runner.rebuild("counting").isSame)
    #expect(try runner.verify("counting").isSame)
    #expect(try FileManager.default.contentsOfDirectory(atPath: runner.files.path).filter { $0.hasSuffix(".mdb") }.count == 1)
  }

  @Test func `only one runs the read models, and who comes later takes up what was done`() async throws {
    let journal = try await Self.journal(4)
    let runner = try Self.runner(journal)
    try runner.catchUp()
    #expect(throws: JournalError.self) { try Self.runner(journal) }
    runner.close()
    #expect(try ReadModels(journal.directory, [CountingProjection.self]).models[0].state().next == JournalPosition(9))
  }

  @Test func `a damaged file answers nothing, and is made anew by saying so`() async throws {
    let journal = try await Self.journal(4)
    let path: String
    do {
      let runner = try Self.runner(journal)
      try runner.catchUp()
      path = runner.models[0].path
      runner.close()
    }
    try Data(repeating: 7, count: 9_000).write(to: URL(filePath: path))
    let asked = #expect(throws: JournalError.self) { try ReadModels(journal.directory, [CountingProjection.self]) }
    #expect(asked?.code == .modelDamaged && asked?.path == path)
    let run = #expect(throws: JournalError.self) { try Self.runner(journal) }
    #expect(run?.code == .modelDamaged)
    let runner = try ProjectionRunner(journal.directory, projections: [CountingProjection.self], replacesDamaged: true, purpose: "a test")
    let rebuilt = try runner.rebuild("counting")
    #expect(rebuilt.digestBefore == nil && runner.models[0].path != path)
    #expect(try runner.models[0].state().next == JournalPosition(9))
  }

  @Test func `every flipped bit of a read model is found before anything is asked of it`() async throws {
    let journal = try await Self.journal(60)
    let path: String
    do {
      let runner = try Self.runner(journal)
      try runner.catchUp()
      path = runner.models[0].path
      runner.close()
    }
    let url = URL(filePath: path)
    let sound = try Data(contentsOf: url)
    let before = try ReadModels(journal.directory, [CountingProjection.self]).models[0].digest()
    var generator = SeededGenerator("flips in a read model")
    var found = 0
    for _ in 0..<400 {
      var bytes = sound
      // Half of them where pages say how they are made.
      let page = Int.random(in: 0..<bytes.count / 4_096, using: &generator) * 4_096
      let offset = page + Int.random(in: 0..<(Bool.random(using: &generator) ? 64 : 4_096), using: &generator)
      bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      let file = try FileHandle(forWritingTo: url)
      try file.write(contentsOf: bytes)
      try file.close()
      do throws(JournalError) {
        let digest = try ReadModels(journal.directory, [CountingProjection.self]).models[0].digest()
        #expect(digest == before, "byte \(offset)")
      } catch {
        #expect(error.code == .modelDamaged, "byte \(offset): \(error)")
        found += 1
      }
    }
    #expect(found > 40)
  }

  @Test func `after a horizon moved, a rebuild begins with the opening state`() async throws {
    let journal = try await Self.journal(10)
    let runner = try Self.runner(journal)
    try runner.catchUp()
    let before = try runner.models[0].digest()
    try runner.moveHorizon(to: JournalPosition(9))
    // Nothing is condensed here, so that the rows are those of a whole rebuild.
    #expect(try runner.models[0].digest() == before)
    #expect(try runner.models[0].state().start == JournalPosition(9))
    try await journal.exchange("HeartBeat", at: 90_000)
    try runner.catchUp()
    #expect(try runner.verify("counting").isSame)
    let error = #expect(throws: JournalError.self) { try runner.moveHorizon(to: JournalPosition(5)) }
    #expect(error?.code == .invalidHorizon)
  }

  @Test func `what is damaged says that it is a read model, or an opening state, and never the journal`() async throws {
    let journal = try await Self.journal(4)
    let runner = try Self.runner(journal)
    try runner.catchUp()
    let model = runner.models[0]
    let state = try model.state()
    let subject = Array("HeartBeat".utf8) + [0]
    _ = try model.write { (_, rows) throws(JournalError) in
      try rows.put([1], for: subject + [0, 0, 0, 0, 9], in: CountingProjection.positions.table)
      return state
    }
    let damaged = #expect(throws: JournalError.self) {
      try CountingProjection.positions.chunk(of: subject, asOf: nil, in: model.snapshot())
    }
    #expect(damaged?.code == .modelDamaged)
    try Data(repeating: 7, count: 100).write(to: URL(filePath: runner.files.openingStatePath(CountingProjection.name)))
    let unopened = #expect(throws: JournalError.self) { try runner.rebuild(CountingProjection.name) }
    #expect(unopened?.code == .openingDamaged)
  }

  @Test func `no two rules have one number`() {
    let numbers = AllProjections.all.flatMap { $0.rules.map(\.number) }
    #expect(numbers.count > 30 && Set(numbers).count == numbers.count)
    #expect(Findings.projections.map { $0.name } == ["cdrs", "evse", "messages", "partners", "sessions", "whitelist"])
  }

  @Test func `a history is read as of any position, over its chunks`() async throws {
    let journal = try await Self.journal(30)
    let model = try journal.model(CountingProjection.self)
    let subject = Array("HeartBeat".utf8) + [0]
    let rows = try model.snapshot()
    let all = try CountingProjection.positions.records(of: subject, asOf: nil, in: rows)
    #expect(all.map(\.position.rawValue) == (0..<30).map { 2 * $0 + 1 })
    #expect(all.map { $0.bytes[0] } == Array(0..<30))
    for position in 1...60 as ClosedRange<UInt64> {
      let expected = all.filter { $0.position.rawValue <= position }
      #expect(try CountingProjection.positions.records(of: subject, asOf: JournalPosition(position), in: rows) == expected)
      let chunk = try #require(try CountingProjection.positions.chunk(of: subject, asOf: JournalPosition(position), in: rows))
      #expect(chunk.records.last == expected.last)
      #expect(chunk.carried == (chunk.records.first == all.first ? [] : [0xaa]))
    }
    #expect(try CountingProjection.positions.chunk(of: subject, asOf: JournalPosition(0), in: rows) == nil)
  }

  @Test func `as of a moment is the last position recorded by then`() async throws {
    let journal = try await Self.journal(5)
    let reader = try JournalReader(journal.directory)
    #expect(try reader.lastPosition(recordedBy: ScriptedJournal.moment(-1)) == nil)
    #expect(try reader.lastPosition(recordedBy: ScriptedJournal.moment(0)) == JournalPosition(1))
    #expect(try reader.lastPosition(recordedBy: ScriptedJournal.moment(2_049)) == JournalPosition(5))
    #expect(try reader.lastPosition(recordedBy: ScriptedJournal.moment(2_050)) == JournalPosition(6))
    #expect(try reader.lastPosition(recordedBy: ScriptedJournal.moment(99_000)) == JournalPosition(10))
  }
}
