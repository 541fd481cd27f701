import Answers
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

  var question: StatusQuestion {
    var question = StatusQuestion()
    question.asOf = model.asOf
    question.knownAt = knownAt
    question.unknownAfterMilliseconds = unknownAfter
    question.operatorId = `operator`
    question.level = level
    return question
  }

  /// Opens the read model with progress on standard error, as of what was known.
  func basis() throws -> AnswerBasis {
    try AnswerBasis(model.journal, StatusQuestion.projections, asOf: question.basisMoment)
  }
}

/// How statuses are told to people.
enum StatusText {
  /// `busy`, or `code 7`.
  static func status(_ part: StatusPart, _ event: StatusEvent) -> String {
    guard let status = event.status else { return "unreadable: \(event.unreadable["status"] ?? "")" }
    let name = part == .availability ? AvailabilityStatus(rawValue: status).name : BusyStatus(rawValue: status).name
    return name ?? "code \(status)"
  }

  static func cell(_ part: StatusPart, _ status: PartStatus?) -> TextTable.Cell {
    guard let status else { return TextTable.Cell("-", .dim) }
    let text = self.status(part, status.event)
    if status.unknownSince != nil { return TextTable.Cell("unknown (\(text))", .yellow) }
    return TextTable.Cell(text, look(part, status.event))
  }

  static func look(_ part: StatusPart, _ event: StatusEvent) -> Style.Look? {
    guard let status = event.status else { return .magenta }
    return switch (part, status) {
    case (.availability, AvailabilityStatus.outOfOrder.rawValue), (.availability, AvailabilityStatus.deleted.rawValue): .red
    case (.availability, AvailabilityStatus.inService.rawValue), (.busy, BusyStatus.free.rawValue): .green
    case (.busy, BusyStatus.busy.rawValue), (.busy, BusyStatus.reserved.rawValue): .magenta
    default: nil
    }
  }

  static func acceptance(_ acceptance: ReportAcceptance?) -> TextTable.Cell {
    guard let acceptance else { return TextTable.Cell("-", .dim) }
    let status = acceptance.requestStatus.map { " \($0)" } ?? acceptance.httpStatus.map { " (HTTP \($0))" } ?? ""
    let text = acceptance.word + status
    switch acceptance {
    case .accepted: return TextTable.Cell(text, .green)
    case .rejected, .fault, .refused, .failed, .unreadable: return TextTable.Cell(text, .red)
    case .lost, .doubtful: return TextTable.Cell(text, .magenta)
    case .deferred, .pending: return TextTable.Cell(text, .yellow)
    }
  }

  static func time(_ time: Timestamp?) -> TextTable.Cell { TextTable.Cell(time.map(Figure.time)) }

  /// The date that was sent; where there is none that can be read, the moment of the message.
  static func date(_ event: StatusEvent?) -> TextTable.Cell { time(event?.said) }

  static func until(_ event: StatusEvent) -> TextTable.Cell {
    if let text = event.unreadable["until"] { return TextTable.Cell("unreadable: \(text)", .magenta) }
    return time(event.until)
  }

  /// What is odd about the date of an event.
  static func remarks(_ event: StatusEvent) -> [String] {
    var remarks: [String] = []
    if let ahead = event.aheadMilliseconds { remarks.append("ahead by \(Figure.span(ahead))") }
    if let text = event.unreadable["eventDate"] {
      remarks.append("dated \(text), which is unreadable: the message's time stands for it")
    } else if event.date == nil {
      remarks.append("without a date: the message's time stands for it")
    }
    return remarks
  }
}
