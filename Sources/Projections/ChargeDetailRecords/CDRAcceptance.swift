internal import JournalFormat

/// What the other side made of a version, all attempts together.
public enum CDRAcceptance: Hashable, Sendable {
  /// - Parameter arrivedBy10701: no attempt was answered so, but a later one was told that the record had come already (guide 6.5.1).
  case accepted(requestStatus: UInt32?, arrivedBy10701: Bool)
  case rejected(requestStatus: UInt32?)
  case fault
  /// Turned away by HTTP, without a message.
  case refused(httpStatus: UInt16)
  /// HTTP answered, without a message: it may be tried again.
  case failed(httpStatus: UInt16)
  /// No answer came: it may have arrived.
  case lost
  /// An answer came that could not be read: it may have arrived.
  case unreadable
  /// The answer is about something else (``AnswerMismatch``): what it says is not of this version.
  case doubtful(requestStatus: UInt32?)
  /// Only the gateway has answered, who keeps it for the other side.
  case deferred
  /// No answer yet.
  case pending

  /// Nil where nobody knows.
  public var isAccepted: Bool? {
    switch self {
    case .accepted: true
    case .rejected, .fault, .refused, .failed: false
    case .lost, .unreadable, .doubtful, .deferred, .pending: nil
    }
  }

  /// `accepted`, `rejected`, `fault`, `refused`, `failed`, `lost`, `unreadable`, `doubtful`, `deferred` or `pending`.
  public var name: String {
    switch self {
    case .accepted: "accepted"
    case .rejected: "rejected"
    case .fault: "fault"
    case .refused: "refused"
    case .failed: "failed"
    case .lost: "lost"
    case .unreadable: "unreadable"
    case .doubtful: "doubtful"
    case .deferred: "deferred"
    case .pending: "pending"
    }
  }

  /// The other side's code, where it gave one.
  public var requestStatus: UInt32? {
    switch self {
    case .accepted(let status, _), .rejected(let status), .doubtful(let status): status
    default: nil
    }
  }

  /// The status by which HTTP turned it away or failed; nil where a message came, or nothing.
  public var httpStatus: UInt16? {
    switch self {
    case .refused(let status), .failed(let status): status
    default: nil
    }
  }
}

extension CDRAcceptance {
  /// A final record was received already.
  static let alreadyReceived: UInt32 = 10_701

  /// Tells what became of the attempts of a version.
  /// - Parameter hasOtherFinal: whether the other side accepted another final record of the session.
  init(_ version: CDRVersion, hasOtherFinal: @autoclosure () -> Bool) {
    guard version.side != .download else {
      self = .accepted(requestStatus: nil, arrivedBy10701: false)
      return
    }
    if let answer = version.acceptingAnswer {
      self = .accepted(requestStatus: answer.requestStatus, arrivedBy10701: false)
      return
    }
    var last: CDRVersion.Answer?
    var mayHaveArrived = false
    // As the first answer of this kind tells.
    var hasArrived: Bool?
    var isDeferred = false
    for attempt in version.attempts {
      if let answer = attempt.answer {
        if answer.isGateways { isDeferred = true }
        if attempt.leg == .gatewayIOP, !answer.isGateways {
          if last.map({ $0.position < answer.position }) ?? true { last = answer }
          if answer.requestStatus == Self.alreadyReceived { hasArrived = hasArrived ?? mayHaveArrived }
        }
      }
      mayHaveArrived = mayHaveArrived || attempt.mayHaveArrived
    }
    if hasArrived == true, !hasOtherFinal() {
      self = .accepted(requestStatus: Self.alreadyReceived, arrivedBy10701: true)
      return
    }
    switch last?.outcome {
    case .rejected?, .accepted?: self = .rejected(requestStatus: last?.requestStatus)
    case .fault?: self = .fault
    case .refused?: self = .refused(httpStatus: last?.httpStatus ?? 0)
    case .failed?: self = .failed(httpStatus: last?.httpStatus ?? 0)
    case .lost?: self = .lost
    case .unreadable?: self = .unreadable
    case .doubtful?: self = .doubtful(requestStatus: last?.requestStatus)
    case nil: self = isDeferred ? .deferred : .pending
    }
  }
}

extension CDRVersion {
  /// The first that says that it was accepted.
  var acceptingAnswer: Answer? {
    var first: Answer?
    for attempt in attempts where attempt.leg == .gatewayIOP {
      guard let answer = attempt.answer, !answer.isGateways, answer.outcome == .accepted else { continue }
      if first.map({ answer.position < $0.position }) ?? true { first = answer }
    }
    return first
  }
}

extension CDRVersion.Attempt {
  /// The other side may have it, and not have said so.
  fileprivate var mayHaveArrived: Bool {
    guard leg == .gatewayIOP else { return false }
    return switch answer?.outcome {
    case nil, .lost, .unreadable, .fault, .failed, .doubtful: true
    case .accepted, .rejected, .refused: false
    }
  }
}
