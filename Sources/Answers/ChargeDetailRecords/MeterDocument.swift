internal import EMIP

/// One meter, its value as written: a JSON number would be a binary fraction to most readers.
struct MeterDocument: Encodable {
  let reading: MeterReading

  init(_ reading: MeterReading) { self.reading = reading }

  private enum Key: String, CodingKey {
    case meterTypeId, meterValue, meterUnit
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(reading.type?.value?.rawValue, forKey: .meterTypeId)
    try container.encode(reading.value, forKey: .meterValue)
    try container.encode(reading.unit, forKey: .meterUnit)
  }
}
