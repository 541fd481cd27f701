public import EMIP

/// A total of a record in words, in the unit of the catalogue. What it does not say soundly is shown as it came, and said to be so.
public enum FigureText {
  /// For a column whose heading names the unit: `22980`, `22980 (22.98 kWh)`, `unreadable: 12,5 Wh`, `twice: 11000 Wh, 12000 Wh`.
  /// - Returns: nil where the record does not have the meter.
  public static func cell(_ type: MeterType, _ record: ChargeDetailRecord) -> String? {
    let sent = sent(type, record)
    return switch record.figure(type) {
    case .absent: nil
    case .exact: sent[0].value
    case .converted(let quantity): "\(quantity) (\(text(sent[0])))"
    case .unreadable: "unreadable: \(text(sent[0]))"
    case .repeated: "\(sent.count == 2 ? "twice" : "\(sent.count) times"): \(sent.map(text).joined(separator: ", "))"
    }
  }

  /// With its unit: `22980 Wh`, `22980 Wh (sent as 22.98 kWh)`; else as ``cell(_:_:)``.
  /// - Returns: nil where the record does not have the meter.
  public static func words(_ type: MeterType, _ record: ChargeDetailRecord) -> String? {
    let sent = sent(type, record)
    let unit = type.unit?.spelling
    return switch record.figure(type) {
    case .exact: text(sent[0])
    case .converted(let quantity): "\(quantity)\(unit.map { " \($0)" } ?? "") (sent as \(text(sent[0])))"
    default: cell(type, record)
    }
  }

  private static func sent(_ type: MeterType, _ record: ChargeDetailRecord) -> [MeterReading] {
    record.meters.filter { $0.type?.value == type }
  }

  private static func text(_ meter: MeterReading) -> String { "\(meter.value ?? "nothing")\(meter.unit.map { " \($0)" } ?? "")" }
}
