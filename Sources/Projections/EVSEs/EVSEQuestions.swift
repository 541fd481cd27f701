public import EMIP
public import JournalFormat
public import JournalStore

/// At what time a status is asked for.
public struct StatusMoment: Sendable {
  /// Event time.
  public var time: Timestamp
  /// Clocks differ: events that lie so far ahead of ``time`` count as having happened. 0 where somebody asks for a time exactly.
  public var toleranceMilliseconds: Int64
  /// A status that is older is not known any more.
  public var unknownAfterMilliseconds: Int64

  /// Seven days.
  public static let defaultUnknownAfterMilliseconds: Int64 = 7 * 86_400_000
  /// What counts as now although it lies ahead of the journal's clock.
  public static let clockToleranceMilliseconds: Int64 = 300_000

  /// Asks for a moment exactly, and for statuses of up to seven days, unless told otherwise.
  public init(
    time: Timestamp, toleranceMilliseconds: Int64 = 0,
    unknownAfterMilliseconds: Int64 = defaultUnknownAfterMilliseconds
  ) {
    self.time = time
    self.toleranceMilliseconds = toleranceMilliseconds
    self.unknownAfterMilliseconds = unknownAfterMilliseconds
  }

  var latestEvent: Timestamp { time.adding(milliseconds: toleranceMilliseconds) }
}

/// One part of an element's status at a ``StatusMoment``.
public struct PartStatus: Hashable, Sendable {
  /// What it was reported to be.
  public let event: StatusEvent
  /// Since when nobody can say that it is still so: when it was expected to end; or the report itself, where nothing was heard for long after it.
  /// Nil while it holds.
  public let unknownSince: Timestamp?
}

/// The status of one element at a ``StatusMoment``.
public struct ElementStatus: Hashable, Sendable {
  /// The level of the element.
  public let element: StatusReport.Element
  /// As it was first written; with its inner separators, once a message had some.
  public let id: String
  /// Whether it can be used; nil where nothing was reported of that by then.
  public let availability: PartStatus?
  /// Whether it is in use; nil where nothing was reported of that by then.
  public let busy: PartStatus?

  /// The position of the newer of both parts.
  public var position: JournalPosition? { [availability, busy].compactMap { $0?.event.position }.max() }
}

extension StatusReport.Element {
  /// In one word: pool, station, evse or connector.
  public var level: String {
    switch self {
    case .chargingPool: "pool"
    case .chargingStation: "station"
    case .evse: "evse"
    case .chargingConnector: "connector"
    }
  }

  /// Nil where no level is called so.
  public init?(level: String) {
    guard let element = Self.allCases.first(where: { $0.level == level.lowercased() }) else { return nil }
    self = element
  }
}

/// Questions to the read model of EVSE statuses.
public struct EVSEQuestions: ModelQuestions {
  private let rows: any ModelRows
  /// The position that all answers are as of; nil for now.
  public let asOf: JournalPosition?

  /// The operations whose messages tell statuses.
  public static let operations = EVSEProjection.pushes.union(["SetEVSEDynamicDataChanges", "GetEVSEDynamicDataChanges"])

  /// The read models that the answers come from.
  public static let projections: [any Projection.Type] = [EVSEProjection.self]

  /// Asks the read model of EVSE statuses as it is at this moment.
  /// - Parameters:
  ///   - models: those of ``projections`` at least.
  ///   - position: what became known behind it does not count; nil for now.
  /// - Throws: ``JournalError`` where a file cannot be read.
  public init(_ models: ReadModels, asOf position: JournalPosition?) throws(JournalError) {
    self.init(try models.model(EVSEProjection.self).snapshot(), asOf: position)
  }

  /// - Parameter rows: of ``EVSEProjection``.
  init(_ rows: any ModelRows, asOf position: JournalPosition?) {
    self.rows = rows
    asOf = position
  }

  /// What time it was in the journal.
  /// - Parameter observedAt: when the entry there was observed.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func time(observedAt: Timestamp) throws(JournalError) -> Timestamp {
    max(try EVSETables.clocks.clock(at: asOf, in: rows) ?? observedAt, observedAt)
  }

  /// The statuses of the elements with an id, in any spelling: mostly one; several where it is written without the separators that tell them apart. Empty
  /// where nothing was known of any.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func statuses(of id: String, _ moment: StatusMoment) throws(JournalError) -> [ElementStatus] {
    var found: [ElementStatus] = []
    for element in StatusReport.Element.allCases {
      let spelling = IdentifierSpelling(id)
      for (stored, _) in try EVSETables.elements.family(element, spelling, in: rows) {
        guard isKnown(stored), IdentifierSpelling(stored.id(asOf: asOf)).canBe(spelling) else { continue }
        found.append(try status(of: stored, moment))
      }
    }
    return found
  }

  /// Shows all elements that were known: pools, stations, EVSEs, connectors, each in the order of their ids, until `body` returns false.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, what reading rows and messages throws, and what `body` throws.
  public func forEach(_ moment: StatusMoment, _ body: (ElementStatus) throws -> Bool) throws {
    var key: [UInt8] = []
    while let (stored, _, next) = try EVSETables.elements.next(from: key, in: rows) {
      key = next
      guard isKnown(stored) else { continue }
      guard try body(try status(of: stored, moment)) else { return }
    }
  }

  /// All events of one part of an element that were known, in the order of their times.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func history(of id: String, _ element: StatusReport.Element, _ part: StatusPart) throws(JournalError) -> [StatusEvent] {
    guard let stored = try EVSETables.elements.element(element, id, in: rows)?.stored else { return [] }
    let events = try EVSETables.events.all(of: StatusEventTable.subject(stored.number, part), in: rows)
    return events.filter { event in asOf.map { event.position <= $0 } ?? true }.map { $0.known(at: asOf) }
  }

  /// Who reported an event whose message is gone; nil where that was not kept.
  func keptOrigin(of event: StatusEvent, _ status: ElementStatus, _ part: StatusPart) throws(JournalError) -> StatusOrigin? {
    guard let stored = try EVSETables.elements.element(status.element, status.id, in: rows)?.stored else { return nil }
    return try EVSETables.origins.origin(of: event.position, StatusEventTable.subject(stored.number, part), in: rows)
  }

  private func isKnown(_ stored: EVSEElementTable.Stored) -> Bool { asOf.map { stored.position <= $0 } ?? true }

  private func status(of stored: EVSEElementTable.Stored, _ moment: StatusMoment) throws(JournalError) -> ElementStatus {
    ElementStatus(
      element: stored.element, id: stored.id(asOf: asOf), availability: try part(.availability, stored, moment),
      busy: try part(.busy, stored, moment))
  }

  private func part(
    _ part: StatusPart, _ stored: EVSEElementTable.Stored, _ moment: StatusMoment
  ) throws(JournalError) -> PartStatus? {
    let found = try EVSETables.events.event(
      of: StatusEventTable.subject(stored.number, part), at: moment.latestEvent, asOf: asOf, in: rows)
    return found.map { PartStatus(event: $0.known(at: asOf), unknownSince: Self.unknownSince($0, moment)) }
  }

  private static func unknownSince(_ event: StatusEvent, _ moment: StatusMoment) -> Timestamp? {
    let silentAt = event.time.adding(milliseconds: moment.unknownAfterMilliseconds)
    if let until = event.until, until < moment.time, until <= silentAt { return until }
    return silentAt < moment.time ? event.time : nil
  }
}

extension EVSEQuestions {
  /// Where the statuses of an element contradict each other, are dated ahead or cannot be read, in the order in which it became known.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func findings() throws -> [ReportedFinding] { try elementFindings().map(\.finding) }

  /// The findings of ``findings()``, each with the level of its element.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func elementFindings() throws -> [(finding: ReportedFinding, element: StatusReport.Element)] {
    var found: [(ReportedFinding, StatusReport.Element)] = []
    try EVSETables.findings.forEach(asOf: asOf, in: rows) { stored in
      switch EVSEProjection.rule(stored.rule) {
      case EVSERules.spellingAmbiguous?: found.append(try ambiguity(stored))
      case let rule?: if let told = try reported(stored, rule) { found.append(told) }
      case nil: break
      }
      return true
    }
    return found
  }

  private func reported(
    _ stored: FindingTable.Stored, _ rule: FindingRule
  ) throws(JournalError) -> (ReportedFinding, StatusReport.Element)? {
    let number = rule == EVSERules.contradiction ? try EVSERules.number(stored) : nil
    guard let element = try EVSETables.elements.stored(stored.subject, number: number, in: rows) else { return nil }
    let id = element.id(asOf: asOf)
    let finding = ReportedFinding(
      rule: rule, position: stored.position, resolvedAt: stored.resolvedAt, subject: id,
      sentence: try EVSERules.sentence(id, stored))
    return (finding, element.element)
  }

  private func ambiguity(_ stored: FindingTable.Stored) throws(JournalError) -> (ReportedFinding, StatusReport.Element) {
    let family = try EVSETables.elements.family(of: stored.subject, in: rows).map(\.stored).filter(isKnown)
    let own = family.first { IdentifierSpelling($0.id(asOf: asOf)).separators.isEmpty }
    let subject = own?.id(asOf: asOf) ?? String(decoding: stored.detail, as: UTF8.self)
    let others = family.filter { $0 != own }.map { $0.id(asOf: asOf) }
    let finding = ReportedFinding(
      rule: EVSERules.spellingAmbiguous, position: stored.position, resolvedAt: stored.resolvedAt, subject: subject,
      sentence: "\(subject) may be \(others.joined(separator: " or ")).")
    return (finding, StatusReport.Element(rawValue: stored.subject[0])!)
  }
}
