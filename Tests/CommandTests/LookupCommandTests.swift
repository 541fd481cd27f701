import Foundation
import JournalFormat
import JournalStore
import Testing

/// What `show`, `find` and `session` take for what, and what they say of ids that come again.
@Suite struct LookupCommandTests {
  private static func seconds(_ number: Int) -> String { "2025-03-01T10:00:0\(number)Z" }

  // MARK: Positions

  @Test(arguments: ["show", "find"])
  func `a number that is nobody's id is a position, and it is said`(command: String) async throws {
    let journal = try await SampleJournal([Sample(transactionId: "T-1"), Sample(transactionId: "T-2", session: "S-2")])
    let named = try journal.run("show", "T-2", "--format", "ndjson").text
    // The answer's position names its exchange as well.
    for position in ["3", "4"] {
      let result = try journal.run(command, position, "--format", "json")
      #expect(result.status == 0)
      let object = try result.object()
      #expect(object["position"] as? Int == Int(position) && object["transactionId"] == nil && object["id"] == nil)
      #expect((object["exchanges"] as? [Any])?.count == 1)
      #expect(try journal.run(command, position, "--format", "ndjson").text == named)
      #expect(try journal.run(command, "--position", position, "--format", "ndjson").text == named)
      #expect(try journal.run(command, position).text.contains("this is the position"))
      #expect(try !journal.run(command, "--position", position).text.contains("this is the position"))
    }
    let missing = try journal.run(command, "5")
    #expect(missing.status == 1 && missing.errors.contains("the last is 4"))
    #expect(try journal.run(command, "0").status == 1)
    #expect(try journal.run(command, "--position", "x").status == 64)
    #expect(try journal.run(command).status == 64)
    #expect(try journal.run(command, "3", "--position", "3").status == 64)
  }

  @Test(arguments: [["list", "--after"], ["export", "--from"], ["cdrs", "--as-of"], ["evses", "--known-at"]])
  func `a position is taken as output names it`(command: [String]) async throws {
    let journal = try await SampleJournal([Sample()])
    for position in ["1000", "1,000", "0"] { #expect(try journal.run(command + [position]).status == 0, "\(position)") }
    for text in ["1,00", "1,", "-1", "1.000"] { #expect(try journal.run(command + [text]).status == 64, "\(text)") }
  }

  @Test(arguments: ["show", "find"])
  func `an id wins over a position`(command: String) async throws {
    let journal = try await SampleJournal([Sample(transactionId: "3"), Sample(transactionId: "T-2", session: "S-2")])
    let object = try journal.run(command, "3", "--format", "json").object()
    #expect(object[command == "show" ? "transactionId" : "id"] as? String == "3" && object["position"] == nil)
    #expect(try journal.run(command, "3").text.contains("not by the position"))
    #expect(try journal.run(command, "--position", "3", "--format", "ndjson").text.contains("T-2"))
  }

  // MARK: Ids that come again

  @Test func `show names a transactionId that was used again, and a repetition`() async throws {
    let first = Sample(session: "S-1", observedAt: Self.seconds(0))
    var again = first
    again.observedAt = Self.seconds(1)
    let other = Sample(session: "S-2", observedAt: Self.seconds(2))
    let journal = try await SampleJournal([first, again, other])
    let text = try journal.run("show", "T-1").text
    #expect(text.contains("the request at position 3 is a repetition of that at position 1"))
    #expect(text.contains("warning transaction-id-reused: The request at position 5"))
    let object = try journal.run("show", "T-1", "--format", "json").object()
    #expect((object["repetitions"] as? [[String: Int]]) == [["position": 3, "of": 1]])
    #expect((object["findings"] as? [[String: Any]])?.map { $0["rule"] as? String } == ["transaction-id-reused"])
    let found = try journal.run("findings", "--rule", "transaction-id-reused", "--format", "ndjson").objects()
    #expect(found.map { $0["position"] as? Int } == [5])
  }

  @Test func `JSON of an id of several sessions is an array, each with its own exchanges`() async throws {
    func asked(_ transaction: String, _ session: String, _ second: Int) -> Sample {
      let event = "<sessionEvent><sessionEventNature>3</sessionEventNature></sessionEvent>"
      return Sample(
        operation: "SetSessionEventReport", transactionId: transaction, session: session,
        comment: "-</comment><execPartnerSessionId>1</execPartnerSessionId>\(event)<comment>", observedAt: Self.seconds(second))
    }
    let journal = try await SampleJournal([asked("T-1", "S-1", 0), asked("T-2", "S-2", 1), asked("T-3", "S-1", 2)])
    let result = try journal.run("session", "1", "--format", "json")
    let documents = try #require(try JSONSerialization.jsonObject(with: Data(result.output)) as? [[String: Any]])
    let sessions = documents.map { ($0["session"] as? [String: Any])?["serviceSessionId"] as? String }
    #expect(sessions == ["S-1", "S-2"])
    #expect(documents.map { ($0["exchanges"] as? [Any])?.count } == [2, 1])
    let keys: Set = ["sessionId", "exchanges", "session", "otherSessions"]
    #expect(documents.allSatisfy { $0["sessionId"] as? String == "1" && Set($0.keys) == keys })
    #expect(try journal.run("session", "1").text.hasPrefix("2 sessions have this id"))
  }

  // MARK: Spellings

  @Test func `an EVSE is found in any spelling, told as it was sent, and not mixed up with its neighbour`() async throws {
    let journal = try await SampleJournal([
      Sample(transactionId: "T-1", evse: "FR*C01*E1*11"), Sample(transactionId: "T-2", session: "S-2", evse: "FR*C01*E11*1"),
    ])
    for command in [["find"], ["list", "--evse"]] {
      #expect(try journal.run(command + ["FRC01E111", "--format", "ndjson"]).objects().count == 2)
    }
    let both = try journal.run("find", "FRC01E111")
    #expect(both.text.contains("EVSEId FR*C01*E1*11 (1 exchange), EVSEId FR*C01*E11*1 (1 exchange)"))
    #expect(try journal.run("find", "fr*c01*e1*11", "--format", "ndjson").objects().count == 1)
    #expect(try journal.run("list", "--evse", "frc01e11*1", "--format", "ndjson").objects().count == 1)
  }

  @Test(arguments: [("04:A1:B2:C3", "04A1B2C3"), ("00-a1-b2-c3", "A1B2C3"), ("04A1B2C3", "04:a1:b2:c3")])
  func `a badge is found however it is written`(sent: String, asked: String) async throws {
    let journal = try await SampleJournal([Sample(user: sent)])
    #expect(try journal.run("find", asked, "--format", "ndjson").objects().count == 1)
    #expect(try journal.run("list", "--user", asked, "--format", "ndjson").objects().count == 1)
  }
}
