import EMIP
import JournalFormat
import JournalStore
import TestSupport
import Testing

@testable import Projections

@Suite struct WhiteListStateTests {
  /// Lists as dictionaries, without chunks, hashes or positions.
  private struct PlainList {
    struct Entry: Equatable {
      var authorisation: Int?
      var expiry: Int64?
      var isLive = false
      var losses: [UInt64] = []
    }

    var entries: [String: Entry] = [:]

    mutating func apply(_ items: [ListItem], _ provider: String, _ outcome: Int, request: UInt64) {
      for item in items {
        let key = "\(provider) \(item.user)"
        var entry = entries[key] ?? Entry()
        switch outcome {
        case 0: entry = item.action == 3 ? Entry() : Entry(authorisation: item.authorisation, expiry: item.expiry, isLive: true)
        case 1: if !entry.losses.contains(request) { entry.losses.append(request) }
        default: continue
        }
        entries[key] = entry
      }
    }

    var lines: [String] {
      entries.filter(\.value.isLive).sorted { $0.key < $1.key }.map { key, entry in
        let expiry = entry.expiry.map { " until \(ScriptedJournal.moment($0))" } ?? ""
        return "IOP \(key) 1 \(entry.authorisation ?? 0)\(expiry)\(entry.losses.isEmpty ? "" : " lost \(entry.losses)")"
      }
    }
  }

  @Test(arguments: [nil, 7] as [UInt64?])
  func `random uploads leave what plain dictionaries hold, as of every position`(fixed: UInt64?) async throws {
    let seed = fixed ?? SeededGenerator.newSeed()
    var random = SeededGenerator(seed: seed)
    let journal = try ScriptedJournal()
    var plain = PlainList()
    var expected: [[String]] = []
    for number in 0..<120 as Range<Int64> {
      let provider = ["FR*MS1", "FR*MS2", "BE*MS3"].randomElement(using: &random)!
      let items = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        ListItem(
          action: Int.random(in: 1...3, using: &random), user: "04A1B2C\(Int.random(in: 0...7, using: &random))",
          authorisation: [1, 1, 2, 9, nil].randomElement(using: &random)!,
          expiry: [nil, 5_000, 3_600_000, 86_400_001].randomElement(using: &random)!)
      }
      let outcome = [0, 0, 0, 1, 2].randomElement(using: &random)!
      let request = try await journal.upload(items, at: number * 1_000, of: provider, [.accepted, .lost, .rejected][outcome])
      expected.append(plain.lines)
      plain.apply(items, provider, outcome, request: request.rawValue)
      expected.append(plain.lines)
    }
    let runner = try ProjectionRunner(journal.directory, projections: [WhiteListProjection.self], purpose: "test")
    try runner.catchUp()
    let (rows, reader) = (try runner.models[0].snapshot(), try JournalReader(journal.directory))
    for position in 1...240 as ClosedRange<UInt64> {
      let list = WhiteListQuestions(rows, reader, asOf: JournalPosition(position))
      #expect(try list.lines().sorted() == expected[Int(position) - 1].sorted(), "seed \(seed), as of \(position)")
    }
    let counts = try WhiteListQuestions(rows, reader, asOf: nil).lists().map(\.liveCount).reduce(0, +)
    #expect(counts == plain.entries.values.count(where: \.isLive), "seed \(seed)")
    #expect(try runner.verify("whitelist").isSame)
  }

  @Test func `the rows are the same when everything that was remembered goes between any two entries`() async throws {
    var random = SeededGenerator()
    let journal = try ScriptedJournal()
    var open: [JournalPosition] = []
    var number: Int64 = 0
    // Full chunks are part of it, beside the one of each of the two users that grows; how much it takes until there are some is chance.
    while try number < 100 || number % 10 != 0 || journal.userChunkCount() <= 2 {
      defer { number += 1 }
      try #require(number < 500)
      let items = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        ListItem(
          action: [1, 2, 2, 2, 2, 3].randomElement(using: &random)!, user: "04A1B2C\(Int.random(in: 0...1, using: &random))",
          service: [nil, nil, 7].randomElement(using: &random)!, authorisation: random.chance(4) ? 2 : 1,
          expiry: random.chance(4) ? 86_400_001 : nil, alias: random.chance(4) ? "A" : nil)
      }
      let time = number * 1_800_000
      if random.chance(5) {
        try await journal.download(items, at: time)
      } else if random.chance(40) {
        for draft in try WhiteListBaseline(holder: "IOP", provider: "FR*MS1").drafts([], at: ScriptedJournal.moment(time)) {
          try await journal.append(draft)
        }
      } else {
        let provider = ["FR*MS1", "FR*MS1", "FR*MS2"].randomElement(using: &random)!
        let answers: [ScriptedJournal.Answer] = [.accepted, .accepted, .accepted, .accepted, .lost, .rejected, .pending, .pending]
        let answer = answers.randomElement(using: &random)!
        let request = try await journal.upload(items, at: time, of: provider, transaction: "T-\(number)", answer)
        if case .pending = answer { open.append(request) }
        if random.chance(2), open.first.map({ $0 != request }) ?? false {
          let late = open.removeFirst()
          try await journal.answer(.accepted, to: late, "SetAuthenticationData", .toIOP, at: time + 60)
        }
      }
    }
    let end = try #require(try JournalReader(journal.directory).lastPosition()).rawValue
    for position in 1...end {
      // Another process each time.
      let runner = try ProjectionRunner(journal.directory, projections: [WhiteListProjection.self], purpose: "test")
      _ = try runner.advance(runner.models, to: JournalPosition(position + 1))
      runner.close()
    }
    let runner = try ProjectionRunner(journal.directory, projections: [WhiteListProjection.self], purpose: "test")
    #expect(try runner.verify("whitelist").isSame)
    runner.close()
  }

  @Test func `an entry outlives its message: a rebuild from the opening state knows all of it`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([ListItem(user: "AA01", expiry: 9_000_000, alias: "ALIAS-7", limit: 40_000), .insert("AA02")], at: 0)
    try await journal.upload([.delete("AA02"), .insert("AA03")], at: 1_000)
    try await journal.upload([.insert("AA04"), .delete("AA03")], at: 2_000, .lost)
    let before = try journal.whiteList().lines(includesAll: true).filter { !$0.contains("deleted") }
    let runner = try ProjectionRunner(journal.directory, projections: [WhiteListProjection.self], purpose: "test")
    try runner.moveHorizon(to: JournalPosition(7))
    // A journal that has nothing of it: all must come from the rows.
    let empty = try ScriptedJournal()
    let list = WhiteListQuestions(try runner.models[0].snapshot(), try JournalReader(empty.directory), asOf: nil)
    #expect(try list.lines(includesAll: true) == before)
    let first = try #require(try list.entries().first?.details)
    #expect(first.userContractIdAlias == "ALIAS-7")
    #expect(first.meterLimits.map(\.meterUnit) == ["Wh"])
    try await journal.upload([.update("AA01", 2)], at: 3_000)
    try runner.catchUp()
    #expect(try runner.verify("whitelist").isSame)
    let after = WhiteListQuestions(try runner.models[0].snapshot(), try JournalReader(journal.directory), asOf: nil)
    #expect(try after.answer("AA01") == .refused)
    #expect(try after.oddities().isEmpty)
  }

  @Test func `a baseline replaces its list, and mends what was missing`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01"), .insert("AA02"), .update("AA09")], at: 0)
    try await journal.upload([.insert("BB01")], at: 100, of: "FR*MS2")
    let known: [WhiteListBaseline.User] = [
      .init(userIdType: "RFID-UID", userId: "AA02", authorisationValue: "2"), .init(userIdType: "RFID-UID", userId: "AA03"),
    ]
    let others = (0..<1_100).map { WhiteListBaseline.User(userIdType: "EMP-SPEC", userId: "<&\($0)>", authorisationValue: "1") }
    // Two notes, at positions 5 and 6.
    for draft in try WhiteListBaseline(holder: "IOP", provider: "FR*MS1").drafts(known + others, at: ScriptedJournal.moment(1_000)) {
      try await journal.append(draft)
    }
    let runner = try ProjectionRunner(journal.directory, projections: [WhiteListProjection.self], purpose: "test")
    try runner.catchUp()
    let list = WhiteListQuestions(try runner.models[0].snapshot(), try JournalReader(journal.directory), asOf: nil)
    let lines = try list.lines()
    #expect(lines.filter { $0.contains("<&") }.count == 1_100)
    #expect(lines.filter { !$0.contains("<&") } == ["IOP FR*MS1 AA02 1 2", "IOP FR*MS1 AA03 1 0", "IOP FR*MS2 BB01 1 1"])
    #expect(try list.lists().map(\.liveCount) == [1_102, 1])
    #expect(try list.lists().first?.baseline == JournalPosition(6))
    #expect(try list.then(4).answer("AA01") == .authorised)
    #expect(try list.answer("AA01") == .unknown)
    #expect(try list.oddities().map(\.resolvedAt) == [JournalPosition(6)])
    try await journal.upload([.update("AA09"), .delete("AA10"), .delete("AA11")], at: 2_000)
    try runner.catchUp()
    let after = WhiteListQuestions(try runner.models[0].snapshot(), list.journal, asOf: nil)
    // From a baseline on each is told.
    #expect(try after.oddities().map(\.resolvedAt) == [JournalPosition(6), nil, nil, nil])
    #expect(try after.oddities().dropFirst().allSatisfy { $0.sentence.hasSuffix("of FR*MS1: a change was missed.") })
    #expect(try runner.verify("whitelist").isSame)
  }

  @Test func `a note that calls itself a baseline and has no users deletes nobody`() async throws {
    let journal = try ScriptedJournal()
    try await journal.upload([.insert("AA01")], at: 0)
    var context = EntryContext(kind: .note, author: .gateway)
    (context.operator, context.targetOperator, context.reason) = ("FR*MS1", "IOP", "white list baseline, part 1 of 1")
    for payload in ["", "<x/>"] {
      try await journal.append(
        EntryDraft(EntryContent(observedAt: ScriptedJournal.moment(1_000), context: context, payload: Array(payload.utf8))))
    }
    let list = try journal.whiteList(asOf: 4)
    #expect(try list.answer("AA01") == .authorised)
    #expect(try list.lists().first?.baseline == nil)
  }

  @Test func `a check takes less than a millisecond, however long the history`() async throws {
    let journal = try ScriptedJournal()
    let users = (0..<500).map { "04" + String(0x10_0000 + $0, radix: 16) }
    for number in 0..<20 as Range<Int64> { try await journal.upload(users.map { .insert($0) }, at: number * 1_000) }
    let list = try journal.whiteList(asOf: 21)
    var times: [Duration] = []
    for user in users {
      let (answer, time) = try workTime { try list.answer(user) }
      times.append(time)
      #expect(answer == .authorised)
    }
    // The median keeps out the noise.
    #expect(times.sorted()[times.count / 2] < .milliseconds(1))
  }
}
