import Foundation
import JournalFormat
import Testing

@testable import Simulation
@testable import emip_simulator

/// One planted fault of each kind: the manifest tells of each, and the lines that it names hold what was planted.
@Suite struct SeededFaultsTests {
  static let seed: UInt64 = 5
  static let shared = Result { try Planted(seed: seed) }

  /// A line of the manifest.
  struct Fault: Decodable {
    var rule: String
    var severity: String
    var subject: String
    var exchanges: [Int]
    var transactionIds: [String]
    var evseId: String?
    var serviceSessionId: String?
    var execPartnerSessionId: String?
    var operatorId: String?
    var userIdType: String?
    var userId: String?
    var partner: String?
    var from: String?
    var to: String?
    var notBefore: String?
  }

  struct Planted {
    var lines: [TrafficLine]
    var records: [SimulatedRecord]
    var manifest: [String]
    var faults: [Fault]

    init(seed: UInt64) throws {
      let traffic = try Traffic(exchanges: 30_000, seed: seed, days: 5, .faultsPlanted)
      lines = try traffic.lines()
      records = try SimulatedRecord.all(in: lines)
      manifest = traffic.manifest
      faults = try manifest.map { try JSONDecoder().decode(Fault.self, from: Data($0.utf8)) }
    }
  }

  private let planted: Planted

  init() throws { planted = try Self.shared.get() }

  private func fault(_ rule: String) throws -> Fault { try #require(planted.faults.first { $0.rule == rule }) }

  private func line(_ fault: Fault, _ index: Int = 0) throws -> TrafficLine {
    try #require(fault.exchanges.count > index)
    return planted.lines[fault.exchanges[index] - 1]
  }

  private func record(_ rule: String, _ index: Int = 0) throws -> SimulatedRecord {
    let fault = try fault(rule)
    let found = try SimulatedRecord(line(fault, index), number: fault.exchanges[index])
    return try #require(found)
  }

  private func time(_ text: String?) throws -> Int64 { try #require(text.flatMap(Timestamp.init)).rawValue }

  // MARK: Manifest

  @Test func `each rule has one fault`() {
    #expect(
      planted.faults.map(\.rule) == [
        "session-id-conflict", "session-facts-conflict", "session-value-unreadable", "authorised-without-cdr", "session-action-unheeded",
        "cdr-without-authorisation", "cdr-refused-authorisation", "cdr-intermediate-missing", "cdr-meter-limit-exceeded",
        "cdr-raw-contract", "user-not-hexadecimal", "cdr-meter-missing", "cdr-meter-unit", "cdr-meter-value", "cdr-value-unreadable",
        "cdr-end-before-start", "cdr-meter-decreases", "cdr-duration-mismatch", "cdr-power",
        "cdr-energy-steps", "cdr-second-final", "cdr-after-final", "cdr-evse-overlap", "cdr-exec-session-missing", "cdr-unknown-meter",
        "cdr-unknown-nature", "cdr-legs-differ", "cdr-end-after-sent", "cdr-start-before-authorisation", "cdr-too-long",
        "cdr-meter-repeated", "cdr-power-low", "cdr-duplicate", "user-elsewhere", "whitelist-unknown-entry", "whitelist-badge-conflict",
        "whitelist-upload-too-large", "whitelist-upload-missed", "whitelist-download-missed", "whitelist-expiry-unreadable",
        "whitelist-value-unreadable", "whitelist-expiry-missing", "whitelist-user-missing", "evse-contradiction", "status-ahead",
        "status-value-unreadable",
        "evse-spelling-ambiguous",
        "partner-offline", "partner-value-unreadable", "partner-clock-offset", "transaction-id-reused", "message-refused",
        "message-encoding", "answer-mismatch",
      ])
    #expect(planted.faults.allSatisfy { ["error", "warning", "notice"].contains($0.severity) })
  }

  @Test func `manifest names the lines, in sorted keys`() throws {
    for (text, fault) in zip(planted.manifest, planted.faults) {
      #expect(!fault.exchanges.isEmpty && Set(fault.exchanges).count == fault.exchanges.count, "\(fault.rule)")
      let ids = try fault.exchanges.indices.compactMap { try line(fault, $0).asked("transactionId") }
      #expect(ids == fault.transactionIds, "\(fault.rule)")
      let keys = text.matches(of: /"([A-Za-z]+)":/).map { String($0.output.1) }
      #expect(keys == keys.sorted() && text.hasSuffix("}\n"), "\(text)")
    }
  }

  @Test func `each fault has a session, an EVSE and a customer of its own`() throws {
    let sessions = planted.faults.compactMap(\.serviceSessionId)
    #expect(sessions.count == 34 && Set(sessions).count == 34)
    let evses = planted.faults.compactMap(\.evseId)
    #expect(evses.count == 38 && Set(evses).count == 38)
    var users: [String: Set<String>] = [:]
    for line in planted.lines {
      let isPlanted = line.asked("EVSEId")?.uppercased().hasPrefix("FR*C01*E910") ?? false
      if let user = line.asked("userId"), line.operation.hasSuffix("ServiceAuthorisation") || line.operation.hasSuffix("Record") {
        users[user, default: []].insert(isPlanted ? "planted" : "ordinary")
      }
    }
    #expect(users.values.count { $0.contains("planted") } > 20)
    #expect(users.values.allSatisfy { $0.count == 1 })
  }

  @Test func `another seed plants the same faults in other sessions`() throws {
    let other = try Traffic(exchanges: 30_000, seed: Self.seed + 1, days: 5, .faultsPlanted).manifest
    let faults = try other.map { try JSONDecoder().decode(Fault.self, from: Data($0.utf8)) }
    #expect(faults.map(\.rule) == planted.faults.map(\.rule))
    #expect(Set(faults.compactMap(\.serviceSessionId)).isDisjoint(with: planted.faults.compactMap(\.serviceSessionId)))
  }

  // MARK: Sessions

  @Test func `a record carries another session's id`() throws {
    let fault = try fault("session-id-conflict")
    let second = try record("session-id-conflict")
    let first = try record("session-id-conflict", 1)
    #expect(second.serviceSession == fault.serviceSessionId && first.serviceSession != fault.serviceSessionId)
    #expect(second.execSession == first.execSession && second.execSession != fault.execPartnerSessionId)
  }

  @Test func `a record names another EVSE than its authorisation`() throws {
    let fault = try fault("session-facts-conflict")
    #expect(try record("session-facts-conflict").evse != fault.evseId)
    #expect(planted.lines.contains { $0.asked("EVSEId") == fault.evseId && $0.answered("serviceSessionId") == fault.serviceSessionId })
  }

  @Test func `an authorised session has no record`() throws {
    let fault = try fault("authorised-without-cdr")
    let asked = try line(fault)
    #expect(asked.answered("authorisationValue") == "1" && asked.answered("serviceSessionId") == fault.serviceSessionId)
    let records = planted.lines.filter { $0.operation == "SetChargeDetailRecord" }
    #expect(!records.contains { $0.asked("serviceSessionId") == fault.serviceSessionId })
    #expect(!records.contains { $0.asked("execPartnerSessionId") == fault.execPartnerSessionId })
    #expect(try time(fault.notBefore) == time(asked.recordedAt) + 72 * 3_600_000)
    #expect(planted.lines.last?.recordedAt ?? "" > fault.notBefore ?? "")
  }

  @Test func `a record has no authorisation, and its user is on no list`() throws {
    let fault = try fault("cdr-without-authorisation")
    let record = try record("cdr-without-authorisation")
    #expect(record.serviceSession == nil && record.execSession == fault.execPartnerSessionId)
    let mentions = planted.lines.filter { $0.request.contains(record.user) || $0.response.contains(record.user) }
    #expect(mentions.allSatisfy { $0.operation == "SetChargeDetailRecord" })
  }

  @Test func `a record follows a refusal, or comes without the intermediate one, or breaks its limit`() throws {
    let refused = try fault("cdr-refused-authorisation")
    #expect(try record("cdr-refused-authorisation").serviceSession == line(refused, 1).answered("serviceSessionId"))
    #expect(try line(refused, 1).answered("authorisationValue") == "2")
    let watched = try fault("cdr-intermediate-missing")
    #expect(try line(watched, 1).answered("intermediateCDRRequested") == "1")
    #expect(try record("cdr-intermediate-missing").minutes == 120)
    let limited = try fault("cdr-meter-limit-exceeded")
    #expect(try line(limited, 1).answered("meterValue") == "10000")
    #expect(try record("cdr-meter-limit-exceeded").value("2") == 12_000)
  }

  @Test func `an alias is the contract, a session id is missing`() throws {
    let raw = try line(try fault("cdr-raw-contract"))
    #expect(raw.operation == "SetServiceAuthorisation" && raw.asked("userIdType") == "eMA")
    let spelled = try #require(raw.asked("userId")).uppercased()
    #expect(raw.asked("userContractIdAlias")?.uppercased() == spelled)
    let record = try record("cdr-raw-contract", 1)
    #expect(record.alias == record.user)
    let unnamed = try self.record("cdr-exec-session-missing")
    #expect(unnamed.execSession == nil && unnamed.serviceSession != nil)
  }

  // MARK: Records

  @Test func `meters are wrong, each in its own way`() throws {
    #expect(try record("cdr-meter-missing").meters.map { $0[0] } == ["1"])
    #expect(try record("cdr-meter-unit").meters[0] == ["1", "60", "minutes"])
    #expect(try record("cdr-meter-value").meters[2] == ["3", "-12.50", "EUR"])
    #expect(try record("cdr-unknown-meter").meters[2] == ["77", "5", "Wh"])
    let strong = try record("cdr-power")
    #expect(strong.minutes == 30 && strong.value("2") == 500_000)
    let weak = try record("cdr-power-low")
    #expect(weak.minutes == 60 && weak.value("2") == 22.98)
    #expect(try record("cdr-meter-repeated").meters.map { $0[0] } == ["1", "2", "2"])
    let steps = try record("cdr-energy-steps")
    #expect(steps.meters.filter { $0[0] == "45" }.compactMap { Double($0[1]) }.reduce(0, +) == 0.6 * (steps.value("2") ?? 0))
  }

  @Test func `times are wrong, each in its own way`() throws {
    let backwards = try record("cdr-end-before-start")
    #expect(backwards.end == backwards.start - 600_000 && backwards.value("1") == 0 && backwards.value("2") == 0)
    let long = try record("cdr-duration-mismatch")
    #expect(long.value("1") == long.minutes * 3)
    let later = try record("cdr-evse-overlap")
    let earlier = try record("cdr-evse-overlap", 1)
    #expect(later.evse == earlier.evse && later.serviceSession != earlier.serviceSession)
    #expect(later.start == earlier.end - 600_000)
    let ahead = try record("cdr-end-after-sent")
    #expect(try ahead.end - time(line(fault("cdr-end-after-sent")).recordedAt) > 5 * 60_000 && ahead.minutes == 90)
    let early = try record("cdr-start-before-authorisation")
    let asked = try #require(planted.lines.first { $0.answered("serviceSessionId") == early.serviceSession })
    #expect(try time(asked.recordedAt) - early.start > 15 * 60_000)
    #expect(try record("cdr-too-long").minutes > 7 * 24 * 60)
  }

  @Test func `one charge has two ids, one badge two EVSEs, and a stop changes nothing`() throws {
    let (copy, original) = try (record("cdr-duplicate"), record("cdr-duplicate", 1))
    #expect(copy.evse == original.evse && copy.start == original.start && copy.end == original.end && copy.meters == original.meters)
    #expect(copy.serviceSession != original.serviceSession && copy.execSession != original.execSession && copy.user != original.user)
    let (second, first) = try (record("user-elsewhere"), record("user-elsewhere", 1))
    #expect(second.user == first.user && second.evse != first.evse && second.start < first.end - 60_000)
    let fault = try fault("session-action-unheeded")
    let stop = try line(fault)
    #expect(stop.operation == "SetSessionActionRequest" && stop.answered("requestStatus") == "1")
    let record = try #require(planted.records.first { $0.isFinal && $0.serviceSession == fault.serviceSessionId })
    #expect(try record.end - time(stop.recordedAt) > 15 * 60_000)
  }

  @Test func `a clock is an hour behind for twenty minutes`() throws {
    let fault = try fault("partner-clock-offset")
    let reports = planted.lines.filter { $0.asked("partnerId") == fault.partner && $0.operation == "SetEVSEBusyStatus" }
    let delays = try reports.map { try time($0.recordedAt) - time($0.asked("statusEventDate")) }
    #expect(delays.count == 22 && delays.dropLast().allSatisfy { $0 > 3_600_000 } && delays.last ?? 0 < 120_000)
    #expect(try line(fault).request == reports[19].request && line(fault, 1).request == reports[21].request)
  }

  @Test func `versions are wrong, each in its own way`() throws {
    let fallen = try (record("cdr-meter-decreases", 1), record("cdr-meter-decreases"))
    #expect(fallen.0.nature == "0" && fallen.0.value("2") == 9000 && fallen.1.isFinal && fallen.1.value("2") == 8000)
    let finals = try (record("cdr-second-final", 1), record("cdr-second-final"))
    #expect(finals.0.isFinal && finals.1.isFinal && finals.1.value("2") == 8100 && finals.0.transaction != finals.1.transaction)
    let behind = try (record("cdr-after-final", 1), record("cdr-after-final"))
    #expect(behind.0.isFinal && behind.1.nature == "0" && behind.1.line > behind.0.line && behind.1.end == behind.0.end)
    #expect(behind.1.meters == behind.0.meters)
    #expect(try record("cdr-unknown-nature").nature == "9")
    let sides = try (record("cdr-legs-differ", 1), record("cdr-legs-differ"))
    #expect(sides.0.direction == "toIOP" && sides.1.direction == "fromIOP" && sides.0.serviceSession == sides.1.serviceSession)
    #expect(sides.0.value("2") == 8000 && sides.1.value("2") == 9500)
  }

  @Test(arguments: FaultRule.allCases.filter { ![.authorisedWithoutCDR, .cdrTooLong].contains($0) })
  func `a session ends with an accepted final record, whatever was planted`(rule: FaultRule) throws {
    let fault = try fault(rule.rawValue)
    guard fault.subject == "session" else { return }
    #expect(
      planted.records.contains { record in
        record.direction == "toIOP" && record.isFinal && record.status == "1"
          && (record.serviceSession == fault.serviceSessionId || record.execSession == fault.execPartnerSessionId)
      })
  }

  // MARK: Lists, statuses, partners

  @Test func `lists are wrong, each in its own way`() throws {
    let unknown = try fault("whitelist-unknown-entry")
    #expect(try line(unknown).asked("actionType") == "3" && line(unknown).asked("userId") == unknown.userId)
    #expect(planted.lines.count { $0.request.contains(unknown.userId ?? "none") } == 1)
    let shared = try fault("whitelist-badge-conflict")
    for index in 0...1 {
      #expect(try line(shared, index).asked("userId") == shared.userId && line(shared, index).asked("actionType") == "1")
    }
    #expect(try [line(shared, 1), line(shared)].map { $0.asked("operatorId") } == ["FR*SF1", "FR*SF2"])
    let large = try line(try fault("whitelist-upload-too-large"))
    #expect(Set(TrafficLine.values(of: "userId", in: large.request)).count == 501 && large.answered("requestStatus") == "1")
  }

  @Test func `values are there and cannot be read, each in its own way`() throws {
    let expiry = try fault("whitelist-expiry-unreadable")
    #expect(try line(expiry).asked("userId") == expiry.userId && line(expiry).asked("expiryDate") == "31/12/2030")
    #expect(try line(try fault("whitelist-value-unreadable")).asked("intermediateCDRRequested") == "no")
    #expect(try line(try fault("whitelist-expiry-missing")).asked("expiryDate") == nil)
    #expect(try line(try fault("whitelist-user-missing")).asked("userId") == nil)
    #expect(try line(try fault("session-value-unreadable")).asked("sessionEventDateTime") == "01/03/2025 09:00")
    #expect(try line(try fault("status-value-unreadable")).asked("busyStatus") == "busy")
    #expect(try line(try fault("partner-value-unreadable")).answered("heartBeatPeriod") == "5 min")
    #expect(try record("cdr-value-unreadable").meters[2] == ["3", "12,50", "EUR"])
    let ahead = try line(try fault("status-ahead"))
    #expect(try time(ahead.asked("statusEventDate")) > time(ahead.recordedAt) + 3652 * 86_400_000)
    // Everybody else has an expiry date, and one date is nobody's.
    let lists = planted.lines.map(\.request).filter { $0.contains("SetAuthenticationDataRequest") }
    let (users, dates) = (
      lists.flatMap { TrafficLine.values(of: "userId", in: $0) }, lists.flatMap { TrafficLine.values(of: "expiryDate", in: $0) }
    )
    #expect(users.count == dates.count)
  }

  @Test(arguments: [("whitelist-upload-missed", "SetAuthenticationData"), ("whitelist-download-missed", "GetAuthenticationData")])
  func `a list is late once`(rule: String, operation: String) throws {
    let fault = try fault(rule)
    let transfers = planted.lines.enumerated().filter { $1.operation == operation && $1.asked("operatorId") == fault.operatorId }
    let times = try transfers.map { try time($0.element.recordedAt) }
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
    #expect(gaps.count { $0 > 13 * 3_600_000 } == 1 && gaps.max() == 30 * 3_600_000)
    #expect(try time(line(fault, 1).recordedAt) - time(line(fault).recordedAt) == 30 * 3_600_000)
    #expect(try time(fault.notBefore) == time(line(fault).recordedAt) + 26 * 3_600_000)
    #expect(planted.lines.last?.recordedAt ?? "" > transfers.last?.element.recordedAt ?? "")
  }

  @Test func `an EVSE is in use while it is out of order`() throws {
    let fault = try fault("evse-contradiction")
    let reports = planted.lines.filter { $0.asked("EVSEId") == fault.evseId }
    #expect(reports.map { $0.asked("availabilityStatus") ?? "-" } == ["2", "-", "1", "-", "-", "2"])
    #expect(reports.map { $0.asked("busyStatus") ?? "-" } == ["-", "1", "-", "2", "1", "-"])
    let dates = try reports.map { try time($0.asked("statusEventDate")) }
    #expect(dates == dates.sorted() && reports.allSatisfy { $0.answered("requestStatus") == "1" })
    #expect(try line(fault).asked("busyStatus") == "2" && line(fault, 1).asked("availabilityStatus") == "1")
  }

  @Test func `ids come in three spellings, again, and with colons`() throws {
    let spelled = try fault("evse-spelling-ambiguous")
    let ids = try [line(spelled, 1), line(spelled, 2), line(spelled)].map { try #require($0.asked("EVSEId")) }
    #expect(Set(ids).count == 3 && Set(ids.map { $0.filter { $0 != "*" } }).count == 1 && ids[2] == spelled.evseId)
    let reused = try fault("transaction-id-reused")
    #expect(Set(reused.transactionIds).count == 1 && reused.transactionIds.count == 2)
    #expect(try line(reused).request != line(reused, 1).request)
    let odd = try line(try fault("user-not-hexadecimal"))
    #expect(odd.asked("userId")?.contains(":") == true)
  }

  @Test func `a partner is silent once`() throws {
    let fault = try fault("partner-offline")
    let heard = try planted.lines.filter { $0.asked("partnerId") == fault.partner }.map { try time($0.recordedAt) }
    let gaps = zip(heard, heard.dropFirst()).filter { $1 - $0 > 300_000 }
    try #require(gaps.count == 1)
    #expect(try gaps[0].0 + 300_000 == time(fault.from) && gaps[0].1 == time(fault.to) && gaps[0].1 - gaps[0].0 >= 1_200_000)
    #expect(try time(fault.notBefore) == time(fault.from) + 30_000)
    #expect(try time(line(fault).recordedAt) == gaps[0].0 && time(line(fault, 1).recordedAt) == gaps[0].1)
  }

  @Test func `messages are wrong, each in its own way, and answered`() throws {
    let refused = try line(try fault("message-refused"))
    #expect(refused.request.hasPrefix("<!DOCTYPE") && refused.answered("requestStatus") == "1")
    let encoded = try line(try fault("message-encoding"))
    #expect(encoded.request.hasPrefix("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>") && encoded.answered("requestStatus") == "1")
    let mixed = try line(try fault("answer-mismatch"))
    #expect(mixed.asked("transactionId") != nil && mixed.answered("transactionId") != mixed.asked("transactionId"))
    let others = planted.lines.filter {
      $0.request != mixed.request && $0.asked("transactionId") != nil && $0.answered("transactionId") != nil
    }
    #expect(others.count > 20_000 && others.allSatisfy { $0.asked("transactionId") == $0.answered("transactionId") })
  }

  // MARK: The command

  @Test(arguments: [
    ["--days", "4", "--exchanges", "90000", "--seed-faults", "manifest"],
    ["--days", "5", "--exchanges", "29999", "--seed-faults", "manifest"],
    ["--days", "5", "--exchanges", "30000", "--seed-faults", "-"],
    ["--days", "5", "--exchanges", "30000", "--seed-faults", "manifest", "-o", "manifest"],
  ])
  func `arguments are refused that leave no room for faults or the manifest`(arguments: [String]) {
    #expect(EmipSimulator.run(["traffic", "--seed", "1"] + arguments) == 64)
  }

  @Test func `the command writes the traffic and its manifest`() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "seeded-faults-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let (traffic, manifest) = (directory.appending(path: "traffic"), directory.appending(path: "manifest"))
    let size = ["--exchanges", "30000", "--days", "5", "--seed", "\(Self.seed)"]
    #expect(EmipSimulator.run(["traffic"] + size + ["--seed-faults", manifest.path, "-o", traffic.path]) == 0)
    #expect(try String(contentsOf: manifest, encoding: .utf8) == planted.manifest.joined())
    #expect(try Data(contentsOf: traffic).count { $0 == UInt8(ascii: "\n") } == 30_000)
  }
}
