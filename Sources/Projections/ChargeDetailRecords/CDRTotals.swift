public import EMIP
public import JournalFormat

/// The sums of the final records in force with one counterpart. Exact decimals.
public struct CDRTotals: Sendable {
  /// `toIOP` where the CPO's own messages are in the journal, `fromIOP` where only what the eMSP got is.
  public let direction: Direction
  /// The other operator's compact id; nil where no record names it.
  public let counterpart: String?
  /// Sessions with intermediate records only, which nothing is summed of.
  public private(set) var intermediateOnlyCount = 0
  /// Sessions with no record in force.
  public private(set) var noneCount = 0
  /// Summed sessions whose acceptance nobody knows yet.
  public private(set) var unconfirmedCount = 0
  /// Summed sessions without a sound total duration or total energy.
  public private(set) var incompleteCount = 0
  /// Sessions that were sent in the time that was asked for and are not summed, as their own times cannot be read, or cannot be.
  public private(set) var misdatedCount = 0
  /// All that is summed.
  public private(set) var sums = Sums()
  /// What of that stands in records with an error that holds.
  public private(set) var sumsWithErrors = Sums()

  /// Sums of final records in force.
  public struct Sums: Hashable, Sendable {
    /// How many records.
    public fileprivate(set) var count = 0
    /// Meter 1.
    public fileprivate(set) var minutes = MeterQuantity.zero
    /// Meter 2.
    public fileprivate(set) var wattHours = MeterQuantity.zero
    /// Meter 3, by currency.
    public fileprivate(set) var costs: [String: MeterQuantity] = [:]

    fileprivate mutating func add(_ version: CDRVersion) {
      count += 1
      minutes = minutes + (version.shared.duration ?? .zero)
      wattHours = wattHours + (version.shared.energy ?? .zero)
      for cost in version.costs { costs[cost.currency, default: .zero] = costs[cost.currency, default: .zero] + cost.amount }
    }
  }

  init(direction: Direction, counterpart: String?) {
    self.direction = direction
    self.counterpart = counterpart
  }

  mutating func addMisdated() { misdatedCount += 1 }

  /// - Parameter hasError: whether an error of its record in force holds.
  mutating func add(_ state: CDRHistory, hasError: Bool) {
    guard let version = state.inForce else {
      noneCount += 1
      return
    }
    guard version.nature == .final else {
      intermediateOnlyCount += 1
      return
    }
    if state.acceptance(of: version).isAccepted == nil { unconfirmedCount += 1 }
    if version.shared.duration == nil || version.shared.energy == nil { incompleteCount += 1 }
    sums.add(version)
    if hasError { sumsWithErrors.add(version) }
  }
}
