public import JournalFormat

/// How an exchange ended, as its entries tell when they are read: by the message that answered, and by the HTTP status where none did. What is recorded
/// stays what it was.
///
///     a message came                              ok, warning, error, fault: as it was recorded
///     it could not be read, HTTP 1xx or 2xx       refused, by us
///     no message, HTTP 4xx but 429                refused, by the peer
///     no message, HTTP 429, 5xx or any other      failed, by the peer: it may be tried again
///     nothing came                                lost
public struct ExchangeOutcome: Hashable, Sendable {
  /// The outcome in one word.
  public enum Name: String, Sendable, CaseIterable {
    /// Done; done in part, or with a remark; not done; a SOAP fault.
    case ok, warning, error, fault
    /// Turned away: by HTTP, or by us since it could not be read safely.
    case refused
    /// An answer came, and it was no message.
    case failed
    /// No answer came.
    case lost
  }

  /// Whose outcome it is.
  public enum Party: String, Sendable, CaseIterable {
    /// Whoever keeps the journal, or the gateway in its place.
    case us
    /// The other end of the connection.
    case peer
  }

  /// In one word.
  public let name: Name
  /// Who ended it so; nil where nobody answered.
  public let by: Party?
  /// The status by which HTTP ended it; nil where a message did, or nothing.
  public let httpStatus: UInt16?

  /// Tells what an entry ends its exchange with; nil of a request, and of what is no message.
  public init?(_ entry: Entry) { self.init(entry.content.context, isAnswer: entry.requestPosition != nil) }

  /// Tells the same of what is about to be an entry.
  /// - Parameter isAnswer: whether it has a request.
  public init?(_ context: EntryContext, isAnswer: Bool) {
    switch context.kind {
    case .response: self.init(response: context)
    case .refusal where !isAnswer: self.init(name: .refused, by: .us, httpStatus: nil)
    case .refusal, .failure: self.init(withoutMessage: context, isUnread: context.kind == .refusal)
    default: return nil
    }
  }

  private init(name: Name, by party: Party?, httpStatus: UInt16?) {
    self.name = name
    by = party
    self.httpStatus = httpStatus
  }

  private init(response context: EntryContext) {
    by = context.author == .gateway ? .us : .peer
    httpStatus = nil
    name =
      switch context.outcome.outcomeClass {
      case .ok, nil: .ok
      case .warning: .warning
      case .error: .error
      case .fault: .fault
      case .refused: .refused
      case .lost: .lost
      }
  }

  /// - Parameter isUnread: whether something came that could not be read.
  private init(withoutMessage context: EntryContext, isUnread: Bool) {
    guard let status = context.http.status, status >= 300 || !isUnread else {
      self.init(name: isUnread ? .refused : .lost, by: isUnread ? .us : nil, httpStatus: nil)
      return
    }
    self.init(name: (400..<500).contains(status) && status != 429 ? .refused : .failed, by: .peer, httpStatus: status)
  }
}

extension ExchangeOutcome.Name {
  /// What an entry that ends an exchange so may have been recorded as.
  var recordedClasses: [OutcomeClass] {
    switch self {
    case .ok: [.ok]
    case .warning: [.warning]
    case .error: [.error]
    case .fault: [.fault]
    case .refused, .failed: [.refused, .lost]
    case .lost: [.lost]
    }
  }
}
