/// Makes up one operator's traffic, exchange by exchange, in the order of `recordedAt`.
///
/// Each slot of the ``DemandCurve`` is given to what falls due first on the ``Agenda`` (the rest of sessions already begun), or else to
/// something new. So there are exactly as many exchanges as slots, and memory follows the sessions under way, not the length of the period.
struct TrafficGenerator: ~Copyable {
  let configuration: TrafficConfiguration
  /// The exchange that ``next()`` made last.
  var exchange: Exchange { _read { yield context.exchange } }

  private var curve: DemandCurve
  private(set) var context: TrafficContext
  private var sessions = SessionScenario()
  private var statuses = StatusScenario()
  private var whiteLists: WhiteListScenario
  private var platform = PlatformScenario()
  private var faultless: FaultlessParts?
  private var produced = 0

  init(_ configuration: TrafficConfiguration) {
    self.configuration = configuration
    curve = DemandCurve(
      start: configuration.start, days: configuration.days, exchanges: configuration.exchanges,
      seed: SplitMix64.derive(configuration.seed, 3))
    context = TrafficContext(configuration)
    whiteLists = WhiteListScenario(start: configuration.startMilliseconds)
    guard configuration.profile.isFaultless else { return }
    let parts = FaultlessParts(configuration, context.population)
    parts.enter(&context.agenda, start: configuration.startMilliseconds)
    faultless = parts
  }

  /// The faults planted so far and what became of them; none in traffic without.
  var faults: [PlantedFault] { faultless?.plan?.faults ?? [] }

  /// Makes the next exchange; false after the last.
  mutating func next() -> Bool {
    guard produced < configuration.exchanges else { return false }
    produced += 1
    let slot = curve.next()
    if context.agenda.nextDue <= slot {
      let item = context.agenda.removeFirst()
      context.now = item.due
      perform(item)
    } else {
      context.now = slot
      begin()
    }
    return true
  }

  private mutating func perform(_ item: Agenda.Item) {
    switch item.task {
    case .statusReport: statuses.perform(item, &context)
    case .beat, .upload, .download, .planted: faultless?.perform(item, line: produced, platform, &context)
    default: sessions.perform(item, &context)
    }
  }

  /// Something that nobody planned; a heartbeat where it would need an EVSE or a customer that there is not.
  private mutating func begin() {
    if !beginWithoutRegard() { platform.beat(&context) }
  }

  /// Something that nobody planned. The weights give about the mix of operations that an operator sees.
  private mutating func beginWithoutRegard() -> Bool {
    switch context.random.below(10_000) {
    case ..<1200: return sessions.beginWithBadge(&context)
    case ..<1500: return sessions.beginRemotely(&context)
    case ..<1600: return beginFromWhiteList()
    case ..<4050: return statuses.reportBusy(&context)
    case ..<6600: statuses.reportAvailability(&context)
    case ..<6700: statuses.reportOther(&context)
    case ..<7010:
      guard faultless == nil else { return false }
      whiteLists.upload(&context)
    case ..<7055:
      guard faultless == nil else { return false }
      whiteLists.download(&context)
    case ..<7130: platform.askSomethingRare(&context)
    default: return false
    }
    return true
  }

  private mutating func beginFromWhiteList() -> Bool {
    guard configuration.profile.isFaultless else { return sessions.beginFromWhiteList(nil, &context) }
    guard let user = faultless?.lists.user(&context) else { return false }
    return sessions.beginFromWhiteList(user, &context)
  }
}
