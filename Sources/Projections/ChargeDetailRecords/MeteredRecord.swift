internal import EMIP
internal import JournalFormat

/// A record with the quantities of its meters, which are read once for its rules, its digest and its totals.
struct MeteredRecord {
  let record: ChargeDetailRecord
  /// The quantities of its meters, in their order; nil where there is no value, or none that is a decimal.
  let quantities: [MeterQuantity?]
  /// The total duration in minutes (``RecordFigure``); nil where there is no sound one.
  let totalDuration: MeterQuantity?
  /// The total energy in watt-hours; nil where there is no sound one.
  let totalEnergy: MeterQuantity?
  /// Whether it has these two, sound, in the catalogue's units and in this order, and nothing else.
  let hasTotalsOnly: Bool

  init(_ record: ChargeDetailRecord) {
    self.record = record
    quantities = record.meters.map(\.quantity)
    let (duration, energy) = (record.figure(.totalDuration), record.figure(.totalEnergy))
    totalDuration = duration.quantity
    totalEnergy = energy.quantity
    if quantities.count == 2, case .exact = duration, case .exact = energy {
      hasTotalsOnly = record.meters[0].type?.value == .totalDuration
    } else {
      hasTotalsOnly = false
    }
  }

  /// The value of a meter in the catalogue's unit; nil where that is no decimal, negative, or in a unit that nobody knows.
  func sound(_ index: Int) -> MeterQuantity? {
    let meter = record.meters[index]
    return meter.type?.value == nil ? nil : meter.figure.quantity
  }

  /// What the CPO bills (meter 3), where it is sound and stands there once in its currency.
  var costs: [CDRVersion.Cost] {
    var costs: [CDRVersion.Cost] = []
    for (index, meter) in record.meters.enumerated() where meter.type?.value == .serviceCost {
      guard let amount = sound(index), let currency = meter.unit else { continue }
      guard record.meters.count(where: { $0.type?.value == .serviceCost && $0.unit == currency }) == 1 else { continue }
      costs.append(CDRVersion.Cost(amount: amount, currency: currency))
    }
    return costs
  }

  /// From start to end; nil where the record does not say, or they are in the wrong order.
  var milliseconds: Int64? {
    guard let start = record.startTime?.value, let end = record.endTime?.value, start <= end else { return nil }
    return end.milliseconds(since: start)
  }
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
