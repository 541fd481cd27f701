/// What a record says of a total: its duration, its energy or its cost, in the unit of the catalogue (guide 5.5.2). Whoever needs the energy of a
/// record asks here, so that all say the same.
public enum RecordFigure: Hashable, Sendable {
  /// There is no such meter.
  case absent
  /// As it was sent.
  case exact(MeterQuantity)
  /// From another unit that is known: 22.98 kWh are 22,980 Wh.
  case converted(MeterQuantity)
  /// It is no decimal, negative, or in a unit that nobody knows.
  case unreadable
  /// The meter stands there more than once: nobody knows which of them counts, or whether they add up.
  case repeated

  /// What counts; nil where nothing does.
  public var quantity: MeterQuantity? {
    switch self {
    case .exact(let quantity), .converted(let quantity): quantity
    case .absent, .unreadable, .repeated: nil
    }
  }
}

extension ChargeDetailRecord {
  /// What it says of a total.
  /// - Parameter type: a meter that counts from the session's beginning.
  public func figure(_ type: MeterType) -> RecordFigure { meters.figure(type) }
}

extension [MeterReading] {
  /// What these meters, of one record or of the limits of one authorisation, say of a total.
  /// - Parameter type: a meter that counts from the session's beginning.
  public func figure(_ type: MeterType) -> RecordFigure {
    var found: Int?
    for index in indices where self[index].type?.value == type {
      guard found == nil else { return .repeated }
      found = index
    }
    return found.map { self[$0].figure } ?? .absent
  }
}

extension MeterReading {
  /// What it says by itself.
  public var figure: RecordFigure {
    guard let quantity = quantityInCatalogueUnit, !quantity.isNegative else { return .unreadable }
    return isInCatalogueUnit ? .exact(quantity) : .converted(quantity)
  }

  /// Whether its unit is the catalogue's, spelled so, or the catalogue has none for its type.
  public var isInCatalogueUnit: Bool {
    guard let expected = type?.value?.unit else { return true }
    guard let spelling = expected.spelling else { return expected.accepts(unit ?? "") }
    return unit == spelling
  }

  /// Its quantity in the unit of the catalogue; nil where there is no decimal, or it is in a unit that nobody knows.
  public var quantityInCatalogueUnit: MeterQuantity? {
    guard let quantity else { return nil }
    if isInCatalogueUnit { return quantity }
    guard let unit, let scale = type?.value?.unit?.scale(of: unit) else { return nil }
    let (product, isOver) = quantity.attos.multipliedReportingOverflow(by: scale.factor)
    return isOver ? nil : MeterQuantity(attos: product / scale.divisor)
  }
}

extension MeterUnit {
  /// What one of another unit of the same kind is in this one, as a fraction; nil for a unit that is none, or may be another.
  ///
  /// Upper and lower case, blanks and points do not count, but for the letter of a million: `mWh` is a thousandth.
  func scale(of spelling: String) -> (factor: Int128, divisor: Int128)? {
    let plain = spelling.filter { $0 != " " && $0 != "." && $0 != "\u{b7}" && $0 != "\u{a0}" }
    switch (self, plain.lowercased()) {
    case (.minutes, "min"), (.minutes, "mins"), (.minutes, "mn"), (.minutes, "minute"), (.minutes, "minutes"): return (1, 1)
    case (.minutes, "h"), (.minutes, "hour"), (.minutes, "hours"): return (60, 1)
    case (.minutes, "s"), (.minutes, "sec"), (.minutes, "second"), (.minutes, "seconds"): return (1, 60)
    case (.wattHours, "wh"), (.watts, "w"): return (1, 1)
    case (.wattHours, "kwh"), (.watts, "kw"): return (1_000, 1)
    case (.wattHours, "mwh"), (.watts, "mw"): return plain.hasPrefix("M") ? (1_000_000, 1) : nil
    default: return nil
    }
  }
}
