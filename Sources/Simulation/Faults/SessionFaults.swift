/// Plants the faults of sessions, their records and the EVSEs' statuses, all on the first day. Each has a customer, an EVSE and a session
/// to itself, with numbers that nobody else has.
struct SessionFaults {
  private(set) var steps: [FaultPlan.Step] = []
  private(set) var faults: [PlantedFault] = []

  private let start: Int
  private let population: Population
  private var random: SplitMix64
  private var sessionCount = 0

  /// Providers whose requests always have a transactionId, by their index.
  private static let providers = [2, 4, 6]
  private static let minute = 60_000

  init(start: Int, seed: UInt64, _ population: Population) {
    self.start = start
    self.population = population
    random = SplitMix64(seed: seed)
  }

  mutating func plantAll() {
    plantAuthorisationFaults()
    plantCourseFaults()
    plantMeterFaults()
    plantTimeFaults()
    plantVersionFaults()
    plantContradiction()
    plantStatuses()
    plantOffset()
    plantSpellings()
    plantReusedTransaction()
    plantColons()
  }

  // MARK: Sessions

  private mutating func plantAuthorisationFaults() {
    plantConflictOfIds()
    plantRecord(.sessionFactsConflict) { $0.evse += 1 }
    plantUnreadableEvent()
    let forgotten = session()
    ask(.authorisedWithoutCDR, forgotten, .cause)
    fault(.authorisedWithoutCDR, forgotten, notBefore: forgotten.authorisedAt + 72 * 60 * Self.minute)

    var unasked = session()
    unasked.origin = .whiteList
    var record = PlantedRecord(unasked)
    record.hasPlatformId = false
    send(.cdrWithoutAuthorisation, record)
    fault(.cdrWithoutAuthorisation, unasked)

    var refused = session()
    refused.isAuthorised = false
    ask(.cdrRefusedAuthorisation, refused, .cause)
    send(.cdrRefusedAuthorisation, PlantedRecord(refused))
    fault(.cdrRefusedAuthorisation, refused)
  }

  /// The end of a session is reported, and nobody can read when it was.
  private mutating func plantUnreadableEvent() {
    let session = session()
    ask(.sessionValueUnreadable, session)
    let call = Call(
      operation: .setSessionEventReport, direction: .toIOP, peer: .operatorBackEnd, transaction: random.next(), outcome: .done(1))
    add(.sessionValueUnreadable, .finding, at: session.end + 2000) { context in
      context.begin(call)
      context.exchange.request.serviceSession(.serviceSessionId, session)
      context.exchange.request.execSession(.execPartnerSessionId, session)
      context.exchange.request.open(.sessionEvent)
      context.exchange.request.number(.sessionEventNature, 1)
      context.exchange.request.text(.sessionEventId, "Event-Id-1")
      context.exchange.request.text(.sessionEventDateTime, "01/03/2025 09:00")
      context.exchange.request.close(.sessionEvent)
      context.exchange.endRequest()
      guard context.exchange.beginResponse() else { return }
      context.exchange.response.serviceSession(.serviceSessionId, session)
      context.exchange.endResponse()
    }
    send(.sessionValueUnreadable, PlantedRecord(session), .setting)
    fault(.sessionValueUnreadable, session)
  }

  private mutating func plantConflictOfIds() {
    let first = session()
    ask(.sessionIdConflict, first)
    send(.sessionIdConflict, PlantedRecord(first), .cause)
    let second = session()
    ask(.sessionIdConflict, second)
    var record = PlantedRecord(second)
    record.named = first
    send(.sessionIdConflict, record, isForwarded: false)
    fault(.sessionIdConflict, second)
  }

  private mutating func plantCourseFaults() {
    var watched = session(minutes: 120)
    watched.wantsIntermediateRecords = true
    ask(.cdrIntermediateMissing, watched, .cause)
    send(.cdrIntermediateMissing, PlantedRecord(watched))
    fault(.cdrIntermediateMissing, watched)

    var limited = session()
    limited.limitWattHours = 10_000
    ask(.cdrMeterLimitExceeded, limited, .cause)
    send(.cdrMeterLimitExceeded, PlantedRecord(limited).with(wattHours: 12_000))
    fault(.cdrMeterLimitExceeded, limited)

    plantRawContract()
    plantRecord(.cdrExecSessionMissing) { $0.named = nil }

    // The charge goes on for 50 minutes.
    var going = session()
    going.stoppedAt = going.start + 10 * Self.minute
    let (unheeded, stop) = (going, going.start + 10 * Self.minute)
    ask(.sessionActionUnheeded, unheeded)
    add(.sessionActionUnheeded, .cause, at: stop) { SessionScenario().writeStop(unheeded, .toIOP, outcome: .done(1), &$0) }
    add(.sessionActionUnheeded, .setting, at: stop + 30) { SessionScenario().writeStop(unheeded, .fromIOP, outcome: .done(1), &$0) }
    send(.sessionActionUnheeded, PlantedRecord(unheeded), .setting)
    fault(.sessionActionUnheeded, unheeded, notBefore: stop + 15 * Self.minute)
  }

  private mutating func plantRawContract() {
    var remote = session()
    remote.origin = .remote
    remote.user.hidesContract = false
    let session = remote
    add(.cdrRawContract, .finding, at: session.authorisedAt) {
      SessionScenario().writeRemoteStart(session, .toIOP, .done(1), &$0)
    }
    add(.cdrRawContract, .setting, at: session.authorisedAt + 30) {
      SessionScenario().writeRemoteStart(session, .fromIOP, .done(1), &$0)
    }
    send(.cdrRawContract, PlantedRecord(session), .cause)
    fault(.cdrRawContract, session)
  }

  // MARK: Records

  private mutating func plantMeterFaults() {
    plantRecord(.cdrMeterMissing) { $0.meters.removeLast() }
    plantRecord(.cdrMeterUnit) { $0.meters[0].unit = "minutes" }
    // Neither meter 1 nor 2, as these have other rules to obey as well.
    plantRecord(.cdrMeterValue) { $0.meters.append(PlantedRecord.Meter(type: 3, value: "-12.50", unit: "EUR")) }
    plantRecord(.cdrValueUnreadable) { $0.meters.append(PlantedRecord.Meter(type: 3, value: "12,50", unit: "EUR")) }
    plantRecord(.cdrUnknownMeter) { $0.meters.append(PlantedRecord.Meter(type: 77, value: "5", unit: "Wh")) }
    plantRecord(.cdrPower, minutes: 30) { $0.meters[1].value = "500000" }
    plantRecord(.cdrPowerLow) { $0.meters[1].value = "22.98" }
    plantRecord(.cdrMeterRepeated) { $0.meters.append(PlantedRecord.Meter(type: 2, value: "8200", unit: "Wh")) }
    plantRecord(.cdrEnergySteps) { record in
      // Twelve steps of 400 Wh are 60 % of 8 kWh.
      record.meters += Array(repeating: PlantedRecord.Meter(type: 45, value: "400", unit: "Wh"), count: 12)
    }
  }

  private mutating func plantTimeFaults() {
    plantRecord(.cdrEndBeforeStart) { record in
      record.end = record.start - 10 * Self.minute
      record.meters[0].value = "0"
      record.meters[1].value = "0"
    }
    plantRecord(.cdrDurationMismatch) { $0.meters[0].value = "180" }
    plantRecord(.cdrEndAfterSent) { record in
      record.end += 30 * Self.minute
      record.meters[0].value = "90"
    }
    plantRecord(.cdrStartBeforeAuthorisation) { record in
      record.start -= 60 * Self.minute
      record.meters[0].value = "120"
    }
    plantTooLong()
    plantTwice()
    plantElsewhere()

    let first = session()
    ask(.cdrEVSEOverlap, first)
    send(.cdrEVSEOverlap, PlantedRecord(first), .cause)
    let second = session(evse: first.evse, at: first.end - 10 * Self.minute - 20_000)
    ask(.cdrEVSEOverlap, second)
    send(.cdrEVSEOverlap, PlantedRecord(second))
    fault(.cdrEVSEOverlap, second)
  }

  /// Nobody asked for it, so that it may begin before the traffic does, and it is not over yet.
  private mutating func plantTooLong() {
    var endless = session()
    endless.origin = .whiteList
    var record = PlantedRecord(endless)
    record.nature = 0
    record.start -= 8 * 24 * 60 * Self.minute
    record.meters[0].value = String((record.end - record.start) / Self.minute)
    send(.cdrTooLong, record)
    fault(.cdrTooLong, endless)
  }

  /// One charge is sent under the ids of two sessions.
  private mutating func plantTwice() {
    let first = session()
    ask(.cdrDuplicate, first)
    send(.cdrDuplicate, PlantedRecord(first), .cause)
    let second = session(evse: first.evse, at: first.authorisedAt + 5000)
    ask(.cdrDuplicate, second)
    var record = PlantedRecord(second)
    (record.start, record.end) = (first.start, first.end)
    record.meters = PlantedRecord(first).meters
    send(.cdrDuplicate, record, at: first.end + 30_000)
    fault(.cdrDuplicate, second)
  }

  /// One badge charges at two EVSEs.
  private mutating func plantElsewhere() {
    let first = session()
    ask(.userElsewhere, first)
    send(.userElsewhere, PlantedRecord(first), .cause)
    var second = session(at: first.authorisedAt + 20 * Self.minute)
    second.user = first.user
    ask(.userElsewhere, second)
    send(.userElsewhere, PlantedRecord(second))
    fault(.userElsewhere, second)
  }

  private mutating func plantVersionFaults() {
    var falling = session()
    falling.wantsIntermediateRecords = true
    ask(.cdrMeterDecreases, falling)
    let fallen = PlantedRecord(falling)
    send(.cdrMeterDecreases, fallen.intermediate(minutes: 30, wattHours: 9000), .cause, at: falling.start + 31 * Self.minute)
    send(.cdrMeterDecreases, fallen)
    fault(.cdrMeterDecreases, falling)

    plantSecondFinal()
    plantAfterFinal()

    let odd = session()
    ask(.cdrUnknownNature, odd)
    var unknown = PlantedRecord(odd).intermediate(minutes: 30, wattHours: 4000)
    unknown.nature = 9
    send(.cdrUnknownNature, unknown, at: odd.start + 31 * Self.minute)
    send(.cdrUnknownNature, PlantedRecord(odd), .setting)
    fault(.cdrUnknownNature, odd)

    let changed = session()
    ask(.cdrLegsDiffer, changed)
    send(.cdrLegsDiffer, PlantedRecord(changed), .cause, isForwarded: false)
    forward(.cdrLegsDiffer, PlantedRecord(changed).with(wattHours: 9500), .finding, at: changed.end + 20_000)
    fault(.cdrLegsDiffer, changed)
  }

  private mutating func plantSecondFinal() {
    let twice = session()
    ask(.cdrSecondFinal, twice)
    send(.cdrSecondFinal, PlantedRecord(twice), .cause)
    var second = PlantedRecord(twice).with(wattHours: 8100)
    second.outcome = .refused(10701)
    send(.cdrSecondFinal, second, at: twice.end + 20 * Self.minute, isForwarded: false)
    fault(.cdrSecondFinal, twice)
  }

  private mutating func plantAfterFinal() {
    let late = session()
    ask(.cdrAfterFinal, late)
    send(.cdrAfterFinal, PlantedRecord(late), .cause)
    let behind = PlantedRecord(late).intermediate(minutes: late.minutes(until: late.end), wattHours: 8000)
    send(.cdrAfterFinal, behind, at: late.end + 20 * Self.minute, isForwarded: false)
    fault(.cdrAfterFinal, late)
  }

  // MARK: Statuses

  private mutating func plantContradiction() {
    let evse = nextEVSE
    sessionCount += 1
    let broken = start + 14 * 60 * Self.minute
    let rule = FaultRule.evseContradiction
    report(rule, .setEVSEAvailabilityStatus, "2", evse, .setting, at: broken - 20 * Self.minute)
    report(rule, .setEVSEBusyStatus, "1", evse, .setting, at: broken - 19 * Self.minute)
    report(rule, .setEVSEAvailabilityStatus, "1", evse, .cause, at: broken)
    report(rule, .setEVSEBusyStatus, "2", evse, .finding, at: broken + 5 * Self.minute)
    report(rule, .setEVSEBusyStatus, "1", evse, .setting, at: broken + 50 * Self.minute)
    report(rule, .setEVSEAvailabilityStatus, "2", evse, .setting, at: broken + 90 * Self.minute)
    faults.append(PlantedFault(rule, .evse(evse)))
  }

  /// Two EVSEs that only their separators tell apart, and a report of one of them without any.
  private mutating func plantSpellings() {
    let (number, begin) = (nextEVSE / 2 + 1000, start + 17 * 60 * Self.minute)
    sessionCount += 1
    let unseparated = "FR*C01*E\(number)11"
    for (index, id) in ["FR*C01*E\(number)*11", "FR*C01*E\(number)1*1", unseparated].enumerated() {
      let role: FaultPlan.Step.Role = id == unseparated ? .finding : .cause
      report(.evseSpellingAmbiguous, .setEVSEBusyStatus, "1", 0, role, at: begin + index * Self.minute, id: id)
    }
    faults.append(PlantedFault(.evseSpellingAmbiguous, .evseId(unseparated)))
  }

  private mutating func plantReusedTransaction() {
    let (evse, begin, transaction) = (nextEVSE, start + 18 * 60 * Self.minute, random.next())
    sessionCount += 1
    report(.transactionIdReused, .setEVSEAvailabilityStatus, "2", evse, .cause, at: begin, transaction: transaction)
    report(.transactionIdReused, .setEVSEBusyStatus, "1", evse, .finding, at: begin + Self.minute, transaction: transaction)
    faults.append(PlantedFault(.transactionIdReused, .transaction))
  }

  private mutating func plantColons() {
    var odd = session()
    odd.user.hasColons = true
    ask(.userNotHexadecimal, odd, .finding)
    send(.userNotHexadecimal, PlantedRecord(odd), .setting)
    fault(.userNotHexadecimal, odd)
  }

  /// An EVSE whose clock is ten years ahead once, and one that says in a word what it is.
  private mutating func plantStatuses() {
    let planted: [(rule: FaultRule, status: StaticString, delay: Int)] = [
      (.statusAhead, "2", -3653 * 24 * 60 * Self.minute), (.statusValueUnreadable, "busy", 1500),
    ]
    for (rule, status, delay) in planted {
      let evse = nextEVSE
      sessionCount += 1
      let due = start + 15 * 60 * Self.minute
      report(rule, .setEVSEBusyStatus, "1", evse, .setting, at: due)
      report(rule, .setEVSEBusyStatus, status, evse, .finding, at: due + 31 * Self.minute, delay: delay)
      report(rule, .setEVSEBusyStatus, "1", evse, .setting, at: due + 45 * Self.minute)
      faults.append(PlantedFault(rule, .evse(evse)))
    }
  }

  /// The clock of an operator is an hour behind for a while, as 21 of its reports tell: the twentieth is enough.
  private mutating func plantOffset() {
    let evse = nextEVSE
    sessionCount += 1
    let begin = start + 15 * 60 * Self.minute
    for number in 0..<22 {
      let role: FaultPlan.Step.Role = number == 19 ? .finding : number == 21 ? .cause : .setting
      report(
        .partnerClockOffset, .setEVSEBusyStatus, "1", evse, role, at: begin + number * Self.minute, of: .plantedOperator,
        delay: number == 21 ? 1500 : 60 * Self.minute + 1500)
    }
    faults.append(PlantedFault(.partnerClockOffset, .partner(.plantedOperator)))
  }

  /// - Parameter delay: milliseconds from the date of the status to its message.
  private mutating func report(
    _ rule: FaultRule, _ operation: Operation, _ status: StaticString, _ evse: Int, _ role: FaultPlan.Step.Role, at due: Int,
    of partner: Partner = .operatorBackEnd, delay: Int = 1500, id: String? = nil, transaction: UInt64? = nil
  ) {
    let call = Call(
      operation: operation, direction: .toIOP, peer: partner, transaction: transaction ?? random.next(), outcome: .done(1))
    add(rule, role, at: due) { context in
      context.begin(call)
      if let id { context.exchange.request.evseElements(text: id) } else { context.exchange.request.evseElements(evse) }
      context.exchange.request.date(.statusEventDate, context.now - delay)
      context.exchange.request.text(operation == .setEVSEBusyStatus ? .busyStatus : .availabilityStatus, status)
      context.exchange.endRequest()
      context.exchange.plainResponse()
    }
  }

  // MARK: Parts

  /// A session like any other, but for one thing in its final record.
  private mutating func plantRecord(_ rule: FaultRule, minutes: Int = 60, _ spoil: (inout PlantedRecord) -> Void) {
    let session = session(minutes: minutes)
    ask(rule, session)
    var record = PlantedRecord(session)
    spoil(&record)
    send(rule, record)
    fault(rule, session)
  }

  private mutating func fault(_ rule: FaultRule, _ session: Session, notBefore: Int? = nil) {
    var fault = PlantedFault(rule, .session(session))
    fault.notBefore = notBefore
    faults.append(fault)
  }

  /// `FR*C01*E91000*1` and on, of which ordinary traffic is far away; the number after it is free as well.
  private var nextEVSE: Int { 180_000 + sessionCount * 2 }

  /// The next session, of `minutes`, nine minutes after the one before, or at `begin`.
  private mutating func session(minutes: Int = 60, evse: Int? = nil, at begin: Int? = nil) -> Session {
    let provider = Self.providers[sessionCount % Self.providers.count]
    let begin = begin ?? start + (8 * 60 + sessionCount * 9) * Self.minute
    // Ids that are UUIDs, not numbers that ordinary sessions come to as well.
    let key = random.next() | 0x40
    var session = Session(
      key: key, serial: 0, origin: .badge, user: population.user(population.contractCount(provider) + 1000 + sessionCount, of: provider),
      evse: evse ?? nextEVSE, authorisedAt: begin, end: begin + 20_000 + minutes * Self.minute, &random)
    session.start = begin + 20_000
    session.wantsIntermediateRecords = false
    session.limitWattHours = 0
    session.repetitiveMeter = 0
    sessionCount += 1
    return session
  }

  /// The operator asks the platform, and that the provider.
  private mutating func ask(_ rule: FaultRule, _ session: Session, _ role: FaultPlan.Step.Role = .setting) {
    add(rule, role, at: session.authorisedAt) { SessionScenario().writeAuthorisation(session, .done(1), &$0) }
    add(rule, .setting, at: session.authorisedAt + 30) { SessionScenario().writeAuthorisationLeg(session, &$0) }
  }

  /// The operator sends a record, ten seconds after the session's end where nothing else is said, and the platform passes it on.
  private mutating func send(
    _ rule: FaultRule, _ record: PlantedRecord, _ role: FaultPlan.Step.Role = .finding, at due: Int? = nil, isForwarded: Bool = true
  ) {
    let due = due ?? record.session.end + 10_000
    let key = random.next()
    add(rule, role, at: due) { record.write(.toIOP, key: key, &$0) }
    if isForwarded { forward(rule, record, .setting, at: due + 2000) }
  }

  private mutating func forward(_ rule: FaultRule, _ record: PlantedRecord, _ role: FaultPlan.Step.Role, at due: Int) {
    let key = random.next()
    add(rule, role, at: due) { record.write(.fromIOP, key: key, &$0) }
  }

  private mutating func add(
    _ rule: FaultRule, _ role: FaultPlan.Step.Role, at due: Int, _ write: @escaping (inout TrafficContext) -> Void
  ) {
    steps.append(FaultPlan.Step(due: due, rule: rule, role: role, write: write))
  }
}
