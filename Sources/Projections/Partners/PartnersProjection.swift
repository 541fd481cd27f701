internal import EMIP
internal import JournalFormat
public import JournalStore

/// Counts what passes between partners and the platform, how long answers take, and when a partner was not heard.
public struct PartnersProjection: Projection {
  public static let name = "partners"
  public static let version: UInt32 = 1
  public static let tables = [
    names.table, series.table, open, failed, presence.history.table, presence.states, findings.table,
  ]

  static let names = PartnerNames(table: ModelTable("names", 0))
  /// Of each series its records (``PartnerRecord``); figures are carried over.
  static let series = HistoryTable(ModelTable("series", 1))
  /// Requests that wait for an answer, or that a failure was noted of.
  private static let open = ModelTable("open", 2)
  /// Of each series the transactions that were last lost or not accepted.
  private static let failed = ModelTable("failed", 3)
  static let presence = PartnerPresence(history: HistoryTable(ModelTable("presence", 4)), states: ModelTable("states", 5))
  public static let findings = FindingTable(ModelTable("findings", 6))

  public init() {}

  /// See ``Projection``.
  public func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    guard entry.kind.isMessage, entry.context.protocolName == "eMIP" else { return }
    let last = try LastRequest(rows)
    if entry.kind == .request {
      try settle(last, rows)
      try request(entry, rows)
    } else if let request = entry.entry.exchange {
      try answer(entry, to: request, last, rows)
    } else {
      try settle(last, rows)
      let numbers = try Self.names.numbers(entry.context, rows)
      try add(.answer(PartnerRecord.Answer(ending: .unreadable, isUnmatched: true)), at: entry.position, to: numbers.series, rows)
    }
  }

  private func request(_ entry: ProjectedEntry, _ rows: ModelTransaction) throws(JournalError) {
    let numbers = try Self.names.numbers(entry.context, rows)
    let last = LastRequest(position: entry.position, numbers: numbers, isRetry: try isRetry(entry, numbers, rows))
    try last.write(rows)
    try Self.presence.advance(to: rows.clock, at: entry.position, rows)
    if entry.context.direction == .toIOP { try isAlive(numbers, entry, rows) }
  }

  private func answer(_ entry: ProjectedEntry, to request: JournalPosition, _ last: LastRequest?, _ rows: ModelTransaction)
    throws(JournalError)
  {
    var answer = PartnerRecord.Answer(ending: PartnerRecord.Ending(entry.entry)!)
    if entry.kind == .response { answer.latencyMilliseconds = entry.entry.content.latencyMilliseconds }
    let numbers: PartnerNumbers
    if let last, last.position == request, request.next == entry.position {
      numbers = last.numbers
      answer.hasRequestBefore = true
      answer.isRetry = last.isRetry
      try LastRequest.remove(rows)
      if answer.ending == .failure { try OpenRequest(numbers: numbers, isLost: true).write(request, rows) }
    } else {
      try settle(last, rows)
      if let open = try OpenRequest(request, rows) {
        numbers = open.numbers
        answer.isFurther = open.isLost && answer.ending == .failure
        answer.isRecovered = open.isLost && answer.ending != .failure
        if answer.ending != .failure {
          try OpenRequest.remove(request, rows)
        } else if !open.isLost {
          try OpenRequest(numbers: numbers, isLost: true).write(request, rows)
        }
      } else {
        numbers = try Self.names.numbers(entry.request?.context ?? entry.context, rows)
        answer.isFurther = entry.request != nil
        answer.isUnmatched = entry.request == nil
      }
    }
    try add(.answer(answer), at: entry.position, to: numbers.series, rows)
    try note(entry, answer, numbers, rows)
  }

  /// What an answer tells beside its figures.
  private func note(_ entry: ProjectedEntry, _ answer: PartnerRecord.Answer, _ numbers: PartnerNumbers, _ rows: ModelTransaction)
    throws(JournalError)
  {
    if !answer.isFurther, answer.ending != .ok, answer.ending != .warning { try noteFailed(entry, numbers, rows) }
    guard entry.kind == .response, entry.context.author == .peer else { return }
    if entry.context.direction == .fromIOP { try isAlive(numbers, entry, rows) }
    let isAccepted = answer.ending == .ok || answer.ending == .warning
    guard entry.context.direction == .toIOP, isAccepted, entry.context.operation == "HeartBeat", numbers.partner != 0,
      let seconds = entry.facts?.heartBeatPeriod?.value
    else { return }
    try Self.presence.announce(seconds, PartnerPresence.Subject(numbers.partner, entry.context.leg), at: entry.position, rows)
  }

  private func isAlive(_ numbers: PartnerNumbers, _ entry: ProjectedEntry, _ rows: ModelTransaction) throws(JournalError) {
    guard numbers.partner != 0 else { return }
    let subject = PartnerPresence.Subject(numbers.partner, entry.context.leg)
    try Self.presence.heard(subject, entry.entry.content.observedAt, at: entry.position, rows)
  }

  /// Gives a request that no answer followed at once its own record.
  private func settle(_ last: LastRequest?, _ rows: ModelTransaction) throws(JournalError) {
    guard let last else { return }
    try add(.request(isRetry: last.isRetry), at: last.position, to: last.numbers.series, rows)
    try OpenRequest(numbers: last.numbers, isLost: false).write(last.position, rows)
    try LastRequest.remove(rows)
  }

  private func add(_ record: PartnerRecord, at position: JournalPosition, to series: UInt32, _ rows: ModelTransaction) throws(JournalError) {
    try Self.series.append(record.encoded(), at: position, to: bigEndianBytes(series), in: rows) { (chunk) throws(JournalError) in
      try PartnerFigures(chunk, of: Self.names.series(series, rows), asOf: nil).encoded()
    }
  }

  // MARK: Retries

  /// How many transactions a series remembers: who tries again does so soon.
  private static let rememberedFailures = 64
  private static let hashBytes = 4

  private func isRetry(_ entry: ProjectedEntry, _ numbers: PartnerNumbers, _ rows: ModelTransaction) throws(JournalError) -> Bool {
    if entry.context.attempt > 1 { return true }
    guard let known = try rows.value(of: bigEndianBytes(numbers.series), in: Self.failed),
      let hash = transactionHash(entry.message, rows)
    else { return false }
    return stride(from: 0, to: known.count, by: Self.hashBytes).contains { known[$0...].starts(with: hash) }
  }

  private func noteFailed(_ entry: ProjectedEntry, _ numbers: PartnerNumbers, _ rows: ModelTransaction) throws(JournalError) {
    guard let request = entry.request, let hash = transactionHash(request, rows) else { return }
    let key = bigEndianBytes(numbers.series)
    let known = try rows.value(of: key, in: Self.failed) ?? []
    try rows.put(Array((known + hash).suffix(Self.rememberedFailures * Self.hashBytes)), for: key, in: Self.failed)
  }

  private func transactionHash(_ message: ProjectedMessage, _ rows: ModelTransaction) -> [UInt8]? {
    message.facts?.transactionId.map { Array(rows.hash(81, Array($0.utf8)).prefix(Self.hashBytes)) }
  }
}

extension PartnersProjection {
  /// The last request of all, as long as it has no record: its answer may follow at once.
  struct LastRequest: Hashable {
    let position: JournalPosition
    let numbers: PartnerNumbers
    let isRetry: Bool

    /// Before the keys of all open requests.
    private static let key: [UInt8] = [0]

    init(position: JournalPosition, numbers: PartnerNumbers, isRetry: Bool) {
      self.position = position
      self.numbers = numbers
      self.isRetry = isRetry
    }

    init?(_ rows: any ModelRows) throws(JournalError) {
      guard let value = try rows.value(of: Self.key, in: open) else { return nil }
      guard value.count == 17 else { throw .damagedModel(FormatError("the last request has the wrong length"), open) }
      position = JournalPosition(value[..<8].reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
      isRetry = value[8] == 1
      numbers = try PartnerNumbers(Array(value[9...]), open)
    }

    func write(_ rows: ModelTransaction) throws(JournalError) {
      try rows.put(bigEndianBytes(position.rawValue) + [isRetry ? 1 : 0] + numbers.encoded(), for: Self.key, in: open)
    }

    static func remove(_ rows: ModelTransaction) throws(JournalError) { try rows.remove(key, in: open) }
  }

  /// A request that has a record of its own and no answer, or a failure that an answer may still follow.
  fileprivate struct OpenRequest {
    let numbers: PartnerNumbers
    let isLost: Bool

    init(numbers: PartnerNumbers, isLost: Bool) {
      self.numbers = numbers
      self.isLost = isLost
    }

    init?(_ position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
      guard let value = try rows.value(of: Self.key(position), in: open) else { return nil }
      numbers = try PartnerNumbers(Array(value.dropLast()), open)
      isLost = value.last == 1
    }

    func write(_ position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
      try rows.put(numbers.encoded() + [isLost ? 1 : 0], for: Self.key(position), in: open)
    }

    static func remove(_ position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
      try rows.remove(key(position), in: open)
    }

    private static func key(_ position: JournalPosition) -> [UInt8] { [1] + bigEndianBytes(position.rawValue) }
  }
}

extension PartnerFigures {
  /// What a chunk of a series' history tells.
  /// - Parameter position: nil for all of it. A chunk that was read as of the position behind it, so that a request is seen whose record is its
  ///   answer's.
  init(_ chunk: HistoryTable.Chunk, of series: PartnerSeries, asOf position: JournalPosition?) throws(JournalError) {
    do throws(FormatError) {
      self = try PartnerFigures(chunk.carried)
      for record in chunk.records {
        let decoded = try PartnerRecord(record.bytes)
        if let position, record.position > position {
          if case .answer(let answer) = decoded, answer.hasRequestBefore { countRequest(isRetry: answer.isRetry) }
        } else {
          count(decoded, of: series)
        }
      }
    } catch { throw .damagedModel(error, PartnersProjection.series.table) }
  }
}
