import Foundation
import Testing

/// What a message says in a form that nobody can read is shown as it came, and taken for nothing else.
@Suite struct UnreadableValueTests {
  private static func list(_ entries: [(user: String, more: String)]) -> String {
    let items = entries.map { entry in
      "<authenticationData><actionType>1</actionType><userIdType>RFID-UID</userIdType><userId>\(entry.user)</userId>"
        + "<authorisationValue>1</authorisationValue>\(entry.more)</authenticationData>"
    }
    return "<authenticationDataList>\(items.joined())</authenticationDataList>"
  }

  private static func expiry(_ text: String) -> String { "<requestedServiceId>1</requestedServiceId><expiryDate>\(text)</expiryDate>" }

  private static func whiteList() throws -> ImportedJournal {
    try ImportedJournal([
      ImportedJournal.line(
        "2025-03-01T01:00:00Z", "SetAuthenticationData", of: "NL*MS4",
        list([
          ("04A1B2C3D4E505", expiry("2025-12-31")), ("04A1B2C3D4E506", expiry("2025-12-31T23:59:59+0100")),
          ("04A1B2C3D4E507", expiry("31/12/2025")), ("04A1B2C3D4E508", "<expiryDate>2025-12-31T23:59:59Z</expiryDate>"),
        ]))
    ])
  }

  @Test(arguments: [
    ("04A1B2C3D4E505", "2025-12-31"), ("04A1B2C3D4E506", "2025-12-31T23:59:59+0100"), ("04A1B2C3D4E507", "31/12/2025"),
  ])
  func `a check of an entry whose expiry date cannot be read is uncertain`(user: String, text: String) throws {
    let journal = try Self.whiteList()
    let arguments = ["whitelist", "check", "--user", user, "--at", "2025-06-01 12:00"]
    let told = try journal.run(arguments)
    #expect(told.status == 1)
    #expect(told.text.hasPrefix("uncertain at 2025-06-01 12:00:00.000"))
    #expect(told.text.contains("unreadable: \(text)"))
    #expect(told.errors.contains("the user is not authorised by the white lists: uncertain."))
    let answer = try journal.run(arguments + ["--format", "json"])
    #expect(answer.status == 1)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [[String: Any]]).first!
    #expect(object["answer"] as? String == "uncertain")
    #expect(object["expiryDate"] is NSNull)
    #expect(object["unreadable"] as? [String: String] == ["expiryDate": text])
  }

  @Test func `lists, findings and baselines keep what cannot be read, and say what was assumed`() throws {
    let journal = try Self.whiteList()
    #expect(try journal.run("whitelist", "check", "--user", "04A1B2C3D4E508", "--at", "2025-06-01 12:00").status == 0)
    let rows = try journal.run("whitelist", "list", "--format", "ndjson").objects()
    #expect(rows.map { $0["expiryDate"] as? String } == [nil, nil, nil, "2025-12-31T23:59:59.000Z"])
    #expect(
      rows.map { ($0["unreadable"] as? [String: String])?["expiryDate"] } == ["2025-12-31", "2025-12-31T23:59:59+0100", "31/12/2025", nil])
    #expect(rows.map { $0["uncertain"] as? Bool } == [true, true, true, false])
    #expect(rows.map { $0["assumed"] as? [String] } == [[], [], [], ["serviceId"]])
    #expect(try journal.run("whitelist", "list").text.contains("unreadable: 31/12/2025"))
    #expect(try journal.run("whitelist", "history", "--user", "04A1B2C3D4E507").text.contains("unreadable: 31/12/2025"))
    let found = try journal.run("findings", "--rule", "whitelist-expiry-unreadable", "--check", "--format", "ndjson")
    #expect(found.status == 1)
    #expect(try found.objects().map { $0["severity"] as? String } == ["error", "error", "error"])
    #expect(
      try found.objects().last?["explanation"] as? String
        == "Item 3 of position 1 for NL*MS4 has expiryDate \"31/12/2025\", which is no date with a time.")
    #expect(try journal.run("projection", "verify").status == 0)
  }

  private static func busy(_ time: String, _ date: String, _ status: String) -> String {
    ImportedJournal.line(
      "2025-03-01T\(time):00Z", "SetEVSEBusyStatus", of: "FR*C01",
      "<EVSEIdType>eMI3</EVSEIdType><EVSEId>FR*C01*E17001*1</EVSEId><statusEventDate>\(date)</statusEventDate>"
        + "<busyStatus>\(status)</busyStatus>")
  }

  @Test func `a status that cannot be read is no other one, and is not sent again`() throws {
    let journal = try ImportedJournal([
      Self.busy("10:00", "2025-03-01T10:00:00Z", "1"), Self.busy("10:30", "01/03/2025 10:30", "besetzt"),
    ])
    let row = try journal.run("evse", "FR*C01*E17001*1", "--format", "ndjson").object()
    #expect(row["busyStatus"] is NSNull)
    #expect(row["busyEventDate"] is NSNull)
    #expect(row["busySince"] as? String == "2025-03-01T10:30:00.000Z")
    #expect(row["assumed"] as? [String] == ["busyEventDate"])
    #expect(row["unreadable"] as? [String: String] == ["busyStatus": "besetzt", "busyEventDate": "01/03/2025 10:30"])
    let text = try journal.run("evse", "FR*C01*E17001*1").text
    #expect(text.contains("unreadable: besetzt"))
    #expect(text.contains("dated 01/03/2025 10:30, which is unreadable: the message's time stands for it"))
    #expect(try journal.run("evses", "--status", "unknown", "--format", "ndjson").objects().count == 1)
    let sent = try journal.run("evse", "--reinit")
    #expect(sent.status == 65)
    #expect(sent.text.isEmpty && sent.errors.contains("(position 3)."))
    #expect(sent.errors.contains("1 current status cannot be read, and no message was made of it: "))
    let found = try journal.run("findings", "--format", "ndjson").objects()
    #expect(found.map { $0["rule"] as? String } == ["status-value-unreadable"])
  }

  @Test func `no output has a time that no message has`() throws {
    let journal = try ImportedJournal([
      Self.busy("10:00", "2025-03-01T10:00:00Z", "1"), Self.busy("10:31", "2035-03-01T10:29:00Z", "2"),
    ])
    let known: Set = [
      "2025-03-01T10:00:00.000Z", "2025-03-01T10:31:00.000Z", "2035-03-01T10:29:00.000Z", "2025-03-01T10:31:00.040Z",
      "2025-03-01T10:32:00.000Z",
    ]
    func times(_ arguments: String...) throws -> [String] {
      let result = try journal.run(arguments)
      #expect(result.status == 0, "\(result.errors)")
      return result.text.matches(of: /(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d\.\d{3})/).map { "\($0.output.1)T\($0.output.2)Z" }
    }
    let (id, asked) = ("FR*C01*E17001*1", "2025-03-01T10:32:00.000Z")
    for found in [
      try times("evse", id), try times("evse", id, "--format", "json"), try times("evse", id, "--history"),
      try times("evse", id, "--history", "--format", "csv"), try times("evses"),
      try times("evses", "--unknown-after", "1s", "--as-of", asked),
      try times("evses", "--unknown-after", "1s", "--as-of", asked, "--format", "ndjson"), try times("evse", "--reinit"),
      try times("findings"),
    ] {
      #expect(!found.isEmpty)
      #expect(Set(found).subtracting(known).isEmpty, "\(found)")
    }
    #expect(try journal.run("evse", "--reinit").text.contains("<statusEventDate>2025-03-01T10:31:00.000Z</statusEventDate>"))
    #expect(try journal.run("evse", id).text.contains("ahead by "))
    let row = try journal.run("evse", id, "--history", "--format", "ndjson").objects().last
    #expect(row?["eventDate"] as? String == "2035-03-01T10:29:00.000Z")
    #expect(row?["since"] as? String == "2025-03-01T10:31:00.000Z")
    #expect(row?["flags"] as? [String] == ["ahead"])
  }

  @Test func `a record, its meters and its session say what cannot be read, and hold it for nothing else`() throws {
    let meters = [("1", "30", "min"), ("2", "5,5", "Wh")].map { type, value, unit in
      "<meterReport><meterTypeId>\(type)</meterTypeId><meterValue>\(value)</meterValue><meterUnit>\(unit)</meterUnit></meterReport>"
    }
    let record =
      "<chargeDetailRecord><CDRNature>1</CDRNature><serviceSessionId>S-1</serviceSessionId><execPartnerSessionId>X-1</execPartnerSessionId>"
      + "<requestedServiceId>1</requestedServiceId><EVSEId>FR*C01*E1</EVSEId><userIdType>RFID-UID</userIdType><userId>04A1B2C3</userId>"
      + "<startTime>2025-03-01T10:00:00+0100</startTime><endTime>2025-03-01T09:30:00Z</endTime>"
      + "<meterReportList>\(meters.joined())</meterReportList></chargeDetailRecord>"
    let journal = try ImportedJournal([ImportedJournal.line("2025-03-01T10:00:00Z", "SetChargeDetailRecord", of: "FR*C01", record)])
    let told = try journal.run("cdr", "S-1", "--format", "ndjson").object()
    let version = try #require((told["versions"] as? [[String: Any]])?.first)
    #expect(version["startTime"] is NSNull)
    #expect(version["endTime"] as? String == "2025-03-01T09:30:00Z")
    #expect(version["unreadable"] as? [String: String] == ["startTime": "2025-03-01T10:00:00+0100"])
    let energy = try #require((version["meters"] as? [[String: Any]])?.last)
    #expect(energy["meterValue"] is NSNull)
    #expect(energy["unreadable"] as? [String: String] == ["meterValue": "5,5"])
    let text = try journal.run("cdr", "S-1").text
    #expect(text.contains("unreadable: 2025-03-01T10:00:00+0100") && text.contains("unreadable: 5,5"))
    let found = try journal.run("findings", "--severity", "error", "--format", "ndjson").objects()
    #expect(found.map { $0["rule"] as? String } == ["cdr-value-unreadable"])
    let session = try journal.run("session", "S-1", "--format", "json")
    #expect(session.text.contains(#""startTime" : "2025-03-01T10:00:00+0100""#))
  }

  @Test func `an answer whose requestStatus cannot be read accepts nothing`() throws {
    func answered(_ line: String) -> String {
      line.replacing("<requestStatus>1</requestStatus>", with: "<requestStatus>OK</requestStatus>")
    }
    let record =
      "<chargeDetailRecord><CDRNature>1</CDRNature><serviceSessionId>S-1</serviceSessionId><EVSEId>FR*C01*E1</EVSEId>"
      + "<startTime>2025-03-01T09:00:00Z</startTime><endTime>2025-03-01T09:30:00Z</endTime></chargeDetailRecord>"
    let journal = try ImportedJournal([
      answered(ImportedJournal.line("2025-03-01T10:00:00Z", "SetChargeDetailRecord", of: "FR*C01", record)),
      answered(Self.busy("10:01", "2025-03-01T10:01:00Z", "1")), Self.busy("10:02", "2025-03-01T10:02:00Z", "2"),
      answered(
        ImportedJournal.line(
          "2025-03-01T10:03:00Z", "SetAuthenticationData", of: "FR*MS1", Self.list([("04A1B2C3", Self.expiry("2030-01-01T00:00:00Z"))]))),
    ])
    let version = try #require((try journal.run("cdr", "S-1", "--format", "ndjson").object()["versions"] as? [[String: Any]])?.first)
    #expect(version["acceptance"] as? String == "unreadable")
    #expect(version["accepted"] is NSNull)
    let statuses = try journal.run("evse", "FR*C01*E17001*1", "--history", "--format", "ndjson").objects()
    #expect(statuses.map { $0["acceptance"] as? String } == ["unreadable", "accepted"])
    #expect(try journal.run("whitelist", "check", "--user", "04A1B2C3", "--at", "2025-03-02 12:00").text.hasPrefix("uncertain "))
  }

  @Test func `a session says which of its times its messages do not say`() throws {
    func event(_ minute: Int, _ nature: Int, _ date: String) -> String {
      ImportedJournal.line(
        "2025-03-01T10:0\(minute):00Z", "SetSessionEventReport", of: "FR*C01",
        "<serviceSessionId>S-1</serviceSessionId><sessionEvent><sessionEventNature>\(nature)</sessionEventNature>"
          + "<sessionEventDateTime>\(date)</sessionEventDateTime></sessionEvent>")
    }
    let journal = try ImportedJournal([event(1, 3, "2025-03-01T10:01:00Z"), event(5, 1, "01/03/2025 10:05")])
    let told = try journal.run("session", "S-1", "--format", "json")
    let object = try #require(try JSONSerialization.jsonObject(with: Data(told.text.utf8)) as? [String: Any])
    let session = try #require(object["session"] as? [String: Any])
    #expect(session["startedAt"] as? String == "2025-03-01T10:01:00.000Z")
    #expect(session["endedAt"] as? String == "2025-03-01T10:05:00.000Z")
    #expect(session["assumed"] as? [String] == ["endedAt"])
    let found = try journal.run("findings", "--rule", "session-value-unreadable", "--format", "ndjson").objects()
    #expect(
      found.map { $0["explanation"] as? String } == ["The message has sessionEventDateTime \"01/03/2025 10:05\", which cannot be read."])
  }

  @Test func `a requestStatus that is no number is told as it was sent, and is not said to be absent`() throws {
    let line = ImportedJournal.line("2025-03-01T10:00:00Z", "SetChargeDetailRecord", of: "FR*C01", "<chargeDetailRecord/>")
    let journal = try ImportedJournal([line.replacing("<requestStatus>1<", with: "<requestStatus>done<")])
    let shown = try journal.run("show", "--position", "1", "--format", "json").text
    let object = try #require(try JSONSerialization.jsonObject(with: Data(shown.utf8)) as? [String: Any])
    let response = try #require((object["exchanges"] as? [[String: Any]])?.first?["response"] as? [String: Any])
    #expect((response["outcome"] as? [String: Any])?["unreadable"] as? [String: String] == ["requestStatus": "done"])
    #expect((response["findings"] as? [[String: Any]])?.count == 1)
    #expect(try journal.run("show", "--position", "1").text.contains("warning, requestStatus unreadable"))
    #expect(try journal.run("list").text.contains("warning unreadable"))
  }
}
