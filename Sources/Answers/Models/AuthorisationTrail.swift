internal import EMIP
public import JournalFormat
internal import JournalStore
public import Projections

/// Follows a user's authorisation from whoever asked to whoever decided (guide 6.4, 7.3).
public struct AuthorisationTrail: Sendable {
  /// The user, by badge or contract.
  public var user: String
  /// The EVSE; nil for any.
  public var evse: String?
  /// The moment around which is looked.
  public var at: Timestamp
  /// How far around that moment.
  public var withinMilliseconds: Int64

  /// The read models that are asked.
  public static let projections: [any Projection.Type] = [EVSEProjection.self, WhiteListProjection.self]

  /// Asks about a user.
  public init(user: String, evse: String? = nil, at: Timestamp, withinMilliseconds: Int64) {
    self.user = user
    self.evse = evse
    self.at = at
    self.withinMilliseconds = withinMilliseconds
  }

  /// The steps in the order of time: what was known of the EVSE and the user before anybody asked comes first.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: ``AnswerError`` where nobody asked and no list names the user; `JournalError` where the journal cannot be read.
  public func steps(_ basis: AnswerBasis) throws -> [AuthorisationStep] {
    var query = ExchangeQuery()
    query.since = at.adding(milliseconds: -withinMilliseconds)
    query.until = at.adding(milliseconds: withinMilliseconds + 1)
    query.termGroups = [SearchTerms.userTerms(user)] + (evse.map { [SearchTerms.evseTerms($0)] } ?? [])
    query.isWanted = evse.flatMap(ExchangeFilter.spelling)
    let messages = MessageReader()
    var steps = try whiteListSteps(basis) + statusSteps(basis)
    try basis.models.reader.forEachExchange(query) { result in
      // What is damaged the journal's log knows, and so does whoever asked.
      if case .success(let exchange) = result, let known = exchange.asOf(basis.asOf), let step = Self.step(known, messages) {
        steps.append(step)
      }
      return true
    }
    guard steps.contains(where: { $0.source != .evse }) else {
      try basis.requireWhole()
      throw AnswerError(
        .notFound,
        "nobody asked for this user\(evse.map { " at \($0)" } ?? "") within \(withinMilliseconds / 1_000) s of \(Figure.time(at)), "
          + "and no white list names it.")
    }
    let order = steps.indices.sorted { first, second in
      (steps[first].time?.rawValue ?? .min, first) < (steps[second].time?.rawValue ?? .min, second)
    }
    return order.map { steps[$0] }
  }

  /// What the EVSE was reported to be.
  private func statusSteps(_ basis: AnswerBasis) throws -> [AuthorisationStep] {
    guard let evse else { return [] }
    let statuses = try EVSEQuestions(basis.models, asOf: basis.asOf).statuses(of: evse, StatusMoment(time: at))
    return statuses.filter { $0.element == .evse }.map { status in
      let availability = Self.word(status.availability) { AvailabilityStatus(rawValue: $0).description }
      let busy = Self.word(status.busy) { BusyStatus(rawValue: $0).description }
      return AuthorisationStep(
        source: .evse, time: [status.availability, status.busy].compactMap { $0?.event.time }.max(), position: status.position?.rawValue,
        text: "the EVSE was reported available: \(availability), busy: \(busy)")
    }
  }

  private static func word(_ part: PartStatus?, _ word: (UInt32) -> String) -> String {
    guard let event = part?.event else { return "unknown" }
    return event.status.map(word) ?? "unreadable (\(event.unreadable["status"] ?? ""))"
  }

  /// What the lists said of the user, by what had been recorded then.
  private func whiteListSteps(_ basis: AnswerBasis) throws -> [AuthorisationStep] {
    guard let recorded = try basis.models.reader.lastPosition(recordedBy: at) else { return [] }
    let list = try WhiteListQuestions(basis.models, asOf: min(recorded, basis.asOf ?? recorded))
    let isBadge = !user.isEmpty && user.allSatisfy { $0.isHexDigit || $0 == ":" }
    let types: [UserIdType] = isBadge ? [.rfidUID] : [.eMA, .evco, .eMI3, .empSpecific]
    return try types.flatMap { type in
      try list.check(UserKey(type: type.rawValue, id: user), at: at).standings.map { standing in
        let owner = standing.entry.eMSPId ?? standing.entry.operatorId
        let age = standing.listAgeMilliseconds.map { ", the list was \($0 / 3_600_000) h old" } ?? ""
        let unreadable = standing.unreadable.values.map { ", \($0.name) \"\($0.text)\" cannot be read" }.joined()
        let verdict: AuthorisationStep.Verdict =
          switch standing.answer {
          case .authorised: .authorised
          case .refused, .expired: .refused
          case .uncertain, .unknown: .notObtained
          }
        return AuthorisationStep(
          source: .whitelist, time: standing.listAcceptedAt, position: standing.entry.position?.rawValue,
          text: "the white list of \(owner), held by \(standing.entry.holder): \(standing.answer.rawValue)\(unreadable)\(age)",
          verdict: verdict)
      }
    }
  }

  /// What the steps come to: the last verdict that the delivering party was told, else the last of all; where nobody asked, what the CPO could take
  /// from a white list (guide 6.4.2).
  public static func conclusion(_ steps: [AuthorisationStep]) -> String {
    guard steps.contains(where: \.isExchange) else {
      let isListed = steps.contains { $0.verdict == .authorised }
      return "nobody asked; " + (isListed ? "the white list authorised the user" : "no white list authorised the user")
    }
    let deciding = steps.last { $0.isDeciding && $0.verdict != nil } ?? steps.last { $0.isExchange && $0.verdict != nil }
    guard let deciding, let verdict = deciding.verdict else { return "no answer came" }
    let place = (deciding.answerPosition ?? deciding.position).map { " (position \(Figure.count($0)))" } ?? ""
    switch verdict {
    case .authorised: return "authorised" + place
    case .refused: return "refused" + place
    case .notObtained: return "no authorisation was obtained" + place
    }
  }

  /// Nil for an exchange that is about no authorisation.
  private static func step(_ exchange: Exchange, _ messages: MessageReader) -> AuthorisationStep? {
    guard let request = exchange.request, let operation = request.content.context.operation,
      operation == "GetServiceAuthorisation" || operation == "SetServiceAuthorisation"
    else { return nil }
    let asks = operation == "GetServiceAuthorisation"
    let asked = authorisation(request, messages)
    let answered = exchange.response.flatMap { authorisation($0, messages) }
    let isOwnershipQuestion = asks && request.content.context.direction == .fromIOP && asked?.requestedServiceId?.value == .reserved
    let value = (asks ? answered : asked)?.authorisationValue
    var (text, verdict) = answer(exchange.ending, value, isOwnershipQuestion: isOwnershipQuestion)
    if exchange.answerMismatch != nil { text += ", doubtful: the answer is to another request" }
    text = question(request.content.context, asks, isOwnershipQuestion) + ": " + text
    if isOwnershipQuestion { verdict = nil }
    return AuthorisationStep(
      source: .exchange, time: request.content.observedAt, position: request.position.rawValue,
      answerPosition: exchange.ending.map(\.position.rawValue), text: text, verdict: verdict,
      isDeciding: !isOwnershipQuestion && asks == (request.content.context.direction == .toIOP))
  }

  private static func authorisation(_ entry: Entry, _ messages: MessageReader) -> ServiceAuthorisation? {
    guard case .message(let facts) = messages.read(entry.content) else { return nil }
    return facts.serviceAuthorisation
  }

  private static func question(_ context: EntryContext, _ asks: Bool, _ isOwnershipQuestion: Bool) -> String {
    let caller = context.operator ?? context.partner ?? "somebody"
    let target = context.targetOperator ?? "somebody"
    return switch (context.direction, asks) {
    case (.fromIOP, true):
      isOwnershipQuestion ? "the platform asked \(target) whether the user is its own" : "the platform asked \(target), for \(caller)"
    case (.fromIOP, false): "the platform told \(target) to serve the user, for \(caller)"
    case (_, true): "\(caller) asked the platform"
    case (_, false): "\(caller) asked the platform to have the user served"
    }
  }

  private static func answer(
    _ ending: Entry?, _ said: Field<AuthorisationValue>?, isOwnershipQuestion: Bool
  ) -> (String, AuthorisationStep.Verdict?) {
    guard let ending, let outcome = RequestOutcome(ending) else { return ("no answer yet", nil) }
    switch outcome {
    case .accepted:
      guard let said else { return ("done, without an authorisationValue", isOwnershipQuestion ? nil : .notObtained) }
      guard let value = said.value else {
        return ("done, with the authorisationValue \"\(said.text)\", which cannot be read", isOwnershipQuestion ? nil : .notObtained)
      }
      if isOwnershipQuestion { return (value.isAuthorised ? "yes" : "no", nil) }
      return value.isAuthorised ? ("authorised", .authorised) : ("refused, authorisationValue \(value)", .refused)
    case .rejected(let code):
      let status = code.map { RequestStatus(rawValue: $0) }
      return ("requestStatus \(status?.description ?? "-")", status == .authorisationRejected ? .refused : .notObtained)
    case .fault(let code): return ("fault \(code ?? "-")", .notObtained)
    case .refused(let status): return ("refused (HTTP \(status))", .notObtained)
    case .failed(let status): return ("failed (HTTP \(status))", .notObtained)
    case .doubtful: return ("an answer to another request", .notObtained)
    case .lost: return ("no answer", .notObtained)
    case .unreadable: return ("an answer that could not be read", .notObtained)
    }
  }
}
