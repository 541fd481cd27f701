public import EMIP
public import JournalFormat
public import JournalStore

/// Records a traffic file or an export: reads and parses on the calling thread while the journal writes on its own.
///
///     line -> exchange or entry -> is it known? -> drafts -> batches under way -> positions
///             (ImportLine)         (DuplicateFilter)         (BatchSender)        (PositionMap)
///
/// Lines that cannot be taken are handed to `reject` and do not stop the rest. What the journal has already is not recorded again.
public final class TrafficImporter {
  /// What a run did.
  public struct Report: Hashable, Sendable, Codable {
    /// Lines that were not blank.
    public var lines = 0
    /// Exchanges of which an entry was recorded, and single entries of messages.
    public var recordedExchanges = 0
    /// Entries that are durable.
    public var recordedEntries = 0
    /// Lines that the journal had already.
    public var duplicates = 0
    /// Lines with a message that cannot be read safely. The page that HTTP sent in the place of an answer is no message.
    public var refusals = 0
    /// Lines that were recorded although the journal perhaps has them: what it has there cannot be read.
    public var recordedAgain = 0
    /// Lines that were not taken.
    public var rejected = 0
    /// Entries of an export that were left out, because they are not what a file may bring: what the journal or its gateway did. They are
    /// not among ``rejected``.
    public var actsLeftOut = 0
    /// Notes among these that are parts of a white list's baseline, which only its command records.
    public var baselinesLeftOut = 0
    /// How much of what was recorded, in exchanges and single entries as ``recordedExchanges``, counts as recorded now: the source began, with
    /// the first line that the journal did not have, before the journal's end.
    public var recordedNow = 0
    /// How much of what was recorded stands in the source behind lines that are later, by more than minutes, and counts as recorded at their
    /// time.
    public var behindLater = 0
    /// The position of the first entry recorded; nil where there is none.
    public var firstPosition: UInt64?
    /// The position of the last entry recorded; nil where there is none.
    public var lastPosition: UInt64?
  }

  /// A line that was not taken.
  public struct Rejection: Sendable {
    /// The line's number in its source, from 1.
    public let lineNumber: Int
    /// What is wrong with it, without its content.
    public let reason: String
    /// Whether nothing is wrong with it, but that a file may not bring what it says; nil where something is wrong.
    public let act: ActLeftOut?
    /// The line's bytes, or their beginning where it was too long.
    public let line: [UInt8]
  }

  /// A line that was recorded although the journal perhaps has it.
  public struct Repetition: Sendable {
    /// The line's number in its source, from 1.
    public let lineNumber: Int
    /// The positions of the entries that may be it and cannot be read.
    public let positions: [JournalPosition]
  }

  /// Gives the journal to append to: the holder's, or this process's own once nobody holds it.
  public typealias Connect = () throws -> any JournalAppender

  static let futureLimitMilliseconds: Int64 = 86_400_000
  /// So far behind later lines does a line not count as behind them.
  public static let slackMinutes = RecordingTimes.slackMilliseconds / 60_000

  private let reader: JournalReader
  private let recorder: Recorder
  private let documentReader: MessageReader
  private let sender: BatchSender
  private let now: Timestamp
  private var filter: DuplicateFilter
  private var times = RecordingTimes(journalEnd: nil)
  /// The entries that may be the line at hand and cannot be read.
  private var unreadable: [JournalPosition] = []
  /// All but what the sender knows.
  private var counts = Report()

  /// Prepares to import into a journal.
  /// - Parameters:
  ///   - reader: of the same journal.
  ///   - now: the present; lines more than a day later are not taken, unless the journal has come so far.
  /// - Throws: ``JournalError`` where the journal cannot be read, or what `connect` throws.
  public init(
    _ reader: JournalReader, configuration: MessageReaderConfiguration, now: Timestamp, connect: @escaping Connect
  ) throws {
    self.reader = reader
    self.now = now
    recorder = Recorder(configuration)
    documentReader = MessageReader(configuration: configuration)
    let appender = try connect()
    filter = try DuplicateFilter(reader)
    sender = BatchSender(appender, filter, connect: connect)
  }

  /// When the journal's last entry was recorded as the run began; nil where it had none.
  public var journalEnd: Timestamp? { times.journalEnd }

  /// What the run did so far, or the last one.
  public var report: Report {
    var report = counts
    report.recordedEntries = sender.recorded.entryCount
    report.firstPosition = sender.recorded.firstPosition?.rawValue
    report.lastPosition = sender.recorded.lastPosition?.rawValue
    return report
  }

  /// Imports all lines of a source; may be called for one source after another. ``report`` tells of the last.
  /// - Parameters:
  ///   - reject: called for each line that is not taken, acts among them.
  ///   - recordedAgain: called for each line that the journal perhaps had.
  ///   - progress: called after each batch.
  /// - Throws: ``JournalError`` where the journal takes no more, or what the source throws. What was read before is
  ///   recorded all the same.
  public func run(
    _ source: some LineSource, reject: (Rejection) throws -> Void, recordedAgain: (Repetition) -> Void = { _ in },
    progress: (Report) -> Void
  ) throws {
    filter = try DuplicateFilter(reader)
    sender.begin(filter)
    counts = Report()
    times = RecordingTimes(journalEnd: try reader.lastEntry()?.recordedAt)
    var failure: (any Error)?
    do {
      while let rejection = try source.next(take) {
        if let rejection {
          if let act = rejection.act {
            counts.actsLeftOut += 1
            if act.isBaseline { counts.baselinesLeftOut += 1 }
          } else {
            counts.rejected += 1
          }
          try reject(Rejection(lineNumber: source.lineNumber, reason: rejection.reason, act: rejection.act, line: rejection.line))
        }
        if !unreadable.isEmpty {
          counts.recordedAgain += 1
          recordedAgain(Repetition(lineNumber: source.lineNumber, positions: unreadable))
          unreadable = []
        }
        if sender.isBatchFull {
          try sender.send()
          progress(report)
        }
      }
    } catch let error as JournalError {
      throw error
    } catch {
      failure = error
    }
    try sender.send()
    try sender.finish()
    progress(report)
    if let failure { throw failure }
  }

  /// Lets the journal go.
  public func close() { sender.close() }

  // MARK: Lines

  /// Nil where the line was taken.
  private func take(_ line: UnsafeBufferPointer<UInt8>, isCut: Bool) throws -> (reason: String, act: ActLeftOut?, line: [UInt8])? {
    guard !ImportLine.isBlank(line) else { return nil }
    counts.lines += 1
    guard !isCut else { return ("the line is too long", nil, Array(line)) }
    do {
      switch try ImportLine(line) {
      case .exchange(let exchange): try record(exchange)
      case .entry(let document): try record(document)
      }
      return nil
    } catch {
      guard let reason = ImportLine.reason(of: error) else { throw error }
      return (reason, error as? ActLeftOut, Array(line))
    }
  }

  private func record(_ line: TrafficLine) throws {
    try checkTime(line.observedAt)
    let request = recorder.request(line.requestMessage)
    let answer = recorder.answer(line, to: request)
    let known = try filter.takeExchange(request, answer)
    switch known {
    case .whole:
      counts.duplicates += 1
      times.note(line.answeredAt)
      return
    case .request(let position):
      times.note(line.observedAt)
      count(times.place(line.answeredAt))
      sender.append(draft(answer, request: .position(position)))
    case .nothing:
      count(times.place(line.observedAt))
      times.note(line.answeredAt)
      sender.append(draft(request))
      sender.append(draft(answer, request: .behind(1)))
    }
    unreadable = filter.unreadable
    if Self.isUnread(request, isAnswer: false) || Self.isUnread(answer, isAnswer: true) { counts.refusals += 1 }
    counts.recordedExchanges += 1
  }

  /// Whether a message could not be read safely. What HTTP sent in the place of an answer is none.
  private static func isUnread(_ content: EntryContent, isAnswer: Bool) -> Bool {
    content.context.kind == .refusal && ExchangeOutcome(content.context, isAnswer: isAnswer)?.by == .us
  }

  private func record(_ document: EntryDocument) throws {
    let content = try document.content(documentReader)
    let recordedAt = try document.recordedTimestamp()
    try checkTime(max(recordedAt, content.observedAt))
    let old = JournalPosition(document.position)
    let request = try document.exchange.map { try sender.reference(to: JournalPosition($0)) } ?? .none
    if case .behind = request {
      // Its request is new, so it is too.
    } else if let known = try filter.takeEntry(content, request: request.position) {
      sender.note(old, isKnownAs: known)
      counts.duplicates += 1
      times.note(recordedAt)
      return
    } else {
      unreadable = filter.unreadable
    }
    if let act = ActLeftOut(content) { throw act }
    if Self.isUnread(content, isAnswer: document.exchange != nil) { counts.refusals += 1 }
    let line = times.place(recordedAt)
    if document.exchange == nil && content.context.kind.isMessage {
      counts.recordedExchanges += 1
      count(line)
    }
    sender.append(EntryDraft(content, request: request, recordedAt: self.recordedAt(recordedAt)), from: old)
  }

  /// Refuses what is far in the future.
  private func checkTime(_ time: Timestamp) throws(TrafficLineError) {
    guard time.milliseconds(since: now) <= Self.futureLimitMilliseconds || times.journalEnd.map({ time <= $0 }) ?? false else {
      throw TrafficLineError("recordedAt \(time) is more than a day in the future")
    }
  }

  private func count(_ line: RecordingTimes.Line) {
    switch line {
    case .inOrder: break
    case .behindLater: counts.behindLater += 1
    case .now: counts.recordedNow += 1
    }
  }

  private func draft(_ content: EntryContent, request: EntryDraft.RequestReference = .none) -> EntryDraft {
    EntryDraft(content, request: request, recordedAt: recordedAt(content.observedAt))
  }

  /// When an entry of a time counts as recorded; nil for now.
  private func recordedAt(_ time: Timestamp) -> Timestamp? { times.recordedAt(min(time, now)) }
}

/// Why an entry of an export is left out: it is not what a file may bring.
public struct ActLeftOut: Error {
  let reason: String
  /// Whether it is part of a white list's baseline.
  let isBaseline: Bool

  /// Nil where a file may bring it.
  init?(_ content: EntryContent) {
    isBaseline = content.context.kind == .note && content.context.author == .gateway && !content.payload.isEmpty
    if let reason = content.reasonToStateItself {
      self.reason = reason
    } else if isBaseline {
      reason = "this note has a message in it, as a command wrote it, such as `whitelist baseline`: only that command records it"
    } else {
      return nil
    }
  }
}

extension EntryDraft.RequestReference {
  fileprivate var position: JournalPosition? {
    if case .position(let position) = self { position } else { nil }
  }
}
