import Answers
import ArgumentParser
import JournalFormat
import JournalStore

/// Which exchanges to list.
struct ExchangeFilterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("From this moment on (observedAt): \(Moment.spellings).", valueName: "time"), transform: Moment.parse)
  var since: Timestamp?

  @Option(help: ArgumentHelp("Before this moment (observedAt).", valueName: "time"), transform: Moment.parse)
  var until: Timestamp?

  @Option(help: ArgumentHelp("For instance GetServiceAuthorisation, in any case.", valueName: "name"))
  var operation: String?

  @Option(help: ArgumentHelp("toIOP or fromIOP.", valueName: "direction"), transform: CaseName.parse)
  var direction: Direction?

  @Option(name: .customLong("operator"), help: ArgumentHelp("An operator: the caller, the one routed to, or one named.", valueName: "id"))
  var operatorId: String?

  @Option(help: ArgumentHelp("The partnerId of the request.", valueName: "id"))
  var partner: String?

  @Option(help: ArgumentHelp("An EVSE, pool, station or connector.", valueName: "id"))
  var evse: String?

  @Option(help: ArgumentHelp("A user, by badge or contract.", valueName: "id"))
  var user: String?

  @Option(
    help: ArgumentHelp(
      "ok, warning, error, fault, refused (by HTTP 4xx, or by us as it could not be read), failed (by HTTP 429 or 5xx) or lost.",
      valueName: "outcome"), transform: CaseName.parse)
  var outcome: ExchangeOutcome.Name?

  var filter: ExchangeFilter {
    var filter = ExchangeFilter()
    filter.since = since
    filter.until = until
    filter.operation = operation
    filter.direction = direction
    filter.operatorId = operatorId
    filter.partner = partner
    filter.evse = evse
    filter.user = user
    filter.outcome = outcome
    return filter
  }

  func validate() throws {
    if let since, let until, since >= until { throw ValidationError("--since must come before --until.") }
    let texts = [operation, operatorId, partner, evse, user]
    if texts.contains(where: { $0?.allSatisfy(\.isWhitespace) ?? false }) { throw ValidationError("An option has an empty value.") }
  }
}

/// The cases of the journal's enumerations by their names, in any case.
enum CaseName {
  /// For an option's `transform`.
  static func parse<Value: CaseIterable>(_ text: String) throws -> Value {
    if let value = Value.allCases.first(where: { "\($0)".lowercased() == text.lowercased() }) { return value }
    throw ValidationError("'\(text)' is none of \(Value.allCases.map { "\($0)" }.joined(separator: ", ")).")
  }
}
