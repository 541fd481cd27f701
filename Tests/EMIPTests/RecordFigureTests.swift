import JournalFormat
import Testing

@testable import EMIP

/// What a record says of its totals.
@Suite struct RecordFigureTests {
  private static func record(_ meters: [(String, String?, String?)]) -> ChargeDetailRecord {
    func element(_ name: String, _ text: String?) -> String { text.map { "<\(name)>\($0)</\(name)>" } ?? "" }
    let reports = meters.map { type, value, unit in
      "<meterReport>" + element("meterTypeId", type) + element("meterValue", value) + element("meterUnit", unit) + "</meterReport>"
    }
    let body =
      "<e:eMIP_ToIOP_SetChargeDetailRecordRequest xmlns:e=\"urn:e\"><chargeDetailRecord><CDRNature>1</CDRNature><meterReportList>\(reports.joined())"
      + "</meterReportList></chargeDetailRecord></e:eMIP_ToIOP_SetChargeDetailRecordRequest>"
    let message = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\(body)</s:Body></s:Envelope>"
    guard case .message(let facts) = MessageReader().read(Array(message.utf8)) else { fatalError("the record cannot be read") }
    return facts.chargeDetailRecords[0]
  }

  @Test(
    arguments: [
      ("2", "22.98", "kWh", "22980"), ("2", "22.98", "KWH", "22980"), ("2", "22.98", "kW.h", "22980"), ("2", "0.02298", "MWh", "22980"),
      ("2", "22980", "wh", "22980"), ("2", "1.5", " kWh ", "1500"), ("1", "1.5", "h", "90"), ("1", "90", "minutes", "90"),
      ("1", "5400", "s", "90"), ("25", "11", "kW", "11000"),
    ] as [(String, String, String, String)])
  func `a total in another unit is converted`(type: String, value: String, unit: String, expected: String) throws {
    let record = Self.record([(type, value, unit)])
    #expect(record.figure(MeterType(type)!) == .converted(try #require(MeterQuantity(expected))))
  }

  @Test(
    arguments: [
      ("2", "22,98", "kWh"), ("2", "22.98", "mWh"), ("2", "22.98", "kW"), ("2", "22.98", "kVAh"), ("2", "-1", "Wh"), ("2", "1", nil),
      ("2", nil, "Wh"), ("1", "1", "kWh"), ("1", "1", "d"), ("3", "1", "Euro"), ("2", "999999999999999", "MWh"),
    ] as [(String, String?, String?)])
  func `what cannot be read counts for nothing`(type: String, value: String?, unit: String?) {
    let figure = Self.record([(type, value, unit)]).figure(MeterType(type)!)
    #expect(figure == .unreadable && figure.quantity == nil)
  }

  @Test func `a total in its own unit is as it was sent, none is absent, and two are none`() {
    #expect(Self.record([("2", "22.98", "Wh")]).figure(.totalEnergy) == .exact(MeterQuantity("22.98")!))
    #expect(Self.record([("3", "1", "EUR")]).figure(.serviceCost) == .exact(MeterQuantity(1)))
    #expect(Self.record([("1", "60", "min")]).figure(.totalEnergy) == .absent)
    let twice = Self.record([("2", "11000", "Wh"), ("1", "60", "min"), ("2", "11000", "Wh")])
    #expect(twice.figure(.totalEnergy) == .repeated && twice.figure(.totalEnergy).quantity == nil)
    #expect(twice.figure(.totalDuration) == .exact(MeterQuantity(60)))
  }
}
