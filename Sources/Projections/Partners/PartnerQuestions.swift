public import JournalFormat
public import JournalStore

/// A time in which a partner was not heard though it should have been.
public struct PartnerSilence: Hashable, Sendable {
  /// The last sign of life before it.
  public let lastHeard: Timestamp
  /// When the period had passed since: a time that is computed, and stands in no message.
  public let from: Timestamp
  /// The next sign of life; nil while there is none.
  public let to: Timestamp?
  /// The position of the entry with which it became known.
  public let position: JournalPosition
}

/// What was counted of a partner on a leg, or of one of its operations.
public struct PartnerAnswer: Hashable, Sendable {
  /// As its first message had it; empty where messages told none.
  public let partner: String
  /// Where it was counted: between the gateway and the platform, or a back end and the gateway.
  public let leg: Leg
  /// Nil of a whole partner.
  public let series: PartnerSeries?
  /// What was counted in the time that was asked for.
  public var figures: PartnerFigures
  /// Whether the longest latency is exact; else it is at most so long.
  public var isMaximumExact = true
  /// Nil of an operation, and of who was never heard.
  public var presence: PartnerPresenceSummary?
  /// Those that touch the time that was asked for, in order. Empty of an operation.
  public var silences: [PartnerSilence] = []
}

/// Since when a question goes, and which silences count.
public struct PartnerSpan: Hashable, Sendable {
  /// What was recorded up to this position does not count; nil for all.
  public var after: JournalPosition?
  /// Silences that ended before this do not count; nil for all.
  public var since: Timestamp?
  /// Silences that began after this do not count; nil for all.
  public var until: Timestamp?

  /// Asks for all, unless told otherwise.
  public init(after: JournalPosition? = nil, since: Timestamp? = nil, until: Timestamp? = nil) {
    self.after = after
    self.since = since
    self.until = until
  }
}

/// Questions to the read model of partners.
public struct PartnerQuestions: ModelQuestions {
  private let rows: any ModelRows
  /// The position that all answers are as of; nil for now.
  public let asOf: JournalPosition?

  /// The read models that the answers come from.
  public static let projections: [any Projection.Type] = [PartnerProjection.self]

  /// Asks the read model of partners as it is at this moment.
  /// - Parameters:
  ///   - models: those of ``projections`` at least.
  ///   - position: what became known behind it does not count; nil for now.
  /// - Throws: ``JournalError`` where a file cannot be read.
  public init(_ models: ReadModels, asOf position: JournalPosition?) throws(JournalError) {
    self.init(try models.model(PartnerProjection.self).snapshot(), asOf: position)
  }

  /// - Parameter rows: of ``PartnerProjection``.
  init(_ rows: any ModelRows, asOf position: JournalPosition?) {
    self.rows = rows
    asOf = position
  }

  /// The figures of partners, or of each of their operations, by name.
  /// - Parameters:
  ///   - partner: only this one, in whatever spelling of its id.
  ///   - byOperation: a row for each operation, way and operator.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func answers(
    partner: String? = nil, span: PartnerSpan = PartnerSpan(), byOperation: Bool = false
  ) throws(JournalError) -> [PartnerAnswer] {
    let wanted = partner.map { TermComparison.compact.normalized($0.utf8) }
    let last = try LastRequest(rows)
    var answers: [[UInt8]: PartnerAnswer] = [:]
    for (number, series) in try PartnerTables.names.all(rows) {
      let compact = TermComparison.compact.normalized(series.partner.utf8)
      guard wanted == nil || wanted == compact, let found = try figures(number, series, span, last) else { continue }
      // A zero stands in no name that messages can have.
      let key = compact + [0, series.leg.rawValue] + (byOperation ? bigEndianBytes(number) : [])
      if byOperation {
        guard found.figures.requests > 0 || found.figures.further > 0 else { continue }
        answers[key] = PartnerAnswer(
          partner: series.partner, leg: series.leg, series: series, figures: found.figures, isMaximumExact: found.isMaximumExact)
      } else {
        var answer = answers[key] ?? PartnerAnswer(partner: series.partner, leg: series.leg, series: nil, figures: PartnerFigures())
        answer.figures.add(found.figures)
        answer.isMaximumExact = answer.isMaximumExact && found.isMaximumExact
        answers[key] = answer
      }
    }
    var sorted = answers.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    if byOperation { return sorted.sorted { PartnerAnswer.precedes($0, $1) } }
    for index in sorted.indices { try addPresence(to: &sorted[index], span) }
    return sorted
  }

  private func addPresence(to answer: inout PartnerAnswer, _ span: PartnerSpan) throws(JournalError) {
    guard let number = try PartnerTables.names.partner(answer.partner, rows) else { return }
    let subject = PartnerPresence.Subject(number, answer.leg)
    answer.presence = try PartnerTables.presence.summary(subject, asOf: asOf, rows)
    answer.silences = try PartnerTables.presence.silences(subject, from: span.after, asOf: asOf, rows).filter { silence in
      (span.since.map { since in silence.to.map { $0 > since } ?? true } ?? true) && (span.until.map { silence.from < $0 } ?? true)
    }
  }

  // MARK: Figures

  /// Nil where there was nothing of a series then.
  private func figures(
    _ number: UInt32, _ series: PartnerSeries, _ span: PartnerSpan, _ last: LastRequest?
  ) throws(JournalError) -> (figures: PartnerFigures, isMaximumExact: Bool)? {
    guard var figures = try self.figures(number, series, asOf: asOf, last) else { return nil }
    guard let after = span.after, let earlier = try self.figures(number, series, asOf: after, last) else { return (figures, true) }
    figures.subtract(earlier)
    let longest = try PartnerTables.series.longest(number, after: after, upTo: asOf, rows)
    guard longest.isComplete else { return (figures, figures.maximumMilliseconds == nil) }
    figures.maximumMilliseconds = longest.milliseconds
    return (figures, true)
  }

  /// The figures of a series as of a position: one read of one row, however long its history.
  private func figures(
    _ number: UInt32, _ series: PartnerSeries, asOf position: JournalPosition?, _ last: LastRequest?
  ) throws(JournalError) -> PartnerFigures? {
    var figures = try PartnerTables.series.figures(number, series.limits, asOf: position, rows)
    if let last, last.numbers.series == number, position.map({ last.position <= $0 }) ?? true {
      figures = figures ?? PartnerFigures()
      figures!.countRequest(isRetry: last.isRetry)
    }
    guard let figures, figures != PartnerFigures() else { return nil }
    return figures
  }
}

extension PartnerQuestions {
  /// When partners were not heard though they should have been, and whose clocks were wrong, in the order in which it became known.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func findings() throws -> [ReportedFinding] {
    var found: [ReportedFinding] = []
    try PartnerTables.findings.forEach(asOf: asOf, in: rows) { stored in
      if let finding = try PartnerRules.reported(stored, rows) { found.append(finding) }
      return true
    }
    return found
  }
}

extension PartnerAnswer {
  /// By operator, leg, way and operation.
  fileprivate static func precedes(_ left: PartnerAnswer, _ right: PartnerAnswer) -> Bool {
    func key(_ answer: PartnerAnswer) -> (String, String, UInt8, UInt8, String) {
      let series = answer.series!
      return (answer.partner, series.operator, answer.leg.rawValue, series.direction?.rawValue ?? 0, series.operation)
    }
    return key(left) < key(right)
  }
}

extension PartnerPresence {
  /// Nil where it was never heard by then.
  func summary(_ subject: Subject, asOf position: JournalPosition?, _ rows: any ModelRows) throws(JournalError) -> PartnerPresenceSummary? {
    guard let chunk = try history.chunk(of: subject.bytes, asOf: position, in: rows) else { return nil }
    return try history.table.decoding { () throws(FormatError) in try PartnerPresenceSummary(chunk) }
  }

  /// The silences that were known by then, in order: those that lasted at a position or began after it, and some before; nil for all.
  func silences(
    _ subject: Subject, from start: JournalPosition?, asOf position: JournalPosition?, _ rows: any ModelRows
  ) throws(JournalError) -> [PartnerSilence] {
    var silences: [PartnerSilence] = []
    let start = try start.map { (start) throws(JournalError) in try lastOffline(subject, upTo: start, rows) ?? start }
    let records = try history.records(of: subject.bytes, from: start, asOf: position, in: rows)
    guard let first = records.first?.position else { return [] }
    var period = try summary(subject, asOf: JournalPosition(first.rawValue - 1), rows)?.periodSeconds ?? Self.defaultPeriodSeconds
    for record in records {
      switch try history.table.decoding({ () throws(FormatError) in try Change(record.bytes) }) {
      case .appeared, .unreadablePeriod: continue
      case .period(let seconds): period = seconds
      case .offline(let time):
        let lastHeard = time.adding(milliseconds: -Int64(period) * 1_000)
        silences.append(PartnerSilence(lastHeard: lastHeard, from: time, to: nil, position: record.position))
      case .online(let time):
        guard let open = silences.popLast() else { continue }
        guard time > open.from else { continue }
        silences.append(PartnerSilence(lastHeard: open.lastHeard, from: open.from, to: time, position: open.position))
      }
    }
    return silences
  }

  /// Where the silence became known that lasts at a position; nil where none does.
  private func lastOffline(_ subject: Subject, upTo end: JournalPosition, _ rows: any ModelRows) throws(JournalError) -> JournalPosition? {
    guard try summary(subject, asOf: end, rows)?.offlineSince != nil else { return nil }
    var end = end
    // Mostly in the last chunk: but for a change of the period, nothing comes between.
    while let chunk = try history.chunk(of: subject.bytes, asOf: end, in: rows), let first = chunk.records.first {
      for record in chunk.records.reversed() {
        if case .offline = try history.table.decoding({ () throws(FormatError) in try Change(record.bytes) }) { return record.position }
      }
      guard first.position > .first else { break }
      end = JournalPosition(first.position.rawValue - 1)
    }
    return nil
  }
}
