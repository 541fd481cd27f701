/// Charge detail records, intermediate and final, with what happens when an answer is lost.
extension SessionScenario {
  /// The operator sends a record; `item.detail` is the minutes that an intermediate one covers, 0 for the final one.
  mutating func sendRecord(_ session: Session, _ item: Agenda.Item, _ context: inout TrafficContext) {
    let isFinal = item.detail == 0
    var outcome = Outcome.draw(.setChargeDetailRecord, &context.random)
    if item.attempt == 2 { outcome = .refused(10701) }
    if item.attempt == 1 { outcome = .done(1) }
    if item.attempt == 0, isFinal, context.random.perMille(9) { outcome = .lost }
    if context.isFaultless { outcome = outcome.thatARetryCures }
    writeRecord(session, item, .toIOP, purpose: 40, outcome, &context)
    if outcome == .lost {
      // Either the record never arrived, and the retry is the first that the platform sees of it; or only its answer was lost.
      let hasArrived = context.random.below(2) == 0
      let retry: UInt8 = hasArrived && isFinal ? 2 : 1
      plan(.record, item.index, after: context.random.between(60_000, 64_000), detail: item.detail, attempt: retry, &context)
      if hasArrived, isFinal { planLeg(session, item, &context) }
    } else if outcome.isDone {
      planLeg(session, item, &context)
      if isFinal, context.random.perMille(6) {
        plan(.recordRepeated, item.index, after: context.random.between(1, 40) * 3_600_000, &context)
      }
    } else if context.isFaultless, item.attempt == 0 {
      plan(.record, item.index, after: context.random.between(60_000, 64_000), detail: item.detail, attempt: 1, &context)
    }
  }

  private mutating func planLeg(_ session: Session, _ item: Agenda.Item, _ context: inout TrafficContext) {
    guard session.provider.isHosted else { return }
    plan(.recordLeg, item.index, after: context.random.between(300, 45_000), detail: item.detail, &context)
  }

  /// The platform passes the record on to the provider.
  mutating func forwardRecord(_ session: Session, _ item: Agenda.Item, _ context: inout TrafficContext) {
    var outcome = item.attempt == 0 ? Outcome.draw(.setChargeDetailRecord, &context.random) : .done(1)
    if item.attempt == 0, context.random.perMille(8) { outcome = .lost }
    if context.isFaultless { outcome = outcome.thatARetryCures }
    writeRecord(session, item, .fromIOP, purpose: 42, outcome, &context)
    if outcome == .lost || context.isFaultless && !outcome.isDone {
      plan(.recordLeg, item.index, after: context.random.between(60_000, 64_000), detail: item.detail, attempt: 1, &context)
    }
  }

  func writeRecord(
    _ session: Session, _ item: Agenda.Item, _ direction: Direction, purpose: UInt64, _ outcome: Outcome, _ context: inout TrafficContext
  ) {
    let key = SplitMix64.derive(session.key, purpose << 32 | UInt64(item.detail))
    context.sendRecord(session, direction, key: key, outcome) { request in
      writeRecord(session, minutes: Int(item.detail), direction, &request)
    }
  }

  /// The record itself. A session that was authorised from a white list has no platform id until the platform gives it one.
  private func writeRecord(_ session: Session, minutes: Int, _ direction: Direction, _ request: inout MessageWriter) {
    let end = minutes == 0 ? session.end : session.start + minutes * 60_000
    request.open(.chargeDetailRecord)
    request.recordHead(
      session, direction, nature: minutes == 0 ? 1 : (session.serial % 8 == 0 ? 2 : 0), evse: session.evse, named: session,
      hasPlatformId: session.origin != .whiteList)
    if session.key & 0x700 == 0 { request.text(.partnerProductId, "AC-STANDARD") }
    request.date(.startTime, session.start)
    request.date(.endTime, end)
    request.open(.meterReportList)
    writeMeters(session, until: end, &request)
    request.close(.meterReportList)
    request.close(.chargeDetailRecord)
  }

  private func writeMeters(_ session: Session, until end: Int, _ request: inout MessageWriter) {
    let minutes = session.minutes(until: end)
    let wattHours = session.wattHours(until: end)
    request.meter(1, minutes, "min")
    request.meter(2, wattHours, "Wh")
    if session.key & 0x3800 == 0 { writeCost(wattHours, &request) }
    if session.key & 0x1C000 == 0 {
      request.meter(5, minutes * 9 / 10, "min")
      let kilowatts = session.powerWatts / 1000
      request.meter(1000 + (session.addsUp ? min(99, kilowatts) : kilowatts), minutes * 8 / 10, "min")
    }
    if session.addsUp, [21, 25, 41, 45].contains(session.repetitiveMeter) {
      writeEnergySteps(session, until: end, minutes, &request)
    } else {
      writeRepetitiveMeters(session, minutes, &request)
    }
  }

  private func writeCost(_ wattHours: Int, _ request: inout MessageWriter) {
    let cents = wattHours * 39 / 1000 + 100
    request.open(.meterReport)
    request.number(.meterTypeId, 3)
    request.start(.meterValue)
    request.rawDecimal(cents / 100)
    request.raw(".")
    request.rawDecimal(cents % 100, width: 2)
    request.finish(.meterValue)
    request.text(.meterUnit, "EUR")
    request.close(.meterReport)
  }

  /// Steps of energy, or of the mean power that makes it, which add up to the energy at `end`; the last one may be shorter.
  private func writeEnergySteps(_ session: Session, until end: Int, _ minutes: Int, _ request: inout MessageWriter) {
    let length = session.repetitiveMeter % 10 == 5 ? 5 : 1
    let steps = max(1, (minutes + length - 1) / length)
    var before = 0
    for step in 1...steps {
      let moment = step == steps ? end : session.start + step * length * 60_000
      let energy = session.wattHours(until: moment)
      if session.repetitiveMeter > 40 {
        request.meter(session.repetitiveMeter, energy - before, "Wh")
      } else {
        request.meter(session.repetitiveMeter, (energy - before) * 60 / length, "W")
      }
      before = energy
    }
  }

  private func writeRepetitiveMeters(_ session: Session, _ minutes: Int, _ request: inout MessageWriter) {
    guard session.repetitiveMeter > 0 else { return }
    let length = session.repetitiveMeter % 10 == 5 ? 5 : 1
    let steps = min(400, (minutes + length - 1) / length)
    let isEnergy = session.repetitiveMeter > 40
    for step in 0..<steps {
      // The fall is laid out over the whole session, so that an intermediate record and the final one agree.
      let watts = session.watts(step: step, of: max(1, session.minutes(until: session.end) / length + 1))
      request.meter(session.repetitiveMeter, isEnergy ? watts * length / 60 : watts, isEnergy ? "Wh" : "W")
    }
  }
}
