import EMIP
import JournalFormat
import Testing

@testable import Answers

/// Cells as spreadsheets write them.
@Suite struct SpreadsheetTests {
  @Test(
    arguments: [
      ("22,98", .comma, "22.98"), ("1234,567", .comma, "1234.567"), ("1,234", nil, nil), ("1.234,5", .comma, "1234.5"),
      ("1,234,567", .point, "1234567"), ("1 234,567", .comma, "1234.567"), ("1'234'567.8", .point, "1234567.8"), ("0,123", .comma, "0.123"),
      ("-12.5", .point, "-12.5"), ("\u{2212}12,5", .comma, "-12.5"), (",5", .comma, "0.5"), ("4000", nil, "4000"), ("12 34", nil, nil),
      ("1,23,4", nil, nil), ("abc", nil, nil), ("", nil, nil), ("1e3", nil, nil), ("1 234 5", nil, nil),
    ] as [(String, DecimalMark?, String?)])
  func `a number tells its mark where it can only be one`(text: String, mark: DecimalMark?, value: String?) {
    let number = SpreadsheetNumber(text)
    if value != nil || mark != nil { #expect(number?.certainMark == mark) }
    #expect(number?.value(nil)?.description == value)
  }

  @Test func `what stands beside a number is its unit`() {
    #expect(SpreadsheetNumber("€ 1 234,50")?.affix == "€" && SpreadsheetNumber("4.20 EUR")?.affix == "eur")
    #expect(SpreadsheetNumber("-CHF 5")?.value(nil)?.description == "-5" && SpreadsheetNumber("Fr.5")?.affix == "fr.")
  }

  @Test(
    arguments: [
      ("01/03/2025 09:00:00", nil, nil), ("13/03/2025 09:00", nil, "2025-03-13T09:00:00.000Z"),
      ("3/13/2025 9:00 PM", nil, "2025-03-13T21:00:00.000Z"),
      ("01.03.2025 09:00:00", nil, "2025-03-01T09:00:00.000Z"), ("01/03/2025 09:00:00", .dayFirst, "2025-03-01T09:00:00.000Z"),
      ("01/03/2025 09:00:00", .monthFirst, "2025-01-03T09:00:00.000Z"), ("31/03/25 09:00", nil, "2025-03-31T09:00:00.000Z"),
      ("2025-03-01T09:00:00.25+01:00", nil, "2025-03-01T08:00:00.250Z"), ("2025-03-01 09:00 UTC", nil, "2025-03-01T09:00:00.000Z"),
      ("2025-03-01 09:00:00 +0100", nil, "2025-03-01T08:00:00.000Z"), ("25/03/01 09:00", .yearFirst, "2025-03-01T09:00:00.000Z"),
      ("01/01/2025 12:00 AM", nil, "2025-01-01T00:00:00.000Z"), ("2025-02-30 09:00:00", nil, nil), ("13/13/2025 09:00", nil, nil),
      ("2025-03-01\u{a0}09:00:00", nil, "2025-03-01T09:00:00.000Z"), ("45717.375", nil, nil), ("2025-03-01 25:00", nil, nil),
      ("2025-03-01 09:00 x", nil, nil), ("13/03/2025 09:00", .monthFirst, nil), ("01-03/2025 09:00", .dayFirst, nil),
    ] as [(String, DateOrder?, String?)])
  func `a date is read in the order of the file, or where it can only be one`(text: String, order: DateOrder?, expected: String?) {
    var found: String?
    if case .moments(let moments)? = SpreadsheetTime(text)?.meaning(order, .utc) { found = moments.first?.lowerBound.description }
    #expect(found == expected)
  }

  @Test func `an hour that clocks repeat is either, and one that they skip is none`() throws {
    let paris = try #require(SpreadsheetZone("Europe/Paris"))
    func moments(_ text: String) -> [String] { paris.moments(Timestamp(text)!).map(\.description) }
    #expect(moments("2025-10-26T02:30:00Z") == ["2025-10-26T00:30:00.000Z", "2025-10-26T01:30:00.000Z"])
    #expect(moments("2025-03-30T02:30:00Z") == [])
    #expect(moments("2025-07-01T12:00:00Z") == ["2025-07-01T10:00:00.000Z"])
    guard case .moments(let day)? = SpreadsheetTime("2025-03-30")?.meaning(nil, paris) else { throw CancellationError() }
    #expect(day == [Timestamp("2025-03-29T23:00:00Z")!...Timestamp("2025-03-30T21:59:59.999Z")!])
  }

  @Test(
    arguments: [
      ("0047375747", "47375747", true), ("4737574786123456", "4.73757E+15", true), ("4737574786123456", "4,73757e15", true),
      ("4737574786123456", "4737574786123450", true), ("4737574786123456", "4737574786123460", true), ("12E05", "1200000", true),
      ("12E05", "1.20E+06", true), ("9999999999", "1E+10", true), ("4737574786123456", "4.73758E+15", false),
      ("47375747", "47375748", false),
      ("0047375747", "47.375.747", true), ("0047375747", "47 375 747,00", true), ("47375747", "47375747.0", true),
      ("4737574786123456", "4,737,574,786,123,450", true), ("47375747", "47375747.5", false), ("47375", "47.375", false),
      ("47375747", "473757470", false), ("0047", "4.7", false), ("C01S-1", "1", false), ("4737574786123456", "4.73757E+16", false),
    ])
  func `an id that a spreadsheet took for a number is known again`(id: String, shown: String, isSame: Bool) {
    guard let mangled = MangledId(shown) else {
      #expect(!isSame)
      return
    }
    #expect((MangledId(id)?.shown(mangled.shownCount) ?? []).contains(mangled) == isSame)
  }

  @Test(arguments: [
    ("Energie (kWh)", "energie", "kwh"), ("Session ID", "sessionid", nil), ("energyKWh", "energy", "kwh"), ("kWh", "kwh", "kwh"),
    ("Début", "début", nil),
    ("De\u{301}but", "début", nil), ("Betrag €", "betrag", "€"), ("Start (UTC)", "start", nil), ("start_time", "starttime", nil),
  ])
  func `a heading is taken apart`(text: String, name: String, unit: String?) {
    let heading = InvoiceHeading(text)
    #expect(heading.name == name && heading.unit == unit && heading.isUTC == text.contains("UTC"))
  }
}
