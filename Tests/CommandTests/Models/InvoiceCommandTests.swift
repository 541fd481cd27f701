import Foundation
import TestSupport
import Testing

/// `cdrs compare` with spreadsheets as they are, on a journal of four sessions.
@Suite struct InvoiceCommandTests {
  private let journal: ImportedJournal
  private let directory = TemporaryDirectory()

  init() throws {
    journal = try ImportedJournal([
      Self.line("0047375747", evse: 0, "2025-03-01T08:00:00Z", "2025-03-01T09:00:00Z", wattHours: "22980", cost: "4.20"),
      Self.line("4737574786123456", evse: 1, "2025-03-01T10:00:00Z", "2025-03-01T11:00:00Z", wattHours: "1234567", cost: "1234.50"),
      Self.line("C01S-é", evse: 2, "2025-03-01T12:00:00Z", "2025-03-01T13:00:00Z", wattHours: "3000.5", cost: "1"),
      Self.line("12E05", evse: 3, "2025-03-31T22:30:00Z", "2025-03-31T23:30:00Z", wattHours: "4000", cost: "2"),
    ])
  }

  private static func line(_ id: String, evse: Int, _ begin: String, _ end: String, wattHours: String, cost: String) -> String {
    let meters = [("1", "60", "min"), ("2", wattHours, "Wh"), ("3", cost, "EUR")].map {
      "<meterReport><meterTypeId>\($0)</meterTypeId><meterValue>\($1)</meterValue><meterUnit>\($2)</meterUnit></meterReport>"
    }
    let record =
      "<chargeDetailRecord><CDRNature>1</CDRNature><serviceSessionId>SID-\(id)</serviceSessionId>"
      + "<execPartnerSessionId>\(id)</execPartnerSessionId><execPartnerOperatorId>FR*C01</execPartnerOperatorId>"
      + "<salePartnerOperatorId>NL*MS4</salePartnerOperatorId><EVSEId>FR*C01*E1200\(evse)*1</EVSEId><userIdType>RFID-UID</userIdType>"
      + "<userId>103693F4</userId><startTime>\(begin)</startTime><endTime>\(end)</endTime>"
      + "<meterReportList>\(meters.joined())</meterReportList></chargeDetailRecord>"
    return ImportedJournal.line(end, "SetChargeDetailRecord", of: "FR*C01", record)
  }

  private func compare(_ bytes: [UInt8], _ arguments: [String] = []) throws -> CommandResult {
    let path = directory.path + "/invoice-\(UUID().uuidString).csv"
    try Data(bytes).write(to: URL(filePath: path))
    return try journal.run(["cdrs", "compare", path] + arguments)
  }

  private func compare(_ text: String, _ arguments: String...) throws -> CommandResult { try compare(Array(text.utf8), arguments) }

  /// What is told of an invoice, a row a difference: what it is, of which id and field.
  private func told(_ text: String, _ arguments: String...) throws -> [String] {
    try compare(Array(text.utf8), arguments + ["--format", "ndjson"]).objects().map {
      "\($0["difference"]!) \($0["id"]!) \($0["field"] as? String ?? "-")"
    }
  }

  private static let german = [
    "Vorgang;Beginn;Ende;Energie (kWh);Betrag", "0047375747;2025-03-01T08:00:00Z;2025-03-01T09:00:00Z;22,98;4,20",
    "4737574786123456;2025-03-01T10:00:00Z;2025-03-01T11:00:00Z;1234,567;1234,50",
    "C01S-é;2025-03-01T12:00:00Z;2025-03-01T13:00:00Z;3,0005;1,00", "12E05;2025-03-31T22:30:00Z;2025-03-31T23:30:00Z;4;2",
  ]

  @Test func `a file that names its separator agrees by itself`() throws {
    let result = try compare((["sep=;"] + Self.german).joined(separator: "\r\n") + "\r\n")
    #expect(result.status == 0, "\(result.text)\(result.errors)")
    #expect(result.text.contains("4 sessions agree, in startTime, endTime, kilowattHours, cost"))
    #expect(result.text.contains("id from 'Vorgang'") && result.text.contains("a comma before fractions"))
    // The line that names it counts as a line of the file.
    let wrong = try compare((["sep=;"] + Self.german).joined(separator: "\n").replacingOccurrences(of: "22,98", with: "22,97"))
    #expect(wrong.status == 1 && wrong.text.contains("differs") && wrong.lines.contains { $0.split(separator: " ").contains("3") })
  }

  @Test(arguments: [(true, true), (true, false), (false, true), (false, false)])
  func `UTF-16 agrees, in either order of bytes, with a mark or without`(isBigEndian: Bool, hasMark: Bool) throws {
    let text = (hasMark ? "\u{feff}" : "") + Self.german.joined(separator: "\n").replacingOccurrences(of: ";", with: "\t")
    let bytes = text.utf16.flatMap { unit in
      isBigEndian ? [UInt8(unit >> 8), UInt8(unit & 0xff)] : [UInt8(unit & 0xff), UInt8(unit >> 8)]
    }
    let result = try compare(bytes)
    #expect(result.status == 0, "\(result.text)\(result.errors)")
    #expect(try compare(bytes.dropLast()).status == 65)
  }

  @Test func `Windows-1252 is read, and said`() throws {
    let text = ["Session;Début;kWh;Montant", "0047375747;2025-03-01 08:00:00;22,98;4,20 €", "C01S-é;2025-03-01 12:00;3,0005;1,00\u{a0}€"]
    let bytes = try #require(text.joined(separator: "\r\n").data(using: .windowsCP1252))
    let result = try compare(Array(bytes))
    #expect(result.text.contains("Windows-1252") && !result.text.contains("differs") && !result.text.contains("unreadable"))
    #expect(result.lines.count { $0.hasPrefix("only ours") } == 2)
  }

  private static let french = [
    "Session;Début;Fin;kWh;Montant", "0047375747;01/03/2025 09:00:00;01/03/2025 10:00:00;22,98;4,20 €",
    "4737574786123456;01/03/2025 11:00:00;01/03/2025 12:00:00;1\u{202f}234,567;1\u{a0}234,50 €",
    "C01S-é;01/03/2025 13:00:00;01/03/2025 14:00:00;3,0005;1,00 €", "12E05;01/04/2025 00:30:00;01/04/2025 01:30:00;4;2 €",
  ].joined(separator: "\n")

  @Test func `French numbers and local times agree with their zone and order`() throws {
    let result = try compare(Self.french, "--time-zone", "Europe/Paris", "--dates", "dd/mm/yyyy")
    #expect(result.status == 0, "\(result.text)\(result.errors)")
    #expect(result.text.contains("those of Europe/Paris"))
    let other = try told(Self.french, "--time-zone", "Europe/London", "--dates", "dd/mm/yyyy")
    #expect(other.count == 8 && other.allSatisfy { $0.hasPrefix("differs") })
  }

  @Test func `dates that may be either way round are unreadable, and never differ`() throws {
    let unsaid = try told(Self.french, "--time-zone", "Europe/Paris")
    #expect(unsaid.count == 8 && unsaid.allSatisfy { $0.hasPrefix("unreadable") && $0.hasSuffix("Time") })
    // One that can only be one tells of all.
    let told = try told(
      Self.french.replacingOccurrences(of: "01/04/2025 00:30:00", with: "31/03/2025 22:30:00"), "--time-zone", "Europe/Paris")
    #expect(told == ["differs 12E05 startTime"])
  }

  @Test func `what a spreadsheet made of ids is a guess, where all else is of one session`() throws {
    let file = "id,kWh\n47375747,22.98\n4.73757E+15,1234.567\nC01S-é,3.0005\n1200000,4\n"
    let result = try compare(file, "--format", "ndjson")
    #expect(result.status == 1)
    let guesses = try result.objects()
    #expect(guesses.map { $0["difference"] as? String } == ["guess", "guess", "guess"])
    #expect(guesses.map { $0["ours"] as? String } == ["0047375747", "4737574786123456", "12E05"])
    #expect(guesses.map { $0["line"] as? Int } == [2, 3, 5])
    // Another energy, another EVSE or nothing to go by: no guess.
    #expect(try told("id,kWh\n47375747,22.97\n").first == "onlyTheirs 47375747 -")
    #expect(try told("id,kWh,evseId\n47375747,22.98,FR*C01*E12003*1\n").first == "onlyTheirs 47375747 -")
    #expect(try told("id,cost\n47375747,4.20\n").first == "onlyTheirs 47375747 -")
    #expect(try told("id,kWh\n47375748,22.98\n").first == "onlyTheirs 47375748 -")
    let costs = try told("id,start,cost\n\"4,73757E+15\",2025-03-01 10:00:00,7\n")
    #expect(costs.prefix(2) == ["guess 4,73757E+15 id", "differs 4,73757E+15 cost"])
  }

  @Test func `a session's id goes before a column that is only called id`() throws {
    let result = try compare(
      "id,serviceSessionId,kWh\n1,SID-0047375747,22.98\n2,SID-12E05,4\n3,SID-C01S-é,3.0005\n4,SID-4737574786123456,1234.567\n")
    #expect(result.status == 0, "\(result.text)")
    #expect(result.text.contains("id from 'serviceSessionId'"))
    let machine = try compare("id,sessionId\n1,SID-12E05\n", "--format", "ndjson")
    #expect(machine.errors.contains("id from 'sessionId'"))
  }

  @Test(arguments: [
    ("Energy [kWh]", "22.98", "agrees"), ("Abgegebene Energie in kWh", "22,98", "agrees"), ("Energy price (EUR/kWh)", "0.39", "agrees"),
    ("Charging duration (min)", "61", "differs"), ("Meter start (kWh)", "1", "agrees"), ("energy_wh", "22980", "agrees"),
    ("EnergyKWh", "22,98", "agrees"),
    ("Energie MWh", "0.02298", "agrees"),
    ("kWh", "22 980", "differs"), ("Wh", "22\u{202f}980", "agrees"), ("Wh", "22'980", "agrees"), ("Wh", "22\u{2019}980.0", "agrees"),
    ("kWh", "22.98 kWh", "agrees"), ("Energy", "22,98 kWh", "agrees"), ("energy", "22.98", "agrees"), ("energy", "22980", "agrees"),
    ("energy", "23", "differs"),
    ("kWh", "22.98 EUR", "unreadable"), ("kWh", "n/a", "unreadable"), ("kWh", "2.298E+01", "unreadable"), ("Wh", "22,980", "unreadable"),
    ("kWh", "22.9.8", "unreadable"),
    ("Wh", "22.98", "differs"), ("Dauer (h)", "1", "agrees"), ("Duration (min)", "60", "agrees"), ("duration", "1:00:00", "agrees"),
    ("min", "1:01:00", "differs"),
    ("Amount (EUR)", "4.20", "agrees"), ("cost", "€ 4,20", "agrees"), ("cost", "CHF 4.20", "differs"), ("Betrag €", "4.20", "agrees"),
    ("cost", "4.20 gold", "unreadable"), ("cost", "$ 4.20", "differs"), ("cost", "US$ 4.20", "differs"), ("cost", "4,20 kr", "differs"),
    ("cost", "4,20 %", "unreadable"), ("cost", "(4,20)", "unreadable"), ("cost", "4,20-", "unreadable"),
    ("Dauer", "0,0416667", "unreadable"), ("Dauer", "1:00", "unreadable"), ("start", "2025-03-01 08:00", "agrees"),
    ("start", "2025-03-01 08:01", "differs"), ("start", "45717,3333", "unreadable"), ("EVSE", "#REF!", "unreadable"),
    ("EVSE", "n/a", "unreadable"), ("EVSE", "FR*C01*E12001*1", "differs"), ("EVSE", "frc01e120001", "agrees"),
  ])
  func `units stand in headings and beside numbers`(heading: String, cell: String, expected: String) throws {
    let told = try told("session;\(heading)\n0047375747;\(cell)\n").filter { !$0.hasPrefix("onlyOurs") }
    #expect(told.map { String($0.prefix { $0 != " " }) } == (expected == "agrees" ? [] : [expected]), "\(told)")
  }

  @Test func `amounts that tell two units are unreadable`() throws {
    let told = try told("session,energy\n0047375747,22.98\n12E05,4000\n").filter { !$0.hasPrefix("onlyOurs") }
    #expect(told == ["unreadable 0047375747 wattHours", "unreadable 12E05 wattHours"])
    let result = try compare("session,Energie (kWh)\n12E05,4\n", "--column", "wattHours=Energie (kWh)")
    #expect(result.status == 64 && result.errors.contains("another unit"))
  }

  @Test func `a number that may be two is unreadable until somebody says which`() throws {
    let file = "session;Wh\n0047375747;22.980\n"
    #expect(try told(file).first == "unreadable 0047375747 wattHours")
    #expect(try told(file, "--decimal-comma").first?.hasPrefix("onlyOurs") == true)
    #expect(try told(file, "--no-decimal-comma").first == "differs 0047375747 wattHours")
    // Another number of the file says which.
    #expect(try told("session;Wh;cost\n0047375747;22.980;4,20\n").first?.hasPrefix("onlyOurs") == true)
  }

  @Test func `lines of totals are left out and counted`() throws {
    let lines = ["session;kWh", "0047375747;22,98", "12E05;4", ";", "Total;26,98", "", "Summe:;26,98", ";26,98"]
    let titled = try compare((["Invoice of March", ""] + lines).joined(separator: "\n"))
    #expect(titled.text.contains("up to line 1") && titled.text.contains("left out 3 lines of totals: 7, 9, 10"), "\(titled.text)")
    let result = try compare(lines.joined(separator: "\n"))
    #expect(result.text.contains("left out 3 lines of totals: 5, 7, 8"), "\(result.text)")
    #expect(!result.text.contains("only theirs") && !result.text.contains("unreadable"))
    // A line without an id that is no sum is told.
    #expect(try told("session;kWh\n12E05;4\n;17,5\n").first == "unreadable  id")
    #expect(try compare("place;session;kWh\nTotal Energies;99;1\n").text.contains("only theirs"))
  }

  @Test(arguments: [
    "Razem;26,98", "Summe (2 Ladevorgänge);26,98", "-;26,98", "Suma total;1", "TVA 20 %;5,40", "Zwischensumme März 2025;26,98",
  ])
  func `a line of sums is known by its name, or by its sums`(line: String) throws {
    let result = try compare("session;kWh\n0047375747;22,98\n12E05;4\n\(line)\n")
    #expect(result.text.contains("left out 1 line of totals: 4") && !result.text.contains("only theirs"), "\(result.text)")
  }

  @Test func `a session is no sum, whatever it is called`() throws {
    #expect(try told("session;kWh\n0047375747;22,98\nLadung7;22,98\n").contains("onlyTheirs Ladung7 -"))
    #expect(try told("session;kWh\n0047375747;22,98\nLadung;22,97\n").contains("onlyTheirs Ladung -"))
  }

  @Test func `what was not compared agrees with nothing`() throws {
    let all = Self.german.dropFirst().map { String($0.prefix { $0 != ";" }) }
    let ids = try compare((["Session"] + all).joined(separator: "\n"))
    #expect(ids.status == 0 && ids.text.contains("4 sessions are in both; nothing else was compared") && !ids.text.contains("agree"))
    let unread = try compare("session;kWh;start\n12E05;4;soon\n")
    #expect(unread.text.contains("nothing was compared in startTime"))
    // Which of two columns was taken.
    let twice = try compare("session;kWh;kWh\n12E05;4;5\n")
    #expect(twice.text.contains("kilowattHours from 'kWh' (the first of 2 columns of that name)"), "\(twice.text)")
  }

  @Test func `a session of another time is told, by whichever date counts`() throws {
    let file = "session;kWh\n0047375747;22,98\n12E05;4\n"
    let march = ["--since", "2025-03-01", "--until", "2025-03-31T23:00:00Z", "--format", "ndjson"]
    let byEnd = try compare(Array(file.utf8), march).objects().filter { $0["difference"] as? String != "onlyOurs" }
    #expect(byEnd.map { $0["id"] as? String } == ["12E05"] && byEnd.first?["difference"] as? String == "otherTime")
    #expect(byEnd.first?["ours"] as? String == "2025-03-31T23:30:00Z" && byEnd.first?["line"] as? Int == 3)
    let byStart = try compare(Array(file.utf8), march + ["--by", "start"]).objects()
    #expect(byStart.allSatisfy { $0["difference"] as? String == "onlyOurs" } && byStart.count == 2)
    #expect(try compare(file, "--since", "2025-04-01").text.contains("other time"))
  }

  @Test func `titles, empty cells at the end and text below the table are no rows`() throws {
    let rows = Self.german.joined(separator: "\n")
    let titled = try compare("Session;;;;\n" + rows)
    #expect(titled.status == 0 && titled.text.contains("up to line 1"), "\(titled.text)\(titled.errors)")
    let short = try compare(rows.replacing("Energie (kWh);Betrag", with: "Energie (kWh);Betrag;Bemerkung"))
    #expect(short.status == 0, "\(short.errors)")
    let footed = try compare(rows + "\nSeite 1 von 1\n")
    #expect(footed.status == 0 && footed.text.contains("left out 1 line of text below the table: 6"), "\(footed.text)\(footed.errors)")
    // What lacks a cell that says something is no row of this table.
    #expect(try compare(rows + "\n12E05;2025-03-31T22:30:00Z\n").status == 65)
  }

  @Test func `clocks that are put back or forward are not guessed at`() throws {
    let options = ["--time-zone", "Europe/Paris", "--format", "ndjson"]
    func told(_ begin: String) throws -> String? {
      let object = try compare(Array("session,start\n12E05,\(begin)\n".utf8), options).objects().first
      return object.map { "\($0["difference"]!) \($0["remark"] as? String ?? "-")" }
    }
    #expect(try told("2025-03-30 02:30:00") == "unreadable there is no such date or time")
    #expect(try told("2025-04-01 00:30:00")?.hasPrefix("onlyOurs") == true)
    #expect(try told("1 April")?.hasPrefix("unreadable") == true)
    #expect(try told("2025-04-01")?.hasPrefix("onlyOurs") == true && told("2025-03-31")?.hasPrefix("differs") == true)
    #expect(try compare("session\n12E05\n", "--time-zone", "Europe/Nowhere").status == 64)
    #expect(try compare("session\n12E05\n", "--dates", "dd/yyyy").status == 64)
  }

  @Test func `a workbook is no CSV`() throws {
    let result = try compare("PK\u{3}\u{4}...")
    #expect(result.status == 65 && result.errors.contains("save the sheet as CSV"))
  }
}
