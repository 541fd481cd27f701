public import JournalFormat
public import Projections

/// An entry of a list as machines get it.
public struct WhiteListRow: Encodable, Sendable {
  /// The entry.
  public let entry: WhiteListEntry
  /// What only the message says of the user; nil where that is gone.
  public let details: WhiteListDetails?
  /// The position of the message that says it and cannot be read; nil where it can be, or is gone.
  public let unreadable: JournalPosition?
  /// Whether it is of a history: what led to it stands with it then.
  public let isHistory: Bool

  /// Describes an entry.
  public init(entry: WhiteListEntry, details: WhiteListDetails?, unreadable: JournalPosition? = nil, isHistory: Bool = false) {
    self.entry = entry
    self.details = details
    self.unreadable = unreadable
    self.isHistory = isHistory
  }

  /// The columns of CSV, in their order.
  public static let columns = [
    "operatorId", "userIdType", "userId", "serviceId", "authorisationValue", "expiryDate", "userContractIdAlias", "position", "item",
    "holder", "eMSPId", "state", "uncertain", "since", "unreadablePositions",
  ]

  /// The columns of CSV for a history, in their order.
  public static let historyColumns = columns + ["change"]

  private enum Key: String, CodingKey {
    case operatorId, userIdType, userId, serviceId, authorisationValue, expiryDate, userContractIdAlias, position
    case item, holder, eMSPId, state, uncertain, since, change, meterLimits, intermediateCDRRequested, parameter, unreadablePositions
  }

  /// A limit as machines get it.
  private struct Limit: Encodable {
    let meterTypeId: String
    let meterValue: String
    let meterUnit: String
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(entry.operatorId, forKey: .operatorId)
    try container.encode(details?.userIdType, forKey: .userIdType)
    try container.encode(details?.userId, forKey: .userId)
    try container.encode(entry.serviceId, forKey: .serviceId)
    try container.encode(entry.authorisationValue, forKey: .authorisationValue)
    try container.encode(entry.expiryDate?.description, forKey: .expiryDate)
    try container.encode(details?.userContractIdAlias, forKey: .userContractIdAlias)
    try container.encode(entry.position?.rawValue, forKey: .position)
    try container.encode(entry.item, forKey: .item)
    try container.encode(entry.holder, forKey: .holder)
    try container.encode(entry.eMSPId, forKey: .eMSPId)
    try container.encode(entry.isLive ? "live" : entry.isDeleted ? "deleted" : "absent", forKey: .state)
    try container.encode(!entry.losses.isEmpty, forKey: .uncertain)
    try container.encode(entry.since.rawValue, forKey: .since)
    try container.encode(details?.intermediateCDRRequested, forKey: .intermediateCDRRequested)
    try container.encode(details?.parameter, forKey: .parameter)
    let limits = details?.meterLimits.map { Limit(meterTypeId: $0.meterTypeId, meterValue: $0.meterValue, meterUnit: $0.meterUnit) }
    try container.encode(limits ?? [], forKey: .meterLimits)
    if let unreadable { try container.encode([unreadable.rawValue], forKey: .unreadablePositions) }
    if isHistory { try container.encode(entry.change, forKey: .change) }
  }
}
