internal import JournalFormat

/// What the other side made of a version, all attempts together.
public enum CDRAcceptance: Hashable, Sendable {
  /// - Parameter arrivedBy10701: no attempt was answered so, but a later one was told that the record had come already (guide 6.5.1).
  case accepted(requestStatus: UInt32?, arrivedBy10701: Bool)
  case rejected(requestStatus: UInt32?)
  case fault
  /// No answer came: it may have arrived.
  case lost
  /// Only the gateway has answered, who keeps it for the other side.
  case deferred
  /// No answer yet.
  case pending

  /// Nil where nobody knows.
  public var isAccepted: Bool? {
    switch self {
    case .accepted: true
    case .rejected, .fault: false
    case .lost, .deferred, .pending: nil
    }
  }

  /// `accepted`, `rejected`, `fault`, `lost`, `deferred` or `pending`.
  public var name: String {
    switch self {
    case .accepted: "accepted"
    case .rejected: "rejected"
    case .fault: "fault"
    case .lost: "lost"
    case .deferred: "deferred"
    case .pending: "pending"
    }
  }

  public var requestStatus: UInt32? {
    switch self {
    case .accepted(let status, _), .rejected(let status): status
    default: nil
    }
  }
}

extension CDRAcceptance {
  /// A final record was received already.
  static let alreadyReceived: UInt32 = 10_701

  /// Of the attempts of a version.
  /// - Parameter hasOtherFinal: whether the other side accepted another final record of the session.
  init(_ version: CDRVersion, hasOtherFinal: Bool) {
    guard version.side != .download else {
      self = .accepted(requestStatus: nil, arrivedBy10701: false)
      return
    }
    if let answer = version.acceptingAnswer {
      self = .accepted(requestStatus: answer.requestStatus, arrivedBy10701: false)
      return
    }
    let decided = version.attempts.filter { $0.leg == .gatewayIOP && $0.answer?.isGateways == false }
    if !hasOtherFinal, let told = decided.first(where: { $0.answer?.requestStatus == Self.alreadyReceived }),
      version.attempts.contains(where: { $0.position < told.position && $0.mayHaveArrived })
    {
      self = .accepted(requestStatus: Self.alreadyReceived, arrivedBy10701: true)
      return
    }
    switch decided.compactMap(\.answer).max(by: { $0.position < $1.position }) {
    case let answer? where answer.outcome == .rejected: self = .rejected(requestStatus: answer.requestStatus)
    case let answer? where answer.outcome == .fault: self = .fault
    case .some: self = .lost
    case nil: self = version.attempts.contains { $0.answer?.isGateways == true } ? .deferred : .pending
    }
  }
}

extension CDRVersion {
  /// The first that says that it was accepted.
  var acceptingAnswer: Answer? {
    attempts.lazy.filter { $0.leg == .gatewayIOP }.compactMap(\.answer).filter { !$0.isGateways && $0.outcome == .accepted }
      .min { $0.position < $1.position }
  }
}

extension CDRVersion.Attempt {
  /// The other side may have it, and not have said so.
  fileprivate var mayHaveArrived: Bool {
    guard leg == .gatewayIOP else { return false }
    return switch answer?.outcome {
    case nil, .lost, .fault: true
    case .accepted, .rejected: false
    }
  }
}
