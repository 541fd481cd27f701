public import EMIP
public import JournalFormat
public import JournalStore

/// A session in a line: what a list shows.
public struct SessionSummary: Sendable {
  /// Its own in the read model, by first appearance.
  public var number: UInt32
  /// The platform's id; nil where no message names it, or where those that do are gone.
  public var serviceSessionId: String?
  /// The CPO's id; nil as the platform's is.
  public var execPartnerSessionId: String?
  /// The eMSP's id; nil as the platform's is.
  public var salePartnerSessionId: String?
  /// The CPO, as first written; nil where no message names it.
  public var execOperatorId: String?
  /// The eMSP, as first written; nil where no message names it.
  public var saleOperatorId: String?
  /// The EVSE, as first written; nil where no message names one.
  public var evseId: String?
  /// How far it has come.
  public var state: SessionState
  /// What began it.
  public var start: SessionStart
  /// When its first message was observed.
  public var openedAt: Timestamp
  /// The position of its first message.
  public var position: JournalPosition
  /// Those that hold.
  public var findings: [ReportedFinding]
  /// The positions of messages that it needs and that cannot be read: what only they say is nil, and unknown.
  public var unreadable: [JournalPosition] = []
}

/// All that is known of a session as of a position.
public struct SessionView: Sendable {
  /// What a list shows of it.
  public var summary: SessionSummary
  /// The user of the first message that names one.
  public var user: UserIdentity?
  /// What the party that delivers was told; nil where there is no authorisation message.
  public var authorisation: Authorisation?
  /// What passed, in order, as far as its messages are there.
  public var steps: [Step] = []
  /// How many more there were, whose messages are gone or damaged.
  public var goneCount = 0
  /// When its first event of a start says that it began; nil where there is none.
  public var startedAt: Timestamp?
  /// When its last event of an end says that it ended; nil where there is none, and while the session goes on.
  public var endedAt: Timestamp?
  /// Nil: of all that there is.
  public var asOf: JournalPosition?

  /// What the party that delivers was told.
  public struct Authorisation: Sendable {
    /// What it comes to.
    public var result: AuthorisationResult
    /// The position of the request.
    public var position: JournalPosition
    /// The eMSP's answer: 1 authorises. Nil where the messages give none that is a number, or are gone.
    public var authorisationValue: UInt32?
    /// The code of the answer; nil where it has none, or there is no answer.
    public var requestStatus: UInt32?
    /// When the answer was observed; nil where there is none.
    public var answeredAt: Timestamp?
    /// Whether records are wanted while the session lasts; false where nobody asked for them.
    public var intermediateCDRRequested: Bool
    /// What of it is there and cannot be read, but for its limits; none where the messages are gone.
    public var unreadable = UnreadableValues()
    /// What the session may not exceed; empty where there is no limit, or where the messages are gone.
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
      unreadable = said?.unreadable ?? UnreadableValues()
      meterLimits = said?.meterLimits ?? []
      requestStatus = exchange.ending?.content.context.outcome.requestStatus
      answeredAt = exchange.ending?.content.observedAt
      latencyMilliseconds = exchange.latencyMilliseconds
    }
  }

  /// A request and its answer, and what it says of the session.
  public struct Step: Sendable {
    /// The request with its answer, as far as there is one.
    public var exchange: Exchange
    /// What it says of the session.
    public var content: Content
    /// Whether the message is there by EVSE, user and time only, not by an id.
    public var isInferred: Bool
    /// Since the step before it.
    public var gapMilliseconds: Int64?

    /// What the message was about.
    public enum Content: Sendable {
      /// The CPO asks whether a user may charge (GetServiceAuthorisation).
      case authorisationAsked
      /// The eMSP has a user's session authorised (SetServiceAuthorisation).
      case authorisationOrdered
      /// A charge detail record; its nature is nil where it says none that has a known meaning.
      case record(ChargeDetailRecord, CDRNature?)
      /// An event; late where one with a later date came before it.
      case event(SessionReport<SessionEventNature>, isLate: Bool)
      /// An action that is asked for.
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
  /// The EVSE, in any spelling.
  public var evse: String?
  /// A badge or a contract.
  public var user: String?
  /// How far it has come; nil for all.
  public var state: SessionState?
  /// The id of a rule.
  public var finding: String?
  /// From this moment on, by when the first message of the session was observed.
  public var since: Timestamp?
  /// Before this moment, by the same.
  public var until: Timestamp?
  /// The last to begin first.
  public var isReversed = false

  /// Lets all sessions through, the first to begin first.
  public init() {}
}
