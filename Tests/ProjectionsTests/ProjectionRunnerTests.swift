import Foundation
import JournalFormat
import JournalStore
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

  @Test func `a damaged file, and one that is ahead of the journal, are made anew`() async throws {
    let journal = try await Self.journal(4)
    let path: String
    do {
      let runner = try Self.runner(journal)
      try runner.catchUp()
      path = runner.models[0].path
      runner.close()
    }
    try Data(repeating: 7, count: 9_000).write(to: URL(filePath: path))
    let runner = try Self.runner(journal)
    #expect(try runner.catchUp() == 8)
    #expect(runner.models[0].path != path)
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
    #expect(throws: JournalError.self) { try runner.moveHorizon(to: JournalPosition(5)) }
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
