internal import EMIP
internal import JournalFormat

/// A record with the quantities of its meters, which are read once for its rules, its digest and its totals.
struct MeteredRecord {
  let record: ChargeDetailRecord
  /// The quantities of its meters, in their order; nil where there is no value, or none that is a decimal.
  let quantities: [MeterQuantity?]
  /// The total duration in minutes; nil where there is no sound one.
  let totalDuration: MeterQuantity?
  /// The total energy in watt-hours; nil where there is no sound one.
  let totalEnergy: MeterQuantity?
  /// Whether it has these two, sound and in this order, and nothing else.
  let hasTotalsOnly: Bool

  init(_ record: ChargeDetailRecord) {
    var quantities: [MeterQuantity?] = []
    quantities.reserveCapacity(record.meters.count)
    var first: (duration: Int?, energy: Int?)
    for (index, meter) in record.meters.enumerated() {
      quantities.append(meter.quantity)
      switch meter.type?.value?.rawValue {
      case MeterType.totalDuration.rawValue: first.duration = first.duration ?? index
      case MeterType.totalEnergy.rawValue: first.energy = first.energy ?? index
      default: continue
      }
    }
    func sound(_ index: Int?) -> MeterQuantity? { index.flatMap { record.meters[$0].isInUnit ? quantities[$0]?.unlessNegative : nil } }
    totalDuration = sound(first.duration)
    totalEnergy = sound(first.energy)
    hasTotalsOnly = quantities.count == 2 && first.duration == 0 && first.energy == 1 && totalDuration != nil && totalEnergy != nil
    self.record = record
    self.quantities = quantities
  }

  /// The value of a meter where that is a decimal, not negative and in the catalogue's unit.
  func sound(_ index: Int) -> MeterQuantity? {
    let meter = record.meters[index]
    return meter.type?.value != nil && meter.isInUnit ? quantities[index]?.unlessNegative : nil
  }

  /// What the CPO bills (meter 3), where it is sound.
  var costs: [CDRVersion.Cost] {
    var costs: [CDRVersion.Cost] = []
    for (index, meter) in record.meters.enumerated() where meter.type?.value == .serviceCost {
      if let amount = sound(index), let currency = meter.unit { costs.append(CDRVersion.Cost(amount: amount, currency: currency)) }
    }
    return costs
  }

  /// From start to end; nil where the record does not say, or they are in the wrong order.
  var milliseconds: Int64? {
    guard let start = record.startTime?.value, let end = record.endTime?.value, start <= end else { return nil }
    return end.milliseconds(since: start)
  }
}

extension MeterReading {
  /// Whether its unit is the catalogue's, or the catalogue has none for its type.
  var isInUnit: Bool {
    guard let expected = type?.value?.unit else { return true }
    guard let spelling = expected.spelling else { return expected.accepts(unit ?? "") }
    return unit == spelling
  }
}

extension MeterQuantity {
  fileprivate var unlessNegative: MeterQuantity? { isNegative ? nil : self }
}

extension ChargeDetailRecord {
  var standardNature: CDRVersionNature {
    switch nature.map(CDRNature.Interpretation.standard.nature) {
    case .final: .final
    case .intermediate: .intermediate
    case .unknown, nil: .unknown
    }
  }
}
