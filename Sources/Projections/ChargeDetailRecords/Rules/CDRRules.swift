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
    /// Two charges at one EVSE may overlap by so much: clocks differ.
    public static let overlapSeconds: Int64 = 60
  }

  static let meterMissing = FindingRule(
    20, "cdr-meter-missing", .error, "A record has no total duration (meter 1) or no total energy (meter 2), which are mandatory.")
  static let meterUnit = FindingRule(
    21, "cdr-meter-unit", .error, "The total duration or the total energy of a record is in another unit than the catalogue's.")
  static let meterValue = FindingRule(22, "cdr-meter-value", .error, "The value of a meter is missing, no decimal, or negative.")
  static let endBeforeStart = FindingRule(
    23, "cdr-end-before-start", .error, "A record ends before it starts, or one of its times is missing or no date.")
  static let meterDecreases = FindingRule(
    24, "cdr-meter-decreases", .error, "A total is less than in the version before, and totals count from the session's beginning.")
  static let durationMismatch = FindingRule(
    25, "cdr-duration-mismatch", .warning, "The total duration differs from the time between start and end.")
  static let power = FindingRule(26, "cdr-power", .warning, "The energy is more than the highest power could deliver in the time.")
  static let energySteps = FindingRule(27, "cdr-energy-steps", .warning, "The sum of the energy by steps differs from the total energy.")
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

  /// In the order of their numbers.
  public static let all = [
    meterMissing, meterUnit, meterValue, endBeforeStart, meterDecreases, durationMismatch, power, energySteps, secondFinal, afterFinal,
    evseOverlap, execSessionMissing, execSessionAbsent, otherMeterUnit, unknownMeter, unknownNature, sidesDiffer,
  ]

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
    judgeMandatoryMeters(metered) + judgeUnits(metered.record) + judgeValues(metered) + judgeTimes(metered.record) + judgeDuration(metered)
      + judgePower(metered) + judgeSteps(metered) + judgeMeterTypes(metered.record) + judgeNature(metered.record)
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
    for meter in record.meters where !meter.isInUnit {
      guard let type = meter.type?.value, let unit = type.unit else { continue }
      let figures = [String(type.rawValue), String((meter.unit ?? "").prefix(12)), unit.spelling ?? "a currency"]
      guard !judgements.contains(where: { $0.figures[0] == figures[0] }) else { continue }
      judgements.append(CDRJudgement(type.isMandatory ? meterUnit : otherMeterUnit, figures))
    }
    return judgements
  }

  /// Guide 5.5.2. Once for each type of meter. The value itself may be anything: it is not told.
  static func judgeValues(_ metered: MeteredRecord) -> [CDRJudgement] {
    var judgements: [CDRJudgement] = []
    for (meter, quantity) in zip(metered.record.meters, metered.quantities) where quantity?.isNegative ?? true {
      let type = meter.type?.value.map { String($0.rawValue) } ?? ""
      guard !judgements.contains(where: { $0.figures[0] == type }) else { continue }
      let fault = quantity == nil ? (meter.value == nil ? "missing" : "no decimal") : "negative"
      judgements.append(CDRJudgement(meterValue, type, fault))
    }
    return judgements
  }

  static func judgeTimes(_ record: ChargeDetailRecord) -> [CDRJudgement] {
    guard let start = record.startTime?.value else { return [CDRJudgement(endBeforeStart, "startTime")] }
    guard let end = record.endTime?.value else { return [CDRJudgement(endBeforeStart, "endTime")] }
    return end < start ? [CDRJudgement(endBeforeStart, start.description, end.description)] : []
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

  static func judgeSteps(_ metered: MeteredRecord) -> [CDRJudgement] {
    guard let total = metered.totalEnergy, !metered.hasTotalsOnly else { return [] }
    return ([41, 45] as [UInt32]).compactMap { type in
      var sum = MeterQuantity.zero
      var count: Int64 = 0
      for (index, meter) in metered.record.meters.enumerated() where meter.type?.value?.rawValue == type {
        guard let quantity = metered.sound(index) else { return nil }
        sum = sum + quantity
        count += 1
      }
      let difference = (sum - total).magnitude
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
    for meter in record.meters where meter.type?.value?.unit == nil && meter.type?.value?.name == nil {
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
  static func judgeSecondFinal(_ version: CDRVersion, after finals: [CDRVersion]) -> [CDRJudgement] {
    guard version.nature == .final, let earlier = finals.last(where: { $0.digest != version.digest }) else { return [] }
    return [CDRJudgement(secondFinal, earlier.position.description)]
  }

  /// - Parameter finals: the finals of the same side before. What is kept and sent later is sent in order (guide 6.2.4).
  static func judgeAfterFinal(_ version: CDRVersion, after finals: [CDRVersion]) -> [CDRJudgement] {
    guard version.nature == .intermediate else { return [] }
    let accepted = finals.compactMap(\.acceptingAnswer).map(\.position).min()
    guard let accepted, version.position > accepted else { return [] }
    return [CDRJudgement(afterFinal, accepted.description)]
  }

  /// How long two charges overlap, in seconds; nil where that is short enough.
  static func overlap(_ one: CDRCharge, _ other: CDRCharge) -> Int64? {
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
    if sent.shared.evse != received.shared.evse { fields.append("EVSEId") }
    if sent.shared.service != received.shared.service { fields.append("requestedServiceId") }
    if sent.shared.start != received.shared.start { fields.append("startTime") }
    if sent.shared.end != received.shared.end { fields.append("endTime") }
    if !sent.shared.hasSameMeters(as: received.shared) { fields.append("meterReportList") }
    return fields
  }
}
