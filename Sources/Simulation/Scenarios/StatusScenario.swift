/// Statuses of EVSEs, and now and then of pools, stations and connectors, that belong to no session of a roaming customer.
struct StatusScenario: ~Copyable {
  private struct Report {
    var operation: Operation
    var key: UInt64
    var evse: Int
    /// Milliseconds since 1970: when it became so, which may be hours before it is told.
    var date: Int
    var status: Int
  }

  private var reports = Slab<Report>()

  /// A customer who does not roam plugs in or leaves.
  ///
  /// - Returns: false where no EVSE is free, and nothing was written.
  mutating func reportBusy(_ context: inout TrafficContext) -> Bool {
    let end = context.now + context.random.between(5, 150) * 60_000
    guard let evse = context.takeEVSE(until: end) else { return false }
    let date = eventDate(&context)
    let status = context.random.perMille(90) ? 3 : 2
    write(Report(operation: .setEVSEBusyStatus, key: context.random.next(), evse: evse, date: date, status: status), 0, &context)
    let free = Report(operation: .setEVSEBusyStatus, key: context.random.next(), evse: evse, date: end, status: 1)
    plan(free, due: end + context.random.between(700, 5000), &context)
    return true
  }

  /// An EVSE breaks down and is repaired, or says again that it is in service.
  mutating func reportAvailability(_ context: inout TrafficContext) {
    var evse = context.random.below(context.population.evseCount)
    let date = eventDate(&context)
    let isBreakdown = context.random.perMille(300)
    let key = context.random.next()
    let status = isBreakdown ? 1 : (context.random.perMille(60) ? context.random.between(3, 4) : 2)
    if context.isFaultless, status != 2 { evse = context.population.troubled(near: evse) }
    write(Report(operation: .setEVSEAvailabilityStatus, key: key, evse: evse, date: date, status: status), 0, &context)
    guard isBreakdown else { return }
    let repaired = context.now + context.random.between(4, 900) * 60_000
    let report = Report(operation: .setEVSEAvailabilityStatus, key: context.random.next(), evse: evse, date: repaired, status: 2)
    plan(report, due: repaired + context.random.between(700, 5000), &context)
  }

  /// What operators seldom send.
  mutating func reportOther(_ context: inout TrafficContext) {
    let operations: [Operation] = [
      .setEVSESyntheticStatus, .setEVSESyntheticStatus, .setEVSESyntheticStatus, .setChargingPoolAvailabilityStatus,
      .setChargingStationAvailabilityStatus, .setChargingConnectorAvailabilityStatus,
    ]
    var report = Report(
      operation: operations[context.random.below(operations.count)], key: context.random.next(),
      evse: context.random.below(context.population.evseCount), date: eventDate(&context), status: context.random.between(1, 2))
    if context.isFaultless {
      report.evse = report.status == 1 ? context.population.troubled(near: report.evse) : context.population.inUse(near: report.evse)
    }
    write(report, 0, &context)
  }

  mutating func perform(_ item: Agenda.Item, _ context: inout TrafficContext) {
    let report = reports[item.index]
    reports.remove(item.index)
    write(report, item.attempt, &context)
  }

  // MARK: Plans

  /// Seconds before now; in some cases hours, where a station was offline: such a status arrives after newer ones.
  private func eventDate(_ context: inout TrafficContext) -> Int {
    let isLate = context.random.perMille(130)
    return context.now - (isLate ? context.random.between(900, 72_000) * 1000 : context.random.between(900, 4200))
  }

  private mutating func plan(_ report: Report, due: Int, attempt: UInt8 = 0, _ context: inout TrafficContext) {
    let index = reports.insert(report)
    context.agenda.add(Agenda.Item(due: due, task: .statusReport, index: index, attempt: attempt))
  }

  // MARK: Messages

  private mutating func write(_ report: Report, _ attempt: UInt8, _ context: inout TrafficContext) {
    let outcome = attempt == 0 ? Outcome.draw(report.operation, &context.random) : .done(1)
    let isMonitored = report.key % 100 < 7 || report.operation.rawValue > Operation.setEVSEBusyStatus.rawValue
    let call = Call(
      operation: report.operation, direction: .toIOP, peer: isMonitored ? .operatorMonitoring : .operatorBackEnd,
      transaction: report.key, outcome: outcome)
    context.begin(call)
    writeBody(report, &context.exchange.request)
    context.exchange.endRequest()
    context.exchange.plainResponse()
    if outcome == .lost { plan(report, due: context.now + context.random.between(60_000, 70_000), attempt: 1, &context) }
  }

  private func writeBody(_ report: Report, _ request: inout MessageWriter) {
    switch report.operation {
    case .setEVSEBusyStatus:
      request.evseElements(report.evse)
      request.date(.statusEventDate, report.date)
      request.number(.busyStatus, report.status)
      if report.status == 3 { request.date(.busyStatusUntil, report.date + 3_600_000) }
    case .setEVSESyntheticStatus:
      request.evseElements(report.evse)
      request.date(.availabilityStatusEventDate, report.date)
      request.number(.availabilityStatus, report.status)
      if report.status == 2 {
        request.date(.busyStatusEventDate, report.date - 1000)
        request.number(.busyStatus, 1 + Int(report.key % 2))
      }
    default: writeAvailability(report, &request)
    }
  }

  private func writeAvailability(_ report: Report, _ request: inout MessageWriter) {
    writeElement(report, &request)
    request.date(.statusEventDate, report.date)
    request.number(.availabilityStatus, report.status)
    guard report.status == 1 else { return }
    if report.key % 8 == 0 { request.date(.availabilityStatusUntil, report.date + 86_400_000) }
    if report.key % 3 != 0 {
      request.text(.availabilityStatusComment, Self.comments[Int(report.key >> 8 & 7)])
    }
  }

  private func writeElement(_ report: Report, _ request: inout MessageWriter) {
    switch report.operation {
    case .setChargingPoolAvailabilityStatus:
      request.text(.chargingPoolIdType, "eMI3")
      request.start(.chargingPoolId)
      request.pool(report.evse)
      request.finish(.chargingPoolId)
    case .setChargingStationAvailabilityStatus:
      request.text(.chargingStationIdType, "eMI3")
      request.start(.chargingStationId)
      request.station(report.evse)
      request.finish(.chargingStationId)
    case .setChargingConnectorAvailabilityStatus:
      request.text(.chargingConnectorIdType, "eMI3")
      request.start(.chargingConnectorId)
      request.connector(report.evse)
      request.finish(.chargingConnectorId)
    default: request.evseElements(report.evse)
    }
  }

  private static let comments: [StaticString] = [
    "Ground fault", "Câble verrouillé", "Arrêt d&apos;urgence actionné", "Communication lost", "Défaut d&#39;isolement &gt; 30 mA",
    "Maintenance planifiée", "Door open &amp; alarm", "Störung: Schütz klebt",
  ]
}
