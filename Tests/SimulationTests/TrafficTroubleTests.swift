import Foundation
import Testing

@testable import Simulation

/// What goes wrong on the wire, and how differently senders write.
@Suite struct TrafficTroubleTests {
  private let lines: [TrafficLine]
  private var seed: UInt64 { TrafficContentTests.seed }

  init() throws { lines = try TrafficContentTests.shared.get() }

  private func count(_ what: String, atLeast lowest: Int = 1, _ isOne: (TrafficLine) -> Bool) {
    let count = lines.count(where: isOne)
    #expect(count >= lowest, "\(what): \(count), seed \(seed)")
  }

  @Test func `lost answers are empty, and only they`() {
    count("lost", atLeast: 40) { $0.httpStatus == 0 }
    for line in lines {
      #expect(line.response.isEmpty == (line.httpStatus == 0))
      if line.httpStatus == 0 { #expect(line.latencyMs == (line.direction == "toIOP" ? 15_000 : 5000)) }
    }
  }

  @Test func `faults come with status 500, and only they`() {
    count("faults", atLeast: 10) { $0.httpStatus == 500 }
    for line in lines { #expect(line.response.contains(":Fault>") == (line.httpStatus == 500)) }
  }

  @Test func `warnings and errors occur`() {
    let statuses = Set(lines.compactMap { $0.answered("requestStatus") })
    #expect(
      statuses.isSuperset(of: ["1", "202", "203", "205", "206", "10001", "10201", "10210", "10601", "10701"]), "\(statuses.sorted())")
  }

  @Test func `requests without a transaction are answered with the platform's`() {
    let without = lines.filter { $0.asked("transactionId") == nil }
    #expect(without.count > 20, "seed \(seed)")
    for line in without where line.httpStatus == 200 {
      #expect(line.answered("transactionId")?.hasPrefix("IOP-TID-GIR-") == true)
    }
    for line in lines where line.httpStatus == 200 && line.asked("transactionId") != nil {
      #expect(line.asked("transactionId") == line.answered("transactionId"))
    }
  }

  @Test func `lost records and statuses are sent again unchanged`() {
    var lost: [String: String] = [:]
    var repeated: [String: Int] = [:]
    var already = 0
    for line in lines where ["SetChargeDetailRecord", "SetEVSEBusyStatus"].contains(line.operation) {
      guard let id = line.asked("transactionId") else { continue }
      if let before = lost[id] {
        #expect(before == line.request, "\(id), seed \(seed)")
        repeated[line.operation + line.direction, default: 0] += 1
        if line.answered("requestStatus") == "10701" { already += 1 }
      }
      if line.httpStatus == 0 { lost[id] = line.request }
    }
    for kind in ["SetChargeDetailRecordtoIOP", "SetChargeDetailRecordfromIOP", "SetEVSEBusyStatustoIOP"] {
      #expect(repeated[kind, default: 0] > 0, "\(kind), seed \(seed)")
    }
    #expect(already > 0, "seed \(seed)")
  }

  @Test func `transactions are unique but for retries`() {
    var seen: [String: String] = [:]
    for line in lines {
      guard let id = line.asked("transactionId") else { continue }
      if let request = seen[id] { #expect(request == line.request, "\(id), seed \(seed)") }
      seen[id] = line.request
    }
  }

  @Test func `white lists are of all sizes`() {
    let sizes = lines.filter { $0.operation == "SetAuthenticationData" }
      .map { TrafficLine.values(of: "userId", in: $0.request).count }
    #expect(
      sizes.contains { $0 <= 2 } && sizes.contains { (20...80).contains($0) } && sizes.contains { $0 > 300 }, "\(sizes), seed \(seed)")
    #expect(sizes.allSatisfy { (1...500).contains($0) })
    for line in lines where line.operation == "SetAuthenticationData" {
      let badges = TrafficLine.values(of: "userId", in: line.request)
      #expect(Set(badges).count == badges.count, "seed \(seed)")
    }
    for action in ["1", "2", "3"] { count("action \(action)") { $0.asked("actionType") == action } }
    count("download with entries") { $0.operation == "GetAuthenticationData" && $0.answered("userId") != nil }
    count("no expiry") { line in
      line.operation == "SetAuthenticationData"
        && TrafficLine.values(of: "expiryDate", in: line.request).count < TrafficLine.values(of: "userId", in: line.request).count
    }
  }

  @Test func `badges and contracts have their forms`() {
    for line in lines.prefix(6000) {
      let types = TrafficLine.values(of: "userIdType", in: line.request)
      for (type, id) in zip(types, TrafficLine.values(of: "userId", in: line.request)) {
        if type == "eMA" {
          #expect(id.utf8.map { isDigit($0) ? "0" : isCapital($0) ? "A" : "-" }.joined().hasPrefix("AA-AA0-A00000000-"), "\(id)")
          #expect(id.utf8.count == 18, "\(id)")
        } else {
          #expect((1...14).contains(id.utf8.count) && UInt64(id, radix: 16) != nil, "\(id)")
        }
      }
    }
    count("four bytes") { $0.asked("userId")?.count == 8 }
    count("seven bytes") { $0.asked("userId")?.count == 14 }
    count("without leading zero") { $0.clientCN == "emsp-4.example" && $0.asked("userId")?.count == 13 }
    count("lower case") { $0.clientCN == "emsp-5.example" && $0.asked("userId")?.utf8.contains { (0x61...0x66).contains($0) } == true }
  }

  @Test func `senders write in at least eight ways`() {
    let beginnings = Set(lines.prefix(2000).map { String($0.request.prefix(30)) + $0.clientCN })
    #expect(beginnings.count >= 10, "seed \(seed)")
    count("single quotes") { $0.request.contains("='http") }
    count("CRLF") { $0.request.utf8.contains(0x0D) }
    count("tabs") { $0.request.contains("\n\t") }
    count("default namespace") { $0.request.contains(" xmlns=\"https") }
    count("qualified children") { $0.request.contains("<ns2:partnerId>") }
    count("xsi types") { $0.request.contains("xsi:type=\"xsd:string\"") }
    count("schema location") { $0.request.contains("xsi:schemaLocation") }
    count("attribute spacing") { $0.request.contains("xmlns:soap = \"") }
    count("SOAP 1.1") { $0.request.contains("http://schemas.xmlsoap.org/soap/envelope/") }
    count("comment") { $0.request.contains("<!--") || $0.response.contains("<!--") }
    count("no declaration") { !$0.request.hasPrefix("<?xml") }
    count("id without separators") { $0.asked("partnerId") == "ESMS6" }
    count("id in lower case") { $0.asked("partnerId") == "it*ms7" }
  }

  @Test(arguments: [
    "T\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$", "T\\d\\d:\\d\\d:\\d\\dZ$", "\\.\\d{3}\\+01:00$", ":\\d\\d\\+01:00$", "\\.\\d{7}Z$",
    "T\\d\\d:\\d\\d:\\d\\d\\.\\d{3}$",
  ])
  func `each style spells a date its way`(_ pattern: String) throws {
    let form = try Regex(pattern)
    let names = ["statusEventDate", "sessionEventDateTime", "sessionActionDateTime", "expiryDate", "lastRequestDate", "currentTime"]
    count(pattern) { line in
      names.contains { (line.asked($0)?.contains(form) ?? false) || (line.answered($0)?.contains(form) ?? false) }
    }
  }

  @Test func `addresses and names are reserved ones`() {
    for line in lines {
      #expect(["192.0.2.", "198.51.100.", "203.0.113."].contains { line.peer.hasPrefix($0) }, "\(line.peer)")
      #expect(line.clientCN.hasSuffix(".example"))
    }
  }

  private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private func isCapital(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
}
