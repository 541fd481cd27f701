import Foundation
import Testing

/// What came back, told alike by every command: HTTP without a message, answers to something else, and messages that nobody could read.
@Suite struct AnswerOutcomeTests {
  /// A record that was sent to the platform, and what came back.
  private struct Sent {
    var id: String
    var http = 200
    /// Before the envelope.
    var before = ""
    /// In the record, behind the ids.
    var more = ""
    var answeredId: String?
    var answeredSession: String?
    /// In place of the platform's answer.
    var page: String?
    /// A byte behind the request that makes it no UTF-8.
    var isBroken = false

    private static func envelope(_ part: String, _ text: String) -> String {
      let name = "e:eMIP_ToIOP_SetChargeDetailRecord\(part)"
      return
        "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body><\(name) xmlns:e='urn:e'>\(text)</\(name)></s:Body></s:Envelope>"
    }

    private static func element(_ name: String, _ text: String) -> String { "<\(name)>\(text)</\(name)>" }

    private var request: String {
      let header = [("transactionId", "T-\(id)"), ("partnerId", "FR*C01"), ("operatorId", "FR*C01")]
      let record = [
        ("CDRNature", "1"), ("serviceSessionId", "S-\(id)"), ("execPartnerSessionId", "X-\(id)"), ("EVSEId", "FR*C01*E\(id)*1"),
        ("userIdType", "RFID-UID"), ("userId", "04A1B2C3"), ("startTime", "2025-03-01T08:00:00Z"), ("endTime", "2025-03-01T08:30:00Z"),
      ]
      let meters = [("1", "30", "min"), ("2", "5000", "Wh")].map {
        Self.element(
          "meterReport", Self.element("meterTypeId", $0.0) + Self.element("meterValue", $0.1) + Self.element("meterUnit", $0.2))
      }
      let texts = record.map(Self.element).joined() + more + Self.element("meterReportList", meters.joined())
      return before + Self.envelope("Request", header.map(Self.element).joined() + Self.element("chargeDetailRecord", texts))
    }

    private var response: String {
      if let page { return page }
      let texts = [("transactionId", answeredId ?? "T-\(id)"), ("serviceSessionId", answeredSession ?? "S-\(id)"), ("requestStatus", "1")]
      return Self.envelope("Response", texts.map(Self.element).joined())
    }

    func line(minute: Int) throws -> String {
      var object: [String: Any] = [
        "recordedAt": "2025-03-01T09:\(minute < 10 ? "0" : "")\(minute):00Z", "direction": "toIOP", "operation": "SetChargeDetailRecord",
        "httpStatus": http, "latencyMs": 80, "peer": "192.0.2.15", "clientCN": "cpo-c01.example", "response": response,
      ]
      if isBroken {
        object["requestBase64"] = (Data(request.utf8) + [0xe9]).base64EncodedString()
      } else {
        object["request"] = request
      }
      return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self) + "\n"
    }
  }

  private static func journal(_ sent: [Sent]) throws -> ImportedJournal {
    try ImportedJournal(try sent.enumerated().map { try $1.line(minute: $0) })
  }

  /// Words of a line, one blank between.
  private static func words(_ line: String) -> String { line.split(separator: " ").joined(separator: " ") }

  // MARK: HTTP

  private static let pages: [Sent] = [
    Sent(id: "403", http: 403, page: "<html><body>403 Forbidden</body></html>"), Sent(id: "401", http: 401, page: ""),
    Sent(id: "404", http: 404, page: ""), Sent(id: "429", http: 429, page: ""), Sent(id: "503", http: 503, page: "<html>busy</html>"),
    Sent(id: "200", http: 200, page: ""), Sent(id: "302", http: 302, page: ""), Sent(id: "0", http: 0, page: ""), Sent(id: "1"),
  ]
  private static let outcomes = [
    "refused (HTTP 403)", "refused (HTTP 401)", "refused (HTTP 404)", "failed (HTTP 429)", "failed (HTTP 503)", "failed (HTTP 200)",
    "failed (HTTP 302)", "lost", "ok 1",
  ]

  @Test func `HTTP without a message is an answer, and every command says so`() throws {
    let journal = try Self.journal(Self.pages)
    let lines = try journal.run("list").lines
    #expect(lines.count == Self.outcomes.count)
    for (line, outcome) in zip(lines, Self.outcomes) { #expect(line.contains(" \(outcome) "), "\(line)") }
    for (sent, outcome) in zip(Self.pages, Self.outcomes) {
      #expect(try journal.run("show", "T-\(sent.id)").lines.first?.contains(outcome.replacing("ok 1", with: "ok, ")) == true)
    }
    #expect(try journal.run("show", "T-503").lines.first?.contains("may be tried again") == true)
    let shown = try journal.run("show", "T-401").text
    #expect(shown.contains("HTTP 401, without a body") && !shown.contains("No answer came"))

    // `cdr` and `cdrs`.
    let expected = Self.outcomes.map { $0.replacing("ok 1", with: "accepted 1") }
    let records = try journal.run("cdrs").text
    for outcome in expected { #expect(records.contains(outcome), "\(outcome)") }
    for (sent, outcome) in zip(Self.pages, expected) {
      #expect(try journal.run("cdr", "S-\(sent.id)").text.contains(outcome), "\(outcome)")
    }
    let documents = try journal.run("cdrs", "--format", "ndjson").objects()
    let versions = documents.compactMap { ($0["versions"] as? [[String: Any]])?.first }
    #expect(versions.map { $0["httpStatus"] as? Int } == [403, 401, 404, 429, 503, 200, 302, nil, nil])
    #expect(versions.map { $0["accepted"] as? Bool } == [false, false, false, false, false, false, false, nil, true])

    // `partners` and `stats`.
    let partner = try journal.run("partners").lines
    #expect(Self.words(partner[0]).hasPrefix("partner exchanges ok warn error fault refused failed unread lost "))
    #expect(Self.words(partner[1]).hasPrefix("FR*C01 9 1 - - - 3 4 - 1 "), "\(partner[1])")
    let census = try journal.run("stats", "--format", "json").object()
    let counts = (census["exchangesByOperation"] as? [String: [String: Int]])?["SetChargeDetailRecord"]
    #expect(counts == ["refused": 3, "failed": 4, "lost": 1, "ok": 1])
    #expect(try journal.run("findings", "--rule", "message-refused").text.hasPrefix("nothing was found"))
  }

  @Test(arguments: [("refused", 3), ("failed", 4), ("lost", 1), ("ok", 1), ("error", 0)])
  func `a list of one outcome has what came to that`(outcome: String, count: Int) throws {
    let journal = try Self.journal(Self.pages)
    for more in [[], ["--operation", "SetChargeDetailRecord"]] {
      let found = try journal.run(["list", "--outcome", outcome, "--format", "ndjson"] + more).objects()
      #expect(found.count == count, "\(outcome) \(more)")
      for exchange in found {
        let ending = (exchange["response"] as? [String: Any] ?? exchange["failure"] as? [String: Any])?["outcome"] as? [String: Any]
        #expect(ending?["class"] as? String == outcome)
        #expect(ending?["by"] as? String == (outcome == "lost" ? nil : "peer"))
      }
    }
  }

  // MARK: Not read

  private static let unread = [
    Sent(id: "1", before: "<?xml version=\"1.0\" encoding=\"utf-16\"?>"), Sent(id: "2", before: "\n<?xml version=\"1.0\"?>"),
    Sent(id: "3", isBroken: true), Sent(id: "4", before: "<!DOCTYPE a>"), Sent(id: "5", before: "<?xml version='1.0' encoding='UTF-7'?>"),
    Sent(id: "6", page: "<!DOCTYPE a><a/>"), Sent(id: "7"),
  ]

  @Test func `a record in UTF-8 counts whatever it declares, and what could not be read is said and counted`() throws {
    let journal = try Self.journal(Self.unread)
    let records = try journal.run("cdrs")
    #expect(records.status == 0)
    for id in ["1", "2", "6", "7"] { #expect(records.text.contains("S-\(id) "), "\(id)") }
    let note = "4 messages of these could not be read"
    for arguments in [["cdrs"], ["cdrs", "--totals"], ["sessions"]] {
      #expect(try journal.run(arguments).text.contains(note), "\(arguments)")
      let machines = try journal.run(arguments + ["--format", "ndjson"])
      #expect(machines.errors.contains(note) && !machines.text.contains(note), "\(arguments)")
    }
    #expect(
      try journal.run("cdrs", "--totals", "--by", "sent", "--since", "2025-03-01 09:03", "--until", "2025-03-01 09:05").text.contains(
        "2 messages of these")
    )
    #expect(try !journal.run("cdrs", "--as-of", "4").text.contains("of these"))

    let findings = try journal.run("findings", "--format", "ndjson").objects().filter { ($0["model"] as? String) == "messages" }
    #expect(
      findings.map { $0["rule"] as? String ?? "" } == Array(repeating: "message-encoding", count: 2)
        + Array(repeating: "message-refused", count: 4))
    #expect(findings.map { $0["severity"] as? String ?? "" } == ["warning", "warning", "error", "error", "error", "warning"])
    #expect(findings.map { $0["subject"] as? String ?? "" } == ["T-1", "T-2", "T-3", "T-4", "T-5", "T-6"])
    let sentences = findings.map { $0["explanation"] as? String ?? "" }
    for (sentence, part) in zip(
      sentences, ["utf-16", "White space", "invalid-utf-8: ", "document-type: ", "encoding: ", "document-type: "])
    {
      #expect(sentence.contains(part), "\(sentence)")
    }
    #expect(sentences[2].contains("says that it was accepted") && !sentences[5].contains("accepted"))

    let lines = try journal.run("list").lines
    #expect(lines[2].contains(" refused ") && lines[2].hasSuffix("request not read, invalid-utf-8: The message is not valid UTF-8."))
    #expect(lines[5].hasSuffix("answer not read, document-type: The message has a document type declaration."))
    #expect(!lines[0].contains("not read") && !lines[6].contains("not read"))
    let refused = try journal.run("list", "--outcome", "refused", "--format", "ndjson").objects()
    #expect(refused.count == 4)
    let told = refused.compactMap { (($0["request"] as? [String: Any])?["outcome"] as? [String: Any])?["by"] as? String }
    #expect(told == ["us", "us", "us"])
    // The answer that nobody could read: it may have been accepted.
    #expect(try journal.run("cdr", "S-6").text.contains("unreadable"))
  }

  @Test func `white lists and statuses that could not be read are counted, and what is not found may be in them`() throws {
    let unread = ["SetAuthenticationData", "SetEVSEBusyStatus", "SetChargeDetailRecord"].map { operation in
      ImportedJournal.line("2025-03-01T10:00:00Z", operation, of: "FR*C01", "").replacing(
        "\"request\":\"", with: "\"request\":\"<!DOCTYPE a>")
    }
    let journal = try ImportedJournal(unread)
    let user = ["--user", "04A1B2C3"]
    for arguments in [["whitelist", "list"], ["whitelist", "check"] + user, ["evses"]] {
      #expect(try journal.run(arguments).text.contains("1 message of these could not be read"), "\(arguments)")
    }
    for arguments in [["cdr", "S-1"], ["evse", "FR*C01*E1"], ["whitelist", "history"] + user] {
      let result = try journal.run(arguments)
      #expect(result.status == 1 && result.errors.contains("it may be in 1 message that could not be read"), "\(arguments)")
    }
  }

  // MARK: Answers to something else

  @Test func `an answer to something else is found, and what it says is doubtful`() throws {
    let journal = try Self.journal([Sent(id: "1", answeredId: "T-9"), Sent(id: "2", answeredSession: "S-8"), Sent(id: "3")])
    let findings = try journal.run("findings", "--format", "ndjson").objects()
    let found = findings.filter { $0["rule"] as? String == "answer-mismatch" }
    #expect(found.map { $0["position"] as? Int } == [2, 4] && found.map { $0["subject"] as? String } == ["T-1", "T-2"])
    #expect(found.first?["explanation"] as? String == "The answer has the transactionId T-9, and its request T-1.")
    #expect(found.last?["explanation"] as? String == "The answer is about the session S-8, and its request about S-2.")
    // Nothing else is made of them.
    #expect(!findings.contains { $0["rule"] as? String == "session-id-conflict" })
    #expect(try journal.run("cdr", "S-8").status == 1)

    let records = try journal.run("cdrs", "--format", "ndjson").objects().compactMap { ($0["versions"] as? [[String: Any]])?.first }
    #expect(records.map { $0["acceptance"] as? String } == ["doubtful", "doubtful", "accepted"])
    #expect(records.map { $0["accepted"] as? Bool } == [nil, nil, true])
    #expect(try journal.run("cdr", "S-1").text.contains("doubtful 1"))
    let lines = try journal.run("list").lines
    #expect(lines[0].contains("ok 1, doubtful") && lines[1].contains("ok 1, doubtful") && !lines[2].contains("doubtful"))
    #expect(try journal.run("session", "S-2").text.contains("ok 1, doubtful"))
    let shown = try journal.run("show", "T-1").lines
    #expect(shown.first?.contains("doubtful") == true && shown.contains { $0.contains("transactionId T-9, and its request T-1") })
    #expect(try !journal.run("show", "T-3").text.contains("doubtful"))
  }
}
