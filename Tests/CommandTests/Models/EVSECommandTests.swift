import Foundation
import Testing

extension ImportedJournal {
  /// Of statuses.
  fileprivate static func statuses() throws -> ImportedJournal {
    try ImportedJournal([
      line("10:00:00", "SetEVSEAvailabilityStatus", "FR*C01*E1", "availabilityStatus", 1, "09:59:00"),
      line("10:01:00", "SetEVSEBusyStatus", "FR*C01*E1", "busyStatus", 2, "10:00:30"),
      line("10:05:00", "SetEVSEBusyStatus", "FR*C01*E1", "busyStatus", 1, "09:30:00"),
      line("10:06:00", "SetEVSEBusyStatus", "FR*C02*E1", "busyStatus", 1, "10:05:59", status: 10_601),
      line("10:07:00", "SetChargingPoolAvailabilityStatus", "FR*C01*P1", "availabilityStatus", 2, "10:06:59", level: "ChargingPool"),
    ])
  }

  private static func line(
    _ time: String, _ operation: String, _ id: String, _ field: String, _ code: Int, _ date: String, level: String = "EVSE", status: Int = 1
  ) -> String {
    line(
      "2025-03-01T\(time)Z", operation, of: "FR*C01",
      "<\(level)IdType>eMI3</\(level)IdType><\(level)Id>\(id)</\(level)Id><statusEventDate>2025-03-01T\(date)Z</statusEventDate>"
        + "<\(field)>\(code)</\(field)>", status: status)
  }
}

@Suite struct EVSECommandTests {
  @Test func `evses lists an element a line, with the keys that were promised`() throws {
    let journal = try ImportedJournal.statuses()
    let result = try journal.run("evses", "--format", "ndjson")
    #expect(result.status == 0)
    let rows = try result.objects()
    #expect(rows.map { $0["id"] as? String } == ["FR*C01*P1", "FR*C01*E1", "FR*C02*E1"])
    #expect(rows.map { $0["level"] as? String } == ["pool", "evse", "evse"])
    #expect(rows.map { $0["availabilityStatus"] as? Int } == [2, 1, nil])
    #expect(rows.map { $0["busyStatus"] as? Int } == [nil, 2, 1])
    #expect(rows.map { $0["position"] as? Int } == [9, 3, 7])
    #expect(rows[1]["availabilityEventDate"] as? String == "2025-03-01T09:59:00.000Z")
    #expect(rows[1]["busyEventDate"] as? String == "2025-03-01T10:00:30.000Z")
    #expect(rows[1]["findings"] as? [String] == ["evse-contradiction"])
    #expect(rows[0]["busyEventDate"] is NSNull)
    #expect(rows[2]["busyAcceptance"] as? String == "rejected")
    #expect(rows[2]["busyRequestStatus"] as? Int == 10_601)
    func ids(_ options: String...) throws -> [String] {
      try journal.run(["evses", "--format", "ndjson"] + options).objects()
        .compactMap { $0["id"] as? String }
    }
    #expect(try ids("--status", "busy") == ["FR*C01*E1"])
    #expect(try ids("--status", "out-of-order") == ["FR*C01*E1"])
    #expect(try ids("--status", "1") == ["FR*C01*E1", "FR*C02*E1"])
    #expect(try ids("--status", "unknown", "--unknown-after", "5m") == ["FR*C01*E1"])
    #expect(try ids("--operator", "frc01") == ["FR*C01*P1", "FR*C01*E1"])
    #expect(try ids("--level", "pool") == ["FR*C01*P1"])
    #expect(try ids("--known-at", "4") == ["FR*C01*E1"])
    let csv = try journal.run("evses", "--format", "csv")
    #expect(csv.text.hasPrefix("id,level,availabilityStatus,availabilityEventDate,busyStatus,busyEventDate,position,"))
    #expect(try journal.run("evses", "--status", "nonsense").status == 64)
  }

  @Test func `evse answers for a time and for what was known`() throws {
    let journal = try ImportedJournal.statuses()
    func busy(_ options: String...) throws -> Int? {
      try journal.run(["evse", "fr-c01-e1", "--format", "ndjson"] + options).object()["busyStatus"] as? Int
    }
    #expect(try busy() == 2)
    #expect(try busy("--as-of", "2025-03-01 09:45") == 1)
    #expect(try busy("--as-of", "2025-03-01 09:45", "--known-at", "4") == nil)
    let text = try journal.run("evse", "FR*C01*E1")
    #expect(
      text.text.contains("out-of-order") && text.text.contains("is reported busy (position 3) while it is out of order (position 1)."))
    #expect(text.lines.last?.hasPrefix("as of position 10 ") == true)
    let history = try journal.run("evse", "FR*C01*E1", "--history", "--format", "ndjson").objects()
    #expect(history.map { $0["status"] as? Int } == [1, 1, 2])
    #expect(history.map { $0["flags"] as? [String] } == [["late"], [], []])
    #expect(try journal.run("evse", "FR*C01*E1", "--history").lines.count == 5)
    #expect(try journal.run("evse", "FR*C01*E7").status == 1)
    #expect(try journal.run("evse").status == 64)
    #expect(try journal.run("evse", "FR*C01*E1", "--reinit").status == 64)
  }

  @Test func `evse --reinit writes messages that can be sent`() throws {
    let journal = try ImportedJournal.statuses()
    let result = try journal.run("evse", "--reinit")
    #expect(result.status == 0)
    let lines = try result.objects()
    #expect(
      lines.map { $0["operation"] as? String } == [
        "SetChargingPoolAvailabilityStatus", "SetEVSEAvailabilityStatus", "SetEVSEBusyStatus", "SetEVSEBusyStatus",
      ])
    #expect(lines.allSatisfy { $0["direction"] as? String == "toIOP" })
    #expect(lines[2]["soapAction"] as? String == "https://api-iop.gireve.com/services/eMIP_ToIOP_SetEVSEBusyStatusV1/")
    let request = try #require(lines[2]["request"] as? String)
    #expect(request.contains("<EVSEId>FR*C01*E1</EVSEId><statusEventDate>2025-03-01T10:00:30.000Z</statusEventDate><busyStatus>2<"))
    #expect(try journal.run("evse", "--reinit", "--level", "connector").status == 1)
  }
}
