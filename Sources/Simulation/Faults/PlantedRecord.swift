/// A charge detail record of a session that is planted, with whatever is to be wrong in it.
struct PlantedRecord {
  struct Meter {
    var type: Int
    var value: String
    var unit: StaticString
  }

  let session: Session
  var nature = 1
  var evse: Int
  /// Milliseconds since 1970, like `end`.
  var start: Int
  var end: Int
  var meters: [Meter]
  /// Whose id of the operator it carries; nil for none.
  var named: Session?
  /// Whether the operator knows the platform's id of the session.
  var hasPlatformId = true
  var outcome = Outcome.done(1)

  /// A final record of all of the session, as it should be: 8 kWh.
  init(_ session: Session) {
    self.session = session
    evse = session.evse
    start = session.start
    end = session.end
    meters = [
      Meter(type: 1, value: String(session.minutes(until: session.end)), unit: "min"), Meter(type: 2, value: "8000", unit: "Wh"),
    ]
    named = session
  }

  /// The same, of other minutes and energy.
  func with(minutes: Int? = nil, wattHours: Int) -> PlantedRecord {
    var record = self
    record.meters[1].value = String(wattHours)
    if let minutes { record.meters[0].value = String(minutes) }
    return record
  }

  /// An intermediate record of the first `minutes`.
  func intermediate(minutes: Int, wattHours: Int) -> PlantedRecord {
    var record = with(minutes: minutes, wattHours: wattHours)
    record.nature = 0
    record.end = start + minutes * 60_000
    return record
  }

  /// Writes the whole exchange. The same key gives the same transactionId.
  func write(_ direction: Direction, key: UInt64, _ context: inout TrafficContext) {
    context.sendRecord(session, direction, key: key, outcome) { request in write(direction, &request) }
  }

  private func write(_ direction: Direction, _ request: inout MessageWriter) {
    request.open(.chargeDetailRecord)
    request.recordHead(session, direction, nature: nature, evse: evse, named: named, hasPlatformId: hasPlatformId)
    request.date(.startTime, start)
    request.date(.endTime, end)
    request.open(.meterReportList)
    for meter in meters { write(meter, &request) }
    request.close(.meterReportList)
    request.close(.chargeDetailRecord)
  }

  private func write(_ meter: Meter, _ request: inout MessageWriter) {
    request.open(.meterReport)
    request.number(.meterTypeId, meter.type)
    request.start(.meterValue)
    request.raw(text: meter.value)
    request.finish(.meterValue)
    request.text(.meterUnit, meter.unit)
    request.close(.meterReport)
  }
}
