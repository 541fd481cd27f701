import JournalFormat
import Testing

@testable import EMIP

@Suite struct CatalogueTests {
  @Test(arguments: [
    ("1", OutcomeClass.ok), ("0", .warning), ("2", .warning), ("201", .warning), ("9999", .warning), ("10000", .error), ("10201", .error),
    ("99999", .error), (" 1\n", .ok), ("00001", .ok),
  ])
  func `a request's status falls into its class`(text: String, outcomeClass: OutcomeClass) throws {
    #expect(try #require(RequestStatus(text)).outcomeClass == outcomeClass)
  }

  @Test(arguments: ["", " ", "-1", "+1", "1.0", "ok", "1 2", "4294967296", "99999999999999999999999", "١"])
  func `a text that is no number is no code`(text: String) {
    #expect(RequestStatus(text) == nil)
    #expect(BusyStatus(text) == nil)
  }

  @Test func `catalogues are open`() throws {
    #expect(SessionEventNature("11") == .startOfCharge)
    #expect(try #require(SessionEventNature("77")).rawValue == 77)
    #expect(try #require(SessionEventNature("77")).name == nil)
    #expect(SessionEventNature.started.description == "3 (started)")
    #expect(SessionActionNature(rawValue: 77).description == "77")
    #expect(AvailabilityStatus("2") == .inService)
    #expect(BusyStatus("3") == .reserved)
    #expect(ActionType("3") == .delete)
    #expect(RequestedServiceId("1") == .genericCharge)
    #expect(RequestStatus(rawValue: 10_701).name == "final record already received")
  }

  @Test func `only 1 authorises`() {
    #expect(AuthorisationValue("1")?.isAuthorised == true)
    for value: UInt32 in [0, 2, 3, 10_000] { #expect(!AuthorisationValue(rawValue: value).isAuthorised) }
  }

  @Test(arguments: [
    (1, "min", Duration?.none, true), (2, "Wh", nil, true), (5, "min", nil, false), (21, "W", .seconds(60), false),
    (25, "W", .seconds(300), false),
    (31, "W", .seconds(60), false), (35, "W", .seconds(300), false), (41, "Wh", .seconds(60), false), (45, "Wh", .seconds(300), false),
    (1012, "min", nil, false),
  ])
  func `a meter has the catalogue's unit and step`(code: UInt32, unit: String, step: Duration?, isMandatory: Bool) {
    let meter = MeterType(rawValue: code)
    #expect(meter.unit?.spelling == unit)
    #expect(meter.accepts(unit: unit))
    #expect(!meter.accepts(unit: "kWh"))
    #expect(meter.step == step)
    #expect(meter.isRepetitive == (step != nil))
    #expect(meter.isMandatory == isMandatory)
    #expect(meter.name != nil)
  }

  @Test func `a cost is in any currency, and an unknown meter in any unit`() {
    #expect(MeterType.serviceCost.accepts(unit: "EUR"))
    #expect(!MeterType.serviceCost.accepts(unit: "euro"))
    #expect(MeterType(rawValue: 99).accepts(unit: "anything"))
    #expect(MeterType(rawValue: 99).name == nil)
  }

  @Test func `a duration at a level of power says which`() {
    #expect(MeterType(rawValue: 1012).powerLevelKilowatts == 12)
    #expect(MeterType(rawValue: 1012).description == "1012 (duration at 12 kW)")
    #expect(MeterType(rawValue: 1100).powerLevelKilowatts == nil)
    #expect(MeterType(rawValue: 999).powerLevelKilowatts == nil)
  }

  @Test(arguments: [
    ("1", CDRNature.final), ("Final", .final), ("FINAL", .final), ("0", .intermediate), ("2", .intermediate),
    ("Intermediate", .intermediate),
    ("3", .unknown("3")), ("", .unknown("")), ("final ", .unknown("final ")),
  ])
  func `a record's nature is read from words and numbers, anything else is kept`(text: String, nature: CDRNature) {
    #expect(CDRNature.Interpretation.standard.nature(of: text) == nature)
    #expect(CDRNature.Interpretation.standard.nature(utf8: text.utf8) == nature)
  }

  @Test func `a partner may have its own meaning of a record's nature`() throws {
    let partner = try CDRNature.Interpretation(final: ["0", "F"], intermediate: ["1"])
    #expect(partner.nature(of: "0") == .final)
    #expect(partner.nature(of: "f") == .final)
    #expect(partner.nature(of: "1") == .intermediate)
    #expect(partner.nature(of: "2") == .unknown("2"))
    #expect(throws: EMIPError.self) { try CDRNature.Interpretation(final: ["A"], intermediate: ["a"]) }
  }

  @Test func `badges and contracts are indexed apart`() {
    #expect(UserIdType.rfidUID.termKind == .userRFID)
    #expect(UserIdType(rawValue: "rfid-uid").termKind == .userRFID)
    #expect(UserIdType.empSpecific.termKind == .userContract)
    #expect(UserIdType(rawValue: "").termKind == .userContract)
  }
}
