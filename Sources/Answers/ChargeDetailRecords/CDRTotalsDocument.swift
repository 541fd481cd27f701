internal import EMIP
public import Projections

/// The sums of one counterpart, as machines get them.
public struct CDRTotalsDocument: Encodable, Sendable {
  /// The other operator; nil where no record names it.
  @OrNull public private(set) var counterpart: String?
  /// Whether the CPO's own messages were summed, `toIOP`, or what the eMSP got, `fromIOP`.
  public let direction: String
  /// Sessions with a final record in force: those that are summed.
  public let finalCount: Int
  /// Sessions with intermediate records only.
  public let intermediateOnlyCount: Int
  /// Sessions with no record in force.
  public let noneCount: Int
  /// Sessions that are summed though nobody knows yet whether the record was accepted.
  public let unconfirmedCount: Int
  /// Sessions that are summed without a sound total duration or total energy.
  public let incompleteCount: Int
  /// The total duration, an exact decimal.
  public let minutes: String
  /// The total energy, an exact decimal.
  public let wattHours: String
  /// The total costs by currency, exact decimals.
  public let costs: [String: String]

  /// The columns of CSV, in their order.
  public static let columns = [
    "counterpart", "direction", "finalCount", "minutes", "wattHours", "costs", "intermediateOnlyCount", "noneCount", "unconfirmedCount",
    "incompleteCount",
  ]

  /// Describes sums.
  public init(_ totals: CDRTotals) {
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
