import ArgumentParser
import EMIP
import Foundation
import JournalFormat
import JournalStore
import LMDB

/// Figures of the journal for `Tools/benchmark`; not for users.
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Measure lookups, replay and appends.", shouldDisplay: false)

  @Option(help: "How many transactions to look up.")
  var lookups = 20_000
  @Option(help: "How many appends to measure, one after another and by 512 callers.")
  var appends = 4_000
  @Option(help: "Where a journal to append to may be made; it is removed again.")
  var scratch: String = NSTemporaryDirectory()
  @Option(help: "json.")
  var format: ReportFormat = .json
  @OptionGroup var journal: JournalOptions

  private struct Figures: Encodable {
    var lookupP50Microseconds = 0.0
    var lookupP99Microseconds = 0.0
    var replayEntriesPerSecond = 0.0
    var commitsPerSecondOfLMDB = 0.0
    var appendsPerSecondOneCaller = 0.0
    var appendsPerSecond512Callers = 0.0
  }

  func run() async throws {
    let reader = try journal.reader()
    var figures = Figures()
    let (contents, rate) = try replay(reader)
    figures.replayEntriesPerSecond = rate.rounded()
    let durations = try lookUp(contents, reader)
    figures.lookupP50Microseconds = durations[durations.count / 2]
    figures.lookupP99Microseconds = durations[durations.count * 99 / 100]
    let directory = scratch + "/emip-journal-bench-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    figures.commitsPerSecondOfLMDB = try commits(directory + "/lmdb").rounded()
    let journal = try makeJournal(directory + "/journal")
    figures.appendsPerSecondOneCaller = try await append(contents, to: journal, callers: 1, count: appends).rounded()
    figures.appendsPerSecond512Callers = try await append(contents, to: journal, callers: 512, count: appends * 16).rounded()
    journal.close()
    let output = ByteOutput.standard()
    try output.write(try JSONOutput.bytes(figures, isPretty: output.isTerminal) + [0x0a])
    try output.flush()
  }

  /// Reads all entries for speed, then a sample of them in random order.
  private func replay(_ reader: JournalReader) throws -> ([EntryContent], Double) {
    guard let first = reader.firstPosition, let last = try reader.lastPosition() else {
      throw CommandFailure(.usage, "the journal is empty.")
    }
    let start = ContinuousClock.now
    var next = first
    var count = 0
    while case let batch = try reader.entries(from: next), !batch.isEmpty {
      count += batch.count
      next = next.advanced(by: batch.count)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    var contents: [EntryContent] = []
    while contents.count < lookups {
      let position = JournalPosition(UInt64.random(in: first.rawValue...last.rawValue))
      guard let content = try reader.entry(at: position)?.content, content.marks.contains(where: { $0.kind == .transactionId }) else {
        continue
      }
      contents.append(content)
    }
    return (contents, Double(count) / seconds)
  }

  /// Microseconds of each look-up of a transaction with its bodies, ascending.
  private func lookUp(_ contents: [EntryContent], _ reader: JournalReader) throws -> [Double] {
    let terms = contents.compactMap { content in content.marks.first { $0.kind == .transactionId }?.term(in: content.payload) }
    return try terms.map { term in
      let start = ContinuousClock.now
      let found = try reader.exchanges(holding: [term])
      let duration = (ContinuousClock.now - start) / .microseconds(1)
      guard !found.isEmpty else { throw CommandFailure(.fault, "an id of the journal was not found.") }
      return duration
    }.sorted()
  }

  private func makeJournal(_ path: String) throws -> Journal {
    let directory = JournalDirectory(path)
    try directory.initialize()
    return try Journal(directory, purpose: "emip-journal bench")
  }

  /// What LMDB itself does, a row of a usual record's size a commit.
  private func commits(_ path: String) throws -> Double {
    let environment = try Environment(path: path, access: .readWrite, mapSizeBytes: 1 << 30)
    let value = [UInt8](repeating: 0x55, count: 300)
    var table: Database?
    let start = ContinuousClock.now
    for number in 0..<UInt32(appends) {
      let transaction = try environment.beginWrite()
      let database = try table ?? transaction.database("rows", .plain)
      table = database
      try withUnsafeBytes(of: number.bigEndian) { key in
        try value.withUnsafeBytes { try transaction.put($0, for: key, in: database, .lastKey) }
      }
      try transaction.commit()
    }
    return Double(appends) / ((ContinuousClock.now - start) / .seconds(1))
  }

  private func append(_ contents: [EntryContent], to journal: Journal, callers: Int, count: Int) async throws -> Double {
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<callers {
        group.addTask {
          for number in stride(from: caller, to: count, by: callers) {
            _ = try await journal.append(EntryDraft(contents[number % contents.count]))
          }
        }
      }
      try await group.waitForAll()
    }
    return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
  }
}
