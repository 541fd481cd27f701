import EMIP
import JournalFormat
import JournalStore
import Testing

@testable import Projections

@Suite struct WhiteListFindingTests {
  private static let hour: Int64 = 3_600_000

  private func ids(_ journal: ScriptedJournal, asOf position: UInt64? = nil) throws -> [String] {
    try journal.findings(asOf: position).map { $0.rule.id + ($0.resolvedAt == nil ? "" : " resolved") }
  }

  @Test func `an update or delete of a user whom nobody put on a list without a baseline is told once for the list`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA00")], at: 0)
    try await journal.upload([.update("AA00"), .delete("AA00")], at: 500)
    #expect(try journal.findings().isEmpty)
    try await journal.upload([.update("AA01"), .delete("AA02"), .delete("AA03")], at: 1_000)
    try await journal.upload([.delete("AA03"), .update("AA04")], at: 2_000)
    #expect(try ids(journal) == ["whitelist-unknown-entry"])
    let told = try journal.findings()[0]
    #expect(told.subject == "FR*MS1")
    #expect(told.sentence.hasPrefix("Item 1 of position 5 updates a user who is not on the list of FR*MS1: changes were missed, or the"))
    // The updates are applied all the same.
    #expect(try journal.whiteList().lines() == ["IOP FR*MS1 AA01 1 1", "IOP FR*MS1 AA04 1 1"])
    try await journal.upload([.delete("AA05")], at: 3_000, of: "FR*MS2")
    #expect(try journal.findings().map(\.subject) == ["FR*MS1", "FR*MS2"])
  }

  @Test func `an update of a user who had gone is told, and a second delete is not`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01"), .delete("AA01"), .delete("AA01")], at: 0)
    #expect(try journal.findings().isEmpty)
    try await journal.upload([.update("AA01"), .delete("AA01"), .update("AA01")], at: 1_000)
    #expect(
      try journal.findings().map(\.sentence) == [
        "Item 1 of position 3 updates a user who had gone from the list of FR*MS1: a change was missed."
      ])
    try await journal.upload([.insert("AA01"), .delete("AA01"), .update("AA01")], at: 2_000)
    #expect(try journal.findings().count == 2)
  }

  @Test func `a user on the lists of two eMSPs is a conflict until one of them deletes it`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("04A1B2C3"), .insert("AA01", expiry: 1_000)], at: 0)
    try await journal.upload([.insert("4a1b2c3"), .insert("AA01")], at: 60_000, of: "FR*MS2")
    try await journal.upload([.insert("04A1B2C3")], at: 70_000)
    // The other one's entry had expired.
    #expect(try journal.findings().map(\.sentence) == ["One user is on the lists of FR*MS1, FR*MS2, since item 1 of position 3."])
    try await journal.upload([.delete("04A1B2C3")], at: 80_000, of: "FR*MS2")
    #expect(try ids(journal, asOf: 7) == ["whitelist-badge-conflict"])
    #expect(try ids(journal) == ["whitelist-badge-conflict resolved"])
    try await journal.upload([.insert("04A1B2C3")], at: 90_000, of: "FR*MS2")
    #expect(try ids(journal) == ["whitelist-badge-conflict resolved", "whitelist-badge-conflict"])
  }

  @Test func `a user on many lists is one conflict, which names two that hold`() async throws {
    let journal = try ScriptedJournal()
    for number in 1...4 as ClosedRange<Int64> { try await journal.upload([.insert("AA01")], at: number, of: "FR*MS\(number)") }
    #expect(try journal.findings().map(\.subject) == ["FR*MS1, FR*MS2"])
    // Those that it does not name come and go.
    try await journal.upload([.delete("AA01")], at: 10, of: "FR*MS3")
    #expect(try ids(journal) == ["whitelist-badge-conflict"])
    try await journal.upload([.delete("AA01")], at: 20, of: "FR*MS1")
    #expect(try ids(journal) == ["whitelist-badge-conflict resolved", "whitelist-badge-conflict"])
    #expect(try journal.findings().map(\.subject) == ["FR*MS1, FR*MS2", "FR*MS2, FR*MS4"])
    try await journal.upload([.delete("AA01")], at: 30, of: "FR*MS4")
    #expect(try ids(journal) == ["whitelist-badge-conflict resolved", "whitelist-badge-conflict resolved"])
  }

  @Test func `more than 500 entries in an upload are too many, whatever the answer, and once for all attempts`() async throws {
    let journal = try ScriptedJournal()
    let items = (0..<501).map { ListItem.insert(String(0x0400_0000 + $0, radix: 16)) }
    try await journal.upload(Array(items.prefix(500)), at: 0)
    #expect(try journal.findings().isEmpty)
    try await journal.upload(items, at: 1_000, transaction: "T1", .rejected)
    try await journal.upload(items, at: 2_000, transaction: "T1", .accepted)
    #expect(try journal.findings().map(\.sentence) == ["The upload of FR*MS1 has 501 entries; 500 is the most."])
    // What was accepted is in force all the same.
    #expect(try journal.whiteList().lists().map(\.liveCount) == [501])
  }

  @Test func `an upload is missed after 26 hours, by the clock of the messages`() async throws {
    let journal = try ScriptedJournal()
    try await journal.exchange("HeartBeat", at: -40 * Self.hour)
    try await journal.upload([.insert("AA01")], at: 0)
    // An empty list keeps the cadence, one that was refused does not.
    try await journal.upload([], at: 20 * Self.hour)
    try await journal.upload([], at: 30 * Self.hour, .rejected)
    try await journal.exchange("HeartBeat", at: 46 * Self.hour)
    #expect(try journal.findings().isEmpty)
    try await journal.exchange("HeartBeat", at: 46 * Self.hour + 1)
    try await journal.exchange("HeartBeat", at: 90 * Self.hour)
    #expect(try ids(journal) == ["whitelist-upload-missed"])
    #expect(try journal.findings().map(\.position.rawValue) == [11])
    #expect(try journal.findings()[0].sentence.contains("uploaded by FR*MS1 after 2025-03-01T20:00:00.000Z"))
    try await journal.upload([], at: 91 * Self.hour)
    #expect(try ids(journal) == ["whitelist-upload-missed resolved"])
    #expect(try ids(journal, asOf: 14) == ["whitelist-upload-missed"])
    try await journal.exchange("HeartBeat", at: 118 * Self.hour)
    #expect(try ids(journal) == ["whitelist-upload-missed resolved", "whitelist-upload-missed"])
  }

  @Test func `a download is missed for its holder, whosever users it brings`() async throws {
    let journal = try ScriptedJournal()
    try await journal.download([ListItem(user: "AA01", provider: "FR*MS1"), ListItem(user: "AA02", provider: "FR*MS2")], at: 0)
    try await journal.download([], at: 25 * Self.hour)
    try await journal.exchange("HeartBeat", at: 50 * Self.hour)
    #expect(try journal.findings().isEmpty)
    try await journal.exchange("HeartBeat", at: 52 * Self.hour)
    #expect(try ids(journal) == ["whitelist-download-missed"])
    #expect(try journal.findings()[0].subject == "FR*C01")
  }
}
