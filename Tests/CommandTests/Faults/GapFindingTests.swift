import Foundation
import TestSupport
import Testing

@testable import JournalStore

/// What is found in a journal that was damaged before its read models were made: nothing is found of the gap, and what is certain is found all the same.
@Suite struct GapFindingTests {
  /// Each line is a row of its own, so that one can be damaged: line n is at the positions 2n - 1 and 2n.
  private func findings(_ lines: [String], damaged: Int?, _ rule: String) async throws -> CommandResult {
    let journal = try await SampleJournal()
    for line in lines { try journal.importLines([line]) }
    if let damaged { try journal.damageRow(endingAt: UInt64(2 * damaged)) }
    let result = try journal.run("findings", "--rule", rule, "--all", "--format", "ndjson")
    #expect(result.status == (damaged == nil ? 0 : 65), "\(result.errors)")
    return result
  }

  private func heartbeat(_ time: String, _ partner: String) -> String {
    ImportedJournal.line("2025-03-01T\(time)Z", "HeartBeat", of: partner, "")
  }

  private func change(_ time: String, of list: String, _ action: Int, _ user: String) -> String {
    ImportedJournal.line(
      time, "SetAuthenticationData", of: list,
      "<authenticationDataList><authenticationData><actionType>\(action)</actionType><userIdType>RFID-UID</userIdType><userId>\(user)</userId>"
        + "<requestedServiceId>1</requestedServiceId><authorisationValue>1</authorisationValue></authenticationData></authenticationDataList>"
    )
  }

  @Test func `a partner is not offline for a sign of life that could not be read, and is for one that did not come`() async throws {
    // The third line is the one between; the others tell the time.
    let lines =
      [
        heartbeat("10:00:00", "FR*C01"), heartbeat("10:05:00", "FR*C01"), heartbeat("10:10:00", "FR*C01"), heartbeat("10:11:30", "FR*C02"),
        heartbeat("10:14:00", "FR*C02"), heartbeat("10:15:00", "FR*C01"),
      ] + ["10:17", "10:19", "10:21", "10:23"].map { heartbeat("\($0):00", "FR*C02") }
    let whole = try await findings(lines, damaged: nil, "partner-offline").objects()
    #expect(whole.map { $0["position"] as? Int } == [17])
    let gapped = try await findings(lines, damaged: 3, "partner-offline").objects()
    #expect(gapped.map { $0["position"] as? Int } == [17])
    // Behind a gap a partner has its time once more, and no longer.
    let last = try await findings(lines, damaged: 7, "partner-offline").objects()
    #expect(last.map { $0["position"] as? Int } == [])
  }

  @Test func `a list was not missed that may have come with what could not be read`() async throws {
    func ticks(_ times: String...) -> [String] { times.map { ImportedJournal.line($0, "HeartBeat", of: "FR*C02", "") } }
    let lines =
      [change("2025-03-01T10:00:00Z", of: "FR*MS1", 1, "04A1B2C3"), change("2025-03-02T10:00:00Z", of: "FR*MS1", 1, "04A1B2C4")]
      + ticks("2025-03-02T13:00:00Z", "2025-03-03T12:30:00Z", "2025-03-03T16:00:00Z")
    let whole = try await findings(lines, damaged: nil, "whitelist-upload-missed").objects()
    #expect(whole.map { $0["position"] as? Int } == [7])
    // From the first request behind the gap on nothing came for 26 hours.
    let gapped = try await findings(lines, damaged: 2, "whitelist-upload-missed").objects()
    #expect(gapped.map { $0["position"] as? Int } == [9])
    #expect((gapped.first?["explanation"] as? String)?.contains("after 2025-03-02T13:00:00.000Z") ?? false, "\(gapped)")
  }

  @Test func `nobody is unknown to a list, or on two, for a change that could not be read`() async throws {
    let unknown = [
      change("2025-03-01T10:00:00Z", of: "FR*MS1", 1, "04A1B2C3"), change("2025-03-01T11:00:00Z", of: "FR*MS1", 1, "04A1B2C4"),
      change("2025-03-01T12:00:00Z", of: "FR*MS1", 2, "04A1B2C4"),
    ]
    #expect(try await findings(unknown, damaged: 2, "whitelist-unknown-entry").objects().isEmpty)
    #expect(try await findings([unknown[0], unknown[2]], damaged: nil, "whitelist-unknown-entry").objects().count == 1)
    let conflict = [
      change("2025-03-01T10:00:00Z", of: "FR*MS1", 1, "04A1B2C3"), change("2025-03-01T11:00:00Z", of: "FR*MS1", 3, "04A1B2C3"),
      change("2025-03-01T12:00:00Z", of: "FR*MS2", 1, "04A1B2C3"),
    ]
    #expect(try await findings(conflict, damaged: 2, "whitelist-badge-conflict").objects().isEmpty)
    #expect(try await findings([conflict[0], conflict[2]], damaged: nil, "whitelist-badge-conflict").objects().count == 1)
  }

  @Test func `an element does not contradict itself for a report that could not be read`() async throws {
    func report(_ time: String, _ operation: String, _ field: String, _ code: Int) -> String {
      ImportedJournal.line(
        "2025-03-01T\(time)Z", operation, of: "FR*C01",
        "<EVSEIdType>eMI3</EVSEIdType><EVSEId>FR*C01*E1</EVSEId><statusEventDate>2025-03-01T\(time)Z</statusEventDate><\(field)>\(code)</\(field)>"
      )
    }
    let lines = [
      report("10:00:00", "SetEVSEAvailabilityStatus", "availabilityStatus", 2),
      report("11:00:00", "SetEVSEAvailabilityStatus", "availabilityStatus", 1),
      report("12:00:00", "SetEVSEAvailabilityStatus", "availabilityStatus", 2),
      report("13:00:00", "SetEVSEBusyStatus", "busyStatus", 2),
    ]
    #expect(try await findings(lines, damaged: nil, "evse-contradiction").objects().isEmpty)
    #expect(try await findings(lines, damaged: 3, "evse-contradiction").objects().isEmpty)
    #expect(try await findings([lines[1], lines[3]], damaged: nil, "evse-contradiction").objects().count == 1)
  }
}
