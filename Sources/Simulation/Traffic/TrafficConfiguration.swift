/// What traffic to generate. The same configuration gives the same bytes, on any machine.
struct TrafficConfiguration: Equatable, Sendable {
  static let dayLimit = 1100
  static let exchangeLimit = 1_000_000_000

  /// How many exchanges; exactly as many come.
  var exchanges: Int
  var seed: UInt64
  /// Over how many days they are spread.
  var days: Int
  var start: CalendarDay
  var profile = Profile.ordinary

  enum Profile: Sendable {
    /// With everything that real partners do wrong.
    case ordinary
    /// Retries, late messages and spellings as ever, but nothing that a finding could be made of.
    case faultless
    /// The faultless traffic with one fault of each ``FaultRule`` planted in it.
    case faultsPlanted

    var isFaultless: Bool { self != .ordinary }
  }

  /// A moment of the first day, in milliseconds since 1970.
  var startMilliseconds: Int { start.number * 86_400_000 }
}
