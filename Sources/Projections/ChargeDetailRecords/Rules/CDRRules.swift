internal import EMIP
internal import JournalFormat

/// What records are held against. Numbers by exact decimals, never by binary fractions.
public enum CDRRules {
  /// The limits from which on something is odd. They are part of the rules' version: other limits are another version.
  public enum Limits {
    /// A duration may differ from the times by so much,
    public static let durationMilliseconds: Int64 = 300_000
    /// or by this part of the interval.
    public static let durationPart: Int64 = 10
    /// The highest mean power that a charge can have, in watts.
    public static let watts: Int64 = 400_000
    /// The sum of the steps may differ from the total by so many watt-hours,
    public static let stepsWattHours: Int64 = 100
    /// or by this part of the total.
    public static let stepsPart: Int64 = 20
    /// Two charges at one EVSE, or of one badge, may overlap by so much: clocks differ.
    public static let overlapSeconds: Int64 = 60
    /// A record's end may lie so long after the record was on the wire, in milliseconds: clocks differ by minutes, and what differs by more was set
    /// to another zone, or not at all.
    public static let endAfterSentMilliseconds: Int64 = 300_000
    /// A charge may have begun so long before anybody asked for its session, in milliseconds: a station may open the session first and ask when
    /// it has a connection.
    public static let startBeforeAuthorisationMilliseconds: Int64 = 900_000
    /// The longest that a charge can last, in milliseconds: a week. A vehicle is full within a day or two; what is longer is a clock that was set
    /// meanwhile, or a session that nobody ended.
    public static let longestMilliseconds: Int64 = 7 * 86_400_000
    /// A mean power below this is odd, in watts: no vehicle charges by so little,
    public static let lowWatts: Int64 = 100
    /// in a charge of more than so many milliseconds: a short one may have been broken off,
    public static let lowMilliseconds: Int64 = 600_000
    /// with fewer watt-hours than this, which as kilowatt-hours would be a usual charge.
    public static let lowWattHours: Int64 = 100
  }

  static let meterMissing = FindingRule(
    20, "cdr-meter-missing", .error, "A record has no total duration (meter 1) or no total energy (meter 2), which are mandatory.")
  static let meterUnit = FindingRule(
    21, "cdr-meter-unit", .error, "The total duration or the total energy of a record is in another unit than the catalogue's.")
  static let meterValue = FindingRule(22, "cdr-meter-value", .error, version: 2, "The value of a meter is missing, or negative.")
  static let endBeforeStart = FindingRule(
    23, "cdr-end-before-start", .error, version: 2, "A record ends before it starts, or one of its times is missing.")
  static let meterDecreases = FindingRule(
    24, "cdr-meter-decreases", .error, "A total is less than in the version before, and totals count from the session's beginning.")
  static let durationMismatch = FindingRule(
    25, "cdr-duration-mismatch", .warning, "The total duration differs from the time between start and end.")
  static let power = FindingRule(26, "cdr-power", .warning, "The energy is more than the highest power could deliver in the time.")
  static let energySteps = FindingRule(
    27, "cdr-energy-steps", .warning, version: 2, "The sum of the energy, or of the power, by steps differs from the total energy.")
  static let secondFinal = FindingRule(28, "cdr-second-final", .error, "A session has a second final record, and it says something else.")
  static let afterFinal = FindingRule(29, "cdr-after-final", .error, "An intermediate record came behind the accepted final one.")
  static let evseOverlap = FindingRule(30, "cdr-evse-overlap", .warning, "Two sessions charged at one EVSE at the same time.")
  static let execSessionMissing = FindingRule(
    31, "cdr-exec-session-missing", .error, "A record has neither the CPO's nor the platform's id of the session.")
  static let execSessionAbsent = FindingRule(
    32, "cdr-exec-session-missing", .notice, "A record does not have the CPO's id of the session.")
  static let otherMeterUnit = FindingRule(
    33, "cdr-meter-unit", .warning, "A meter of a record is in another unit than the catalogue's.")
  static let unknownMeter = FindingRule(34, "cdr-unknown-meter", .notice, "A meter's type is none of the catalogue's.")
  static let unknownNature = FindingRule(35, "cdr-unknown-nature", .notice, "A record does not say whether it is final or intermediate.")
  static let sidesDiffer = FindingRule(
    36, "cdr-legs-differ", .error, "The record that the CPO sent and the one that the eMSP got say different things.")
  static let endAfterSent = FindingRule(
    37, "cdr-end-after-sent", .error, "A record ends more than 5 min after it was on the wire: it tells of what had not happened yet.")
  static let startBeforeAuthorisation = FindingRule(
    38, "cdr-start-before-authorisation", .error, "A charge begins more than 15 min before its session was first asked for or granted.")
  static let tooLong = FindingRule(39, "cdr-too-long", .error, "A charge lasts more than 7 days.")
  static let meterRepeated = FindingRule(
    40, "cdr-meter-repeated", .error, "A total is given more than once in a record: nobody knows which counts, and none does.")
  static let powerLow = FindingRule(
    41, "cdr-power-low", .warning,
    "A charge of more than 10 min has less than 100 Wh and a mean power below 100 W: they may be kilowatt-hours, sent as watt-hours.")
  static let duplicate = FindingRule(
    42, "cdr-duplicate", .error, "Two sessions have the same charge: one EVSE, one start, one end, one energy.")
  static let valueUnreadable = FindingRule(
    44, "cdr-value-unreadable", .error, "A date, a code or the value of a meter of a record is there and cannot be read.")
  static let userElsewhere = FindingRule(43, "user-elsewhere", .notice, "One badge charged at two EVSEs at the same time.")

  /// In the order of their numbers.
  public static let all = [
    meterMissing, meterUnit, meterValue, endBeforeStart, meterDecreases, durationMismatch, power, energySteps, secondFinal, afterFinal,
    evseOverlap, execSessionMissing, execSessionAbsent, otherMeterUnit, unknownMeter, unknownNature, sidesDiffer, endAfterSent,
    startBeforeAuthorisation, tooLong, meterRepeated, powerLow, duplicate, userElsewhere, valueUnreadable,
  ]

  /// Those whose findings name two sessions, and stand with both.
  static let ofTwoSessions = [evseOverlap, duplicate, userElsewhere]

  /// The rules that the read model of sessions holds records against, as it knows what was authorised.
  public static let ofAuthorisation = [
    SessionRules.withoutAuthorisation, SessionRules.refusedAuthorisation, SessionRules.intermediateMissing, SessionRules.limitExceeded,
    SessionRules.rawContract,
  ]
}

/// A rule that something broke, with the figures that its sentence needs. Never personal.
struct CDRJudgement: Hashable, Sendable {
  let rule: FindingRule
  let figures: [String]

  init(_ rule: FindingRule, _ figures: [String]) {
    self.rule = rule
    self.figures = figures
  }

  init(_ rule: FindingRule, _ figures: String...) { self.init(rule, figures) }

  /// The figures as ``FindingTable`` keeps them.
  var detail: [UInt8] {
    var bytes: [UInt8] = []
    for figure in figures { bytes.appendCounted(figure.utf8) }
    return bytes
  }

  /// What ``detail`` wrote.
  static func figures(_ detail: [UInt8]) -> [String] {
    var figures: [String] = []
    _ = try? detail.reading { (reader) throws(FormatError) in
      while !reader.isAtEnd { figures.append(try reader.string()) }
    }
    return figures
  }
}

// MARK: Rules that a record breaks by itself

extension CDRRules {
  /// All that a record breaks by itself.
  static func judgements(of metered: MeteredRecord) -> [CDRJudgement] {
    judgeMandatoryMeters(metered) + judgeUnits(metered.record) + judgeValues(metered) + judgeRepetition(metered.record)
      + judgeTimes(metered.record) + judgeDuration(metered) + judgePower(metered) + judgeLowPower(metered) + judgeSteps(metered)
      + judgeMeterTypes(metered.record) + judgeNature(metered.record) + judgeUnreadable(metered)
  }

  /// Guide 6.5.1.
  static func judgeMandatoryMeters(_ metered: MeteredRecord) -> [CDRJudgement] {
    guard !metered.hasTotalsOnly else { return [] }
    return [MeterType.totalDuration, .totalEnergy].filter { type in !metered.record.meters.contains { $0.type?.value == type } }
      .map { CDRJudgement(meterMissing, String($0.rawValue)) }
  }

  /// Guide 5.5.2. Once for each type of meter.
  static func judgeUnits(_ record: ChargeDetailRecord) -> [CDRJudgement] {
    var judgements: [CDRJudgement] = []
    for meter in record.meters where !meter.isInCatalogueUnit {
      guard let type = meter.type?.value, let unit = type.unit else { continue }
      let figures = [String(type.rawValue), String((meter.unit ?? "").prefix(12)), unit.spelling ?? "a currency"]
      guard !judgements.contains(where: { $0.figures[0] == figures[0] }) else { continue }
      judgements.append(CDRJudgement(type.isMandatory ? meterUnit : otherMeterUnit, figures))
    }
    return judgements
  }

  /// What cannot be read, all of it in one: a date (xs:dateTime), a code, a decimal. Of a long text the beginning is told.
  static func judgeUnreadable(_ metered: MeteredRecord) -> [CDRJudgement] {
    var unreadable = metered.record.unreadable
    if !metered.hasTotalsOnly { for meter in metered.record.meters { unreadable.note(meter.unreadable) } }
    guard !unreadable.isEmpty else { return [] }
    return [CDRJudgement(valueUnreadable, unreadable.values.prefix(8).flatMap { [$0.name, String($0.text.prefix(40))] })]
  }

  /// Guide 5.5.2. Once for each type of meter.
  static func judgeValues(_ metered: MeteredRecord) -> [CDRJudgement] {
    var judgements: [CDRJudgement] = []
    for (meter, quantity) in zip(metered.record.meters, metered.quantities) where quantity?.isNegative ?? (meter.value == nil) {
      let type = meter.type?.value.map { String($0.rawValue) } ?? ""
      guard !judgements.contains(where: { $0.figures[0] == type }) else { continue }
      judgements.append(CDRJudgement(meterValue, type, quantity == nil ? "missing" : "negative"))
    }
    return judgements
  }

  /// Guide 5.5.2: totals count from the session's beginning, so there is one of each; of costs, one in each currency.
  static func judgeRepetition(_ record: ChargeDetailRecord) -> [CDRJudgement] {
    var counts: [(type: MeterType, unit: String, count: Int)] = []
    for meter in record.meters {
      guard let type = meter.type?.value, type.isMandatory || type == .serviceCost else { continue }
      let unit = type == .serviceCost ? String((meter.unit ?? "").prefix(12)) : ""
      if let index = counts.firstIndex(where: { $0.type == type && $0.unit == unit }) {
        counts[index].count += 1
      } else {
        counts.append((type, unit, 1))
      }
    }
    return counts.filter { $0.count > 1 }.map { CDRJudgement(meterRepeated, String($0.type.rawValue), String($0.count)) }
  }

  static func judgeTimes(_ record: ChargeDetailRecord) -> [CDRJudgement] {
    guard let start = record.startTime else { return [CDRJudgement(endBeforeStart, "startTime")] }
    guard let end = record.endTime else { return [CDRJudgement(endBeforeStart, "endTime")] }
    guard let start = start.value, let end = end.value else { return [] }
    if end < start { return [CDRJudgement(endBeforeStart, start.description, end.description)] }
    guard isTooLong(start.rawValue, end.rawValue) else { return [] }
    return [CDRJudgement(tooLong, start.description, end.description)]
  }

  /// - Parameters: milliseconds since 1970.
  static func isTooLong(_ start: Int64, _ end: Int64) -> Bool { end &- start > Limits.longestMilliseconds }

  /// - Parameter sentAt: when the record was on the wire.
  static func judgeEnd(_ record: ChargeDetailRecord, sentAt: Timestamp) -> [CDRJudgement] {
    guard let end = record.endTime?.value, end.milliseconds(since: sentAt) > Limits.endAfterSentMilliseconds else { return [] }
    return [CDRJudgement(endAfterSent, end.description, sentAt.description)]
  }

  /// What could not be read may have asked for a session before the first message that could.
  static func isDoubtful(_ finding: FindingTable.Stored, _ rows: any ModelRows) -> Bool {
    finding.rule == startBeforeAuthorisation.number && rows.gaps.count(after: nil, before: finding.position) > 0
  }

  /// - Parameters:
  ///   - start: of a record, in milliseconds since 1970.
  ///   - asked: when its session was first asked for or granted.
  static func judgeStart(_ start: Int64, askedAt asked: Timestamp) -> CDRJudgement? {
    let start = Timestamp(rawValue: start)
    guard asked.milliseconds(since: start) > Limits.startBeforeAuthorisationMilliseconds else { return nil }
    return CDRJudgement(startBeforeAuthorisation, start.description, asked.description)
  }

  static func judgeDuration(_ metered: MeteredRecord) -> [CDRJudgement] {
    guard let interval = metered.milliseconds, let minutes = metered.totalDuration else { return [] }
    let difference = (minutes * 60_000 - MeterQuantity(interval)).magnitude
    let part = MeterQuantity(attos: Int128(interval) * MeterQuantity.unit / Int128(Limits.durationPart))
    guard difference > max(MeterQuantity(Limits.durationMilliseconds), part) else { return [] }
    return [CDRJudgement(durationMismatch, minutes.description, String(interval / 60_000))]
  }

  static func judgePower(_ metered: MeteredRecord) -> [CDRJudgement] {
    guard let interval = metered.milliseconds, let energy = metered.totalEnergy else { return [] }
    let time = max(MeterQuantity(interval), (metered.totalDuration ?? .zero) * 60_000, MeterQuantity(60_000))
    guard energy * 3_600_000 > time * Limits.watts else { return [] }
    return [CDRJudgement(power, energy.description, String(time.attos / MeterQuantity.unit / 60_000), String(Limits.watts / 1_000))]
  }

  /// What an intermediate record has so far says nothing.
  static func judgeLowPower(_ metered: MeteredRecord) -> [CDRJudgement] {
    guard metered.record.standardNature != .intermediate, let energy = metered.totalEnergy, energy > .zero,
      energy < MeterQuantity(Limits.lowWattHours)
    else { return [] }
    guard let time = metered.milliseconds.map({ MeterQuantity($0) }) ?? metered.totalDuration.map({ $0 * 60_000 }) else { return [] }
    guard time > MeterQuantity(Limits.lowMilliseconds), energy * 3_600_000 < time * Limits.lowWatts else { return [] }
    return [CDRJudgement(powerLow, energy.description, String(time.attos / MeterQuantity.unit / 60_000))]
  }

  /// The energy by steps (41, 45), and the mean power by steps (21, 25), of which the last may have been shorter than it says.
  static func judgeSteps(_ metered: MeteredRecord) -> [CDRJudgement] {
    guard let total = metered.totalEnergy, !metered.hasTotalsOnly else { return [] }
    return ([21, 25, 41, 45] as [MeterType.RawValue]).compactMap { type in
      var sum = MeterQuantity.zero
      var largest = MeterQuantity.zero
      var count: Int64 = 0
      for (index, meter) in metered.record.meters.enumerated() where meter.type?.value?.rawValue == type {
        guard let quantity = metered.sound(index) else { return nil }
        sum = sum + quantity
        largest = max(largest, quantity)
        count += 1
      }
      let minutes: Int64? = type == 21 ? 1 : type == 25 ? 5 : nil
      if let minutes { (sum, largest) = (sum.wattHours(eachOf: minutes), largest.wattHours(eachOf: minutes)) }
      let difference = (sum - total).magnitude - (minutes == nil ? .zero : largest)
      guard count > 0, difference > MeterQuantity(max(Limits.stepsWattHours, count)), difference * Limits.stepsPart > total else {
        return nil
      }
      return CDRJudgement(energySteps, String(type), sum.description, total.description)
    }
  }

  /// Guide 5.5.2.
  static func judgeMeterTypes(_ record: ChargeDetailRecord) -> [CDRJudgement] {
    var judgements: [CDRJudgement] = []
    // What has a unit in the catalogue has a name there, and is found faster.
    for meter in record.meters where meter.type?.value?.unit == nil && meter.type?.value?.name == nil && meter.type?.isUnreadable != true {
      let judgement = CDRJudgement(unknownMeter, String((meter.type?.text ?? "").prefix(12)))
      if !judgements.contains(judgement) { judgements.append(judgement) }
    }
    return judgements
  }

  static func judgeNature(_ record: ChargeDetailRecord) -> [CDRJudgement] {
    record.standardNature == .unknown ? [CDRJudgement(unknownNature, String((record.nature ?? "").prefix(16)))] : []
  }

  /// Guide 5.5.1, and 6.4.2 where the platform's id is missing too.
  static func judgeExecSession(_ record: ChargeDetailRecord) -> [CDRJudgement] {
    guard record.execPartnerSessionId == nil else { return [] }
    return [CDRJudgement(record.serviceSessionId == nil ? execSessionMissing : execSessionAbsent)]
  }
}

// MARK: Rules that a version breaks beside others

extension CDRRules {
  /// Against the version before of the same side that was not refused.
  static func judgeDecrease(_ version: CDRVersion, after earlier: CDRVersion?) -> [CDRJudgement] {
    guard let earlier else { return [] }
    let totals = [("1", earlier.shared.duration, version.shared.duration), ("2", earlier.shared.energy, version.shared.energy)]
    return totals.compactMap { type, before, now in
      guard let before, let now, now < before else { return nil }
      return CDRJudgement(meterDecreases, type, before.description, now.description)
    }
  }

  /// - Parameter finals: the finals of the same side before, without those that were refused.
  /// - Parameter isNamed: whether the platform's id tells that both are of one session.
  static func judgeSecondFinal(_ version: CDRVersion, after finals: [CDRVersion], isNamed: Bool) -> [CDRJudgement] {
    guard version.nature == .final, let earlier = finals.last(where: { $0.digest != version.digest }) else { return [] }
    return [CDRJudgement(secondFinal, [earlier.position.description] + (isNamed ? [] : ["execPartnerSessionId"]))]
  }

  /// - Parameter finals: the finals of the same side before. What is kept and sent later is sent in order (guide 6.2.4).
  static func judgeAfterFinal(_ version: CDRVersion, after finals: [CDRVersion]) -> [CDRJudgement] {
    guard version.nature == .intermediate else { return [] }
    let accepted = finals.compactMap(\.acceptingAnswer).map(\.position).min()
    guard let accepted, version.position > accepted else { return [] }
    return [CDRJudgement(afterFinal, accepted.description)]
  }

  /// How long two charges overlap, in seconds; nil where that is short enough.
  static func overlap(_ one: CDRCharge, _ other: CDRIntervals.Entry) -> Int64? {
    let overlap = min(one.end, other.end) - max(one.start, other.start)
    return overlap > Limits.overlapSeconds ? overlap : nil
  }

  /// The fields in which what was sent and what was got differ, as the wire names them. Empty where they cannot be compared: two finals
  /// can, and two intermediates of one end.
  static func differingFields(_ sent: CDRVersion, _ received: CDRVersion) -> [String] {
    guard sent.nature == received.nature, sent.nature != .unknown else { return [] }
    guard sent.nature == .final || sent.shared.end == received.shared.end else { return [] }
    var fields: [String] = []
    if sent.shared.execSession != received.shared.execSession { fields.append("execPartnerSessionId") }
    if !CDRKeys.canBeOne(sent.shared.evse, received.shared.evse) { fields.append("EVSEId") }
    if sent.shared.service != received.shared.service { fields.append("requestedServiceId") }
    if sent.shared.start != received.shared.start { fields.append("startTime") }
    if sent.shared.end != received.shared.end { fields.append("endTime") }
    if !sent.shared.hasSameMeters(as: received.shared) { fields.append("meterReportList") }
    return fields
  }
}

extension MeterQuantity {
  /// The energy of so many watts, or of their sum, for some minutes each, in whole watt-hours.
  fileprivate func wattHours(eachOf minutes: Int64) -> MeterQuantity {
    let hour = 60 * Self.unit
    return MeterQuantity(attos: ((self * minutes).attos + hour / 2) / hour * Self.unit)
  }
}
