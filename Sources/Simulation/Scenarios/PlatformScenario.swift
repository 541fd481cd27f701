/// What keeps the platform and its partners in touch: heartbeats, and questions that are seldom asked.
struct PlatformScenario {
  private let partners: [Partner] =
    [.operatorBackEnd, .operatorBackEnd, .operatorMonitoring] + Partner.providers.filter(\.isHosted)

  /// Says "I am here". The platform, too, asks the operator now and then.
  func beat(_ context: inout TrafficContext) {
    let isPlatform = context.random.perMille(15)
    let peer = isPlatform ? Partner.operatorBackEnd : partners[context.random.below(partners.count)]
    beat(peer, isPlatform ? .fromIOP : .toIOP, &context)
  }

  /// One partner says so, or the platform to the operator.
  func beat(_ peer: Partner, _ direction: Direction, _ context: inout TrafficContext) {
    let call = Call(
      operation: .heartBeat, direction: direction, peer: peer, transaction: context.random.next(),
      outcome: Outcome.draw(.heartBeat, &context.random))
    context.begin(call)
    context.exchange.endRequest()
    guard context.exchange.beginResponse() else { return }
    context.exchange.response.number(.heartBeatPeriod, 300)
    context.exchange.response.date(.currentTime, context.now + context.exchange.latencyMilliseconds / 2)
    context.exchange.endResponse()
  }

  /// A provider looks for EVSEs or for their latest statuses.
  func askSomethingRare(_ context: inout TrafficContext) {
    let operations: [Operation] = [
      .searchEVSE, .getEVSEDynamicDataChanges, .getEVSEDynamicDataChanges, .setEVSEDynamicDataChanges, .setEVSEDynamicDataChanges,
      .getChargeDetailRecordList, .activateEVSEDynamicDataChangesFlow,
    ]
    let operation = operations[context.random.below(operations.count)]
    let provider = Partner.providers[context.population.hostedProvider(&context.random)]
    let call = Call(
      operation: operation, direction: operation == .setEVSEDynamicDataChanges ? .fromIOP : .toIOP, peer: provider,
      transaction: context.random.next(), outcome: Outcome.draw(operation, &context.random))
    context.begin(call)
    writeQuestion(operation, &context)
    context.exchange.endRequest()
    guard context.exchange.beginResponse() else { return }
    if call.outcome.isDone { writeAnswer(operation, &context) }
    context.exchange.endResponse()
  }

  private func writeQuestion(_ operation: Operation, _ context: inout TrafficContext) {
    switch operation {
    case .searchEVSE: context.exchange.request.number(.maxCount, context.random.between(1, 4) * 50)
    case .getEVSEDynamicDataChanges, .getChargeDetailRecordList:
      context.exchange.request.date(.lastRequestDate, context.now - context.random.between(10, 1440) * 60_000)
    case .setEVSEDynamicDataChanges:
      writeChanges(context.now, context.population, &context.random, &context.exchange.request)
    default: break
    }
  }

  private func writeAnswer(_ operation: Operation, _ context: inout TrafficContext) {
    switch operation {
    case .searchEVSE: writeDescriptions(context.population, &context.random, &context.exchange.response)
    case .getEVSEDynamicDataChanges:
      writeChanges(context.now, context.population, &context.random, &context.exchange.response)
    default: break
    }
  }

  private func writeDescriptions(_ population: Population, _ random: inout SplitMix64, _ message: inout MessageWriter) {
    message.open(.evseDescriptionList)
    for _ in 0..<random.between(1, 20) {
      message.open(.evseDescription)
      message.evseElements(random.below(population.evseCount))
      message.close(.evseDescription)
    }
    message.close(.evseDescriptionList)
  }

  private func writeChanges(_ now: Int, _ population: Population, _ random: inout SplitMix64, _ message: inout MessageWriter) {
    message.open(.evseDynamicDataList)
    for _ in 0..<random.between(1, 24) {
      let date = now - random.between(1, 3_600_000)
      let evse = random.below(population.evseCount)
      message.open(.evseDynamicData)
      message.evseElements(population.isFaultless ? population.inUse(near: evse) : evse)
      message.date(.availabilityStatusEventDate, date - 86_400_000)
      message.number(.availabilityStatus, 2)
      message.date(.busyStatusEventDate, date)
      message.number(.busyStatus, random.between(1, 2))
      message.close(.evseDynamicData)
    }
    message.close(.evseDynamicDataList)
  }
}
