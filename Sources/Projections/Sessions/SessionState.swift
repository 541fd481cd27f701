internal import JournalFormat

/// How far a session has come.
public enum SessionState: String, Sendable, CaseIterable {
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
  case authorised
  /// An `authorisationValue` other than 1 (guide 6.4.3), or requestStatus 10201.
  case refused
  /// An error, a fault, or no answer: the CPO may fall back on its white list (guide 6.4.2).
  case notObtained
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
    // To a question the CPO is told the platform's answer; an order it answers itself.
    let decisions = [decision(isSet: false, isFromIOP: false), decision(isSet: true, isFromIOP: true)].compactMap { $0 }
    for result in [AuthorisationResult.authorised, .refused, .pending] {
      if let found = decisions.last(where: { $0.result == result }) { return found }
    }
    return decisions.last
  }

  /// By the side asked for, else by the other; by the platform's leg, else by the back end's; the last answer that decides, else the last.
  private func decision(isSet: Bool, isFromIOP: Bool) -> Decision? {
    for side in [isFromIOP, !isFromIOP] {
      for isBackEnd in [false, true] {
        let found = steps.lazy.filter { step in
          guard step.record.isFromIOP == side, step.record.isBackEnd == isBackEnd else { return false }
          switch step.record.content {
          case .get: return !isSet
          case .set: return isSet
          default: return false
          }
        }.map(\.decision)
        if let decisive = found.last(where: { $0.result == .authorised || $0.result == .refused }) { return decisive }
        if let last = found.last(where: { _ in true }) { return last }
      }
    }
    return nil
  }

  var start: SessionStart {
    switch steps.first?.record.content {
    case .get: .badge
    case .set: .remote
    default: .whiteList
    }
  }

  /// The first final record that was not turned down.
  var finalRecord: Step? { steps.first { $0.chargeRecord?.nature == .final && !$0.isRefused } }

  var hasIntermediateRecord: Bool { steps.contains { $0.chargeRecord?.nature == .intermediate && !$0.isRefused } }

  /// In the order of their own dates.
  var events: [(step: Step, nature: UInt32?, date: Timestamp)] {
    let events = steps.compactMap { step -> (step: Step, nature: UInt32?, date: Timestamp)? in
      if case .event(let nature, let date) = step.record.content { (step, nature, date) } else { nil }
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
  /// Of an authorisation message.
  fileprivate var decision: SessionFacts.Decision {
    let asked: AuthorisationTerms? = if case .set(let terms) = record.content { terms } else { nil }
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
