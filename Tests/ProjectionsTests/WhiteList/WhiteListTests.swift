import EMIP
import JournalFormat
import JournalStore
import Testing

@testable import Projections

@Suite struct WhiteListTests {
  @Test func `inserts, updates and deletes make the list, as of any position`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("04A1B2C3"), .insert("04A1B2C4", 2)], at: 0)
    try await journal.upload([.update("04A1B2C3", 2), .delete("04A1B2C4")], at: 1_000)
    try await journal.upload([.insert("04A1B2C4")], at: 2_000)
    #expect(try journal.whiteList(asOf: 1).lines() == [])
    #expect(try journal.whiteList(asOf: 2).lines() == ["IOP FR*MS1 04A1B2C3 1 1", "IOP FR*MS1 04A1B2C4 1 2"])
    #expect(try journal.whiteList(asOf: 3).lines() == journal.whiteList(asOf: 2).lines())
    #expect(try journal.whiteList(asOf: 4).lines() == ["IOP FR*MS1 04A1B2C3 1 2"])
    #expect(try journal.whiteList(asOf: 4).lines(includesAll: true).last == "IOP FR*MS1 04A1B2C4 1 0 deleted")
    #expect(try journal.whiteList().lines() == ["IOP FR*MS1 04A1B2C3 1 2", "IOP FR*MS1 04A1B2C4 1 1"])
    #expect(try journal.whiteList().lists().map(\.liveCount) == [2])
    #expect(try journal.findings().isEmpty)
  }

  @Test func `an entry authorises until the millisecond before it expires`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("04A1B2C3", expiry: 500_000), .insert("04A1B2C4", expiry: 86_400_123)], at: 0)
    let list = try journal.whiteList()
    #expect(try list.answer("04A1B2C3", at: 499_999) == .authorised)
    #expect(try list.answer("04A1B2C3", at: 500_000) == .expired)
    #expect(try list.answer("04A1B2C4", at: 86_400_122) == .authorised)
    #expect(try list.answer("04A1B2C4", at: 86_400_123) == .expired)
  }

  @Test func `a check answers in five ways, by which message, and how old the list was`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01"), .insert("AA02", 2), .insert("AA03", nil), .insert("AA04", expiry: 10)], at: 0)
    try await journal.upload([.insert("AA05")], at: 60_000, .lost)
    let list = try journal.whiteList()
    #expect(
      try ["AA01", "AA02", "AA03", "AA04", "AA05", "AA06"].map { try list.answer($0) } == [
        .authorised, .refused, .refused, .expired, .uncertain, .unknown,
      ])
    let standing = try #require(try list.check(UserKey(type: "RFID-UID", id: "AA02"), at: ScriptedJournal.moment(70_000)).standings.first)
    #expect(standing.entry.position == JournalPosition(1))
    #expect(standing.entry.item == 2)
    #expect(standing.entry.since == JournalPosition(2))
    // The lost upload does not make the list newer.
    #expect(standing.listAgeMilliseconds == 70_000)
    #expect(try list.check(UserKey(type: "RFID-UID", id: "AA01"), service: 7, at: ScriptedJournal.moment(0)).answer == .unknown)
  }

  @Test func `a list of yesterday authorises without an expiry date, and says that it is old`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01"), .insert("AA02", expiry: 999_999_999)], at: 0)
    let list = try journal.whiteList()
    func isStale(_ user: String, _ time: Int64) throws -> Bool? {
      try list.check(UserKey(type: "RFID-UID", id: user), at: ScriptedJournal.moment(time)).standings.first?.isStale
    }
    #expect(try isStale("AA01", 86_400_000) == false)
    #expect(try isStale("AA01", 86_400_001) == true)
    #expect(try isStale("AA02", 86_400_001) == false)
  }

  @Test func `spellings of one user are one`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("04a1b2")], at: 0)
    try await journal.upload([ListItem(type: "eMA", user: "NN-123-ABCDEFGHI")], at: 1_000)
    try await journal.upload([ListItem(type: "EMP-SPEC", user: "Card 7")], at: 2_000)
    let list = try journal.whiteList()
    for user in ["0004A1B2", "04A1B2", "4a1b2"] { #expect(try list.answer(user) == .authorised, "\(user)") }
    #expect(try list.answer("04A1B2", type: "rfid-uid") == .authorised)
    #expect(try list.answer("04A1B2000000", type: "RFID-UID") == .unknown)
    for user in ["NN123ABCDEFGHIT", "nn-123-abcdefghi-t", "NN*123*ABCDEFGHI"] {
      #expect(try list.answer(user, type: "EMA") == .authorised, "\(user)")
    }
    #expect(try list.answer("NN123ABCDEFGHJ", type: "eMA") == .unknown)
    #expect(try list.answer("NN123ABCDEFGHI", type: "EVCO") == .unknown)
    #expect(try list.answer("CARD7", type: "EMP-SPEC") == .authorised)
    // The check digit belongs to contracts alone.
    #expect(try list.answer("CARD7X", type: "EMP-SPEC") == .unknown)
  }

  @Test func `what was refused, faulted, or answered by the gateway changes nothing`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01")], at: 0)
    let rows = try journal.model(WhiteListProjection.self).digest()
    try await journal.upload([.update("AA01", 2), .insert("AA02")], at: 1_000, .rejected)
    try await journal.upload([.update("AA01", 2), .insert("AA02")], at: 2_000, .fault)
    try await journal.upload([.update("AA01", 2), .insert("AA02")], at: 3_000, .pending)
    try await journal.upload([.update("AA01", 2), .insert("AA02")], at: 4_000, leg: .backEndGateway)
    try await journal.download([.insert("AA01", 2)], at: 5_000, status: 10_507)
    #expect(try journal.model(WhiteListProjection.self).digest() == rows)
  }

  @Test func `a lost upload makes uncertain what it names, and an accepted retry makes it certain`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01"), .insert("AA02")], at: 0)
    try await journal.upload([.update("AA01", 2), .insert("AA03")], at: 1_000, transaction: "T1", .lost)
    try await journal.upload([.update("AA01", 2), .insert("AA03")], at: 2_000, transaction: "T1", .accepted)
    let after = try journal.whiteList()
    let between = after.then(5)
    #expect(try ["AA01", "AA02", "AA03"].map { try between.answer($0) } == [.uncertain, .authorised, .uncertain])
    // What it was stands beneath.
    #expect(
      try between.lines(includesAll: true) == [
        "IOP FR*MS1 AA01 1 1 lost [3]", "IOP FR*MS1 AA02 1 1", "IOP FR*MS1 AA03 1 0 lost [3]",
      ])
    #expect(try after.then(3).answer("AA01") == .authorised)
    #expect(try ["AA01", "AA02", "AA03"].map { try after.answer($0) } == [.refused, .authorised, .authorised])
    #expect(try after.lists().map(\.liveCount) == [3])
  }

  @Test func `a refused retry leaves the uncertainty, for the first attempt may have been applied`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01")], at: 0)
    try await journal.upload([.delete("AA01")], at: 1_000, transaction: "T1", .lost)
    try await journal.upload([.delete("AA01")], at: 2_000, transaction: "T1", .rejected)
    #expect(try journal.whiteList().answer("AA01") == .uncertain)
    // Any item that is accepted later rules.
    try await journal.upload([.update("AA01")], at: 3_000)
    #expect(try journal.whiteList().answer("AA01") == .authorised)
    #expect(try journal.findings().isEmpty)
  }

  @Test func `a late answer to a lost upload is as it says`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01"), .insert("AA02")], at: 0)
    let refused = try await journal.upload([.update("AA01", 2)], at: 1_000, transaction: "T1", .lost)
    let accepted = try await journal.upload([.update("AA02", 2)], at: 2_000, transaction: "T2", .lost)
    try await journal.answer(.rejected, to: refused, "SetAuthenticationData", .toIOP, at: 9_000, transaction: "T1")
    try await journal.answer(.accepted, to: accepted, "SetAuthenticationData", .toIOP, at: 9_500, transaction: "T2")
    #expect(try ["AA01", "AA02"].map { try journal.whiteList(asOf: 6).answer($0) } == [.uncertain, .uncertain])
    #expect(try ["AA01", "AA02"].map { try journal.whiteList(asOf: 7).answer($0) } == [.authorised, .uncertain])
    #expect(try ["AA01", "AA02"].map { try journal.whiteList().answer($0) } == [.authorised, .refused])
  }

  @Test func `a late answer never overrules a later upload`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01")], at: 0)
    let late = try await journal.upload([.update("AA01", 2)], at: 1_000, transaction: "T1", .lost)
    try await journal.upload([.update("AA01", 1)], at: 2_000)
    try await journal.answer(.accepted, to: late, "SetAuthenticationData", .toIOP, at: 9_000, transaction: "T1")
    #expect(try journal.whiteList().answer("AA01") == .authorised)
  }

  @Test func `an entry that is repeated unchanged is not told again, and still rules over what was sent before it`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([ListItem(user: "AA01", expiry: 9_000, alias: "A"), .insert("AA02")], at: 0)
    let late = try await journal.upload([.update("AA01", 2), .delete("AA02")], at: 1_000, transaction: "T1", .pending)
    try await journal.upload([ListItem(action: 2, user: "aa01", expiry: 9_000, alias: "A"), .insert("AA02")], at: 2_000)
    #expect(try journal.whiteList().entries().map(\.entry.position) == [JournalPosition(1), JournalPosition(1)])
    #expect(try journal.whiteList().lists().map(\.acceptedAt) == [ScriptedJournal.moment(2_000)])
    try await journal.answer(.accepted, to: late, "SetAuthenticationData", .toIOP, at: 9_000, transaction: "T1")
    #expect(try journal.whiteList().answer("AA01", at: 100) == .authorised)
    #expect(try journal.whiteList().answer("AA02") == .authorised)
    // Another alias is a change, though all else is the same.
    let changed = try await journal.upload([ListItem(action: 2, user: "AA01", expiry: 9_000, alias: "B")], at: 10_000)
    let entry = try #require(try journal.whiteList().entries().first)
    #expect(entry.entry.position == changed && entry.details?.userContractIdAlias == "B")
    #expect(try journal.whiteList().history(UserKey(type: "RFID-UID", id: "AA01")).map(\.entry.since.rawValue) == [2, 8])
  }

  @Test func `two lost uploads are two doubts`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01")], at: 0)
    let first = try await journal.upload([.update("AA01", 2)], at: 1_000, transaction: "T1", .lost)
    let second = try await journal.upload([.delete("AA01")], at: 2_000, transaction: "T2", .lost)
    try await journal.answer(.rejected, to: second, "SetAuthenticationData", .toIOP, at: 9_000, transaction: "T2")
    #expect(try journal.whiteList().answer("AA01") == .uncertain)
    try await journal.answer(.rejected, to: first, "SetAuthenticationData", .toIOP, at: 9_500, transaction: "T1")
    #expect(try journal.whiteList().answer("AA01") == .authorised)
  }

  @Test func `each holder has its own list, and a download may name whose users come`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01")], at: 0)
    try await journal.download([ListItem(user: "AA01", authorisation: 2, provider: "FR*MS1"), .insert("AA02")], at: 1_000)
    try await journal.download([.insert("AA01")], at: 2_000, by: "FR*C02")
    let list = try journal.whiteList()
    #expect(try list.lines() == ["FR*C01 FR*MS1 AA01 1 2", "FR*C01 - AA02 1 1", "FR*C02 - AA01 1 1", "IOP FR*MS1 AA01 1 1"])
    #expect(try list.answer("AA01", .init(holder: "IOP")) == .authorised)
    #expect(try list.answer("AA01", .init(holder: "frc01")) == .refused)
    // Where they differ the strictest decides, and all are told.
    let check = try list.check(UserKey(type: "RFID-UID", id: "AA01"), at: ScriptedJournal.moment(5_000))
    #expect(check.standings.map(\.answer) == [.refused, .authorised, .authorised])
    #expect(check.standings.map(\.listAgeMilliseconds) == [4_000, 3_000, 5_000])
    // Several holders are no conflict.
    #expect(try list.oddities().isEmpty)
  }

  @Test func `what is shown is read again from the message`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA00"), ListItem(user: "AA01", service: 4, alias: "ALIAS-7", limit: 40_000)], at: 0)
    let found = try #require(try journal.whiteList().entries().last)
    #expect(found.entry.serviceId == 4)
    #expect(found.details?.userContractIdAlias == "ALIAS-7")
    #expect(found.details?.meterLimits.map(\.meterValue) == ["40000"])
    try journal.whiteList().rows.forEach(in: WhiteListTables.entries) { row in
      #expect(!row.value.contains(Array("AA01".utf8)) && !row.value.contains(Array("ALIAS".utf8)))
      return true
    }
  }

  @Test func `a history tells each change, over its chunks`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01")], at: 0)
    for number in 1..<180 as Range<Int64> { try await journal.upload([.update("AA01", Int(number % 2 + 1))], at: number * 1_000) }
    try await journal.upload([.delete("AA01")], at: 190_000)
    let list = try journal.whiteList()
    let history = try list.history(UserKey(type: "RFID-UID", id: "AA01"))
    #expect(history.map(\.entry.change) == ["insert"] + Array(repeating: "update", count: 179) + ["delete"])
    #expect(history.map(\.entry.since.rawValue) == (1...181).map { 2 * $0 })
    var chunks = 0
    try list.rows.forEach(in: WhiteListTables.entries) { _ in
      chunks += 1
      return true
    }
    #expect(chunks > 1, "one chunk is no test")
    for position in 2...362 as ClosedRange<UInt64> {
      let expected = history[Int(position / 2) - 1].entry
      let found = try list.then(position).check(UserKey(type: "RFID-UID", id: "AA01"), at: ScriptedJournal.moment(0))
      #expect(found.standings.first?.entry == expected, "as of \(position)")
    }
  }

  @Test func `operators are shown as they were sent first, and found in any spelling`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01")], at: 0, of: "nlms4")
    try await journal.upload([.insert("AA02")], at: 1_000, of: "NL*MS4")
    try await journal.download([ListItem(user: "AA01", provider: "NL-MS4")], at: 2_000, by: "FRC01")
    let list = try journal.whiteList()
    #expect(try list.entries().map(\.entry.eMSPId) == ["NL-MS4", "nlms4", "nlms4"])
    #expect(try list.entries().map(\.entry.holder) == ["FRC01", "IOP", "IOP"])
    #expect(try list.entries(WhiteListFilter(operatorId: "NL*MS4")).count == 3)
    #expect(try list.entries(WhiteListFilter(holder: "fr*c01")).count == 1)
    #expect(try list.findings().map(\.subject) == ["nlms4"])
  }
}
