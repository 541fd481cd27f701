internal import EMIP
public import JournalFormat
public import Projections

/// An entry of a list as machines get it.
public struct WhiteListRow: Encodable, Sendable {
  /// The entry.
  public let entry: WhiteListEntry
  /// What only the message says of the user; nil where that is gone.
  public let details: WhiteListDetails?
  /// The position of the message that says it and cannot be read; nil where it can be, or is gone.
  public let unreadablePosition: JournalPosition?
  /// Whether it is of a history: what led to it stands with it then.
  public let isHistory: Bool

  /// Describes an entry.
  public init(entry: WhiteListEntry, details: WhiteListDetails?, unreadablePosition: JournalPosition? = nil, isHistory: Bool = false) {
    self.entry = entry
    self.details = details
    self.unreadablePosition = unreadablePosition
    self.isHistory = isHistory
  }

  /// The columns of CSV, in their order.
  public static let columns = [
    "operatorId", "userIdType", "userId", "serviceId", "authorisationValue", "expiryDate", "userContractIdAlias", "position", "item",
    "holder", "eMSPId", "state", "uncertain", "since", "assumed", "unreadable", "unreadablePositions",
  ]

  /// The columns of CSV for a history, in their order.
  public static let historyColumns = columns + ["change"]

  private enum Key: String, CodingKey {
    case operatorId, userIdType, userId, serviceId, authorisationValue, expiryDate, userContractIdAlias, position
    case item, holder, eMSPId, state, uncertain, since, change, meterLimits, intermediateCDRRequested, parameter, assumed, unreadable
    case unreadablePositions
  }

  /// The keys of what has another name on the wire.
  static let keys = ["requestedServiceId": "serviceId"]

  /// A limit as machines get it.
  private struct Limit: Encodable {
    @OrNull private(set) var meterTypeId: String?
    @OrNull private(set) var meterValue: String?
    let meterUnit: String
    @OrNull private(set) var unreadable: UnreadableDocument?

    init(_ limit: WhiteListDetails.Limit) {
      let unreadable = limit.unreadable
      meterTypeId = unreadable["meterTypeId"] == nil ? limit.meterTypeId : nil
      meterValue = unreadable["meterValue"] == nil ? limit.meterValue : nil
      meterUnit = limit.meterUnit
      self.unreadable = UnreadableDocument(unreadable)
    }
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
    try container.encode(entry.isUncertain, forKey: .uncertain)
    try container.encode(entry.since.rawValue, forKey: .since)
    let unreadable = details?.unreadable ?? UnreadableValues()
    let intermediate = unreadable["intermediateCDRRequested"] == nil ? details?.intermediateCDRRequested : nil
    try container.encode(intermediate, forKey: .intermediateCDRRequested)
    try container.encode(details?.parameter, forKey: .parameter)
    try container.encode((details?.meterLimits ?? []).map(Limit.init), forKey: .meterLimits)
    try container.encode(entry.assumed, forKey: .assumed)
    try container.encode(UnreadableDocument(unreadable, keys: Self.keys), forKey: .unreadable)
    try container.encode(unreadablePosition.map { [$0.rawValue] }, forKey: .unreadablePositions)
    if isHistory { try container.encode(entry.change, forKey: .change) }
  }
}

extension WhiteListEntry {
  /// What stands in the entry without its message saying so: `serviceId`, the generic charge (guide 5.5.3).
  var assumed: [String] { isServiceAssumed ? ["serviceId"] : [] }
}
