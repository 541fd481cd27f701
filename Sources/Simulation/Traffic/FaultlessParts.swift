/// What the faultless traffic has in the place of chance: heartbeats at regular intervals, white lists that are consistent, and the faults
/// that are planted, if any.
struct FaultlessParts {
  private(set) var lists: ConsistentWhiteLists
  private(set) var plan: FaultPlan?

  private let partners: [Partner]
  /// Which of them falls silent for a while.
  private let silent: Int?

  /// A little less than the 300 s that the platform announces.
  private static let interval = 285_000

  init(_ configuration: TrafficConfiguration, _ population: Population) {
    lists = ConsistentWhiteLists(start: configuration.startMilliseconds)
    let isPlanted = configuration.profile == .faultsPlanted
    let planted: [Partner] = isPlanted ? [.plantedFirst, .plantedSecond, .plantedOperator] : []
    partners = [.operatorBackEnd] + Partner.providers.filter(\.isHosted) + planted
    silent = isPlanted ? partners.count - 2 : nil
    plan = isPlanted ? FaultPlan(configuration, population) : nil
  }

  /// Puts the beginning of everything on the agenda.
  func enter(_ agenda: inout Agenda, start: Int) {
    for index in partners.indices { agenda.add(Agenda.Item(due: start + index * 20_000, task: .beat, index: Int32(index))) }
    lists.enter(&agenda, start: start)
    plan?.enter(&agenda)
  }

  /// Writes the exchange of `item`, which is line `line` of the traffic.
  mutating func perform(_ item: Agenda.Item, line: Int, _ platform: PlatformScenario, _ context: inout TrafficContext) {
    switch item.task {
    case .beat: beat(item, line, platform, &context)
    case .upload: lists.upload(Int(item.index), &context)
    case .download: lists.download(&context)
    default: plan?.perform(item, line: line, &context)
    }
  }

  private mutating func beat(_ item: Agenda.Item, _ line: Int, _ platform: PlatformScenario, _ context: inout TrafficContext) {
    platform.beat(partners[Int(item.index)], .toIOP, &context)
    var next = context.now + Self.interval
    if let silent, silent == Int(item.index), let later = plan?.beat(line: line, next: next, context) { next = later }
    context.agenda.add(Agenda.Item(due: next, task: .beat, index: item.index))
  }
}
