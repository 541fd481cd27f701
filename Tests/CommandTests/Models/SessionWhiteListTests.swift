import Foundation
import Testing

extension ImportedJournal {
  /// Of a white list that an eMSP uploads, and charges that nobody authorised.
  fileprivate static func judged() throws -> ImportedJournal {
    try ImportedJournal([
      upload("2025-03-01T10:00:00Z", [("04A1B2C3", 1), ("04DDEEFF", 2)]),
      record("2025-03-01T13:00:00Z", "X-IN-FORCE", "04A1B2C3", start: "2025-03-01T12:00:00Z"),
      record("2025-03-01T13:10:00Z", "X-REFUSED", "04DDEEFF", start: "2025-03-01T12:10:00Z"),
      record("2025-03-01T13:20:00Z", "X-UNKNOWN", "04000009", start: "2025-03-01T12:20:00Z"),
      record("2025-03-03T14:00:00Z", "X-STALE", "04A1B2C3", start: "2025-03-03T13:00:00Z"),
      record("2025-03-03T14:10:00Z", "X-BEFORE", "04A1B2C3", start: "2025-02-27T10:00:00Z"),
    ])
  }
}

/// A charge that no message authorised is fine where the white list in force allowed it (guide 6.4.2): in every command alike.
@Suite struct SessionWhiteListTests {
  private static let rule = "cdr-without-authorisation"
  private static let told = ["X-REFUSED", "X-UNKNOWN", "X-STALE", "X-BEFORE"]

  @Test func `sessions and findings tell of the charges that the list did not allow, and of no other`() throws {
    let journal = try ImportedJournal.judged()
    let sessions = try journal.run("sessions", "--finding", Self.rule, "--format", "ndjson").objects()
    #expect(sessions.map { $0["execPartnerSessionId"] as? String } == Self.told)
    let findings = try journal.run("findings", "--rule", Self.rule, "--format", "ndjson").objects()
    #expect(findings.map { $0["subject"] as? String } == Self.told)
    let all = try journal.run("sessions", "--format", "ndjson").objects()
    let fine = try #require(all.first { $0["execPartnerSessionId"] as? String == "X-IN-FORCE" })
    #expect((fine["findings"] as? [Any])?.isEmpty == true)
  }

  @Test(arguments: [
    ("X-REFUSED", "refused the user"), ("X-UNKNOWN", "No white list named the user"), ("X-STALE", "was 51 h old when it began"),
    ("X-BEFORE", "No white list is known from before its start."),
  ])
  func `session says why`(session: String, reason: String) throws {
    let journal = try ImportedJournal.judged()
    let text = try journal.run("session", session).text
    #expect(text.contains(Self.rule))
    #expect(text.contains(reason))
    #expect(try journal.run("session", "X-IN-FORCE").text.contains("no findings"))
  }
}
