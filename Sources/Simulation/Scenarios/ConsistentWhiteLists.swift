/// White lists of the faultless traffic. Each provider uploads all of its list first and then, twice a day, what changed; the operator
/// downloads every four hours what was uploaded since. Nobody is updated or deleted who is not there.
struct ConsistentWhiteLists {
  /// What a list says of somebody.
  private struct Entry {
    var isAuthorised: Bool
    /// Milliseconds since 1970.
    var expiry: Int
  }

  private struct Change {
    var provider: Int
    var number: Int
    /// 1 insert, 2 update, 3 delete.
    var action: Int
    var entry: Entry
  }

  /// A provider's list holds some of this many of its customers.
  private static let places = 90
  private static let fullList = 50

  /// What was uploaded, and what the operator has of it, by provider and customer.
  private var uploaded: [[Entry?]]
  private var downloaded: [[Entry?]]
  /// In the order in which they were uploaded.
  private var waiting: [Change] = []
  private var lastDownload: Int

  init(start: Int) {
    let empty = Array(repeating: [Entry?](repeating: nil, count: Self.places), count: Partner.hostedProviderCount)
    uploaded = empty
    downloaded = empty
    lastDownload = start
  }

  /// Puts the first uploads and the first download on the agenda; each of them plans the next.
  func enter(_ agenda: inout Agenda, start: Int) {
    for provider in 0..<Partner.hostedProviderCount {
      agenda.add(Agenda.Item(due: start + (5 + provider * 7) * 60_000, task: .upload, index: Int32(provider)))
    }
    agenda.add(Agenda.Item(due: start + 90 * 60_000, task: .download, index: 0))
  }

  // MARK: Messages

  mutating func upload(_ provider: Int, _ context: inout TrafficContext) {
    let changes = makeChanges(provider, context.now, &context.random)
    let call = Call(
      operation: .setAuthenticationData, direction: .toIOP, peer: Partner.providers[provider], transaction: context.random.next(),
      outcome: .done(1))
    context.begin(call)
    write(changes, context.population, &context.exchange.request)
    context.exchange.endRequest()
    context.exchange.plainResponse()
    for change in changes { uploaded[provider][change.number] = change.action == 3 ? nil : change.entry }
    waiting += changes
    context.agenda.add(Agenda.Item(due: context.now + 12 * 3_600_000, task: .upload, index: Int32(provider)))
  }

  mutating func download(_ context: inout TrafficContext) {
    let call = Call(
      operation: .getAuthenticationData, direction: .toIOP, peer: .operatorBackEnd, transaction: context.random.next(), outcome: .done(1))
    context.begin(call)
    context.exchange.request.date(.lastRequestDate, lastDownload)
    context.exchange.endRequest()
    if context.exchange.beginResponse() {
      write(waiting, context.population, &context.exchange.response)
      context.exchange.endResponse()
    }
    for change in waiting { downloaded[change.provider][change.number] = change.action == 3 ? nil : change.entry }
    waiting = []
    lastDownload = context.now
    context.agenda.add(Agenda.Item(due: context.now + 4 * 3_600_000, task: .download, index: 0))
  }

  // MARK: Who is on them

  /// Somebody whom the operator may let charge without asking: on its list for an hour at least, and for a day to come. Nil where the first
  /// providers that come to mind have nobody.
  func user(_ context: inout TrafficContext) -> Population.User? {
    guard context.now - lastDownload > 3_600_000 else { return nil }
    let provider = context.random.below(Partner.hostedProviderCount)
    let first = context.random.below(Self.places)
    for step in 0..<Self.places {
      let number = (first + step) % Self.places
      let user = context.population.user(number, of: provider)
      guard isAuthorised(uploaded[provider][number], context.now), isAuthorised(downloaded[provider][number], context.now),
        !hasContractId(user)
      else { continue }
      return user
    }
    return nil
  }

  private func isAuthorised(_ entry: Entry?, _ now: Int) -> Bool {
    guard let entry else { return false }
    return entry.isAuthorised && entry.expiry > now + 86_400_000
  }

  // MARK: Changes

  private func makeChanges(_ provider: Int, _ now: Int, _ random: inout SplitMix64) -> [Change] {
    let list = uploaded[provider]
    guard list.contains(where: { $0 != nil }) else {
      return (0..<Self.fullList).map { Change(provider: provider, number: $0, action: 1, entry: makeEntry(now, &random)) }
    }
    var changes: [Change] = []
    for _ in 0..<random.between(0, 8) {
      let number = random.below(Self.places)
      // Nobody is in one upload twice.
      guard !changes.contains(where: { $0.number == number }) else { continue }
      let action = list[number] == nil ? 1 : (random.below(4) == 0 ? 3 : 2)
      changes.append(Change(provider: provider, number: number, action: action, entry: makeEntry(now, &random)))
    }
    return changes
  }

  /// Valid for half a year to two and a half years.
  private func makeEntry(_ now: Int, _ random: inout SplitMix64) -> Entry {
    let day = now / 86_400_000 + 180 + random.below(24) * 30
    return Entry(isAuthorised: !random.perMille(50), expiry: day * 86_400_000)
  }

  /// One customer in 32 is on the list by contract, not by badge.
  private func hasContractId(_ user: Population.User) -> Bool { user.key >> 8 & 31 == 0 }

  private func write(_ changes: [Change], _ population: Population, _ message: inout MessageWriter) {
    message.open(.authenticationDataList)
    for change in changes {
      let user = population.user(change.number, of: change.provider)
      message.open(.authenticationData)
      message.number(.actionType, change.action)
      message.userElements(user, byContract: hasContractId(user))
      message.number(.requestedServiceId, 1)
      message.number(.authorisationValue, change.entry.isAuthorised ? 1 : 2)
      message.date(.expiryDate, change.entry.expiry)
      message.alias(user)
      message.close(.authenticationData)
    }
    message.close(.authenticationDataList)
  }
}
