/// What the scenarios share: the moment, chance, what is planned, who there is, and the exchange being written.
struct TrafficContext: ~Copyable {
  /// Milliseconds since 1970.
  var now = 0
  var random: SplitMix64
  var agenda = Agenda()
  var population: Population
  var exchange = Exchange()
  /// Whether nothing may happen that a finding could be made of.
  let isFaultless: Bool

  init(_ configuration: TrafficConfiguration) {
    isFaultless = configuration.profile.isFaultless
    random = SplitMix64(seed: SplitMix64.derive(configuration.seed, 1))
    population = Population(
      exchangesPerDay: configuration.exchanges / configuration.days, seed: SplitMix64.derive(configuration.seed, 2),
      isFaultless: isFaultless)
  }

  /// Starts the request of `call` now, with an ordinary latency unless one is given.
  mutating func begin(_ call: Call, latency: Int? = nil) {
    exchange.beginRequest(call, at: now, latency: latency ?? ordinaryLatency(call.direction))
  }

  /// An EVSE, taken from now until `end`; nil where traffic without overlaps has none left.
  mutating func takeEVSE(until end: Int) -> Int? {
    isFaultless ? population.takeFreeEVSE(from: now, until: end, &random) : population.takeEVSE(from: now, until: end, &random)
  }

  private mutating func ordinaryLatency(_ direction: Direction) -> Int {
    let isSlow = random.below(16) == 0
    return switch direction {
    case .toIOP: random.between(28, 105) + (isSlow ? random.below(260) : 0)
    case .fromIOP: random.between(40, 190) + (isSlow ? random.below(500) : 0)
    }
  }
}
