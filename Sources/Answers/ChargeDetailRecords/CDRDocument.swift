internal import EMIP
internal import JournalFormat
public import Projections

/// A session's charge detail records as JSON. Exact: values as the messages have them.
public struct CDRSessionDocument: Encodable, Sendable {
  /// The session.
  public let session: CDRSession
  /// Whether both sides and what differs stand in it too.
  public let isComplete: Bool
  /// The number of the version that is shown, on each side; nil for all.
  public let onlyVersion: Int?

  /// The columns of CSV, in their order.
  public static let columns = [
    "serviceSessionId", "execPartnerSessionId", "salePartnerSessionId", "transactionIds", "evseId", "counterpart", "direction", "versions",
    "inForce", "findings", "unreadablePositions",
  ]

  /// Describes a session.
  public init(_ session: CDRSession, isComplete: Bool, onlyVersion: Int? = nil) {
    self.session = session
    self.isComplete = isComplete
    self.onlyVersion = onlyVersion
  }

  private enum Key: String, CodingKey {
    case serviceSessionId, execPartnerSessionId, salePartnerSessionId, transactionIds, evseId, counterpart, direction, versions, inForce
    case execPartnerOperatorId, salePartnerOperatorId, otherSide, differences, findings, unreadablePositions
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(session.serviceSessionId, forKey: .serviceSessionId)
    try container.encode(session.execPartnerSessionId, forKey: .execPartnerSessionId)
    try container.encode(session.salePartnerSessionId, forKey: .salePartnerSessionId)
    try container.encode(session.transactionIds, forKey: .transactionIds)
    try container.encode(session.evseId, forKey: .evseId)
    try container.encode(session.counterpart, forKey: .counterpart)
    try container.encode("\(session.direction)", forKey: .direction)
    try container.encode(documents(session.versions), forKey: .versions)
    try container.encode(session.inForce, forKey: .inForce)
    try container.encode(session.findings.map { FindingDocument($0, model: Self.model(of: $0.rule)) }, forKey: .findings)
    try container.encode(session.unreadable.isEmpty ? nil : session.unreadable.map(\.rawValue), forKey: .unreadablePositions)
    guard isComplete else { return }
    try container.encode(session.execOperatorId, forKey: .execPartnerOperatorId)
    try container.encode(session.saleOperatorId, forKey: .salePartnerOperatorId)
    try container.encode(documents(session.otherSide), forKey: .otherSide)
    try container.encode(session.differences.map(CDRChangeDocument.init), forKey: .differences)
  }

  /// What was authorised the read model of sessions knows: it judges records too.
  private static func model(of rule: FindingRule) -> String {
    CDRRules.ofAuthorisation.contains(rule) ? SessionProjection.name : CDRProjection.name
  }

  private func documents(_ versions: [CDRSession.Version]) -> [CDRVersionDocument] {
    versions.filter { onlyVersion == nil || $0.number == onlyVersion }.map { CDRVersionDocument(version: $0, isComplete: isComplete) }
  }
}

/// One version of a record.
struct CDRVersionDocument: Encodable {
  let version: CDRSession.Version
  /// Whether what changed stands in it too.
  let isComplete: Bool

  private enum Key: String, CodingKey {
    case number, side, nature, cdrNature, startTime, endTime, minutes, wattHours, meters, accepted, acceptance, requestStatus
    case httpStatus, position, positions, changes, unreadable
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(version.number, forKey: .number)
    try container.encode("\(version.side)", forKey: .side)
    try container.encode("\(version.nature)", forKey: .nature)
    try container.encode(version.record?.nature, forKey: .cdrNature)
    try container.encode(version.record?.startTime?.readableText, forKey: .startTime)
    try container.encode(version.record?.endTime?.readableText, forKey: .endTime)
    try container.encode(version.record.flatMap { UnreadableDocument($0.unreadable) }, forKey: .unreadable)
    try container.encode(version.record?.figure(.totalDuration).quantity?.description, forKey: .minutes)
    try container.encode(version.record?.figure(.totalEnergy).quantity?.description, forKey: .wattHours)
    try container.encode((version.record?.meters ?? []).map(MeterDocument.init), forKey: .meters)
    try container.encode(version.acceptance.isAccepted, forKey: .accepted)
    try container.encode(version.acceptance.name, forKey: .acceptance)
    try container.encode(version.acceptance.requestStatus, forKey: .requestStatus)
    try container.encode(version.acceptance.httpStatus, forKey: .httpStatus)
    try container.encode(version.position.rawValue, forKey: .position)
    try container.encode(version.positions.map(\.rawValue), forKey: .positions)
    if isComplete { try container.encode(version.changes.map(CDRChangeDocument.init), forKey: .changes) }
  }
}

/// One field that differs.
struct CDRChangeDocument: Encodable {
  let field: String
  @OrNull private(set) var from: String?
  @OrNull private(set) var to: String?

  init(_ change: CDRFieldChange) {
    field = change.field
    from = change.from
    to = change.to
  }
}
