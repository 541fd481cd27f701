/// White lists: providers upload changes to their customers, the operator downloads what changed.
struct WhiteListScenario: ~Copyable {
  private var lastDownload: Int

  init(start: Int) { lastDownload = start }

  /// A provider sends 1 to 500 changes, mostly few.
  mutating func upload(_ context: inout TrafficContext) {
    let provider = context.population.hostedProvider(&context.random)
    let call = Call(
      operation: .setAuthenticationData, direction: .toIOP, peer: Partner.providers[provider], transaction: context.random.next(),
      outcome: Outcome.draw(.setAuthenticationData, &context.random))
    context.begin(call)
    writeList(provider, context.now, context.population, &context.random, &context.exchange.request)
    context.exchange.endRequest()
    context.exchange.plainResponse()
  }

  /// The operator asks for what changed since it last asked.
  mutating func download(_ context: inout TrafficContext) {
    let call = Call(
      operation: .getAuthenticationData, direction: .toIOP, peer: .operatorBackEnd, transaction: context.random.next(),
      outcome: Outcome.draw(.getAuthenticationData, &context.random))
    context.begin(call)
    context.exchange.request.date(.lastRequestDate, lastDownload)
    context.exchange.endRequest()
    guard context.exchange.beginResponse() else { return }
    if call.outcome.isDone {
      lastDownload = context.now
      let provider = context.population.hostedProvider(&context.random)
      writeList(provider, context.now, context.population, &context.random, &context.exchange.response)
    }
    context.exchange.endResponse()
  }

  /// A list of changes; nobody is in it twice.
  private func writeList(
    _ provider: Int, _ now: Int, _ population: Population, _ random: inout SplitMix64, _ message: inout MessageWriter
  ) {
    let contracts = population.contractCount(provider)
    let first = random.below(contracts)
    message.open(.authenticationDataList)
    for number in 0..<random.listCount() {
      writeEntry(population.user((first + number) % contracts, of: provider), now, &random, &message)
    }
    message.close(.authenticationDataList)
  }

  private func writeEntry(_ user: Population.User, _ now: Int, _ random: inout SplitMix64, _ message: inout MessageWriter) {
    let chance = random.next()
    let action = chance % 100 < 80 ? 1 : (chance % 100 < 92 ? 2 : 3)
    message.open(.authenticationData)
    message.number(.actionType, action)
    message.userElements(user, byContract: chance >> 8 & 31 == 0)
    message.number(.requestedServiceId, 1)
    message.number(.authorisationValue, chance >> 13 % 20 == 0 ? 2 : 1)
    if chance >> 20 & 15 == 0 { message.number(.intermediateCDRRequested, Int(chance >> 24 & 1)) }
    if chance >> 25 & 15 != 0 { message.date(.expiryDate, expiry(now, chance >> 30)) }
    message.alias(user)
    if chance >> 50 & 31 == 0 { message.limits(40_000) }
    message.close(.authenticationData)
  }

  /// Half a year to two and a half years ahead, to the hour; contracts end at a few dozen moments rather than at any.
  private func expiry(_ now: Int, _ chance: UInt64) -> Int {
    let day = now / 86_400_000 + 180 + Int(chance % 24) * 30
    return day * 86_400_000 + Int(chance >> 8 % 10) * 8_106_000
  }
}
