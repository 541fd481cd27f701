import EMIP
import JournalFormat
import Projections

/// A session's charge detail records as JSON. Exact: values as the messages have them.
struct CDRSessionDocument: Encodable {
  let session: CDRSession
  /// Whether both sides, changes and findings stand in it too.
  let isComplete: Bool
  /// Of each side this version only; nil for all.
  var onlyVersion: Int?

  static let columns = [
    "serviceSessionId", "execPartnerSessionId", "salePartnerSessionId", "transactionIds", "evseId", "counterpart", "direction", "versions",
    "inForce",
  ]

  private enum Key: String, CodingKey {
    case serviceSessionId, execPartnerSessionId, salePartnerSessionId, transactionIds, evseId, counterpart, direction, versions, inForce
    case execPartnerOperatorId, salePartnerOperatorId, otherSide, differences, findings
  }

  func encode(to encoder: any Encoder) throws {
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
    guard isComplete else { return }
    try container.encode(session.execOperatorId, forKey: .execPartnerOperatorId)
    try container.encode(session.saleOperatorId, forKey: .salePartnerOperatorId)
    try container.encode(documents(session.otherSide), forKey: .otherSide)
    try container.encode(session.differences.map(CDRChangeDocument.init), forKey: .differences)
    try container.encode(session.findings.map(CDRFindingDocument.init), forKey: .findings)
  }

  private func documents(_ versions: [CDRSession.Version]) -> [CDRVersionDocument] {
    versions.filter { onlyVersion == nil || $0.number == onlyVersion }.map { CDRVersionDocument(version: $0, isComplete: isComplete) }
  }
}

/// One version of a record.
struct CDRVersionDocument: Encodable {
  let version: CDRSession.Version
  let isComplete: Bool

  private enum Key: String, CodingKey {
    case number, side, nature, cdrNature, startTime, endTime, meters, accepted, acceptance, requestStatus, position, positions, changes
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(version.number, forKey: .number)
    try container.encode("\(version.side)", forKey: .side)
    try container.encode("\(version.nature)", forKey: .nature)
    try container.encode(version.record?.nature, forKey: .cdrNature)
    try container.encode(version.record?.startTime?.text, forKey: .startTime)
    try container.encode(version.record?.endTime?.text, forKey: .endTime)
    try container.encode((version.record?.meters ?? []).map(CDRMeterDocument.init), forKey: .meters)
    try container.encode(version.acceptance.isAccepted, forKey: .accepted)
    try container.encode(version.acceptance.name, forKey: .acceptance)
    try container.encode(version.acceptance.requestStatus, forKey: .requestStatus)
    try container.encode(version.position.rawValue, forKey: .position)
    try container.encode(version.positions.map(\.rawValue), forKey: .positions)
    if isComplete { try container.encode(version.changes.map(CDRChangeDocument.init), forKey: .changes) }
  }
}

/// One meter, its value as written: a JSON number would be a binary fraction to most readers.
struct CDRMeterDocument: Encodable {
  let meterTypeId: UInt32?
  let meterValue: String?
  let meterUnit: String?

  init(_ meter: MeterReading) {
    meterTypeId = meter.type?.value?.rawValue
    meterValue = meter.value
    meterUnit = meter.unit
  }
}

/// One field that differs.
struct CDRChangeDocument: Encodable {
  let field: String
  let from: String?
  let to: String?

  init(_ change: CDRFieldChange) {
    field = change.field
    from = change.from
    to = change.to
  }
}

/// One finding of a session.
struct CDRFindingDocument: Encodable {
  let rule: String
  let ruleVersion: Int
  let severity: String
  let position: UInt64
  let resolvedAt: UInt64?
  let sentence: String

  init(_ finding: ReportedFinding) {
    rule = finding.rule.id
    ruleVersion = finding.rule.version
    severity = finding.rule.severity.rawValue
    position = finding.position.rawValue
    resolvedAt = finding.resolvedAt?.rawValue
    sentence = finding.sentence
  }
}

/// The sums of one counterpart.
struct CDRTotalsDocument: Encodable {
  let counterpart: String?
  let direction: String
  let finalCount: Int
  let intermediateOnlyCount: Int
  let noneCount: Int
  let unconfirmedCount: Int
  let incompleteCount: Int
  /// Exact decimals.
  let minutes: String
  let wattHours: String
  let costs: [String: String]

  static let columns = [
    "counterpart", "direction", "finalCount", "minutes", "wattHours", "costs", "intermediateOnlyCount", "noneCount", "unconfirmedCount",
    "incompleteCount",
  ]

  init(_ totals: CDRTotals) {
    counterpart = totals.counterpart.map { (try? OperatorIdentifier($0))?.description ?? $0 }
    direction = "\(totals.direction)"
    finalCount = totals.finalCount
    intermediateOnlyCount = totals.intermediateOnlyCount
    noneCount = totals.noneCount
    unconfirmedCount = totals.unconfirmedCount
    incompleteCount = totals.incompleteCount
    minutes = totals.minutes.description
    wattHours = totals.wattHours.description
    costs = totals.costs.mapValues(\.description)
  }
}
