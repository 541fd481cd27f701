import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

/// What the questions for statuses have in common: of when, by whose knowledge, of whom.
struct StatusOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "By what the journal knew then: a position, or a moment by which it had been recorded. --as-of tells the time that is asked about.",
      valueName: "position|time"),
    transform: JournalMoment.parse)
  var knownAt: JournalMoment?

  @Option(
    help: ArgumentHelp("A status is unknown when nothing was heard for so long: 12h, 7d (the default).", valueName: "span"),
    transform: Moment.milliseconds)
  var unknownAfter: Int64 = StatusMoment.defaultUnknownAfterMilliseconds

  @Option(help: ArgumentHelp("Of this operator only.", valueName: "id"))
  var `operator`: String?

  @Option(help: ArgumentHelp("pool, station, evse or connector.", valueName: "level"), transform: StatusOptions.level)
  var level: StatusReport.Element?

  @OptionGroup var model: ModelOptions

  private static func level(_ text: String) throws -> StatusReport.Element {
    guard let level = StatusReport.Element(level: text) else {
      throw ValidationError("there is no level '\(text)': it is pool, station, evse or connector.")
    }
    return level
  }

  func validate() throws {
    if case .position? = model.asOf, knownAt != nil {
      throw ValidationError("--as-of is a moment where --known-at says what was known.")
    }
  }

  /// Whether an element is asked for.
  func includes(_ status: ElementStatus) -> Bool {
    if let level, level != status.element { return false }
    guard let `operator` else { return true }
    return TermForm.compact.normalized(status.id.utf8).starts(with: TermForm.compact.normalized(`operator`.utf8))
  }
}

/// The read model of statuses, and the moment that it is asked about.
struct StatusQuestion {
  let question: ModelQuestion
  let statuses: EVSEStatuses
  let rows: ModelSnapshot
  let moment: StatusMoment

  init(_ options: StatusOptions) throws {
    var model = options.model
    // A time is that of the events; a position says what was known, and so what time it was.
    var time: Timestamp?
    model.asOf = options.knownAt
    switch options.model.asOf {
    case .time(let moment): time = moment
    case .position(let position): model.asOf = .position(position)
    case nil: break
    }
    question = try model.question([EVSEStatusProjection.self])
    rows = try question.models.model(EVSEStatusProjection.self).snapshot()
    statuses = EVSEStatuses(rows)
    moment = StatusMoment(
      time: try time ?? Self.now(question, statuses), toleranceMilliseconds: time == nil ? StatusMoment.clockToleranceMilliseconds : 0,
      knownAt: question.asOf, unknownAfterMilliseconds: options.unknownAfter)
  }

  /// A journal at rest stands at the time of its last entries, not at that of the wall.
  private static func now(_ question: ModelQuestion, _ statuses: EVSEStatuses) throws -> Timestamp {
    let reader = question.models.reader
    guard let last = try reader.lastPosition() else { return .now }
    let position = min(question.asOf ?? last, last)
    let observedAt = try reader.entry(at: position)?.content.observedAt
    return try statuses.time(at: position, observedAt: observedAt ?? Timestamp(rawValue: 0))
  }

  /// The findings that hold, by element.
  func openFindings() throws -> [String: [ReportedFinding]] {
    let found = try EVSEStatusProjection.elementFindings(asOf: question.asOf, in: rows).filter { $0.finding.resolvedAt == nil }
    return Dictionary(grouping: found, by: { "\($0.element.level) \($0.finding.subject)" }).mapValues { $0.map(\.finding) }
  }
}

extension ElementStatus {
  /// What ``StatusQuestion/openFindings()`` has it by.
  var findingKey: String { "\(element.level) \(id)" }

  static let columns = [
    "id", "level", "availabilityStatus", "availabilityEventDate", "busyStatus", "busyEventDate", "position", "availabilityUntil",
    "busyUntil", "availabilityUnknownSince", "busyUnknownSince", "availabilityAcceptance", "busyAcceptance", "findings",
  ]

  /// For machines.
  func row(_ findings: [ReportedFinding]) -> [String: JSONValue] {
    var row: [String: JSONValue] = [
      "id": .text(id), "level": .text(element.level), "position": .number(position),
      "findings": .list(findings.map { .text($0.rule.id) }),
    ]
    for (name, part) in [("availability", availability), ("busy", busy)] {
      row[name + "Status"] = part.map { .integer(Int64($0.event.status)) } ?? .null
      row[name + "EventDate"] = .time(part?.event.time)
      row[name + "Until"] = .time(part?.event.until)
      row[name + "UnknownSince"] = .time(part?.unknownSince)
      row[name + "Acceptance"] = .word(part?.event.acceptance?.word)
      row[name + "RequestStatus"] = part?.event.acceptance?.requestStatus.map { .integer(Int64($0)) } ?? .null
    }
    return row
  }
}

extension JSONValue {
  static func time(_ time: Timestamp?) -> JSONValue { word(time?.description) }
  static func word(_ text: String?) -> JSONValue { text.map { .text($0) } ?? .null }
  static func number(_ position: JournalPosition?) -> JSONValue { position.map { .integer(Int64($0.rawValue)) } ?? .null }
}

/// How statuses are told to people.
enum StatusText {
  /// `busy`, or `code 7`.
  static func status(_ part: StatusPart, _ status: UInt32) -> String {
    let name = part == .availability ? AvailabilityStatus(rawValue: status).name : BusyStatus(rawValue: status).name
    return name ?? "code \(status)"
  }

  static func cell(_ part: StatusPart, _ status: PartStatus?) -> TextTable.Cell {
    guard let status else { return TextTable.Cell("-", .dim) }
    let text = self.status(part, status.event.status)
    if status.unknownSince != nil { return TextTable.Cell("unknown (\(text))", .yellow) }
    return TextTable.Cell(text, look(part, status.event.status))
  }

  static func look(_ part: StatusPart, _ status: UInt32) -> Style.Look? {
    switch (part, status) {
    case (.availability, AvailabilityStatus.outOfOrder.rawValue), (.availability, AvailabilityStatus.deleted.rawValue): .red
    case (.availability, AvailabilityStatus.inService.rawValue), (.busy, BusyStatus.free.rawValue): .green
    case (.busy, BusyStatus.busy.rawValue), (.busy, BusyStatus.reserved.rawValue): .magenta
    default: nil
    }
  }

  static func acceptance(_ acceptance: ReportAcceptance?) -> TextTable.Cell {
    guard let acceptance else { return TextTable.Cell("-", .dim) }
    let text = acceptance.word + (acceptance.requestStatus.map { " \($0)" } ?? "")
    switch acceptance {
    case .accepted: return TextTable.Cell(text, .green)
    case .rejected, .fault, .unreadable: return TextTable.Cell(text, .red)
    case .lost: return TextTable.Cell(text, .magenta)
    case .deferred, .pending: return TextTable.Cell(text, .yellow)
    }
  }

  static func time(_ time: Timestamp?) -> TextTable.Cell { TextTable.Cell(time.map(Figure.time)) }
}
