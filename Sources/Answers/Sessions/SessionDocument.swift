import EMIP
import Foundation
import JournalFormat
import JournalStore
import Projections

/// A session of a list, as machines see it.
struct SessionRow: Encodable {
  let summary: SessionSummary

  /// Those of CSV, in their order.
  static let columns = Key.allCases.map(\.rawValue)

  private enum Key: String, CodingKey, CaseIterable {
    case serviceSessionId, execPartnerSessionId, salePartnerSessionId, state, start, evseId, execOperatorId, saleOperatorId, openedAt,
      position
    case findings, findingDetails
  }

  func encode(to encoder: any Encoder) throws {
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
    try container.encode(summary.findings.map(\.rule.id), forKey: .findings)
    try container.encode(summary.findings.map(SessionFindingDocument.init), forKey: .findingDetails)
  }
}

/// A finding about a session.
struct SessionFindingDocument: Encodable {
  let rule: String
  let ruleVersion: Int
  let severity: String
  let position: UInt64
  let explanation: String

  init(_ finding: ReportedFinding) {
    rule = finding.rule.id
    ruleVersion = finding.rule.version
    severity = finding.rule.severity.rawValue
    position = finding.position.rawValue
    explanation = finding.sentence
  }
}

/// A session with all that belongs to it. Exact and unmasked.
struct SessionDocument: Encodable {
  let view: SessionView

  private enum Key: String, CodingKey {
    case user, authorisation, steps, goneCount, startedAt, endedAt, asOf
  }

  func encode(to encoder: any Encoder) throws {
    try SessionRow(summary: view.summary).encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(view.user.map(User.init), forKey: .user)
    try container.encode(view.authorisation.map(Authorisation.init), forKey: .authorisation)
    try container.encode(view.steps.map(Step.init), forKey: .steps)
    try container.encode(view.goneCount, forKey: .goneCount)
    try container.encode(view.startedAt?.description, forKey: .startedAt)
    try container.encode(view.endedAt?.description, forKey: .endedAt)
    try container.encode(view.asOf?.rawValue, forKey: .asOf)
  }

  private struct User: Encodable {
    let userIdType: String?
    let userId: String?

    init(_ user: UserIdentity) {
      userIdType = user.userIdType?.rawValue
      userId = user.userId
    }
  }

  private struct Meter: Encodable {
    let meterTypeId: UInt32?
    let meterValue: String?
    let meterUnit: String?

    init(_ reading: MeterReading) {
      meterTypeId = reading.type?.value?.rawValue
      meterValue = reading.value
      meterUnit = reading.unit
    }
  }

  private struct Authorisation: Encodable {
    let result: String
    let position: UInt64
    let authorisationValue: UInt32?
    let requestStatus: UInt32?
    let answeredAt: String?
    let latencyMilliseconds: UInt32?
    let intermediateCDRRequested: Bool
    let meterLimits: [Meter]

    init(_ authorisation: SessionView.Authorisation) {
      result = authorisation.result.rawValue
      position = authorisation.position.rawValue
      authorisationValue = authorisation.authorisationValue
      requestStatus = authorisation.requestStatus
      answeredAt = authorisation.answeredAt?.description
      latencyMilliseconds = authorisation.latencyMilliseconds
      intermediateCDRRequested = authorisation.intermediateCDRRequested
      meterLimits = authorisation.meterLimits.map(Meter.init)
    }
  }

  private struct Step: Encodable {
    let position: UInt64
    let answerPosition: UInt64?
    let observedAt: String
    let gapMilliseconds: Int64?
    let direction: String?
    let leg: String
    let operation: String?
    let outcome: String?
    let requestStatus: UInt32?
    let latencyMilliseconds: UInt32?
    let isInferred: Bool
    var isLate: Bool?
    var nature: String?
    var startTime: String?
    var endTime: String?
    var meters: [Meter]?

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
      outcome = step.exchange.outcome.map { "\($0)" }
      requestStatus = step.exchange.ending?.content.context.outcome.requestStatus
      latencyMilliseconds = step.exchange.latencyMilliseconds
      isInferred = step.isInferred
      switch step.content {
      case .authorisationAsked, .authorisationOrdered: break
      case .event(let event, let isLate):
        nature = event.nature?.text
        self.isLate = isLate
      case .action(let action): nature = action.nature?.text
      case .record(let record, let meaning):
        nature = SessionTimeline.word(meaning)
        startTime = record.startTime.map { $0.value?.description ?? $0.text }
        endTime = record.endTime.map { $0.value?.description ?? $0.text }
        meters = record.meters.map(Meter.init)
      }
    }
  }
}
