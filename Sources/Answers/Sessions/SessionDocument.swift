internal import EMIP
internal import JournalFormat
internal import JournalStore
public import Projections

/// A session of a list, as machines see it.
public struct SessionRow: Encodable, Sendable {
  /// The session.
  public let summary: SessionSummary

  /// Describes a session.
  public init(_ summary: SessionSummary) { self.summary = summary }

  /// The columns of CSV, in their order.
  public static let columns = Key.allCases.map(\.rawValue)

  private enum Key: String, CodingKey, CaseIterable {
    case serviceSessionId, execPartnerSessionId, salePartnerSessionId, state, start, evseId, execOperatorId, saleOperatorId, openedAt,
      position, findings, unreadablePositions
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(summary.serviceSessionId, forKey: .serviceSessionId)
    try container.encode(summary.execPartnerSessionId, forKey: .execPartnerSessionId)
    try container.encode(summary.salePartnerSessionId, forKey: .salePartnerSessionId)
    try container.encode(summary.state.rawValue, forKey: .state)
    try container.encode(summary.start.rawValue, forKey: .start)
    try container.encode(summary.evseId, forKey: .evseId)
    try container.encode(summary.execOperatorId, forKey: .execOperatorId)
    try container.encode(summary.saleOperatorId, forKey: .saleOperatorId)
    try container.encode(summary.openedAt.description, forKey: .openedAt)
    try container.encode(summary.position.rawValue, forKey: .position)
    try container.encode(summary.findings.map { FindingDocument($0, model: SessionProjection.name) }, forKey: .findings)
    try container.encode(summary.unreadable.isEmpty ? nil : summary.unreadable.map(\.rawValue), forKey: .unreadablePositions)
  }
}

/// A session with all that belongs to it. Exact and unmasked.
public struct SessionDocument: Encodable, Sendable {
  /// The session.
  public let view: SessionView

  /// Describes a session.
  public init(_ view: SessionView) { self.view = view }

  private enum Key: String, CodingKey {
    case user, authorisation, steps, goneCount, startedAt, endedAt, assumed, asOf
  }

  public func encode(to encoder: any Encoder) throws {
    try SessionRow(view.summary).encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(view.user.map(User.init), forKey: .user)
    try container.encode(view.authorisation.map(Authorisation.init), forKey: .authorisation)
    try container.encode(view.steps.map(Step.init), forKey: .steps)
    try container.encode(view.goneCount, forKey: .goneCount)
    try container.encode(view.startedAt?.description, forKey: .startedAt)
    try container.encode(view.endedAt?.description, forKey: .endedAt)
    try container.encode(assumed, forKey: .assumed)
    try container.encode(view.asOf?.rawValue, forKey: .asOf)
  }

  /// What stands in the session without a message saying so: the moment of an event's message for a date that is absent or cannot be read.
  private var assumed: [String] {
    let undated = view.steps.compactMap { step in
      if case .event(let event, _) = step.content, event.dateTime?.value == nil { step.exchange.head.content.observedAt } else { nil }
    }
    return [("startedAt", view.startedAt), ("endedAt", view.endedAt)].filter { $0.1.map(undated.contains) ?? false }.map(\.0)
  }

  private struct User: Encodable {
    @OrNull private(set) var userIdType: String?
    @OrNull private(set) var userId: String?

    init(_ user: UserIdentity) {
      userIdType = user.userIdType?.rawValue
      userId = user.userId
    }
  }

  private struct Authorisation: Encodable {
    let result: String
    let position: UInt64
    @OrNull private(set) var authorisationValue: UInt32?
    @OrNull private(set) var requestStatus: UInt32?
    @OrNull private(set) var answeredAt: String?
    @OrNull private(set) var latencyMilliseconds: UInt32?
    @OrNull private(set) var intermediateCDRRequested: Bool?
    @OrNull private(set) var unreadable: UnreadableDocument?
    let meterLimits: [MeterDocument]

    init(_ authorisation: SessionView.Authorisation) {
      result = authorisation.result.rawValue
      position = authorisation.position.rawValue
      authorisationValue = authorisation.authorisationValue
      requestStatus = authorisation.requestStatus
      answeredAt = authorisation.answeredAt?.description
      latencyMilliseconds = authorisation.latencyMilliseconds
      let isRead = authorisation.unreadable["intermediateCDRRequested"] == nil
      intermediateCDRRequested = isRead ? authorisation.intermediateCDRRequested : nil
      unreadable = UnreadableDocument(authorisation.unreadable)
      meterLimits = authorisation.meterLimits.map(MeterDocument.init)
    }
  }

  private struct Step: Encodable {
    let position: UInt64
    @OrNull private(set) var answerPosition: UInt64?
    let observedAt: String
    @OrNull private(set) var gapMilliseconds: Int64?
    @OrNull private(set) var direction: String?
    let leg: String
    @OrNull private(set) var operation: String?
    @OrNull private(set) var outcome: String?
    @OrNull private(set) var outcomeBy: String?
    @OrNull private(set) var httpStatus: UInt16?
    let isDoubtful: Bool
    @OrNull private(set) var requestStatus: UInt32?
    @OrNull private(set) var latencyMilliseconds: UInt32?
    let isInferred: Bool
    @OrNull private(set) var isLate: Bool? = nil
    @OrNull private(set) var nature: String? = nil
    @OrNull private(set) var startTime: String? = nil
    @OrNull private(set) var endTime: String? = nil
    @OrNull private(set) var meters: [MeterDocument]? = nil
    @OrNull private(set) var unreadable: UnreadableDocument? = nil

    init(_ step: SessionView.Step) {
      let head = step.exchange.head
      let context = head.content.context
      position = head.position.rawValue
      answerPosition = step.exchange.ending?.position.rawValue
      observedAt = head.content.observedAt.description
      gapMilliseconds = step.gapMilliseconds
      direction = context.direction.map { "\($0)" }
      leg = "\(context.leg)"
      operation = context.operation
      outcome = step.exchange.outcome?.name.rawValue
      outcomeBy = step.exchange.outcome?.by?.rawValue
      httpStatus = step.exchange.outcome?.httpStatus
      isDoubtful = step.exchange.answerMismatch != nil
      requestStatus = step.exchange.ending?.content.context.outcome.requestStatus
      latencyMilliseconds = step.exchange.latencyMilliseconds
      isInferred = step.isInferred
      switch step.content {
      case .authorisationAsked, .authorisationOrdered: break
      case .event(let event, let isLate):
        nature = event.nature?.readableText
        unreadable = UnreadableDocument(event.unreadable, keys: ["sessionEventNature": "nature"])
        self.isLate = isLate
      case .action(let action):
        nature = action.nature?.readableText
        unreadable = UnreadableDocument(action.unreadable, keys: ["sessionActionNature": "nature"])
      case .record(let record, let meaning):
        nature = SessionWords.nature(meaning)
        startTime = record.startTime?.value?.description
        endTime = record.endTime?.value?.description
        unreadable = UnreadableDocument(record.unreadable)
        meters = record.meters.map(MeterDocument.init)
      }
    }
  }
}
