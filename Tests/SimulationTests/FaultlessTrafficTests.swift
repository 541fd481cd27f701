import Foundation
import JournalFormat
import Testing

@testable import Simulation

/// Traffic in which nothing is wrong, read back without the simulator's help: for each rule that makes a finding, its condition is nowhere.
@Suite struct FaultlessTrafficTests {
  static let seed: UInt64 = 77
  static let shared = Result {
    let lines = try Traffic(exchanges: 36_000, seed: seed, days: 6, .faultless).lines()
    return (lines, try SimulatedRecord.all(in: lines), try Authorisation.all(in: lines))
  }

  private let lines: [TrafficLine]
  private let records: [SimulatedRecord]
  private let asked: [String: Authorisation]

  init() throws {
    (lines, records, asked) = try Self.shared.get()
  }

  private func time(_ line: TrafficLine) throws -> Int64 { try #require(Timestamp(line.recordedAt)).rawValue }

  // MARK: Records

  @Test func `there is enough of everything to say something`() {
    #expect(records.count { $0.isFinal } > 1000)
    #expect(records.count { !$0.isFinal } > 100)
    #expect(records.count { !$0.isAnswered } > 10)
    #expect(records.count { $0.status == "10701" } > 0)
    #expect(records.count { $0.status == "10504" } > 0)
    #expect(records.count { $0.serviceSession == nil } > 20)
    #expect(Set(records.flatMap { $0.meters.map { $0[0] } }).isSuperset(of: ["1", "2", "3", "41", "45"]))
    for operation in ["SetAuthenticationData", "GetAuthenticationData", "SetServiceAuthorisation", "SetSessionEventReport"] {
      #expect(lines.contains { $0.operation == operation }, "\(operation)")
    }
  }

  @Test func `no two charges overlap at an EVSE`() {
    var charges: [String: Set<[Int64]>] = [:]
    for record in records where record.isFinal { charges[record.evse, default: []].insert([record.start, record.end]) }
    for (evse, spans) in charges {
      let sorted = spans.sorted { $0[0] < $1[0] }
      for (earlier, later) in zip(sorted, sorted.dropFirst()) { #expect(earlier[1] < later[0], "\(evse), seed \(Self.seed)") }
    }
  }

  @Test func `meters are there, in their units, and consistent`() throws {
    let units = ["1": "min", "2": "Wh", "3": "EUR", "5": "min", "21": "W", "25": "W", "31": "W", "35": "W", "41": "Wh", "45": "Wh"]
    for record in records {
      let minutes = try #require(record.value("1"))
      let energy = try #require(record.value("2"))
      #expect(record.start < record.end)
      #expect(abs(minutes - record.minutes) < 1, "line \(record.line)")
      #expect(energy / max(record.minutes, 1) * 60 < 400_000, "line \(record.line)")
      for meter in record.meters {
        #expect(Double(meter[1]).map { $0 >= 0 } == true)
        if let type = Int(meter[0]), (1000...1099).contains(type) {
          #expect(meter[2] == "min")
        } else {
          #expect(meter[2] == units[meter[0]])
        }
      }
      for type in ["41", "45"] {
        let steps = record.meters.filter { $0[0] == type }.compactMap { Double($0[1]) }
        if !steps.isEmpty { #expect(steps.reduce(0, +) == energy, "line \(record.line), seed \(Self.seed)") }
      }
    }
  }

  @Test func `versions of a record only grow, and end with one final`() throws {
    for (session, versions) in Dictionary(grouping: records, by: { "\($0.direction) \($0.execSession ?? "")" }) {
      #expect(Set(versions.filter(\.isFinal).map(\.content)).count <= 1, "\(session), seed \(Self.seed)")
      var seen: Set<[String]> = []
      let firsts = versions.filter { seen.insert($0.content).inserted }
      #expect(firsts.dropLast().allSatisfy { !$0.isFinal }, "\(session): lines \(firsts.map(\.line)), seed \(Self.seed)")
      let energies = firsts.compactMap { $0.value("2") }
      #expect(energies == energies.sorted(), "\(session)")
    }
  }

  @Test func `both sides have the same record, and it arrives`() throws {
    let known = Dictionary(grouping: records.filter { $0.direction == "toIOP" }, by: \.content)
    for record in records where record.direction == "fromIOP" { #expect(known[record.content] != nil, "line \(record.line)") }
    let last = try time(try #require(lines.last))
    for (_, attempts) in Dictionary(grouping: records, by: { $0.direction + ($0.transaction ?? "") }) {
      guard try time(lines[attempts[0].line - 1]) < last - 120_000 else { continue }
      let isAccepted = attempts.contains { $0.isAnswered && ($0.status.flatMap(Int.init) ?? 10_000) < 10_000 }
      #expect(isAccepted || attempts.last?.status == "10701", "lines \(attempts.map(\.line)), seed \(Self.seed)")
    }
  }

  // MARK: Sessions

  @Test func `each record has its authorisation, which names the same EVSE and ids`() throws {
    var platformIds: [String: String] = [:]
    for record in records {
      let exec = try #require(record.execSession)
      guard let id = record.serviceSession else { continue }
      #expect(platformIds[exec, default: id] == id, "\(exec), seed \(Self.seed)")
      platformIds[exec] = id
      guard let authorisation = asked[id] else { continue }
      #expect(authorisation.isGiven && authorisation.evse == record.evse, "line \(record.line), seed \(Self.seed)")
      #expect(authorisation.exec == nil || authorisation.exec == exec)
    }
    #expect(Set(platformIds.values).count == platformIds.count)
  }

  @Test func `limits are kept, and intermediate records sent where they are wanted`() throws {
    var withIntermediate: Set<String> = []
    var compared = 0
    for record in records {
      guard let id = record.serviceSession, let authorisation = asked[id] else { continue }
      if let limit = authorisation.limit { #expect(try #require(record.value("2")) <= limit, "line \(record.line)") }
      if record.isFinal, authorisation.wantsIntermediate, record.minutes >= 45 {
        compared += 1
        #expect(withIntermediate.contains(record.direction + id), "line \(record.line), seed \(Self.seed)")
      }
      if !record.isFinal { withIntermediate.insert(record.direction + id) }
    }
    #expect(compared > 10)
  }

  @Test func `whoever is authorised is billed within three days`() throws {
    let billed = Set(records.filter { $0.isFinal }.compactMap(\.serviceSession))
    let last = try time(try #require(lines.last))
    for (id, authorisation) in asked where authorisation.isGiven && authorisation.time < last - 72 * 3_600_000 {
      #expect(billed.contains(id), "\(id), seed \(Self.seed)")
    }
  }

  @Test func `aliases are no contracts`() {
    let contracts = Set(
      lines.flatMap { line in
        line.asked("userIdType") == "eMA" ? TrafficLine.values(of: "userId", in: line.request) : []
      }
    ).union(lines.flatMap { TrafficLine.values(of: "userId", in: $0.response) })
    var aliases: Set<String> = []
    for line in lines {
      for message in [line.request, line.response] { aliases.formUnion(TrafficLine.values(of: "userContractIdAlias", in: message)) }
    }
    #expect(aliases.count > 100)
    #expect(aliases.isDisjoint(with: contracts))
    #expect(aliases.allSatisfy { $0.contains("-A") && !$0.contains("-C") })
  }

  // MARK: Lists, statuses, partners

  @Test func `lists are uploaded and downloaded in time, and say nothing of strangers`() throws {
    var lists: [String: [String: String]] = [:]
    var newest: [String: Int64] = [:]
    for line in lines where line.operation.hasSuffix("AuthenticationData") {
      let holder = line.operation + line.clientCN
      let now = try time(line)
      #expect(now - newest[holder, default: now] < 13 * 3_600_000, "\(holder)")
      newest[holder] = now
      let message = line.operation == "SetAuthenticationData" ? line.request : line.response
      let actions = TrafficLine.values(of: "actionType", in: message)
      let users = TrafficLine.values(of: "userId", in: message).map { String($0.uppercased().drop { $0 == "0" }) }
      let values = TrafficLine.values(of: "authorisationValue", in: message)
      #expect(actions.count <= 500)
      for (index, user) in users.enumerated() {
        let isThere = lists[holder, default: [:]][user] != nil
        #expect(isThere == (actions[index] != "1"), "\(user) on \(holder), seed \(Self.seed)")
        lists[holder, default: [:]][user] = actions[index] == "3" ? nil : values[index]
      }
    }
    #expect(newest.count == 8)
    let uploaded = lists.filter { $0.key.hasPrefix("Set") }.values.flatMap(\.keys)
    #expect(Set(uploaded).count == uploaded.count)
  }

  @Test func `whoever charges without being asked for is on the operator's list`() throws {
    var list: [String: (value: String, expiry: Int64)] = [:]
    var unasked: [(start: Int64, user: String)] = []
    for record in records where record.direction == "fromIOP" && asked[record.serviceSession ?? ""] == nil {
      unasked.append((record.start, record.user))
    }
    for record in records where record.serviceSession == nil { unasked.append((record.start, record.user)) }
    #expect(unasked.count > 20)
    var rest = unasked.sorted { $0.start < $1.start }[...]
    for line in lines {
      while let next = rest.first, next.start < (try time(line)) {
        rest.removeFirst()
        let entry = try #require(list[next.user], "\(next.user), seed \(Self.seed)")
        #expect(entry.value == "1" && entry.expiry > next.start, "\(next.user)")
      }
      guard line.operation == "GetAuthenticationData" else { continue }
      let columns = ["userId", "actionType", "authorisationValue", "expiryDate"].map { TrafficLine.values(of: $0, in: line.response) }
      for index in columns[0].indices {
        let expiry = try #require(Timestamp(columns[3][index])).rawValue
        list[columns[0][index]] = columns[1][index] == "3" ? nil : (columns[2][index], expiry)
      }
    }
  }

  @Test func `no EVSE is ever in use that is ever out of order`() {
    var out: Set<String> = []
    var busy: Set<String> = []
    for line in lines where line.operation.contains("EVSE") {
      for message in [line.request, line.response] where message.contains("tatus") {
        let evses = TrafficLine.values(of: "EVSEId", in: message)
        let states = TrafficLine.values(of: "availabilityStatus", in: message)
        let uses = TrafficLine.values(of: "busyStatus", in: message)
        for (evse, state) in zip(evses, states) where state == "1" || state == "4" { out.insert(evse) }
        for (evse, use) in zip(evses, uses) where use == "2" { busy.insert(evse) }
      }
    }
    #expect(out.count > 10 && busy.count > 100)
    #expect(out.isDisjoint(with: busy), "seed \(Self.seed)")
  }

  @Test func `partners are heard at least every five minutes`() throws {
    var heard: [String: Int64] = [:]
    for line in lines where line.direction == "toIOP" {
      let partner = try #require(line.asked("partnerId")).uppercased().replacing("*", with: "")
      let now = try time(line)
      #expect(now - heard[partner, default: now] <= 300_000, "\(partner) at \(line.recordedAt), seed \(Self.seed)")
      heard[partner] = now
    }
    #expect(heard.count == 8)
    let end = try time(try #require(lines.last))
    #expect(heard.values.allSatisfy { end - $0 <= 300_000 })
  }
}

/// What an authorisation said, as the party that delivers was told.
struct Authorisation {
  var isGiven: Bool
  var evse: String
  var exec: String?
  var wantsIntermediate: Bool
  var limit: Double?
  var time: Int64

  /// By the platform's session id; questions about service 0 are none.
  static func all(in lines: [TrafficLine]) throws -> [String: Authorisation] {
    var found: [String: Authorisation] = [:]
    for line in lines {
      let isGet = line.isOf("GetServiceAuthorisation", "toIOP")
      guard isGet || line.isOf("SetServiceAuthorisation", "fromIOP"), line.httpStatus == 200 else { continue }
      let told = isGet ? line.response : line.request
      guard let id = TrafficLine.values(of: "serviceSessionId", in: told).first else { continue }
      let isDone = (line.answered("requestStatus").flatMap(Int.init) ?? 10_000) < 10_000
      found[id] = Authorisation(
        isGiven: isDone && TrafficLine.values(of: "authorisationValue", in: told) == ["1"], evse: try #require(line.asked("EVSEId")),
        exec: isGet ? line.asked("partnerServiceSessionId") : line.answered("partnerServiceSessionId"),
        wantsIntermediate: TrafficLine.values(of: "intermediateCDRRequested", in: told) == ["1"],
        limit: TrafficLine.values(of: "meterValue", in: told).first.flatMap(Double.init),
        time: try #require(Timestamp(line.recordedAt)).rawValue)
    }
    return found
  }
}
