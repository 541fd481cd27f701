import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

/// A journal under random work is at every moment what a plain array would be.
@Suite struct JournalModelTests {
  @Test(arguments: [1, 2, nil] as [UInt64?])
  func `a journal is what a model of it says, whatever is done to it`(fixed: UInt64?) async throws {
    var run = try Run(seed: fixed ?? SeededGenerator.newSeed())
    for _ in 0..<320 { try await run.step() }
    try run.finish()
    #expect(run.segmentCount >= 2)
  }
}

private struct Run {
  private let seed: UInt64
  private let temporary = TemporaryDirectory()
  private let directory: JournalDirectory
  private var journal: Journal
  private var readers: [JournalReader]
  private var model = JournalModel()
  private var traffic: RandomTraffic
  private var location: Comment { "seed \(seed), position \(model.nextPosition)" }

  /// So small that rows move on all the time.
  private static let limits = IndexLimits(
    runEntryCount: 64, maximumUnindexedEntries: 128, mergedRunCount: 3, maximumRunCount: 5, mergeStepRows: 100)

  init(seed: UInt64) throws {
    self.seed = seed
    traffic = RandomTraffic(seed: seed)
    directory = try temporary.journal()
    journal = try Journal(directory, purpose: "test", indexLimits: Self.limits, sealsByItself: true)
    readers = [try JournalReader(directory)]
  }

  var segmentCount: Int { readers[0].manifest.segments.count }

  mutating func step() async throws {
    switch traffic.generator.below(20) {
    case 0: try reopen()
    case 1: try newReader()
    case 2...10: try await append()
    case 11...13: try checkQuery()
    case 14, 15: try checkTerms()
    case 16, 17: try checkExchange()
    default: try checkEntries()
    }
  }

  func finish() throws {
    journal.close()
    let reader = try JournalReader(directory)
    #expect(try reader.allEntries() == model.entries, location)
    for segment in reader.manifest.segments {
      let report = try reader.verifyEntries(segment)
      #expect(report.damages == [], location)
    }
    #expect(try reader.verifyManifest().damages == [], location)
    #expect(try reader.latestObservedAt() == model.entries.map(\.content.observedAt).max(), location)
  }

  private var reader: JournalReader {
    mutating get { readers.randomElement(using: &traffic.generator)! }
  }

  private mutating func reopen() throws {
    journal.close()
    journal = try Journal(directory, purpose: "test", indexLimits: Self.limits, sealsByItself: true)
    #expect(journal.lastPosition == model.entries.last?.position, location)
    #expect(journal.lastRecordedAt == model.entries.last?.recordedAt, location)
  }

  private mutating func newReader() throws {
    readers.append(try JournalReader(directory))
    if readers.count > 4 { readers.remove(at: traffic.generator.below(4)) }
  }

  private mutating func append() async throws {
    let call = model.completing(traffic.call(open: model.open))
    let first = model.nextPosition
    let positions = try await journal.append(call.map(\.draft))
    model.append(call)
    let reader = try JournalReader(directory)
    try model.takeSeeds { position in try reader.entry(at: position)?.seed }
    #expect(positions == first...model.entries.last!.position, location)
  }

  private mutating func checkTerms() throws {
    let terms = (0...traffic.generator.below(2)).map { _ in traffic.term() }
    #expect(try reader.exchanges(holding: terms) == model.exchanges(holding: terms), location)
  }

  private mutating func checkExchange() throws {
    let position = JournalPosition(UInt64.random(in: 1...model.nextPosition.rawValue, using: &traffic.generator))
    let reader = self.reader
    try reader.refresh()
    #expect(try reader.entry(at: position) == model.entry(at: position), location)
    guard let head = model.entry(at: position).map({ $0.requestPosition ?? $0.position }) else { return }
    #expect(try reader.exchange(at: head) == model.exchange(at: head), location)
  }

  private mutating func checkEntries() throws {
    let start = JournalPosition(UInt64.random(in: 1...model.nextPosition.rawValue, using: &traffic.generator))
    let limit = 1 + traffic.generator.below(50)
    let read = try reader.entries(from: start, limit: limit).map { try $0.get() }
    // A call may end with its segment, and with a row.
    #expect(read == Array(model.entries[(Int(start.rawValue) - 1)...].prefix(read.count)), location)
    #expect(read.isEmpty == (start == model.nextPosition), location)
    #expect(read.count <= limit, location)
  }

  private mutating func checkQuery() throws {
    let query = traffic.query(model.entries.last?.position ?? .first)
    let limit = traffic.generator.chance(3) ? 1 + traffic.generator.below(5) : Int.max
    var shown: [Exchange] = []
    try reader.forEachExchange(query) { result in
      shown.append(try result.get())
      return shown.count < limit
    }
    let expected = Array(model.exchanges(query).prefix(limit))
    #expect(shown.map(\.head.position) == expected.map(\.head.position), "\(location) \(query)")
    #expect(shown == expected, location)
  }
}
