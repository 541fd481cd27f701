internal import EMIP

/// One meter, its value as written: a JSON number would be a binary fraction to most readers.
struct MeterDocument: Encodable {
  let reading: MeterReading

  init(_ reading: MeterReading) { self.reading = reading }

  private enum Key: String, CodingKey {
    case meterTypeId, meterValue, meterUnit, unreadable
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(reading.type?.value?.rawValue, forKey: .meterTypeId)
    let unreadable = reading.unreadable
    try container.encode(unreadable["meterValue"] == nil ? reading.value : nil, forKey: .meterValue)
    try container.encode(UnreadableDocument(unreadable), forKey: .unreadable)
    try container.encode(reading.unit, forKey: .meterUnit)
  }
}
