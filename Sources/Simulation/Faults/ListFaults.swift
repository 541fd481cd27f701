/// Plants the faults of white lists, with the uploads of two providers and the downloads of an operator that exist for this only: twice a
/// day, but for one long pause each of the first provider and the operator.
struct ListFaults {
  private(set) var steps: [FaultPlan.Step] = []
  private(set) var faults: [PlantedFault] = []

  private let start: Int
  private let end: Int
  private var random: SplitMix64

  private static let hour = 3_600_000
  /// What a pause of 30 hours is found by: a day, and two hours' grace.
  private static let longest = 26 * hour

  init(start: Int, days: Int, seed: UInt64) {
    self.start = start
    end = start + days * 24 * Self.hour
    random = SplitMix64(seed: seed)
  }

  mutating func plantAll() {
    let shared = newUser()
    upload(.plantedFirst, 1, newUsers(10), at: 8)
    upload(.plantedFirst, 1, newUsers(1), at: 20)
    plantUnknownEntry()
    upload(.plantedFirst, 1, [shared], at: 33, .whiteListBadgeConflict, .cause)
    plantTooLarge()
    plantValues()
    plantPause()

    upload(.plantedSecond, 1, newUsers(10), at: 9)
    upload(.plantedSecond, 1, newUsers(1), at: 21)
    upload(.plantedSecond, 1, [shared], at: 34, .whiteListBadgeConflict, .finding)
    faults.append(PlantedFault(.whiteListBadgeConflict, .user(.plantedSecond, shared)))
    for hour in stride(from: 46, to: (end - start) / Self.hour, by: 12) { upload(.plantedSecond, 1, newUsers(1), at: hour) }

    plantDownloads()
  }

  private mutating func plantUnknownEntry() {
    let stranger = newUser()
    upload(.plantedFirst, 3, [stranger], at: 32, .whiteListUnknownEntry, .finding)
    faults.append(PlantedFault(.whiteListUnknownEntry, .user(.plantedFirst, stranger)))
  }

  private mutating func plantTooLarge() {
    upload(.plantedFirst, 1, newUsers(501), at: 35, .whiteListUploadTooLarge, .finding)
    faults.append(PlantedFault(.whiteListUploadTooLarge, .list(.plantedFirst)))
  }

  /// An expiry date and a flag in forms that are none, a user without an expiry date, and an entry without a user.
  private mutating func plantValues() {
    let planted: [(FaultRule, Flaw)] = [
      (.whiteListExpiryUnreadable, .expiryUnreadable), (.whiteListValueUnreadable, .flagUnreadable),
      (.whiteListExpiryMissing, .expiryMissing), (.whiteListUserMissing, .userMissing),
    ]
    for (index, (rule, flaw)) in planted.enumerated() {
      let user = newUser()
      upload(.plantedFirst, 1, [user], at: 22 + index, rule, .finding, flaw)
      faults.append(PlantedFault(rule, [.expiryMissing, .userMissing].contains(flaw) ? .list(.plantedFirst) : .user(.plantedFirst, user)))
    }
  }

  private mutating func plantPause() {
    upload(.plantedFirst, 1, newUsers(1), at: 36, .whiteListUploadMissed, .cause)
    upload(.plantedFirst, 1, newUsers(1), at: 66, .whiteListUploadMissed, .cause)
    for hour in stride(from: 78, to: (end - start) / Self.hour, by: 12) { upload(.plantedFirst, 1, newUsers(1), at: hour) }
    var fault = PlantedFault(.whiteListUploadMissed, .list(.plantedFirst))
    fault.notBefore = start + 36 * Self.hour + Self.longest
    faults.append(fault)
  }

  private mutating func plantDownloads() {
    download(newUsers(3), at: 8, .setting)
    download([], at: 20, .setting)
    download([], at: 32, .cause)
    download([], at: 62, .cause)
    for hour in stride(from: 74, to: (end - start) / Self.hour, by: 12) { download([], at: hour, .setting) }
    var fault = PlantedFault(.whiteListDownloadMissed, .list(.plantedOperator))
    fault.notBefore = start + 32 * Self.hour + Self.longest
    faults.append(fault)
  }

  /// The platform tells the first provider in words when it wants its next heartbeat.
  mutating func plantPeriod() {
    let call = Call(operation: .heartBeat, direction: .toIOP, peer: .plantedFirst, transaction: random.next(), outcome: .done(1))
    add(.partnerValueUnreadable, .finding, at: 25) { context in
      context.begin(call)
      context.exchange.endRequest()
      guard context.exchange.beginResponse() else { return }
      context.exchange.response.text(.heartBeatPeriod, "5 min")
      context.exchange.response.date(.currentTime, context.now)
      context.exchange.endResponse()
    }
    faults.append(PlantedFault(.partnerValueUnreadable, .partner(.plantedFirst)))
  }

  // MARK: Messages

  private mutating func newUser() -> Population.User { Population.User(provider: 0, key: random.next(), hidesContract: true) }

  private mutating func newUsers(_ count: Int) -> [Population.User] { (0..<count).map { _ in newUser() } }

  /// What is wrong with each entry of an upload.
  private enum Flaw {
    case none, expiryUnreadable, flagUnreadable, expiryMissing, userMissing
  }

  /// `users` with one action (1 insert, 2 update, 3 delete), `hour` hours after the beginning.
  private mutating func upload(
    _ partner: Partner, _ action: Int, _ users: [Population.User], at hour: Int, _ rule: FaultRule = .whiteListUnknownEntry,
    _ role: FaultPlan.Step.Role = .setting, _ flaw: Flaw = .none
  ) {
    let call = Call(operation: .setAuthenticationData, direction: .toIOP, peer: partner, transaction: random.next(), outcome: .done(1))
    add(rule, role, at: hour) { context in
      context.begin(call)
      Self.write(users, action, partner, context.now, flaw, &context.exchange.request)
      context.exchange.endRequest()
      context.exchange.plainResponse()
    }
  }

  private mutating func download(_ users: [Population.User], at hour: Int, _ role: FaultPlan.Step.Role) {
    let call = Call(
      operation: .getAuthenticationData, direction: .toIOP, peer: .plantedOperator, transaction: random.next(), outcome: .done(1))
    add(.whiteListDownloadMissed, role, at: hour) { context in
      context.begin(call)
      context.exchange.request.date(.lastRequestDate, context.now - 12 * Self.hour)
      context.exchange.endRequest()
      guard context.exchange.beginResponse() else { return }
      Self.write(users, 1, .plantedFirst, context.now, .none, &context.exchange.response)
      context.exchange.endResponse()
    }
  }

  private mutating func add(
    _ rule: FaultRule, _ role: FaultPlan.Step.Role, at hour: Int, _ write: @escaping (inout TrafficContext) -> Void
  ) {
    steps.append(FaultPlan.Step(due: start + hour * Self.hour, rule: rule, role: role, write: write))
  }

  private static func write(
    _ users: [Population.User], _ action: Int, _ partner: Partner, _ now: Int, _ flaw: Flaw, _ message: inout MessageWriter
  ) {
    message.open(.authenticationDataList)
    for user in users {
      message.open(.authenticationData)
      message.number(.actionType, action)
      if flaw != .userMissing { message.userElements(user, byContract: false) }
      message.number(.requestedServiceId, 1)
      message.number(.authorisationValue, 1)
      if flaw == .flagUnreadable { message.text(.intermediateCDRRequested, "no") }
      switch flaw {
      case .expiryMissing: break
      case .expiryUnreadable: message.text(.expiryDate, "31/12/2030")
      // Longer than any traffic.
      default: message.date(.expiryDate, (now / 86_400_000 + 1200) * 86_400_000)
      }
      message.start(.userContractIdAlias)
      message.pseudonym(user, of: partner)
      message.finish(.userContractIdAlias)
      message.close(.authenticationData)
    }
    message.close(.authenticationDataList)
  }
}
