public import EMIP
internal import Foundation
public import JournalFormat
public import JournalStore
internal import Synchronization

/// Records a traffic file or an export: reads and parses on the calling thread while the journal writes on its own.
///
/// Lines that cannot be taken are handed to `reject` and do not stop the rest. What the journal has already is not recorded again.
public final class TrafficImporter {
  /// What a run did.
  public struct Report: Hashable, Sendable, Codable {
    public var lines = 0
    public var recordedExchanges = 0
    public var recordedEntries = 0
    /// Lines that the journal had already.
    public var duplicates = 0
    /// Recorded, but as `refusal`: what cannot be read safely.
    public var refusals = 0
    public var rejected = 0
    public var firstPosition: UInt64?
    public var lastPosition: UInt64?
  }

  /// A line that was not taken.
  public struct Rejection: Sendable {
    public let lineNumber: Int
    public let reason: String
    /// The line's bytes, or their beginning where it was too long.
    public let line: [UInt8]
  }

  /// Gives the journal to append to: the holder's, or this process's own once nobody holds it.
  public typealias Connect = () throws -> any JournalAppender

  static let batchEntryCount = 1_000
  /// Batches that may wait for their commit: enough for reading and writing to overlap, within the writer's queue.
  static let maximumBatchesInFlight = 3
  static let futureLimitMilliseconds: Int64 = 86_400_000

  private let reader: JournalReader
  private let connect: Connect
  private var appender: (any JournalAppender)?
  private let recorder: Recorder
  private let documentReader: MessageReader
  private var filter: DuplicateFilter
  private let now: Timestamp
  private var recordsObservedTimes: Bool?
  private let lastRecordedAt: Timestamp?
  private var batch = Batch()
  private var flight: [InFlight] = []
  private var positions = PositionMap()
  public private(set) var report = Report()

  /// - Parameters:
  ///   - reader: of the same journal.
  ///   - now: the present; lines more than a day later are not taken.
  public init(
    _ reader: JournalReader, configuration: MessageReaderConfiguration, now: Timestamp, connect: @escaping Connect
  ) throws {
    self.reader = reader
    self.connect = connect
    self.now = now
    appender = try connect()
    recorder = Recorder(configuration)
    documentReader = MessageReader(configuration: configuration)
    filter = try DuplicateFilter(reader)
    lastRecordedAt = try reader.lastEntry()?.recordedAt
  }

  /// Imports all lines of a source; may be called for one source after another. ``report`` tells of the last.
  /// - Parameters:
  ///   - reject: called for each line that is not taken.
  ///   - progress: called after each batch.
  /// - Throws: ``JournalError`` where the journal takes no more, or what the source throws. What was read before is
  ///   recorded all the same.
  public func run(_ source: some LineSource, reject: (Rejection) throws -> Void, progress: (Report) -> Void) throws {
    filter = try DuplicateFilter(reader)
    positions = PositionMap()
    report = Report()
    var failure: (any Error)?
    do {
      while let rejection = try source.next(take) {
        if let rejection {
          report.rejected += 1
          try reject(Rejection(lineNumber: source.lineNumber, reason: rejection.reason, line: rejection.line))
        }
        if batch.drafts.count >= Self.batchEntryCount {
          try submit()
          progress(report)
        }
      }
    } catch let error as JournalError {
      throw error
    } catch {
      failure = error
    }
    try submit()
    try land(all: true)
    progress(report)
    if let failure { throw failure }
  }

  /// Lets the journal go.
  public func close() {
    if let journal = appender as? Journal { journal.close() }
    appender = nil
  }

  // MARK: Lines

  /// Nil where the line was taken.
  private func take(_ line: UnsafeBufferPointer<UInt8>, isCut: Bool) throws -> (reason: String, line: [UInt8])? {
    guard line.contains(where: { !$0.isXMLWhiteSpace }) else { return nil }
    report.lines += 1
    guard !isCut else { return ("the line is too long", Array(line)) }
    do {
      if line.starts(with: entryPrefix) {
        try take(JSONDecoder().decode(EntryDocument.self, from: Data(line)))
      } else {
        try takeTraffic(line)
      }
      return nil
    } catch let error as TrafficLineError {
      return (error.message, Array(line))
    } catch let error as EntryDocumentError {
      return (error.message, Array(line))
    } catch let error as DecodingError {
      return (error.sentence, Array(line))
    }
  }

  /// A traffic line, or an export's line whose keys somebody else put in another order.
  private func takeTraffic(_ line: UnsafeBufferPointer<UInt8>) throws {
    let exchange: TrafficLine
    do {
      exchange = try TrafficLine(line)
    } catch {
      guard let document = try? JSONDecoder().decode(EntryDocument.self, from: Data(line)) else { throw error }
      return try take(document)
    }
    try take(exchange)
  }

  private func take(_ line: TrafficLine) throws {
    try checkTime(line.observedAt)
    let request = recorder.request(line.requestMessage)
    let answer = recorder.answer(line, to: request)
    let known = try filter.takeExchange(request, answer)
    if case .whole = known {
      report.duplicates += 1
      return
    }
    if request.context.kind == .refusal || answer.context.kind == .refusal { report.refusals += 1 }
    report.recordedExchanges += 1
    if case .request(let position) = known {
      batch.drafts.append(draft(answer, exchange: .position(position)))
    } else {
      batch.drafts.append(draft(request))
      batch.drafts.append(draft(answer, exchange: .behind(1)))
    }
  }

  private func take(_ document: EntryDocument) throws {
    let content = try document.content(documentReader)
    let recordedAt = try document.recordedTimestamp()
    try checkTime(recordedAt)
    let old = JournalPosition(document.position)
    var exchange = EntryDraft.ExchangeReference.none
    if let oldRequest = document.exchange.map({ JournalPosition($0) }) {
      if let index = batch.index(of: oldRequest) {
        exchange = .behind(batch.drafts.count - index)
      } else {
        if !flight.isEmpty { try land(all: true) }
        // A request that the export leaves out keeps its number out of this journal's: the answer then stands alone.
        exchange = positions[oldRequest].map { .position($0) } ?? .none
      }
    }
    if case .behind = exchange {
      // Its request is new, so it is too.
    } else if let known = try filter.takeEntry(content, exchange: exchange.position) {
      positions.insert(old, known)
      report.duplicates += 1
      return
    }
    if content.context.kind == .refusal { report.refusals += 1 }
    if document.exchange == nil { report.recordedExchanges += content.context.kind.isMessage ? 1 : 0 }
    batch.olds[batch.drafts.count] = old
    batch.indexes[old] = batch.drafts.count
    batch.drafts.append(EntryDraft(content, exchange: exchange, recordedAt: recordsObservedTimes! ? recordedAt : nil))
  }

  /// Refuses what is far in the future; the first line decides how the run is recorded.
  private func checkTime(_ time: Timestamp) throws(TrafficLineError) {
    guard time.milliseconds(since: now) <= Self.futureLimitMilliseconds else {
      throw TrafficLineError("recordedAt \(time) is more than a day in the future")
    }
    if recordsObservedTimes == nil { recordsObservedTimes = lastRecordedAt.map { time >= $0 } ?? true }
  }

  private func draft(_ content: EntryContent, exchange: EntryDraft.ExchangeReference = .none) -> EntryDraft {
    EntryDraft(content, exchange: exchange, recordedAt: recordsObservedTimes! ? content.observedAt : nil)
  }

  // MARK: Batches

  /// Entries that go to the journal in one call.
  private struct Batch {
    var drafts: [EntryDraft] = []
    /// Of entries from an export: where they stood, by their index in the batch, and the other way round.
    var olds: [Int: JournalPosition] = [:]
    var indexes: [JournalPosition: Int] = [:]

    func index(of old: JournalPosition) -> Int? { indexes[old] }
  }

  private final class InFlight: Sendable {
    let drafts: [EntryDraft]
    let olds: [Int: JournalPosition]
    private let result = Mutex<Result<ClosedRange<JournalPosition>, JournalError>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    init(_ batch: Batch) {
      drafts = batch.drafts
      olds = batch.olds
    }

    func land(_ result: Result<ClosedRange<JournalPosition>, JournalError>) {
      self.result.withLock { $0 = result }
      done.signal()
    }

    /// May be called more than once.
    func wait() -> Result<ClosedRange<JournalPosition>, JournalError> {
      done.wait()
      done.signal()
      return result.withLock { $0! }
    }
  }

  private func submit() throws(JournalError) {
    try land(all: false)
    guard !batch.drafts.isEmpty else { return }
    send(InFlight(batch))
    batch = Batch()
  }

  private func send(_ next: InFlight) {
    flight.append(next)
    submit(next)
  }

  private func submit(_ next: InFlight) {
    guard let appender else { return next.land(.failure(JournalError(.writerEnded, "the importer was closed."))) }
    appender.submit(next.drafts) { next.land($0) }
  }

  /// Waits until another batch may be sent, or for all.
  private func land(all: Bool) throws(JournalError) {
    while let first = flight.first, all || flight.count >= Self.maximumBatchesInFlight {
      switch first.wait() {
      case .success(let range):
        flight.removeFirst()
        noteRecorded(range, first)
      case .failure(let error):
        guard error.code == .handOver || error.code == .writerEnded, !(appender is Journal) else { throw error }
        try resume(after: error)
      }
    }
  }

  private func noteRecorded(_ range: ClosedRange<JournalPosition>, _ landed: InFlight) {
    report.recordedEntries += landed.drafts.count
    report.firstPosition = report.firstPosition ?? range.lowerBound.rawValue
    report.lastPosition = range.upperBound.rawValue
    filter.take(range)
    for (index, old) in landed.olds.sorted(by: { $0.key < $1.key }) { positions.insert(old, range.lowerBound.advanced(by: index)) }
  }

  /// The holder went away: finds out which of what is under way it recorded, and gives the rest to whoever holds the journal now.
  private func resume(after error: JournalError) throws(JournalError) {
    var unanswered = flight[...]
    flight = []
    let before = filter.range
    defer { filter.range = before }
    while !unanswered.isEmpty {
      appender = nil
      do {
        appender = try connect()
      } catch {
        throw error as? JournalError ?? JournalError(.handOver, "\(error)")
      }
      try filter.extendToEnd()
      try sendAgain(&unanswered)
    }
  }

  /// One at a time, so that what follows is compared with what was recorded. What is left when it returns met the end of another holder.
  private func sendAgain(_ unanswered: inout ArraySlice<InFlight>) throws(JournalError) {
    while let batch = unanswered.first {
      if case .success(let range) = batch.wait() {
        noteRecorded(range, batch)
        unanswered.removeFirst()
        continue
      }
      guard let rest = try withoutRecorded(batch) else {
        unanswered.removeFirst()
        continue
      }
      unanswered[unanswered.startIndex] = rest
      submit(rest)
      if case .failure(let error) = rest.wait() {
        guard error.code == .handOver, !(appender is Journal) else { throw error }
        return
      }
    }
  }

  /// What the journal does not have of a batch that nobody answered for; nil where it has all.
  private func withoutRecorded(_ batch: InFlight) throws(JournalError) -> InFlight? {
    let (missing, stored) = try filter.missing(batch.drafts)
    report.recordedEntries += batch.drafts.count - missing.count
    var rest = Batch()
    for (index, old) in batch.olds.sorted(by: { $0.key < $1.key }) { if let position = stored[index] { positions.insert(old, position) } }
    for (index, draft) in missing {
      rest.olds[rest.drafts.count] = batch.olds[index]
      rest.drafts.append(draft)
    }
    return missing.isEmpty ? nil : InFlight(rest)
  }
}

/// How an export's line begins: its keys are sorted.
private let entryPrefix = Array("{\"attempt\":".utf8)

extension EntryDraft.ExchangeReference {
  fileprivate var position: JournalPosition? {
    if case .position(let position) = self { position } else { nil }
  }
}

extension DecodingError {
  /// What JSONDecoder found, without the content.
  fileprivate var sentence: String {
    switch self {
    case .keyNotFound(let key, _): "\(key.stringValue) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has a value of the wrong type"
    default: "the line is not valid JSON"
    }
  }
}

/// Where entries of an export stand now: runs of positions that moved by the same distance.
private struct PositionMap {
  private var runs: [(old: JournalPosition, new: JournalPosition, count: UInt64)] = []

  subscript(old: JournalPosition) -> JournalPosition? {
    for run in runs.reversed() where run.old <= old && old.rawValue < run.old.rawValue + run.count {
      return JournalPosition(run.new.rawValue + old.rawValue - run.old.rawValue)
    }
    return nil
  }

  mutating func insert(_ old: JournalPosition, _ new: JournalPosition) {
    if let last = runs.last, old.rawValue == last.old.rawValue + last.count, new.rawValue == last.new.rawValue + last.count {
      runs[runs.count - 1].count += 1
    } else {
      runs.append((old, new, 1))
    }
  }
}
