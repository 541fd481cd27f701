import Foundation
import JournalFormat
import Testing

/// The commands about charge detail records, on a journal of three sessions.
@Suite struct CDRCommandTests {
  /// Only for its directory.
  private let sample: SampleJournal
  private var directory: String { sample.root }
  private var journal: String { directory + "/cdrs" }

  init() async throws {
    sample = try await SampleJournal()
    var lines: [String] = []
    lines.append(Self.line(minute: 30, session: 1, nature: 2, wattHours: "5000"))
    lines.append(Self.line(minute: 60, session: 1, nature: 1, wattHours: "10000"))
    lines.append(Self.line(minute: 200, session: 2, nature: 1, wattHours: "20000.5", status: 10_507))
    lines.append(Self.line(minute: 300, session: 3, nature: 1, wattHours: "500000"))
    let traffic = directory + "/traffic.ndjson"
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: traffic))
    #expect(try Command.run(["init", "--journal", journal]).status == 0)
    #expect(try Command.run(["import", "--journal", journal, traffic]).status == 0)
  }

  /// An exchange that asks whether a session may begin.
  private static func authorisation(minute: Int64, session: Int, value: Int) -> String {
    let body =
      "<EVSEId>FR*C01*E\(session)</EVSEId><userIdType>RFID-UID</userIdType><userId>04A1B2C3</userId>"
      + "<requestedServiceId>1</requestedServiceId><partnerServiceSessionId>X-\(session)</partnerServiceSessionId>"
    let answer = "<serviceSessionId>=S-\(session)</serviceSessionId><authorisationValue>\(value)</authorisationValue>"
    return exchange("GetServiceAuthorisation", minute: minute, body, answer: answer)
  }

  /// An exchange that sends a record of an hour, or half of one.
  private static func line(minute: Int64, session: Int, nature: Int, wattHours: String, status: Int = 1) -> String {
    let begin = Timestamp("2025-03-01T00:00:00Z")!
    func time(_ minute: Int64) -> String { begin.adding(milliseconds: minute * 60_000).description }
    let minutes: Int64 = nature == 1 ? 60 : 30
    let meters = [("1", "\(minutes)", "min"), ("2", wattHours, "Wh")].map {
      "<meterReport><meterTypeId>\($0)</meterTypeId><meterValue>\($1)</meterValue><meterUnit>\($2)</meterUnit></meterReport>"
    }
    let record =
      "<CDRNature>\(nature)</CDRNature><serviceSessionId>=S-\(session)</serviceSessionId>"
      + "<execPartnerSessionId>X-\(session)</execPartnerSessionId>"
      + "<salePartnerOperatorId>FR*MS1</salePartnerOperatorId><EVSEId>FR*C01*E\(session)</EVSEId><userIdType>RFID-UID</userIdType>"
      + "<userId>04A1B2C3</userId><startTime>\(time(minute - minutes))</startTime><endTime>\(time(minute))</endTime>"
      + "<meterReportList>\(meters.joined())</meterReportList>"
    return exchange("SetChargeDetailRecord", minute: minute, "<chargeDetailRecord>\(record)</chargeDetailRecord>", status: status)
  }

  private static func exchange(_ operation: String, minute: Int64, _ body: String, status: Int = 1, answer: String = "") -> String {
    let time = Timestamp("2025-03-01T00:00:00Z")!.adding(milliseconds: minute * 60_000).description
    func message(_ part: String, _ body: String) -> String {
      let name = "e:eMIP_ToIOP_\(operation)\(part)"
      return "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body><\(name) xmlns:e='urn:e'>"
        + "<transactionId>T-\(minute)</transactionId>\(body)</\(name)></s:Body></s:Envelope>"
    }
    let header = "<partnerId>FR*C01</partnerId><operatorId>FR*C01</operatorId>"
    let request = message("Request", header + body)
    let response = message("Response", "<requestStatus>\(status)</requestStatus>\(answer)")
    return "{\"recordedAt\":\"\(time)\",\"direction\":\"toIOP\",\"operation\":\"\(operation)\",\"httpStatus\":200,"
      + "\"latencyMs\":80,\"peer\":\"192.0.2.15\",\"clientCN\":\"c\",\"request\":\"\(request)\",\"response\":\"\(response)\"}"
  }

  private func run(_ arguments: String...) throws -> CommandResult { try Command.run(arguments + ["--journal", journal]) }

  private func invoice(_ text: String) throws -> String {
    let path = directory + "/invoice-\(UUID().uuidString).csv"
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  @Test func `cdrs is one session a line`() throws {
    let objects = try run("cdrs", "--format", "ndjson").objects()
    #expect(objects.count == 3)
    let first = try #require(objects.first)
    #expect(first["serviceSessionId"] as? String == "=S-1" && first["execPartnerSessionId"] as? String == "X-1")
    #expect(first["salePartnerSessionId"] is NSNull && first["counterpart"] as? String == "FR*MS1")
    #expect(first["transactionIds"] as? [String] == ["T-30", "T-60"] && first["direction"] as? String == "toIOP")
    #expect(first["evseId"] as? String == "FR*C01*E1" && first["inForce"] as? Int == 1)
    let versions = try #require(first["versions"] as? [[String: Any]])
    #expect(versions.map { $0["nature"] as? String } == ["intermediate", "final"])
    #expect(versions[1]["position"] as? Int == 3 && versions[1]["accepted"] as? Bool == true)
    #expect(versions[1]["endTime"] as? String == "2025-03-01T01:00:00.000Z")
    let meters = try #require(versions[1]["meters"] as? [[String: Any]])
    #expect(
      meters[1]["meterTypeId"] as? Int == 2 && meters[1]["meterValue"] as? String == "10000" && meters[1]["meterUnit"] as? String == "Wh")
    #expect(objects[1]["inForce"] is NSNull)
    #expect(!objects.description.contains("04A1B2C3"))
  }

  @Test func `cdrs narrows by acceptance, finding, operator and time`() throws {
    func sessions(_ arguments: String...) throws -> [String] {
      try Command.run(["cdrs", "--format", "ndjson", "--journal", journal] + arguments).objects().compactMap {
        $0["execPartnerSessionId"] as? String
      }
    }
    #expect(try sessions("--unaccepted") == ["X-2"])
    #expect(try sessions("--finding", "cdr-power") == ["X-3"])
    #expect(try sessions("--operator", "frms1") == ["X-1", "X-2", "X-3"] && sessions("--operator", "FR*MS9") == [])
    #expect(try sessions("--since", "2025-03-01T03:20:00Z", "--until", "2025-03-01T05:00:00Z") == ["X-2"])
    #expect(try sessions("--as-of", "4") == ["X-1"])
    #expect(try run("cdrs", "--finding", "nothing").status == 64)
  }

  @Test func `what the sessions' read model judges stands with the records, and finds them`() throws {
    let journal = directory + "/judged"
    let lines = [
      Self.authorisation(minute: 0, session: 1, value: 2), Self.line(minute: 60, session: 1, nature: 1, wattHours: "10000"),
      Self.authorisation(minute: 100, session: 2, value: 1), Self.line(minute: 200, session: 2, nature: 1, wattHours: "10000"),
      Self.line(minute: 300, session: 3, nature: 1, wattHours: "10000"),
    ]
    let traffic = directory + "/judged.ndjson"
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: traffic))
    #expect(try Command.run(["init", "--journal", journal]).status == 0)
    #expect(try Command.run(["import", "--journal", journal, traffic]).status == 0)
    func sessions(_ rule: String, _ arguments: String...) throws -> [String] {
      try Command.run(["cdrs", "--finding", rule, "--format", "ndjson", "--journal", journal] + arguments).objects().compactMap {
        $0["execPartnerSessionId"] as? String
      }
    }
    #expect(try sessions("cdr-refused-authorisation") == ["X-1"])
    #expect(try sessions("cdr-refused-authorisation", "--as-of", "2") == [])
    #expect(try sessions("cdr-without-authorisation") == ["X-3"])
    #expect(try sessions("cdr-raw-contract") == [] && sessions("cdr-power") == [])
    let refused = try Command.run(["cdr", "X-1", "--journal", journal]).text
    #expect(refused.contains("cdr-refused-authorisation: The authorisation asked for at position 1 was refused"))
    #expect(try !Command.run(["cdr", "X-2", "--journal", journal]).text.contains("findings"))
    let object = try #require(try Command.run(["cdr", "=S-3", "--format", "ndjson", "--journal", journal]).objects().first)
    let findings = try #require(object["findings"] as? [[String: Any]])
    #expect(findings.map { $0["rule"] as? String } == ["cdr-without-authorisation"])
  }

  /// A journal of the traffic of a test.
  private func journal(_ name: String, _ lines: [String]) throws -> String {
    let (journal, traffic) = (directory + "/" + name, directory + "/" + name + ".ndjson")
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: traffic))
    #expect(try Command.run(["init", "--journal", journal]).status == 0)
    #expect(try Command.run(["import", "--journal", journal, traffic]).status == 0)
    return journal
  }

  @Test func `the energy of a record is one figure in one unit, wherever it stands`() throws {
    let kilowatts = Self.line(minute: 60, session: 1, nature: 1, wattHours: "22.98").replacing("<meterUnit>Wh<", with: "<meterUnit>kWh<")
    let second = "<meterReport><meterTypeId>2</meterTypeId><meterValue>12000</meterValue><meterUnit>Wh</meterUnit></meterReport>"
    let twice = Self.line(minute: 120, session: 2, nature: 1, wattHours: "11000")
      .replacing("</meterReportList>", with: second + "</meterReportList>")
    let journal = try journal("figures", [kilowatts, twice])
    func run(_ arguments: String...) throws -> CommandResult { try Command.run(arguments + ["--journal", journal]) }
    for command in [["cdr", "X-1"], ["cdrs"]] {
      #expect(try Command.run(command + ["--journal", journal]).text.contains(" 22980 (22.98 kWh) "))
    }
    #expect(try run("session", "X-1").text.contains("charge 1 h 0 min, 22980 Wh (sent as 22.98 kWh)"))
    #expect(try run("cdr", "X-2").text.contains("twice: 11000 Wh, 12000 Wh"))
    let versions = try run("cdrs", "--format", "ndjson").objects().compactMap { ($0["versions"] as? [[String: Any]])?.first }
    #expect(versions.map { $0["wattHours"] as? String } == ["22980", nil] && versions.map { $0["minutes"] as? String } == ["60", "60"])
    let totals = try #require(try run("cdrs", "--totals", "--format", "ndjson").objects().first)
    #expect(totals["wattHours"] as? String == "22980" && totals["incompleteCount"] as? Int == 1)
    #expect(
      try Command.run(["cdrs", "compare", try invoice("id,kWh\nX-1,22.98\n"), "--until", "2025-03-01T01:30:00Z", "--journal", journal])
        .status == 0)
    for text in ["id,Wh\nX-1,22.98\n", "id,kWh\nX-2,23\n", "id,Wh\nX-2,11000\n", "id,Wh\nX-2,\n"] {
      let result = try Command.run(["cdrs", "compare", try invoice(text), "--format", "ndjson", "--journal", journal])
      #expect(try result.status == 1 && result.objects().contains { $0["difference"] as? String == "differs" }, "\(text)")
    }
  }

  @Test func `a charge over the end of a month is of the month in which it ended, unless the question says otherwise`() throws {
    // Ends ten minutes before March does, and is sent in April.
    let sent = Self.line(minute: 31 * 1_440 - 10, session: 1, nature: 1, wattHours: "11000")
      .replacing("\"recordedAt\":\"2025-03-31T23:50:00.000Z\"", with: "\"recordedAt\":\"2025-04-01T02:00:00.000Z\"")
    let journal = try journal("months", [sent])
    func run(_ arguments: [String], _ month: Int) throws -> CommandResult {
      try Command.run(
        arguments + ["--since", "2025-0\(month)-01", "--until", "2025-0\(month + 1)-01", "--journal", journal])
    }
    let (bill, empty) = (try invoice("id,Wh\nX-1,11000\n"), try invoice("id,Wh\n"))
    #expect(try run(["cdrs", "compare", bill], 3).status == 0 && run(["cdrs", "compare", empty], 4).status == 0)
    #expect(try run(["cdrs", "compare", empty], 3).status == 1 && run(["cdrs", "compare", empty, "--by", "sent"], 4).status == 1)
    for (by, month, count) in [("end", 3, 1), ("end", 4, 0), ("start", 3, 1), ("sent", 3, 0), ("sent", 4, 1)] {
      #expect(try run(["cdrs", "--by", by, "--format", "ndjson"], month).objects().count == count)
      let totals = try run(["cdrs", "--by", by, "--totals", "--format", "ndjson"], month).objects()
      #expect(totals.map { $0["finalCount"] as? Int } == (count == 1 ? [1] : []) && totals.allSatisfy { $0["by"] as? String == by })
    }
    for command in [["cdrs"], ["cdrs", "--totals"], ["cdrs", "compare", bill]] {
      let heading = try run(command, 3).text.split(separator: "\n").first ?? ""
      #expect(heading.hasSuffix("by the end of the charge, from 2025-03-01 00:00:00.000, before 2025-04-01 00:00:00.000"))
      #expect(try run(command + ["--by", "sent"], 4).text.contains("by when the first record was sent, from 2025-04-01"))
    }
    #expect(try run(["cdrs", "--by", "month"], 3).status == 64)
  }

  @Test func `a session that is in no month is counted, and sums say what stands in records with an error`() throws {
    let right = Self.line(minute: 60, session: 1, nature: 1, wattHours: "10000")
    let ahead = Self.line(minute: 200, session: 2, nature: 1, wattHours: "9000").replacing(
      "2025-03-01T03:20:00.000Z</endTime>", with: "2025-03-01T04:20:00.000Z</endTime>")
    let far = Self.line(minute: 300, session: 3, nature: 1, wattHours: "8000")
      .replacing(/<(start|end)Time>2025/) { "<\($0.output.1)Time>2035" }
    let journal = try journal("times", [right, ahead, far])
    func run(_ arguments: String...) throws -> CommandResult {
      try Command.run(arguments + ["--since", "2025-03-01", "--until", "2025-04-01", "--journal", journal])
    }
    let totals = try #require(try run("cdrs", "--totals", "--format", "ndjson").objects().first)
    #expect(totals["finalCount"] as? Int == 2 && totals["finalCountWithErrors"] as? Int == 1 && totals["misdatedCount"] as? Int == 1)
    #expect(totals["wattHours"] as? String == "19000" && totals["wattHoursWithErrors"] as? String == "9000")
    #expect(totals["minutes"] as? String == "120" && totals["minutesWithErrors"] as? String == "60")
    let note = "1 session was sent in this time and is not among them"
    #expect(try run("cdrs").text.contains(note) && run("cdrs", "--totals").text.contains(note))
    for format in ["ndjson", "json", "csv"] { #expect(try run("cdrs", "--format", format).errors.contains(note)) }
    #expect(try run("cdrs", "--by", "sent").text.contains("=S-3") && !run("cdrs", "--by", "sent").text.contains(note))
  }

  @Test func `totals are exact, and of finals in force only`() throws {
    let object = try #require(try run("cdrs", "--totals", "--format", "ndjson").objects().first)
    #expect(object["wattHours"] as? String == "510000" && object["minutes"] as? String == "120" && object["finalCount"] as? Int == 2)
    #expect(object["noneCount"] as? Int == 1)
  }

  @Test func `a cell of CSV is no formula`() throws {
    let text = try run("cdrs", "--format", "csv").text
    #expect(text.hasPrefix("serviceSessionId,execPartnerSessionId,"))
    #expect(text.contains("\r\n'=S-1,X-1,"))
  }

  @Test func `cdr shows the versions, what changed, and masks`() throws {
    let result = try run("cdr", "X-1", "--diff")
    #expect(result.status == 0)
    #expect(result.text.contains("meter 2") && result.text.contains("5000 Wh → 10000 Wh"))
    #expect(!result.text.contains("04A1B2C3"))
    let one = try run("cdr", "X-1", "--version", "1")
    #expect(one.text.contains("meter 2 (total energy): 5000 Wh") && !one.text.contains("10000"))
    #expect(try run("cdr", "X-3").text.contains("500000 Wh in 60 min is more than 400 kW."))
    #expect(try run("cdr", "X-9").status == 1 && run("cdr", "X-1", "--version", "3").status == 1)
    #expect(try run("cdr", "X-3", "--as-of", "4").status == 1)
  }

  @Test func `an invoice that agrees, whatever its columns and spellings`() throws {
    let file = try invoice(
      "\u{feff}Energie;\"Ende\";Ladevorgang\r\n\"10,000\";2025-03-01 01:00:00;X-1\r\n500;2025-03-01T06:00:30+01:00;=S-3\r\n")
    let arguments = [
      "cdrs", "compare", file, "--separator", ";", "--decimal-comma", "--column", "id=Ladevorgang", "--column", "kilowattHours=Energie",
      "--column", "endTime=Ende", "--journal", journal,
    ]
    let strict = try Command.run(arguments)
    #expect(strict.status == 1 && strict.text.contains("endTime"))
    let result = try Command.run(arguments + ["--tolerance", "endTime=30"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.text.contains("2 sessions agree"))
  }

  @Test func `an invoice that differs, says where`() throws {
    let file = try invoice("id,wattHours\nX-1,10000.5\nX-2,20000.5\nX-9,1\nX-1,10000\n")
    let result = try run("cdrs", "compare", file, "--format", "ndjson")
    #expect(result.status == 1)
    let found = try result.objects().map { "\($0["difference"]!) \($0["id"]!) \($0["line"] as? Int ?? 0) \($0["field"] as? String ?? "-")" }
    #expect(
      found == [
        "differs X-1 2 wattHours", "onlyTheirs X-2 3 -", "onlyTheirs X-9 4 -", "duplicate X-1 5 -", "onlyOurs =S-3 0 -",
      ])
    #expect(try result.objects()[0]["ours"] as? String == "10000" && result.objects()[0]["theirs"] as? String == "10000.5")
  }

  @Test func `a spreadsheet that is none is refused`() throws {
    #expect(try run("cdrs", "compare", invoice("id,Wh\nX-1,12,5\n")).status == 65)
    #expect(try run("cdrs", "compare", invoice("id\n\"X-1\n")).status == 65)
    #expect(try run("cdrs", "compare", invoice("what,Wh\nX-1,1\n")).status == 64)
    #expect(try run("cdrs", "compare", invoice("")).status == 65)
    #expect(try run("cdrs", "compare", invoice("id\n"), "--column", "nothing=id").status == 64)
    #expect(try run("cdrs", "compare", directory + "/missing.csv").status == 74)
  }
}
