/// When exchanges happen: a day/night and weekday curve over the whole period, cut into as many slots as there are exchanges.
///
/// Integers throughout: slot `i` of `n` lies at the `(i + chance) / n`-th part of the area under the curve. Slots never run backwards.
struct DemandCurve {
  /// Relative load per hour of the day, UTC, of a network in central Europe.
  private static let hourly = [13, 12, 12, 14, 11, 22, 28, 34, 52, 62, 70, 76, 64, 62, 72, 63, 51, 64, 56, 48, 36, 41, 17, 13]
  /// Percent, Monday to Sunday.
  private static let daily = [100, 101, 103, 104, 112, 92, 78]
  private static let hourMilliseconds = 3_600_000

  private let start: Int
  private let slots: UInt64
  private let weights: [UInt32]
  private let total: UInt64
  private var slot: UInt64 = 0
  private var hour = 0
  private var areaBefore: UInt64 = 0
  private var latest = 0
  private var random: SplitMix64

  init(start: CalendarDay, days: Int, exchanges: Int, seed: UInt64) {
    self.start = start.number * 86_400_000
    slots = UInt64(exchanges)
    random = SplitMix64(seed: seed)
    var weights: [UInt32] = []
    weights.reserveCapacity(days * 24)
    for day in 0..<days {
      let weekday = Self.daily[(start.number + day + 3) % 7]
      // The network grows by about a third a year, and no two days are alike.
      let level = (1000 + day * 9 / 10) * random.between(92, 108) / 100
      weights += Self.hourly.map { UInt32(1 + $0 * weekday * level) }
    }
    self.weights = weights
    total = weights.reduce(0) { $0 + UInt64($1) }
  }

  /// The next slot in milliseconds since 1970. At most as many times as there are exchanges.
  mutating func next() -> Int {
    precondition(slot < slots)
    let offset = random.next() % total
    let product = slot.multipliedFullWidth(by: total)
    let (low, carry) = product.low.addingReportingOverflow(offset)
    let area = slots.dividingFullWidth((product.high + (carry ? 1 : 0), low)).quotient
    slot += 1
    while area >= areaBefore + UInt64(weights[hour]) {
      areaBefore += UInt64(weights[hour])
      hour += 1
    }
    let remainder = Int(area - areaBefore) * Self.hourMilliseconds + random.below(Self.hourMilliseconds)
    let inHour = remainder / Int(weights[hour])
    let moment = start + hour * Self.hourMilliseconds + inHour
    latest = max(latest, moment)
    return latest
  }
}
