internal import JournalFormat

/// How far a session has come.
public enum SessionState: String, Sendable, CaseIterable {
  /// From the first question to the final record. `requested` is also what obtained no authorisation.
  case requested, refused, authorised, started, suspended, ended, finalCDRReceived
}

/// What began a session.
public enum SessionStart: String, Sendable, CaseIterable {
  /// The CPO asked for a user at its EVSE.
  case badge
  /// The eMSP asked for the user.
  case remote
  /// Nobody was asked: the first message tells of a service already delivered.
  case whiteList
}

/// What the party that delivers the service was told.
public enum AuthorisationResult: String, Sendable, CaseIterable {
  /// Accepted, with `authorisationValue` 1.
  case authorised
  /// An `authorisationValue` other than 1 (guide 6.4.3), or requestStatus 10201.
  case refused
  /// An error, a fault, or no answer: the CPO may fall back on its white list (guide 6.4.2).
  case notObtained
  /// No answer yet.
  case pending
}

extension SessionFacts {
  /// The answer that counts.
  struct Decision {
    let result: AuthorisationResult
    let step: Step
    let terms: AuthorisationTerms?
  }

  /// Nil where there is no authorisation message.
  var decision: Decision? {
    guard steps.contains(where: \.isAuthorisation) else { return nil }
    // To a question the CPO is told the platform's answer; an order it answers itself.
    let (asked, ordered) = (decision(isSet: false, isFromIOP: false), decision(isSet: true, isFromIOP: true))
    guard let asked, let ordered else { return asked ?? ordered }
    for result in [AuthorisationResult.authorised, .refused, .pending] {
      if ordered.result == result { return ordered }
      if asked.result == result { return asked }
    }
    return ordered
  }

  /// By the side asked for, else by the other; by the platform's leg, else by the back end's.
  private func decision(isSet: Bool, isFromIOP: Bool) -> Decision? {
    for side in [isFromIOP, !isFromIOP] {
      for isBackEnd in [false, true] {
        if let found = decision(isSet, side, isBackEnd) { return found }
      }
    }
    return nil
  }

  /// The last answer that decides, else the last.
  private func decision(_ isSet: Bool, _ isFromIOP: Bool, _ isBackEnd: Bool) -> Decision? {
    var last: Decision?
    for index in steps.indices.reversed() {
      guard steps[index].isFromIOP == isFromIOP, steps[index].isBackEnd == isBackEnd else { continue }
      switch steps[index].content {
      case .get: if isSet { continue }
      case .set: if !isSet { continue }
      default: continue
      }
      let found = steps[index].decision
      if found.result == .authorised || found.result == .refused { return found }
      last = last ?? found
    }
    return last
  }

  var start: SessionStart {
    switch steps.first?.content {
    case .get: .badge
    case .set: .remote
    default: .whiteList
    }
  }

  /// The first final record that was not turned down.
  var finalRecord: Step? { steps.first { $0.chargeRecord?.nature == .final && !$0.isRefused } }

  /// Whether its final record cannot be turned down any more.
  var hasFinalRecord: Bool { finalRecord.map { $0.answer != nil || $0.isDownload } ?? false }

  /// The first accepted stop after which neither an event of an end nor a final record was told in time.
  var unheededStop: Step? {
    steps.first { stop in
      guard stop.isAcceptedStop else { return false }
      let limit = stop.observedAt.adding(milliseconds: AwaitedSessions.stopLimitMilliseconds)
      return !steps.contains { $0.endsSession && $0.observedAt <= limit }
    }
  }

  var hasRecord: Bool { steps.contains { $0.chargeRecord != nil } }

  var hasIntermediateRecord: Bool { steps.contains { $0.chargeRecord?.nature == .intermediate && !$0.isRefused } }

  /// In the order of their own dates.
  var events: [(step: Step, nature: UInt32?, date: Timestamp)] {
    let events = steps.compactMap { step -> (step: Step, nature: UInt32?, date: Timestamp)? in
      if case .event(let nature, let date) = step.content { (step, nature, date) } else { nil }
    }
    return events.enumerated().sorted { ($0.element.date, $0.offset) < ($1.element.date, $1.offset) }.map(\.element)
  }

  var state: SessionState {
    if finalRecord != nil { return .finalCDRReceived }
    if let told = events.lazy.compactMap({ Self.state(after: $0.nature) }).last(where: { _ in true }) { return told }
    if hasIntermediateRecord { return .started }
    switch decision?.result {
    case .authorised: return .authorised
    case .refused: return .refused
    case .notObtained, .pending, nil: return .requested
    }
  }

  /// Nil where an event changes nothing.
  private static func state(after nature: UInt32?) -> SessionState? {
    switch nature {
    case 3, 11: .started
    case 2: .suspended
    case 0, 1, 12: .ended
    default: nil
    }
  }
}

extension SessionFacts.Step {
  /// Whether somebody asked for the session's end, an emergency stop or a stop, and was told that it is accepted.
  var isAcceptedStop: Bool {
    guard case .action(let nature) = content, nature == 0 || nature == 1, let answer else { return false }
    return answer.outcome == .accepted && !answer.isGateway
  }

  /// Whether it tells that the session has ended.
  fileprivate var endsSession: Bool {
    switch content {
    case .event(let nature, _): nature == 0 || nature == 1 || nature == 12
    case .record(let record): record.nature == .final && !isRefused
    default: false
    }
  }

  /// What an authorisation message decided.
  fileprivate var decision: SessionFacts.Decision {
    let asked: AuthorisationTerms? = if case .set(let terms) = content { terms } else { nil }
    guard let answer else { return .init(result: .pending, step: self, terms: asked) }
    let terms = asked ?? answer.terms
    let result: AuthorisationResult =
      if answer.requestStatus == 10_201 || terms?.isAuthorised == false && answer.outcome != .lost {
        .refused
      } else if answer.outcome == .accepted && terms?.isAuthorised == true {
        .authorised
      } else {
        .notObtained
      }
    return .init(result: result, step: self, terms: terms)
  }
}
