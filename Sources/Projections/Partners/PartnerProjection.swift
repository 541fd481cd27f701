internal import EMIP
public import JournalFormat
public import JournalStore

/// Counts what passes between partners and the platform, how long answers take, and when a partner was not heard.
public final class PartnerProjection: Projection {
  /// Its name in file names and commands, the version of its rows, its tables and the rules that it judges by.
  public static let name = "partners"
  public static let version: UInt32 = 2
  public static let tables = PartnerTables.all
  public static let rules = PartnerRules.all

  // What is remembered of the rows.
  private var known = PartnerMemory()
  private var requests = OpenRequests()
  private var states: PartnerStates?
  private var clocks: [PartnerPresence.Subject: PartnerClock] = [:]
  private var transactions: PartnerTransactions?

  /// Begins with nothing remembered: all that it knows stands in the rows.
  public init() {}

  /// Whether an entry of this context can change anything.
  public static func isConcerned(by context: EntryContext) -> Bool { context.kind.isMessage && context.protocolName == "eMIP" }

  /// Counts a request, or an answer and how long it took.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  public func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    let message = entry.message
    let context = message.entry.content.sharedContext
    let kind = context.value.kind
    try load(rows)
    if kind == .request {
      try settleLast(rows)
      try request(message, context, rows)
    } else if let request = message.entry.requestPosition {
      try answer(entry, context, to: request, rows)
    } else {
      try settleLast(rows)
      let tail = try known.tail(of: context, rows)
      add(.answer(PartnerRecord.Answer(ending: .unreadable, isUnmatched: true)), at: message.position, to: tail, rows)
    }
  }

  /// Excuses who is not heard for what could not be read.
  /// - Throws: ``JournalError`` where the file cannot be read, `model.damaged` where a row is damaged.
  public func passGap(in rows: ModelTransaction) throws(JournalError) {
    try load(rows)
    PartnerTables.presence.passGap(&states!, rows)
  }

  private func load(_ rows: ModelTransaction) throws(JournalError) {
    if known.isFull {
      known = PartnerMemory()
      clocks = [:]
    }
    guard states == nil else { return }
    try requests.load(rows)
    transactions = try PartnerTransactions(rows)
    states = try PartnerTables.presence.states(rows)
  }

  private func request(_ message: ProjectedMessage, _ context: SharedContext, _ rows: ModelTransaction) throws(JournalError) {
    let tail = try known.tailOfRequest(context, rows)
    let isRetry = isRetry(message, context, tail)
    if let earlier = try transactions!.take(message, rows) { try PartnerRules.noteReused(message, earlier, in: rows) }
    requests.begin(LastRequest(position: message.position, numbers: tail.numbers, isRetry: isRetry), tail, rows)
    try PartnerTables.presence.advance(to: rows.clock, at: message.position, &states!, rows)
    guard context.value.direction == .toIOP else { return }
    try isAlive(tail, message, rows)
    if !isRetry { try compareClock(tail, message, context, rows) }
  }

  /// Holds what a request reports against the moment at which it was on the wire.
  private func compareClock(
    _ tail: PartnerTail, _ message: ProjectedMessage, _ context: SharedContext, _ rows: ModelTransaction
  ) throws(JournalError) {
    guard let operation = context.value.operation, PartnerClock.operations.contains(operation), let subject = subject(tail, context),
      let moment = message.facts?.reportedMoment
    else { return }
    let clock = if let known = clocks[subject] { known } else { try PartnerClock(subject, rows) }
    clocks[subject] = clock
    try clock.take(moment, observedAt: message.entry.content.observedAt, at: message.position, rows)
  }

  private func answer(
    _ entry: ProjectedEntry, _ context: SharedContext, to request: JournalPosition, _ rows: ModelTransaction
  ) throws(JournalError) {
    let message = entry.message
    let kind = context.value.kind
    var answer = PartnerRecord.Answer(ending: PartnerRecord.Ending(message.entry)!)
    if kind == .response { answer.latencyMilliseconds = message.entry.content.latencyMilliseconds }
    let tail: PartnerTail
    if let last = requests.last, last.request.position == request, request.next == message.position {
      tail = try self.tail(of: last, rows)
      answer.hasRequestBefore = true
      answer.isRetry = last.request.isRetry
      requests.endLast(rows)
      if answer.ending == .failure { try requests.put(OpenRequest(numbers: tail.numbers, isLost: true), at: request, rows) }
    } else {
      try settleLast(rows)
      if let open = try requests.request(at: request, rows) {
        tail = try known.tail(open.numbers, rows)
        answer.isFurther = open.isLost && answer.ending == .failure
        answer.isRecovered = open.isLost && answer.ending != .failure
        if answer.ending != .failure {
          try requests.remove(at: request, rows)
        } else if !open.isLost {
          try requests.put(OpenRequest(numbers: tail.numbers, isLost: true), at: request, rows)
        }
      } else {
        // Whose request it was is not kept: it counts for who speaks for the operator now.
        tail = try known.tail(of: entry.request?.entry.content.sharedContext ?? context, rows)
        answer.isFurther = entry.request != nil
        answer.isUnmatched = entry.request == nil
      }
    }
    add(.answer(answer), at: message.position, to: tail, rows)
    try note(entry, context, answer, tail, rows)
  }

  /// What an answer tells beside its figures.
  private func note(
    _ entry: ProjectedEntry, _ context: SharedContext, _ answer: PartnerRecord.Answer, _ tail: PartnerTail, _ rows: ModelTransaction
  ) throws(JournalError) {
    let isAccepted = answer.ending == .ok || answer.ending == .warning
    if !answer.isFurther, !isAccepted, let request = entry.request { try noteFailed(request, tail, rows) }
    guard context.value.kind == .response, context.value.author == .peer else { return }
    if context.value.direction == .fromIOP { try isAlive(tail, entry.message, rows) }
    guard context.value.direction == .toIOP, isAccepted, context.value.operation == "HeartBeat", let subject = subject(tail, context),
      let period = entry.message.facts?.heartBeatPeriod
    else { return }
    if let seconds = period.value {
      try PartnerTables.presence.announce(seconds, subject, at: entry.message.position, &states!, rows)
    } else {
      try PartnerTables.presence.announce(unreadable: period.text, subject, at: entry.message.position, &states!, rows)
    }
  }

  private func isAlive(_ tail: PartnerTail, _ message: ProjectedMessage, _ rows: ModelTransaction) throws(JournalError) {
    let observedAt = message.entry.content.observedAt
    if let partner = tail.partner, partner.subject.leg == message.entry.content.context.leg {
      return try PartnerTables.presence.heard(partner, observedAt, at: message.position, &states!, rows)
    }
    guard let subject = subject(tail, message.entry.content.sharedContext) else { return }
    tail.partner = try PartnerTables.presence.heard(subject, observedAt, at: message.position, &states!, rows)
  }

  private func subject(_ tail: PartnerTail, _ context: SharedContext) -> PartnerPresence.Subject? {
    tail.numbers.partner == 0 ? nil : PartnerPresence.Subject(tail.numbers.partner, context.value.leg)
  }

  /// Gives a request that no answer followed at once its own record.
  private func settleLast(_ rows: ModelTransaction) throws(JournalError) {
    guard let last = requests.last else { return }
    let request = last.request
    add(.request(isRetry: request.isRetry), at: request.position, to: try tail(of: last, rows), rows)
    try requests.put(OpenRequest(numbers: request.numbers, isLost: false), at: request.position, rows)
    requests.endLast(rows)
  }

  private func tail(of last: OpenRequests.Last, _ rows: ModelTransaction) throws(JournalError) -> PartnerTail {
    if let tail = last.tail { return tail }
    return try known.tail(last.request.numbers, rows)
  }

  private func add(_ record: PartnerRecord, at position: JournalPosition, to tail: PartnerTail, _ rows: ModelTransaction) {
    PartnerTables.series.append(record, at: position, to: tail, rows)
  }

  // MARK: Retries

  private func isRetry(_ message: ProjectedMessage, _ context: SharedContext, _ tail: PartnerTail) -> Bool {
    if context.value.attempt > 1 { return true }
    guard !tail.failed.isEmpty, let transaction = Self.transaction(message) else { return false }
    return tail.failed.contains(transaction)
  }

  private func noteFailed(_ request: ProjectedMessage, _ tail: PartnerTail, _ rows: ModelTransaction) throws(JournalError) {
    guard let transaction = Self.transaction(request) else { return }
    try PartnerTables.names.noteFailed(transaction, tail, rows)
  }

  private static func transaction(_ message: ProjectedMessage) -> UInt32? {
    message.facts?.withTransactionId { text in
      var code = CRC32C()
      code.update(UnsafeRawBufferPointer(text))
      return code.value
    }
  }

  // MARK: Findings

  /// Tells when partners were not heard though they should have been, and whose clocks were wrong, in the order in which it became known.
  /// - Parameter position: nil for now.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public static func findings(_ models: ReadModels, asOf position: JournalPosition?) throws -> [ReportedFinding] {
    try PartnerQuestions(models, asOf: position).findings()
  }

  // MARK: The purge horizon

  /// Leaves of what came before the horizon what was counted, how every partner is, and who waits for an answer.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged. Also what reading the
  ///   journal throws.
  public func condense(_ rows: ModelTransaction, horizon: JournalPosition, from journal: JournalReader) throws(JournalError) {
    known = PartnerMemory()
    requests = OpenRequests()
    states = nil
    clocks = [:]
    transactions = nil
    try PartnerOpening(rows: rows, horizon: horizon, journal: journal).condense()
  }
}
