/// What traffic to generate. The same configuration gives the same bytes, on any machine.
public struct TrafficConfiguration: Equatable, Sendable {
  /// The most days that traffic may be spread over.
  public static let dayLimit = 1100
  /// The most exchanges that can be asked for.
  public static let exchangeLimit = 1_000_000_000

  /// How many exchanges; exactly as many come.
  public var exchanges: Int
  /// The seed of all chance.
  public var seed: UInt64
  /// Over how many days they are spread.
  public var days: Int
  /// The first day, UTC.
  public var start: CalendarDay
  /// What may go wrong in it.
  public var profile: Profile

  /// Traffic of one kind for all rules of plausibility.
  public enum Profile: Sendable {
    /// With everything that real partners do wrong.
    case ordinary
    /// Retries, late messages and spellings as ever, but nothing that a finding could be made of.
    case faultless
    /// The faultless traffic with one fault of each ``FaultRule`` planted in it.
    case faultsPlanted

    var isFaultless: Bool { self != .ordinary }
  }

  /// - Parameters:
  ///   - exchanges: how many, 1 to ``exchangeLimit``.
  ///   - seed: of all chance.
  ///   - days: over how many days, 1 to ``dayLimit``.
  ///   - start: the first day, UTC.
  ///   - profile: what may go wrong in it.
  public init(exchanges: Int, seed: UInt64, days: Int, start: CalendarDay, profile: Profile = .ordinary) {
    self.exchanges = exchanges
    self.seed = seed
    self.days = days
    self.start = start
    self.profile = profile
  }

  /// A moment of the first day, in milliseconds since 1970.
  var startMilliseconds: Int { start.number * 86_400_000 }
}
