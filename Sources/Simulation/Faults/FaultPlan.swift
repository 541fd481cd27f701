/// Which exchanges with what is planted fall due when, and what became of them.
public struct FaultPlan {
  /// The fewest days that hold one of each fault: a session is not missed before three days, and at night there are hardly more exchanges than heartbeats.
  public static let leastDays = 5
  /// The fewest exchanges a day for them.
  public static let leastExchangesPerDay = 6000

  /// One exchange of a planted fault.
  struct Step {
    enum Role {
      /// Belongs to the fault, and there is nothing wrong with it.
      case setting
      /// What the finding rests on.
      case cause
      /// Where the finding appears.
      case finding
    }

    /// Milliseconds since 1970.
    var due: Int
    var rule: FaultRule
    var role: Role
    var write: (inout TrafficContext) -> Void
  }

  /// In the order of the rules.
  private(set) var faults: [PlantedFault]
  /// SF2 says nothing from the beginning to the end, in milliseconds since 1970.
  let silence: Range<Int>
  private let steps: [Step]
  private var lastBeat = 0

  init(_ configuration: TrafficConfiguration, _ population: Population) {
    let start = configuration.startMilliseconds
    var sessions = SessionFaults(start: start, seed: SplitMix64.derive(configuration.seed, 6), population)
    sessions.plantAll()
    var lists = ListFaults(start: start, days: configuration.days, seed: SplitMix64.derive(configuration.seed, 7))
    lists.plantAll()
    lists.plantPeriod()
    var messages = MessageFaults(start: start, seed: SplitMix64.derive(configuration.seed, 8))
    messages.plantAll()
    silence = start + 60 * 3_600_000..<start + 60 * 3_600_000 + 1_200_000
    steps = sessions.steps + lists.steps + messages.steps
    let planted = sessions.faults + lists.faults + messages.faults + [PlantedFault(.partnerOffline, .partner(.plantedSecond))]
    faults = FaultRule.allCases.compactMap { rule in planted.first { $0.rule == rule } }
  }

  /// Puts everything on the agenda.
  func enter(_ agenda: inout Agenda) {
    for (index, step) in steps.enumerated() { agenda.add(Agenda.Item(due: step.due, task: .planted, index: Int32(index))) }
  }

  /// Writes the exchange of `item`, which is line `line` of the traffic.
  mutating func perform(_ item: Agenda.Item, line: Int, _ context: inout TrafficContext) {
    let step = steps[Int(item.index)]
    step.write(&context)
    guard step.role != .setting else { return }
    note(step.rule, line, isFinding: step.role == .finding, context)
  }

  /// Takes in a heartbeat of the partner that falls silent, and says when its next one would be too early: nil where it would not be.
  mutating func beat(line: Int, next: Int, _ context: borrowing TrafficContext) -> Int? {
    if context.now >= silence.upperBound, lastBeat < silence.lowerBound { note(.partnerOffline, line, isFinding: false, context) }
    lastBeat = context.now
    guard silence.contains(next) else { return nil }
    note(.partnerOffline, line, isFinding: false, context)
    let missed = context.now + Self.period
    for index in faults.indices where faults[index].rule == .partnerOffline {
      faults[index].silence = missed..<silence.upperBound
      faults[index].notBefore = missed + Self.grace
    }
    return silence.upperBound
  }

  /// The period that the platform announces in its answers, and how much later than that a heartbeat may come, in milliseconds.
  private static let period = 300_000
  private static let grace = 30_000

  private mutating func note(_ rule: FaultRule, _ line: Int, isFinding: Bool, _ context: borrowing TrafficContext) {
    for index in faults.indices where faults[index].rule == rule {
      faults[index].add(line: line, context.exchange.transactionId, isFinding: isFinding)
    }
  }
}

extension Partner {
  /// Two providers and an operator that only occur where faults are planted.
  static let plantedFirst = Partner(country: "FR", code: "SF1", peer: "198.51.100.81", commonName: "emsp-81.example", dialect: 4)
  static let plantedSecond = Partner(country: "FR", code: "SF2", peer: "198.51.100.82", commonName: "emsp-82.example", dialect: 4)
  static let plantedOperator = Partner(country: "FR", code: "SF3", peer: "192.0.2.83", commonName: "cpo-83.example", dialect: 1)
}
