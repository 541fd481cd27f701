internal import EMIP
public import Projections

/// The sums of one counterpart, as machines get them.
public struct CDRTotalsDocument: Encodable, Sendable {
  /// The other operator; nil where no record names it.
  @OrNull public private(set) var counterpart: String?
  /// Whether the CPO's own messages were summed, `toIOP`, or what the eMSP got, `fromIOP`.
  public let direction: String
  /// By which date sessions were put into the time that was asked for: `start`, `end` or `sent`.
  public let by: String
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
  /// Sessions that were sent in the time that was asked for and are not summed, as their own times cannot be read, or cannot be.
  public let misdatedCount: Int
  /// The total duration, an exact decimal.
  public let minutes: String
  /// The total energy, an exact decimal.
  public let wattHours: String
  /// The total costs by currency, exact decimals.
  public let costs: [String: String]
  /// What of ``finalCount`` stands in records with an error that holds.
  public let finalCountWithErrors: Int
  /// What of ``minutes`` does.
  public let minutesWithErrors: String
  /// What of ``wattHours`` does.
  public let wattHoursWithErrors: String
  /// What of ``costs`` does.
  public let costsWithErrors: [String: String]

  /// The columns of CSV, in their order.
  public static let columns = [
    "counterpart", "direction", "by", "finalCount", "finalCountWithErrors", "minutes", "minutesWithErrors", "wattHours",
    "wattHoursWithErrors", "costs", "costsWithErrors", "intermediateOnlyCount", "noneCount", "unconfirmedCount", "incompleteCount",
    "misdatedCount",
  ]

  /// Describes sums.
  /// - Parameter by: what the question put sessions into its time by.
  public init(_ totals: CDRTotals, by: CDRDate) {
    counterpart = totals.counterpart
    direction = "\(totals.direction)"
    self.by = by.rawValue
    finalCount = totals.sums.count
    intermediateOnlyCount = totals.intermediateOnlyCount
    noneCount = totals.noneCount
    unconfirmedCount = totals.unconfirmedCount
    incompleteCount = totals.incompleteCount
    misdatedCount = totals.misdatedCount
    minutes = totals.sums.minutes.description
    wattHours = totals.sums.wattHours.description
    costs = totals.sums.costs.mapValues(\.description)
    finalCountWithErrors = totals.sumsWithErrors.count
    minutesWithErrors = totals.sumsWithErrors.minutes.description
    wattHoursWithErrors = totals.sumsWithErrors.wattHours.description
    costsWithErrors = totals.sumsWithErrors.costs.mapValues(\.description)
  }
}
