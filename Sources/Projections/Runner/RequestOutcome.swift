public import JournalFormat

/// What became of a request, as the read models count it.
public enum RequestOutcome: Hashable, Sendable {
  /// Done, wholly or in part (guide 5.4.2): a `requestStatus` below 10000, or none.
  case accepted(requestStatus: UInt32?)
  /// Not done.
  case rejected(requestStatus: UInt32?)
  /// A SOAP fault, or an HTTP error without one.
  case fault(code: String?)
  /// No answer came: it may have arrived.
  case lost
  /// The answer could not be read safely.
  case unreadable

  /// Tells what an answer says; nil for anything but an answer.
  public init?(_ entry: Entry) {
    let outcome = entry.content.context.outcome
    switch entry.kind {
    case .failure: self = .lost
    case .refusal where entry.requestPosition != nil: self = .unreadable
    case .response:
      switch outcome.outcomeClass {
      case .ok, .warning, nil: self = .accepted(requestStatus: outcome.requestStatus)
      case .error: self = .rejected(requestStatus: outcome.requestStatus)
      case .fault: self = .fault(code: outcome.faultCode)
      case .lost, .refused: self = .unreadable
      }
    default: return nil
    }
  }

  /// Whether it was done, wholly or in part.
  public var isAccepted: Bool { if case .accepted = self { true } else { false } }
}
