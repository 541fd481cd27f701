public import EMIP
public import JournalFormat
public import JournalStore

/// A session in a line: what a list shows.
public struct SessionSummary: Sendable {
  /// Its own in the read model, by first appearance.
  public var number: UInt32
  public var serviceSessionId: String?
  /// The CPO's.
  public var execPartnerSessionId: String?
  /// The eMSP's.
  public var salePartnerSessionId: String?
  public var execOperatorId: String?
  public var saleOperatorId: String?
  public var evseId: String?
  public var state: SessionState
  public var start: SessionStart
  /// When its first message was observed.
  public var openedAt: Timestamp
  /// The position of its first message.
  public var position: JournalPosition
  /// Those that hold.
  public var findings: [ReportedFinding]
}

/// All that is known of a session as of a position.
public struct SessionView: Sendable {
  public var summary: SessionSummary
  /// The user of the first message that names one.
  public var user: UserIdentity?
  public var authorisation: Authorisation?
  public var steps: [Step] = []
  /// How many more there were, whose messages are gone or damaged.
  public var goneCount = 0
  /// When its events say that it began and ended, by their own dates.
  public var startedAt: Timestamp?
  public var endedAt: Timestamp?
  /// Nil: of all that there is.
  public var asOf: JournalPosition?

  /// What the party that delivers was told.
  public struct Authorisation: Sendable {
    public var result: AuthorisationResult
    /// The position of the request.
    public var position: JournalPosition
    public var authorisationValue: UInt32?
    public var requestStatus: UInt32?
    /// When the answer was observed; nil where there is none.
    public var answeredAt: Timestamp?
    public var intermediateCDRRequested: Bool
    public var meterLimits: [MeterReading]
    /// From request to answer.
    public var latencyMilliseconds: UInt32?

    /// As far as it is known without its messages.
    init(_ decision: SessionFacts.Decision) {
      result = decision.result
      position = decision.step.position
      requestStatus = decision.step.answer.map { $0.requestStatus ?? ($0.outcome == .accepted ? 1 : nil) } ?? nil
      intermediateCDRRequested = decision.terms?.wantsIntermediateRecords ?? false
      meterLimits = []
    }

    /// What the messages say.
    mutating func add(_ exchange: Exchange, _ request: MessageFacts?, _ answer: MessageFacts?) {
      let order = request?.serviceAuthorisation
      let said = order?.authorisationValue == nil ? answer?.serviceAuthorisation : order
      authorisationValue = said?.authorisationValue?.value?.rawValue
      meterLimits = said?.meterLimits ?? []
      requestStatus = exchange.ending?.content.context.outcome.requestStatus
      answeredAt = exchange.ending?.content.observedAt
      latencyMilliseconds = exchange.latencyMilliseconds
    }
  }

  /// A request and its answer, and what it says of the session.
  public struct Step: Sendable {
    public var exchange: Exchange
    public var content: Content
    /// Whether the message is there by EVSE, user and time only, not by an id.
    public var isInferred: Bool
    /// Since the step before it.
    public var gapMilliseconds: Int64?

    /// What the message was about.
    public enum Content: Sendable {
      case authorisationAsked
      case authorisationOrdered
      case record(ChargeDetailRecord, CDRNature?)
      case event(SessionReport<SessionEventNature>, isLate: Bool)
      case action(SessionReport<SessionActionNature>)
    }
  }

  /// The records in the order of their positions.
  public var records: [(position: JournalPosition, record: ChargeDetailRecord, nature: CDRNature?, exchange: Exchange)] {
    steps.compactMap { step in
      guard case .record(let record, let nature) = step.content else { return nil }
      return (step.exchange.head.position, record, nature, step.exchange)
    }
  }
}

/// Which sessions to list.
public struct SessionFilter: Sendable {
  /// The CPO or the eMSP, in any spelling.
  public var `operator`: String?
  public var evse: String?
  /// A badge or a contract.
  public var user: String?
  public var state: SessionState?
  /// The id of a rule.
  public var finding: String?
  /// By when the first message of the session was observed.
  public var since: Timestamp?
  public var until: Timestamp?
  /// The last to begin first.
  public var isReversed = false

  public init() {}
}
