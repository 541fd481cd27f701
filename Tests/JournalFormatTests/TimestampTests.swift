import TestSupport
import Testing

@testable import JournalFormat

@Suite struct TimestampTests {
  private static let moment = Timestamp(milliseconds: 1_740_787_260_918)

  @Test(arguments: [
    "2025-03-01T00:01:00.918Z", "2025-03-01t00:01:00.918z", "2025-03-01 00:01:00.918", "2025-03-01T00:01:00.918",
    " \t\r\n2025-03-01T00:01:00.918Z\n ", "2025-03-01T00:01:00.9189999999999999999999Z", "2025-03-01T01:01:00.918+01:00",
    "2025-02-28T19:31:00.918-04:30", "2025-03-01T14:01:00.918+14:00", "2025-02-28T10:01:00.918-14:00", "2025-03-01T00:01:00.918-00:00",
  ])
  func `every spelling of a moment is the same moment`(text: String) { #expect(Timestamp(text) == Self.moment) }

  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999Z", -1), ("2000-02-29T12:00:00Z", 951_825_600_000),
      ("2024-02-29T00:00:00.5Z", 1_709_164_800_500), ("2024-02-29T00:00:00.05Z", 1_709_164_800_050),
      ("0001-01-01T00:00:00Z", -62_135_596_800_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
      ("2016-12-31T23:59:60Z", 1_483_228_800_000), ("2024-12-31T24:00:00Z", 1_735_689_600_000),
      ("1600-02-29T00:00:00Z", -11_670_998_400_000),
    ] as [(String, Int64)])
  func `moments are counted from 1970`(text: String, milliseconds: Int64) { #expect(Timestamp(text)?.rawValue == milliseconds) }

  @Test(arguments: [
    "", " ", "2025", "2025-03-01", "00:01:00", "2025-3-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-13-01T00:00:00Z",
    "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2025-04-31T00:00:00Z", "2025-01-00T00:00:00Z",
    "2025-01-32T00:00:00Z", "2025-01-01T24:00:01Z", "2025-01-01T24:30:00Z", "2025-01-01T24:00:00.001Z", "2025-01-01T25:00:00Z",
    "2025-01-01T00:60:00Z", "2025-01-01T00:00:61Z", "2025-01-01T00:00:00.Z", "2025-01-01T00:00:00,5Z", "2025-01-01T00:00:00ZZ",
    "2025-01-01T00:00:00+1:00", "2025-01-01T00:00:00+01", "2025-01-01T00:00:00+15:00", "2025-01-01T00:00:00+14:01",
    "2025-01-01T00:00:00+01:60", "2025-01-01T00:00:00 Z", "2025-01-01TT0:00:00Z", "2025-01-01T00:00Z", "2025-01-01T00:00:0Z",
    "-2025-01-01T00:00:00Z", "+2025-01-01T00:00:00Z", "12025-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "2025/01/01T00:00:00Z",
    "２０２５-01-01T00:00:00Z", "2025-01-01T00:00:00Z\0", "2025-01-01T00:00:00.9Zx", "-001-01-01T00:00:00Z", "2025-+1-01T00:00:00Z",
    "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "9999-12-31T24:00:00Z",
  ])
  func `what is no moment of the years 1 to 9999 is none`(text: String) { #expect(Timestamp(text) == nil) }

  @Test func `any moment comes back from its description`() {
    var generator = SeededGenerator()
    let range: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999
    for _ in 0..<5_000 {
      let moment = Timestamp(rawValue: Int64.random(in: range, using: &generator))
      #expect(Timestamp(moment.description) == moment)
      #expect(moment.description.utf8.count == 24)
    }
  }

  @Test func `days follow each other through four hundred years`() {
    var day = CivilDate.daysSinceEpoch(year: 1799, month: 12, day: 31)
    for year in 1800..<2200 {
      for month in 1...12 {
        for dayOfMonth in 1...CivilDate.daysInMonth(year: year, month: month) {
          day += 1
          let date = CivilDate(daysSinceEpoch: day)
          guard date.year == year, date.month == month, date.day == dayOfMonth,
            CivilDate.daysSinceEpoch(year: year, month: month, day: dayOfMonth) == day
          else {
            Issue.record("day \(day) is \(year)-\(month)-\(dayOfMonth)")
            return
          }
        }
      }
    }
    #expect(day == CivilDate.daysSinceEpoch(year: 2200, month: 1, day: 1) - 1)
  }

  @Test func `random bytes are no moment and no trap`() {
    var generator = SeededGenerator()
    let text = Array("2025-03-01T00:01:00.918+01:00".utf8)
    for _ in 0..<20_000 {
      var bytes = text
      for _ in 0...generator.below(3) {
        bytes[generator.below(bytes.count)] = Array("0123456789+-:.TZ \n".utf8).randomElement(using: &generator)!
      }
      if generator.chance(4) { bytes.removeLast(generator.below(bytes.count)) }
      guard let moment = Timestamp(utf8: bytes) else { continue }
      #expect(Timestamp(moment.description) == moment, "\(String(decoding: bytes, as: UTF8.self))")
    }
  }

  @Test(arguments: [
    ("2025-03-01T00:00:00Z", "2025-03"), ("2025-02-28T23:59:59.999Z", "2025-02"), ("2024-02-29T23:59:59Z", "2024-02"),
    ("0001-01-01T00:00:00Z", "0001-01"), ("9999-12-31T23:59:59.999Z", "9999-12"), ("1969-12-31T23:59:59.999Z", "1969-12"),
    ("2025-03-31T23:30:00-01:00", "2025-04"),
  ])
  func `a moment's period is its month in UTC`(text: String, period: String) throws {
    #expect(try #require(Timestamp(text)).period.description == period)
    #expect(Period(period)?.description == period)
  }

  @Test(arguments: [
    "", "2025", "2025-", "2025-3", "2025-13", "2025-00", "2025-003", "025-03", "2025-03-01", "+202-03", "2025-+3", "-025-03", "2025 03",
  ])
  func `what is no month is none`(text: String) { #expect(Period(text) == nil) }

  @Test func `periods follow each other`() {
    #expect(Period(year: 2024, month: 12) < Period(year: 2025, month: 1))
    #expect(Period(year: 2025, month: 1) < Period(year: 2025, month: 2))
    #expect(!(Period(year: 2025, month: 2) < Period(year: 2025, month: 2)))
  }
}
