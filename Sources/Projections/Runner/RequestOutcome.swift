public import EMIP
public import JournalFormat
internal import JournalStore

/// What became of a request, as the read models count it.
public enum RequestOutcome: Hashable, Sendable {
  /// Done, wholly or in part (guide 5.4.2): a `requestStatus` below 10000, or none.
  case accepted(requestStatus: UInt32?)
  /// Not done.
  case rejected(requestStatus: UInt32?)
  /// A SOAP fault, or an HTTP error with a message that is none.
  case fault(code: String?)
  /// Turned away by HTTP, without a message.
  case refused(httpStatus: UInt16)
  /// HTTP answered, without a message: it may be tried again.
  case failed(httpStatus: UInt16)
  /// No answer came: it may have arrived.
  case lost
  /// The answer could not be read safely, or its `requestStatus` is there and no number: it may have been done.
  case unreadable
  /// The answer is about something else: whether what was asked for was done, it does not tell.
  case doubtful(requestStatus: UInt32?)

  /// Tells what an answer says by itself; nil for anything but an answer.
  public init?(_ entry: Entry) {
    guard entry.kind != .refusal || entry.requestPosition != nil, let outcome = ExchangeOutcome(entry) else { return nil }
    let recorded = entry.content.context.outcome
    switch outcome.name {
    case .ok, .warning:
      let isUnreadable = recorded.requestStatus == nil && entry.content.hasUnreadableStatus
      self = isUnreadable ? .unreadable : .accepted(requestStatus: recorded.requestStatus)
    case .error: self = .rejected(requestStatus: recorded.requestStatus)
    case .fault: self = .fault(code: recorded.faultCode)
    case .refused: self = outcome.httpStatus.map(Self.refused) ?? .unreadable
    case .failed: self = outcome.httpStatus.map(Self.failed) ?? .unreadable
    case .lost: self = entry.kind == .failure ? .lost : .unreadable
    }
  }

  /// Tells what an answer says of its request; nil for anything but an answer.
  public init?(_ entry: ProjectedEntry) {
    guard let outcome = Self(entry.entry) else { return nil }
    self = outcome
    switch outcome {
    case .accepted(let status) where entry.mismatch != nil: self = .doubtful(requestStatus: status)
    case .rejected(let status) where entry.mismatch != nil: self = .doubtful(requestStatus: status)
    default: return
    }
  }

  /// Whether it was done, wholly or in part.
  public var isAccepted: Bool { if case .accepted = self { true } else { false } }
}

extension ProjectedEntry {
  /// How an answer does not fit its request; nil where it does, as far as both tell.
  public var mismatch: AnswerMismatch? {
    guard kind == .response, let request else { return nil }
    return AnswerMismatch(entry.content, to: request.entry.content)
  }

  /// Whether an answer is about another session of the platform's than its request: its ids are that one's.
  var isOfOtherSession: Bool { if case .serviceSessionId = mismatch { true } else { false } }
}
