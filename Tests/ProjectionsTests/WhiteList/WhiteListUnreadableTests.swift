import EMIP
import JournalFormat
import JournalStore
import Testing

@testable import Projections

/// Values of entries that are there and cannot be read, and expiry dates that are not there.
@Suite struct WhiteListUnreadableTests {
  private static func user(_ id: String, _ more: String, authorisation: Int? = 1) -> ListItem {
    ListItem(user: id, authorisation: authorisation, more: more)
  }

  @Test(arguments: ["2025-12-31", "2025-12-31T23:59:59+0100", "31/12/2025", "never"])
  func `an expiry date that cannot be read is not absent`(text: String) async throws {
    let journal = try ScriptedJournal()
    let item = Self.user("AA01", "<expiryDate>\(text)</expiryDate>")
    try await journal.upload([item, Self.user("AA02", item.more, authorisation: 2), .insert("AA03", expiry: 1)], at: 0)
    let list = try journal.whiteList()
    let check = try list.check(UserKey(type: "RFID-UID", id: "AA01"), at: ScriptedJournal.moment(1_000))
    #expect(check.answer == .uncertain)
    #expect(check.standings.map { $0.unreadable["expiryDate"] } == [text])
    #expect(check.standings.map(\.entry.expiryDate) == [nil])
    // Whatever the date is.
    #expect(try list.answer("AA02") == .refused)
    #expect(try list.entries().map { $0.details?.unreadable["expiryDate"] } == [text, text, nil])
    let found = try list.oddities()
    #expect(found.map(\.rule.id) == ["whitelist-expiry-unreadable", "whitelist-expiry-unreadable"])
    #expect(found[0].sentence == "Item 1 of position 1 for FR*MS1 has expiryDate \"\(text)\", which is no date with a time.")
  }

  @Test(arguments: [
    ("<requestedServiceId>charge</requestedServiceId>", nil as Int?), ("<authorisationValue>yes</authorisationValue>", nil),
    ("<actionType>delete</actionType>", 1),
  ])
  func `nobody is authorised by a code that cannot be read`(more: String, authorisation: Int?) async throws {
    let journal = try ScriptedJournal()
    var item = Self.user("AA01", more, authorisation: authorisation)
    if more.hasPrefix("<actionType>") { item.action = nil }
    if more.hasPrefix("<requested") { item.authorisation = 1 }
    try await journal.upload([item], at: 0)
    #expect(try journal.whiteList().answer("AA01") == .uncertain)
    #expect(try journal.findings().map(\.rule.id) == ["whitelist-value-unreadable"])
  }

  @Test func `what does not decide is told and changes nothing`() async throws {
    let journal = try ScriptedJournal()
    let limit = "<meterLimitList><meterReport><meterTypeId>2</meterTypeId><meterValue>9,5</meterValue></meterReport></meterLimitList>"
    try await journal.upload([Self.user("AA01", "<intermediateCDRRequested>no</intermediateCDRRequested>\(limit)")], at: 0)
    #expect(try journal.whiteList().answer("AA01") == .authorised)
    let found = try journal.findings()
    #expect(found.map(\.rule.id) == ["whitelist-value-unreadable"])
    #expect(found[0].sentence.contains("meterValue \"9,5\", intermediateCDRRequested \"no\", which cannot be read"))
    #expect(try journal.whiteList().entries()[0].details?.meterLimits[0].unreadable["meterValue"] == "9,5")
  }

  @Test func `what cannot be read is mended by what can, found once for a repetition, and not again at who downloads it`() async throws {
    let journal = try ScriptedJournal()
    let item = Self.user("AA01", "<expiryDate>31/12/2025</expiryDate>")
    try await journal.upload([item], at: 0)
    try await journal.upload([item], at: 1_000)
    try await journal.download([item], at: 2_000)
    #expect(try journal.findings().map(\.position.rawValue) == [2])
    #expect(try journal.whiteList().check(UserKey(type: "RFID-UID", id: "AA01"), at: ScriptedJournal.moment(3_000)).standings.count == 2)
    try await journal.upload([Self.user("AA01", "<expiryDate>31/12/2026</expiryDate>")], at: 3_000)
    #expect(try journal.findings().map(\.resolvedAt?.rawValue) == [8, nil])
    try await journal.upload([.insert("AA01", expiry: 9_000_000)], at: 4_000)
    #expect(try journal.findings().map(\.resolvedAt?.rawValue) == [8, 10])
    #expect(try journal.whiteList().answer("AA01", WhiteListFilter(holder: "IOP")) == .authorised)
    #expect(try journal.forgetsNothing(WhiteListProjection.self))
  }

  @Test func `what cannot be read outlives its message, and a baseline keeps it`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([Self.user("AA01", "<expiryDate>31/12/2025</expiryDate>")], at: 0)
    let runner = try ProjectionRunner(journal.directory, projections: [WhiteListProjection.self], purpose: "test")
    try runner.moveHorizon(to: JournalPosition(3))
    let empty = try ScriptedJournal()
    let list = WhiteListQuestions(try runner.models[0].snapshot(), try JournalReader(empty.directory), asOf: nil)
    let check = try list.check(UserKey(type: "RFID-UID", id: "AA01"), at: ScriptedJournal.moment(1_000))
    #expect(check.answer == .uncertain)
    #expect(check.standings.map { $0.unreadable["expiryDate"] } == ["31/12/2025"])

    let user = WhiteListBaseline.User(userIdType: "RFID-UID", userId: "AA01", authorisationValue: "1", expiryDate: "31/12/2025")
    for draft in try WhiteListBaseline(holder: "IOP", provider: "FR*MS1").drafts([user], at: ScriptedJournal.moment(1_000)) {
      try await empty.append(draft)
    }
    #expect(try empty.whiteList().answer("AA01") == .uncertain)
  }

  @Test func `a list without expiry dates is told once, at its first entry, and not again at who downloads it`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01", expiry: 9_000_000), .insert("AA02"), .insert("AA03")], at: 0)
    try await journal.upload([.insert("AA04"), .delete("AA02")], at: 1_000)
    try await journal.upload([.insert("BB01", expiry: 9_000_000)], at: 2_000, of: "FR*MS2")
    try await journal.download([ListItem(user: "AA03", provider: "FR*MS1")], at: 3_000)
    let found = try journal.whiteList().findings()
    #expect(found.map(\.rule.id) == ["whitelist-expiry-missing"])
    #expect(found.map(\.rule.severity) == [.notice])
    #expect(found.map(\.subject) == ["FR*MS1"])
    #expect(found[0].sentence == "Item 2 of position 1 for FR*MS1 has no expiryDate, which is recommended (told once).")
    #expect(try journal.forgetsNothing(WhiteListProjection.self))
  }

  @Test func `a service that is not named is the generic charge, and it is said`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([ListItem(user: "AA01", service: 1), ListItem(user: "AA02")], at: 0)
    #expect(try journal.whiteList().entries().map(\.entry.serviceId) == [1, 1])
    #expect(try journal.whiteList().entries().map(\.entry.isServiceAssumed) == [false, true])
  }

  @Test func `entries that name nobody are on no list, and are counted and told, a message at a time`() async throws {
    let journal = try ScriptedJournal()
    let nobody = ListItem(user: "")
    try await journal.upload([.insert("AA01", expiry: 9_000_000), nobody, ListItem(type: nil, user: "")], at: 0)
    try await journal.upload([nobody], at: 1_000, .rejected)
    try await journal.download([nobody], at: 2_000)
    let list = try journal.whiteList()
    #expect(try list.entries().map { $0.details?.userId } == ["AA01"])
    #expect(try list.lists().map(\.namelessCount) == [2, 1])
    #expect(try list.then(2).lists().map(\.namelessCount) == [2])
    let found = try list.oddities()
    #expect(found.map(\.rule.id) == ["whitelist-user-missing", "whitelist-user-missing"])
    #expect(
      found.map(\.sentence) == [
        "Items 2, 3 of position 1 for FR*MS1 name no user: nobody is on the list by them.",
        "Item 1 of position 6 for FR*C01 names no user: nobody is on the list by it.",
      ])
  }

  @Test func `a badge of an entry that is not written in hexadecimal is told once, and not again of who downloads it`() async throws {
    let journal = try ScriptedJournal()
    let items: [ListItem] = ["04:A1:B2:C3", "0077705923", "04A1B2C4"].map { .insert($0, expiry: 9_000_000) }
    try await journal.upload(items + [ListItem(type: "EMP-SPEC", user: "Card 7", expiry: 9_000_000)], at: 0)
    try await journal.upload(items, at: 1_000)
    try await journal.upload([.insert("04-A1-B2-C3", expiry: 9_500_000)], at: 2_000)
    try await journal.download(items, at: 3_000)
    #expect(try journal.whiteList().answer("04A1B2C3") == .authorised)
    let found = try journal.findings()
    #expect(found.map(\.rule.id) == ["user-not-hexadecimal"])
    #expect(
      found.map(\.sentence) == [
        "Items 1, 2 of position 1 for FR*MS1 name badges whose UIDs are not written in hexadecimal digits alone (guide 6.4.3)."
      ])
    #expect(try journal.forgetsNothing(WhiteListProjection.self))
  }
}
