import EMIP
import Foundation
import JournalFormat
import JournalStore
import Testing

@Suite struct PrivacyTests {
  static let user = "04A1B2C3"

  @Test(arguments: [["show", "T-1"], ["session", "S-1", "--bodies"], ["find", "T-1", "--bodies"], ["list"]])
  func `text masks what is personal`(arguments: [String]) async throws {
    let journal = try await SampleJournal([Sample(user: Self.user)])
    let result = try journal.run(arguments)
    #expect(result.status == 0)
    #expect(!result.text.contains(Self.user))
    if arguments != ["list"] {
      #expect(result.text.contains("<userId>••••</userId>"))
      #expect(result.text.contains("<serviceSessionId>S-1</serviceSessionId>"))
    }
  }

  @Test func `a personal value that another field quotes is masked there too`() async throws {
    let text = try await SampleJournal([Sample(user: Self.user, faultReason: "no user \(Self.user) here")]).run("show", "T-1").text
    #expect(!text.contains(Self.user))
    #expect(text.contains("<s:Text xml:lang=\"en\">••••</s:Text>"))
  }

  private static let personal = "jane.doe@example.org"
  private static let secret = "correct-horse-battery"

  /// A request with a secret in its header and a personal text in each place where one may hide, and a fault that quotes it.
  private static func hiding() throws -> SampleJournal.Line {
    let token =
      "<w:UsernameToken><w:Username>\(personal)</w:Username><w:Password Type='#PasswordText'>\(secret)</w:Password></w:UsernameToken>"
    let header = "<s:Header><w:Security xmlns:w='urn:w'>\(token)</w:Security></s:Header><s:Body>"
    let fields =
      "<parameter>\(personal)</parameter><x note='\(personal)'>\(personal)</x><!-- \(personal) -->\(personal)<?pi \(personal)?><comment>"
    let sample = Sample(faultReason: "No contract for \(personal)")
    let request = sample.request.replacing("<s:Body>", with: header).replacing("<comment>", with: fields)
    return SampleJournal.Line(request: request, response: sample.response, httpStatus: 500)
  }

  @Test func `whatever personal text hides in, no text shows it, and secrets are shown to nobody`() async throws {
    let journal = try await SampleJournal()
    try journal.take([try Self.hiding()])
    let shown = [
      ["show", "T-1"], ["find", "T-1", "--bodies"], ["session", "S-1"], ["session", "S-1", "--bodies"], ["list"], ["findings"], ["cdrs"],
      ["stats"],
    ]
    for arguments in shown {
      let result = try journal.run(arguments)
      #expect(!(result.text + result.errors).contains(Self.personal) && !result.text.contains(Self.secret), "\(arguments)")
    }
    let revealed = try journal.run("show", "T-1", "--reveal", "--reason", "complaint 4711").text
    #expect(revealed.contains("<parameter>\(Self.personal)</parameter>") && !revealed.contains(Self.secret))
    #expect(revealed.contains("<w:Password Type='#PasswordText'>••••</w:Password>"))
    for arguments in [
      ["show", "T-1", "--format", "json"], ["find", "T-1", "--format", "ndjson"], ["list", "--bodies", "--format", "json"],
    ] {
      let text = try journal.run(arguments).text
      #expect(text.contains(Self.personal) && text.contains("#PasswordText'>••••<") && !text.contains(Self.secret), "\(arguments)")
    }
    // Exact: what is exported can be imported again.
    #expect(try journal.run("export").text.contains(Self.secret))
  }

  @Test func `what was recorded before it was known to be personal is masked all the same`() async throws {
    let sample = Sample(faultReason: "No contract for \(Self.personal)")
    var answer = sample.answerContent
    answer.marks = answer.marks.filter { $0.kind != .personalText }
    answer.context.outcome.faultReason = "No contract for \(Self.personal)"
    let journal = try await SampleJournal(
      [],
      [
        EntryDraft(sample.requestContent, recordedAt: answer.observedAt),
        EntryDraft(answer, request: .position(.first), recordedAt: answer.observedAt),
      ])
    let text = try journal.run("show", "T-1").text
    #expect(text.contains("fault") && !text.contains(Self.personal))
  }

  @Test(arguments: [(["wsse:Colour", "EVSEId"], 0), (["1x"], 64), ([""], 64), (["a b"], 64)] as [([String], Int32)])
  func `any name may be declared personal`(names: [String], status: Int32) async throws {
    let journal = try await SampleJournal()
    let sample = Sample(evse: "FR*C01*E7", comment: "-")
    let line = SampleJournal.Line(
      request: sample.request.replacing("<comment>", with: "<Colour><busyStatus>77</busyStatus></Colour><comment>"),
      response: sample.response)
    let result = try journal.take([line], names.flatMap { ["--personal", $0] })
    #expect(result.status == status)
    guard status == 0 else { return }
    let text = try journal.run("show", "T-1").text
    #expect(text.contains("<Colour>••••</Colour>") && text.contains("<EVSEId>••••</EVSEId>") && !text.contains("77"))
    #expect(try journal.run("find", "FRC01E7").status == 0)
    for arguments in [["show", "T-1"], ["list"], ["find", "T-1", "--bodies"]] {
      #expect(!(try journal.run(arguments).text.contains("FR*C01*E7")), "\(arguments)")
    }
    #expect(try journal.run("show", "T-1", "--reveal").text.contains("FR*C01*E7"))
  }

  @Test func `a fault is not shown beyond its codes, nor why a line was rejected with what it says`() async throws {
    let journal = try await SampleJournal()
    let parts = [
      ("<s:Code><s:Value>\(Self.personal)</s:Value></s:Code>", ""),
      ("", "<s:Node>\(Self.personal)</s:Node><s:Role>\(Self.personal)</s:Role>"),
      ("", "<s:Detail><transactionId>\(Self.personal)</transactionId><EVSEId>\(Self.personal)</EVSEId></s:Detail>"),
    ]
    let lines = parts.enumerated().map { number, part in
      let code = part.0.isEmpty ? "<s:Code><s:Value>s:Receiver</s:Value></s:Code>" : part.0
      let fault = "<s:Fault>\(code)<s:Reason><s:Text xml:lang='en'>x</s:Text></s:Reason>\(part.1)</s:Fault>"
      return SampleJournal.Line(
        request: Sample(transactionId: "T-\(number)").request,
        response: "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body>\(fault)</s:Body></s:Envelope>", httpStatus: 500)
    }
    try journal.take(lines)
    for arguments in [["show", "T-0"], ["show", "T-1"], ["show", "T-2"], ["list"], ["session", "S-1", "--bodies"], ["findings"]] {
      let result = try journal.run(arguments)
      #expect(!(result.text + result.errors).contains(Self.personal), "\(arguments)")
    }
    #expect(try journal.run("find", Self.personal).text.contains("fault"))
    let file = journal.root + "/bad.ndjson"
    let bad = ["\"recordedAt\"", "\"recordedAt\":\"2025-03-01T00:00:00Z\",\"direction\""].map {
      "{\($0):\"\(Self.personal)\",\"request\":\"x\"}\n"
    }
    try bad.joined().write(toFile: file, atomically: true, encoding: .utf8)
    let result = try journal.run("import", file, "--rejects", journal.root + "/rejects")
    #expect(result.status == 65 && !(result.text + result.errors).contains(Self.personal), "\(result.text)\(result.errors)")
  }

  @Test func `what was not read is withheld as a whole`() async throws {
    let journal = try await SampleJournal([Sample()], [refusal("<userId>\(Self.user)")])
    let refused = try journal.run("list", "--outcome", "refused", "--format", "ndjson", "--bodies")
    #expect(refused.text.contains(Self.user))
    #expect(!(try journal.run("list", "--outcome", "refused").text.contains(Self.user)))
  }

  @Test func `JSON and raw are exact`() async throws {
    let journal = try await SampleJournal([Sample(user: Self.user)])
    for format in ["json", "ndjson", "raw"] {
      let text = try journal.run("show", "T-1", "--format", format).text
      #expect(text.contains(Self.user))
      #expect(!text.contains("•"))
    }
  }

  @Test func `reveal shows them and leaves a record, without the id that find was given`() async throws {
    let journal = try await SampleJournal([Sample(user: Self.user)])
    let shown = try journal.run("show", "T-1", "--reveal", "--reason", "complaint 4711")
    #expect(shown.text.contains("<userId>\(Self.user)</userId>"))
    #expect(try journal.run("find", Self.user, "--reveal").text.contains(Self.user))
    let records = try journal.run("export").objects().filter { $0["kind"] as? String == "access" }
    let reasons = records.compactMap { $0["reason"] as? String }
    #expect(reasons.count == 2)
    #expect(reasons.first?.hasPrefix("reveal: show T-1: complaint 4711") == true)
    #expect(reasons.last?.hasPrefix("reveal: find exchanges at 1: no reason given") == true)
    #expect(records.allSatisfy { $0["author"] as? String == "gateway" })
  }

  @Test func `reveal goes through who holds the journal`() async throws {
    let sample = try await SampleJournal([Sample(user: Self.user)])
    let holder = try Journal(sample.directory, purpose: "a test")
    #expect(try sample.run("show", "T-1", "--reveal").text.contains(Self.user))
    #expect(holder.lastPosition == JournalPosition(3))
    holder.close()
  }

  @Test func `what cannot be recorded is not revealed`() async throws {
    let sample = try await SampleJournal([Sample(user: Self.user)])
    let holder = try Journal(sample.directory, purpose: "a test")
    // A holder that does not listen.
    try FileManager.default.removeItem(atPath: sample.directory.path + "/socket")
    let result = try sample.run("show", "T-1", "--reveal")
    #expect(result.status == 74)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains("revealed only when"))
    holder.close()
  }
}
