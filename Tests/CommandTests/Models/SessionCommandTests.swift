import Foundation
import JournalFormat
import JournalStore
import Testing

@Suite struct SessionCommandTests {
  /// The platform asks an eMSP.
  private static func asked(
    _ transaction: String = "T-1", _ session: String = "S-1", evse: String = "FR*C01*E1", user: String = "04A1B2C3"
  ) -> Sample {
    Sample(
      operation: "GetServiceAuthorisation", direction: .fromIOP, transactionId: transaction, session: session, evse: evse, user: user)
  }

  @Test func `a session is told with its parties, its messages and its findings`() async throws {
    let journal = try await SampleJournal([Self.asked(user: PrivacyTests.user)])
    let text = try journal.run("session", "S-1").text
    #expect(text.hasPrefix("Session S-1"))
    #expect(text.contains("FR*C01"))
    #expect(text.contains("as of position 2"))
    #expect(!text.contains(PrivacyTests.user))
    #expect(try journal.run("session", "S-1", "--exchanges").text.contains("1 exchange has this session id"))
  }

  @Test func `JSON has the session beside the exchanges`() async throws {
    let journal = try await SampleJournal([Self.asked()])
    let document = try journal.run("session", "S-1", "--format", "json").object()
    let session = try #require(document["session"] as? [String: Any])
    #expect(session["serviceSessionId"] as? String == "S-1")
    #expect((session["steps"] as? [Any])?.count == 1)
    #expect((document["exchanges"] as? [Any])?.count == 1)
  }

  @Test func `sessions are listed, one a line, with nulls for what is not known`() async throws {
    let journal = try await SampleJournal([Self.asked(), Self.asked("T-2", "S-2", evse: "FR*C01*E9")])
    let rows = try journal.run("sessions", "--format", "ndjson").objects()
    #expect(rows.map { $0["serviceSessionId"] as? String } == ["S-1", "S-2"])
    for key in ["execPartnerSessionId", "salePartnerSessionId", "state", "evseId", "execOperatorId", "saleOperatorId", "findings"] {
      #expect(rows.allSatisfy { $0.keys.contains(key) }, "\(key)")
    }
    let filtered = try journal.run("sessions", "--evse", "frc01e9", "--format", "ndjson").objects()
    #expect(filtered.map { $0["serviceSessionId"] as? String } == ["S-2"])
    #expect(try journal.run("sessions", "--limit", "1", "--reverse").text.contains("S-2"))
    #expect(try journal.run("sessions", "--as-of", "1", "--format", "ndjson").objects().count == 1)
    #expect(try journal.run("sessions", "--finding", "nonsense").status == 64)
  }
}
