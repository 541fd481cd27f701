/// What a meter of a record or a limit measures (guide 5.5.2).
///
/// Absolute meters count from the session's beginning; repetitive ones come once for each step of one or five minutes, in order.
public struct MeterType: OpenCode {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// How long the service was available. Every record has it.
  public static let totalDuration = MeterType(rawValue: 1)
  /// Every record has it.
  public static let totalEnergy = MeterType(rawValue: 2)
  /// What the CPO bills to the eMSP, in a currency.
  public static let serviceCost = MeterType(rawValue: 3)
  /// How long the vehicle drew current.
  public static let vehicleChargeDuration = MeterType(rawValue: 5)

  /// The names of the known values.
  public static let names: [UInt32: String] = [
    1: "total duration", 2: "total energy", 3: "B2B service cost", 4: "reserved", 5: "vehicle charge duration",
    21: "average power per minute", 25: "average power per 5 minutes",
    31: "maximum power per minute", 35: "maximum power per 5 minutes",
    41: "energy per minute", 45: "energy per 5 minutes",
  ]

  /// In a few words; nil where the number has no known meaning.
  public var name: String? { MeterType.names[rawValue] ?? powerLevelKilowatts.map { "duration at \($0) kW" } }

  /// Whether a record without it is not complete (guide 6.5.1).
  public var isMandatory: Bool { rawValue == 1 || rawValue == 2 }

  /// The kilowatts of a duration at a level of power: 12 of 1012. Nil for all other meters.
  public var powerLevelKilowatts: Int? { (1000...1099).contains(rawValue) ? Int(rawValue) - 1000 : nil }

  /// The step of a repetitive meter; nil for an absolute or unknown one.
  public var step: Duration? {
    switch rawValue {
    case 21, 31, 41: .seconds(60)
    case 25, 35, 45: .seconds(300)
    default: nil
    }
  }

  /// Whether one record may have several of it, one for each step.
  public var isRepetitive: Bool { step != nil }

  /// The unit that the catalogue gives; nil where it gives none.
  public var unit: MeterUnit? {
    switch rawValue {
    case 1, 5, 1000...1099: .minutes
    case 2, 41, 45: .wattHours
    case 21, 25, 31, 35: .watts
    case 3: .currency
    default: nil
    }
  }

  /// Whether a meter of this type may be given in a unit, spelled as the catalogue does. Every unit fits a type without one.
  public func accepts(unit spelling: some StringProtocol) -> Bool { unit?.accepts(spelling) ?? true }
}

/// The unit of a meter.
public enum MeterUnit: Hashable, Sendable, CaseIterable {
  /// Minutes.
  case minutes
  /// Watt-hours.
  case wattHours
  /// Watts.
  case watts
  /// Any one, by its three letters (ISO 4217): `EUR`.
  case currency

  /// Nil for a currency.
  public var spelling: String? {
    switch self {
    case .minutes: "min"
    case .wattHours: "Wh"
    case .watts: "W"
    case .currency: nil
    }
  }

  /// Whether a text is this unit, by the catalogue's spelling; of currencies any three upper-case letters.
  public func accepts(_ text: some StringProtocol) -> Bool {
    if let spelling { return text == spelling }
    return text.utf8.count == 3 && text.utf8.allSatisfy { $0 >= 0x41 && $0 <= 0x5a }
  }
}
