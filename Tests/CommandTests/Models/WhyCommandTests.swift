import Foundation
import Testing

/// `why`: what refused or allowed a customer, step by step.
@Suite struct WhyCommandTests {
  /// An eMSP uploads a list of one badge.
  private static let upload = Sample(
    operation: "SetAuthenticationData", transactionId: "T-1", user: "", caller: "FR*MS1",
    comment: """
      -</comment><authenticationDataList><authenticationData><actionType>1</actionType><userIdType>RFID-UID</userIdType>\
      <userId>04A1B2C3</userId><authorisationValue>1</authorisationValue></authenticationData></authenticationDataList><comment>-
      """, observedAt: "2025-03-01T09:00:00Z")

  private static let refused = Sample(
    operation: "GetServiceAuthorisation", transactionId: "T-2", requestStatus: 10_201, observedAt: "2025-03-01T10:00:00Z")

  private static let question = ["why", "--user", "04A1B2C3", "--at", "2025-03-01 10:00"]

  @Test func `the steps come in the order of time, and the answer that the CPO got decides`() async throws {
    let journal = try await SampleJournal([Self.upload, Self.refused])
    let result = try journal.run(Self.question)
    #expect(result.status == 0, "\(result.errors)")
    let lines = result.lines
    #expect(lines.count == 5, "\(result.text)")
    #expect(lines[1].contains("the white list of FR*MS1, held by IOP: authorised"))
    #expect(lines[2].contains("FR*C01 asked the platform: requestStatus 10201"))
    #expect(lines[3] == "→ refused (position 4)")
    #expect(!result.text.contains("04A1B2C3"))
    let rows = try journal.run(Self.question + ["--format", "ndjson"]).objects()
    #expect(rows.map { $0["source"] as? String } == ["whitelist", "exchange"])
    #expect(rows.map { $0["verdict"] as? String } == ["authorised", "refused"])
  }

  @Test func `as of a position, what was recorded later was not known`() async throws {
    let journal = try await SampleJournal([Self.upload, Self.refused])
    let unanswered = try journal.run(Self.question + ["--as-of", "3"]).lines
    #expect(unanswered.contains { $0.contains("FR*C01 asked the platform: no answer yet") })
    #expect(unanswered.contains("→ no answer came"))
    let unasked = try journal.run(Self.question + ["--as-of", "2"]).lines
    #expect(unasked.contains("→ nobody asked; the white list authorised the user"))
    #expect(try journal.run(Self.question + ["--as-of", "1"]).status == 1)
  }

  @Test func `who was served without a question was perhaps on a white list`() async throws {
    let journal = try await SampleJournal([Self.upload])
    #expect(try journal.run(Self.question).lines.contains("→ nobody asked; the white list authorised the user"))
    let stranger = try journal.run("why", "--user", "04FFFFFF", "--at", "2025-03-01 10:00")
    #expect(stranger.status == 1)
    #expect(stranger.errors.contains("nobody asked for this user"))
  }
}
