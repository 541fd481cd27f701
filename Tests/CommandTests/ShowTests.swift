import Foundation
import JournalFormat
import JournalStore
import Testing

@Suite struct ShowTests {
  static let keys: Set<String> = ["request", "response", "failure", "latencyMilliseconds"]

  @Test func `show prints the exchange as JSON, with the body exactly as it was`() async throws {
    let sample = Sample(comment: "a/b \u{e9}")
    let result = try await SampleJournal([sample]).run("show", "T-1", "--format", "json")
    #expect(result.status == 0)
    let object = try result.object()
    #expect(Set(object.keys) == ["transactionId", "exchanges"])
    #expect(object["transactionId"] as? String == "T-1")
    let exchange = try #require((object["exchanges"] as? [[String: Any]])?.first)
    #expect(Set(exchange.keys) == Self.keys)
    let request = try #require(exchange["request"] as? [String: Any])
    #expect(request["body"] as? String == sample.request)
    #expect((request["identifiers"] as? [String: [String]])?["userRFID"] == ["04A1B2C3"])
    #expect((exchange["response"] as? [String: Any])?["body"] as? String == sample.response)
    #expect(exchange["failure"] is NSNull)
    #expect(exchange["latencyMilliseconds"] as? Int == 42)
    #expect(!result.text.contains("\\/"))
  }

  @Test func `a lost answer is a failure, and its response is null`() async throws {
    let result = try await SampleJournal([Sample(isLost: true)]).run("show", "T-1", "--format", "ndjson")
    let exchange = try #require(try result.objects().first)
    #expect(exchange["response"] is NSNull)
    #expect((exchange["failure"] as? [String: Any])?["kind"] as? String == "failure")
  }

  @Test func `several exchanges under one transactionId are all shown and flagged`() async throws {
    let journal = try await SampleJournal([Sample(session: "S-1"), Sample(session: "S-2")])
    let text = try journal.run("show", "T-1").text
    #expect(text.hasPrefix("2 exchanges have this transactionId\n"))
    #expect(text.contains("S-1") && text.contains("S-2"))
    #expect((try journal.run("show", "T-1", "--format", "json").object()["exchanges"] as? [Any])?.count == 2)
  }

  @Test func `raw is the body byte by byte`() async throws {
    let sample = Sample(comment: "\u{1b}[31m".replacing("\u{1b}", with: "\u{9b}"))
    let journal = try await SampleJournal([sample])
    #expect(try journal.run("show", "T-1", "--format", "raw", "--part", "request").output == Array(sample.request.utf8))
    #expect(try journal.run("show", "T-1", "--format", "raw", "--part", "response").output == Array(sample.response.utf8))
    #expect(try journal.run("show", "T-1", "--format", "raw").output == Array((sample.request + sample.response).utf8))
  }

  @Test func `a part that there is none of is not found`() async throws {
    let journal = try await SampleJournal([Sample(isLost: true)])
    let result = try journal.run("show", "T-1", "--format", "raw", "--part", "response")
    #expect(result.status == 1)
    #expect(result.output.isEmpty)
  }

  @Test func `session finds by each name of a session, and find by anything`() async throws {
    let journal = try await SampleJournal([Sample(), Sample(operation: "HeartBeat", transactionId: "T-2", session: "S-2", user: "99")])
    let session = try journal.run("session", "S-1", "--format", "json").object()
    #expect(session["sessionId"] as? String == "S-1")
    #expect((session["exchanges"] as? [Any])?.count == 1)
    for id in ["T-1", "S-1", "FRC01E12", "fr*c01*e1*2", "04:a1:b2:c3"] {
      let found = try journal.run("find", id, "--format", "json").object()
      #expect(found["id"] as? String == id)
      #expect((found["exchanges"] as? [Any])?.isEmpty == false, "\(id)")
    }
    #expect(try journal.run("session", "T-1").status == 1)
  }

  @Test func `a body that is not UTF-8 is Base64 in JSON`() async throws {
    var content = Sample().requestContent
    content.payload += [0xff]
    let journal = try await SampleJournal([], [EntryDraft(content, recordedAt: content.observedAt)])
    let exchange = try #require(try journal.run("show", "T-1", "--format", "ndjson").objects().first)
    let request = try #require(exchange["request"] as? [String: Any])
    #expect(request["body"] == nil)
    #expect(request["bodyBase64"] as? String == Data(content.payload).base64EncodedString())
  }

  @Test func `a refusal stands under request`() async throws {
    let journal = try await SampleJournal([], [refusal("<!DOCTYPE x><x/>")])
    let exchange = try #require(try journal.run("list", "--outcome", "refused", "--format", "ndjson").objects().first)
    #expect((exchange["request"] as? [String: Any])?["kind"] as? String == "refusal")
    #expect(exchange["response"] is NSNull)
  }
}
