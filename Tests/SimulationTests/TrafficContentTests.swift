import Foundation
import Testing

@testable import Simulation

/// Every kind of situation that the traffic promises, in one run of 20,000 exchanges over a day and a bit.
@Suite struct TrafficContentTests {
  static let seed: UInt64 = 42
  static let shared = Result { try Traffic(exchanges: 20_000, seed: seed, days: 2).lines() }

  private let lines: [TrafficLine]

  init() throws { lines = try Self.shared.get() }

  private func count(_ what: String, atLeast lowest: Int = 1, _ isOne: (TrafficLine) -> Bool) {
    let count = lines.count(where: isOne)
    #expect(count >= lowest, "\(what): \(count), seed \(Self.seed)")
  }

  // MARK: Operations

  @Test(arguments: [
    "GetServiceAuthorisation toIOP", "GetServiceAuthorisation fromIOP", "SetServiceAuthorisation toIOP", "SetServiceAuthorisation fromIOP",
    "SetChargeDetailRecord toIOP", "SetChargeDetailRecord fromIOP", "SetSessionEventReport toIOP", "SetSessionEventReport fromIOP",
    "SetSessionActionRequest toIOP", "SetSessionActionRequest fromIOP", "SetEVSEBusyStatus toIOP", "SetEVSEAvailabilityStatus toIOP",
    "SetEVSESyntheticStatus toIOP", "SetChargingPoolAvailabilityStatus toIOP", "SetChargingStationAvailabilityStatus toIOP",
    "SetChargingConnectorAvailabilityStatus toIOP", "HeartBeat toIOP", "HeartBeat fromIOP", "SetAuthenticationData toIOP",
    "GetAuthenticationData toIOP", "SearchEVSE toIOP", "GetEVSEDynamicDataChanges toIOP", "SetEVSEDynamicDataChanges fromIOP",
    "GetChargeDetailRecordList toIOP", "ActivateEVSEDynamicDataChangesFlow toIOP",
  ])
  func `each operation occurs`(_ name: String) {
    count(name) { "\($0.operation) \($0.direction)" == name }
  }

  @Test func `HeartBeat has two spellings`() {
    count("HeartBeat") { $0.request.contains("_HeartBeatRequest") }
    count("Heartbeat") { $0.request.contains("_HeartbeatRequest") }
  }

  @Test func `irregular names occur`() {
    count("event request doubled") { $0.request.contains("SetSessionEventReportRequestRequest") }
    count("action response short") { $0.response.contains("SetSessionActionResponse") }
    count("action response long") { $0.response.contains("SetSessionActionRequestResponse") }
    count("ToIoP") { $0.request.contains("eMIP_ToIoP_") }
  }

  // MARK: Sessions

  @Test func `authorisations are given and refused`() {
    count("given", atLeast: 100) { $0.isOf("GetServiceAuthorisation", "toIOP") && $0.answered("authorisationValue") == "1" }
    count("refused", atLeast: 20) { $0.isOf("GetServiceAuthorisation", "toIOP") && $0.answered("authorisationValue") == "2" }
    count("rejected") { $0.answered("requestStatus") == "10201" }
    count("provider did not answer") { $0.isOf("GetServiceAuthorisation", "toIOP") && $0.answered("requestStatus") == "10210" }
    count("limits") { $0.answered("meterLimitList") != nil && $0.isOf("GetServiceAuthorisation", "toIOP") }
    count("is this user yours, no") {
      $0.isOf("GetServiceAuthorisation", "fromIOP") && $0.asked("requestedServiceId") == "0" && $0.answered("authorisationValue") == "2"
    }
  }

  @Test func `records name sessions that were authorised`() {
    var authorised: Set<String> = []
    var fromList = 0
    for line in lines {
      if line.operation.hasSuffix("ServiceAuthorisation") {
        for id in [line.asked("serviceSessionId"), line.answered("serviceSessionId")].compactMap({ $0 }) { authorised.insert(id) }
      } else if line.isOf("SetChargeDetailRecord", "toIOP") {
        guard let id = line.asked("serviceSessionId") else {
          fromList += 1
          #expect(line.asked("execPartnerSessionId")?.isEmpty == false)
          continue
        }
        #expect(authorised.contains(id), "\(id), seed \(Self.seed)")
      }
    }
    #expect(fromList > 10, "seed \(Self.seed)")
  }

  @Test func `records have both natures and all kinds of meters`() {
    count("final", atLeast: 200) { $0.asked("CDRNature") == "1" }
    count("intermediate 0") { $0.asked("CDRNature") == "0" }
    count("intermediate 2") { $0.asked("CDRNature") == "2" }
    let types = Set(lines.flatMap { TrafficLine.values(of: "meterTypeId", in: $0.request) })
    #expect(types.isSuperset(of: ["1", "2", "3", "5", "21", "25", "31", "35", "41", "45"]), "\(types.sorted()), seed \(Self.seed)")
    #expect(types.contains { $0.count == 4 && $0.hasPrefix("10") }, "\(types.sorted())")
  }

  @Test func `meters of a session never fall`() {
    var energies: [String: [Int]] = [:]
    for line in lines where line.isOf("SetChargeDetailRecord", "toIOP") && line.httpStatus == 200 {
      let values = TrafficLine.values(of: "meterValue", in: line.request)
      guard let id = line.asked("execPartnerSessionId"), values.count > 1, let energy = Int(values[1]) else { continue }
      energies[id, default: []].append(energy)
    }
    // A final record may overtake nothing, as intermediate ones leave at once.
    #expect(energies.values.contains { $0.count > 2 })
    #expect(energies.values.allSatisfy { $0 == $0.sorted() }, "seed \(Self.seed)")
  }

  @Test func `both legs of a record agree`() throws {
    var sent: [String: [String]] = [:]
    var compared = 0
    for line in lines where line.operation == "SetChargeDetailRecord" {
      guard let id = line.asked("execPartnerSessionId"), let nature = line.asked("CDRNature") else { continue }
      let key = id + nature + (TrafficLine.values(of: "meterValue", in: line.request).first ?? "")
      let meters = TrafficLine.values(of: "meterValue", in: line.request)
      if line.direction == "toIOP" {
        sent[key] = meters
      } else {
        #expect(sent[key] == meters, "\(key), seed \(Self.seed)")
        compared += 1
      }
    }
    #expect(compared > 200)
  }

  @Test(arguments: ["1", "2", "3", "11", "12", "13", "0"])
  func `an event of each nature occurs`(nature: String) {
    count("event \(nature)") { $0.asked("sessionEventNature") == nature }
  }

  @Test func `statuses occur`() {
    for status in ["1", "2", "3"] { count("busy \(status)") { $0.asked("busyStatus") == status } }
    for status in ["1", "2", "3", "4"] { count("availability \(status)") { $0.asked("availabilityStatus") == status } }
    count("comment in another language") { $0.asked("availabilityStatusComment")?.utf8.contains { $0 > 127 } == true }
    count("comment with entities") { $0.asked("availabilityStatusComment")?.contains("&") == true }
    count("until") { $0.asked("availabilityStatusUntil") != nil }
  }

  @Test func `some statuses come hours late and out of order`() throws {
    var newest: [String: String] = [:]
    var late = 0
    var overtaken = 0
    for line in lines where line.operation == "SetEVSEBusyStatus" && line.clientCN == "cpo-c01.example" {
      let date = try #require(line.asked("statusEventDate"))
      let evse = try #require(line.asked("EVSEId"))
      if date.prefix(13) < line.recordedAt.prefix(13), date.prefix(16) < String(line.recordedAt.prefix(14)) { late += 1 }
      if let known = newest[evse], date < known { overtaken += 1 }
      newest[evse] = max(newest[evse] ?? "", date)
    }
    #expect(late > 100, "seed \(Self.seed)")
    #expect(overtaken > 50, "seed \(Self.seed)")
  }

  @Test func `there are many customers, and some come often`() {
    var visits: [String: Int] = [:]
    for line in lines where line.isOf("GetServiceAuthorisation", "toIOP") { visits[line.asked("userId") ?? "", default: 0] += 1 }
    #expect(visits.count > 500, "seed \(Self.seed)")
    #expect(visits.values.contains { $0 > 2 }, "seed \(Self.seed)")
  }

  @Test func `there are many EVSEs`() {
    let evses = Set(lines.compactMap { $0.asked("EVSEId") })
    #expect(evses.count > 1000, "seed \(Self.seed)")
  }
}
