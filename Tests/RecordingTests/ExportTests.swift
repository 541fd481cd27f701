import EMIP
import Foundation
import JournalFormat
import JournalStore
import Testing

@testable import Recording

/// What is exported and imported again is the same journal.
@Suite struct ExportTests {
  @Test func `every kind of entry comes back with all its fields`() async throws {
    let place = try Workplace()
    try place.take([
      Line(request: Message.request("T-1", more: "<userIdType>RFID-UID</userIdType><userId>04AB</userId><EVSEId>FR*A23*E1</EVSEId>")),
      Line(at: "2025-03-02T00:00:00Z", request: Message.request("<![CDATA[T]]>-2", namespace: Message.soap11), response: nil),
      Line(at: "2025-03-03T00:00:00Z", operation: "HeartBeat", request: "\u{feff}no XML \u{0}", response: Message.fault),
      Line(at: "2025-04-03T00:00:00Z", status: 502, request: Message.request(nil), response: "<html>"),
    ])
    for call in Self.others { _ = try await place.journal.append(call) }
    let lines = try place.export()
    let copy = try Workplace()
    #expect(try copy.take(lines).rejections == [])
    let (original, imported) = (try place.entries(), try copy.entries())
    #expect(imported.count == original.count && Set(original.map(\.kind)).count == 5)
    for (one, other) in zip(original, imported) {
      // A seed is the journal's own.
      var other = other
      other.seed = one.seed
      #expect(one == other, "position \(one.position)")
    }
    let again = try copy.take(lines).report
    #expect(again.recordedEntries == 0 && again.duplicates == original.count)
    #expect(try copy.export() == lines)
  }

  @Test func `an export taken into a journal with entries of its own keeps its exchanges together`() async throws {
    let place = try Workplace()
    try place.take([Line()])
    for call in Self.others { _ = try await place.journal.append(call) }
    let copy = try Workplace()
    try copy.take([Line(at: "2025-05-01T00:00:00Z", request: Message.request("own"))])
    #expect(try copy.take(place.export()).rejections == [])
    let (original, imported) = (try place.entries(), try copy.entries().dropFirst(2))
    #expect(imported.map(\.content) == original.map(\.content))
    #expect(imported.map { $0.requestPosition.map { $0.rawValue - 2 } } == original.map { $0.requestPosition?.rawValue })
  }

  @Test func `an answer whose request is not in the export stands alone`() throws {
    let place = try Workplace()
    try place.take([Line()])
    let copy = try Workplace()
    let lines = try Array(place.export().dropFirst())
    try copy.take(lines)
    #expect(try copy.entries().map(\.requestPosition) == [nil])
    #expect(try copy.take(lines).report.duplicates == 1)
  }

  @Test func `an export whose keys stand in another order is taken as well`() throws {
    let place = try Workplace()
    try place.take([Line()])
    let turned = try place.export().map { line in
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let members = try object.sorted { $0.key > $1.key }.map { key, value in
        let data = try JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed])
        return "\"\(key)\":\(String(decoding: data, as: UTF8.self))"
      }
      return "{\(members.joined(separator: ","))}"
    }
    let copy = try Workplace()
    #expect(try copy.take(turned).rejections == [])
    #expect(try copy.entries() == place.entries())
  }

  /// A fact about a journal's own life.
  private static func fact(_ kind: EntryKind) -> EntryDraft {
    let time = Timestamp("2025-05-01T00:00:00Z")!
    var context = EntryContext(kind: kind, author: .gateway)
    context.reason = "\(kind)"
    return EntryDraft(EntryContent(observedAt: time, context: context), recordedAt: time)
  }

  @Test func `what a journal or its gateway did itself is taken from no file, and counted apart`() async throws {
    let place = try Workplace()
    try place.take([Line()])
    let acts = EntryKind.allCases.filter { !$0.isMessage && $0 != .note }
    #expect(acts.count == 7)
    for act in acts { _ = try await place.journal.append(Self.fact(act)) }
    var own: [EntryDraft] = []
    for kind in [EntryKind.request, .response, .refusal, .failure, .note] {
      var draft = Self.fact(kind)
      draft.content.payload = Array("the gateway's".utf8)
      own.append(draft)
    }
    _ = try await place.journal.append(own)
    _ = try await place.journal.append(Self.fact(.note))
    let lines = try place.export()
    let copy = try Workplace()
    let (report, rejections) = try copy.take(lines)
    #expect(
      report.actsLeftOut == 12 && report.baselinesLeftOut == 1 && report.rejected == 0 && report.lines == 15 && rejections.count == 12)
    for (act, rejection) in zip(acts, rejections) { #expect(rejection.contains("«\(act)»"), "\(rejection)") }
    #expect(rejections.dropFirst(7).prefix(4).allSatisfy { $0.contains("gateway") })
    #expect(try copy.entries().map(\.kind) == [.request, .response, .note])
    // The journal that they are of has them already.
    let again = try place.take(lines)
    #expect(again.report.duplicates == 15 && again.rejections == [])
  }

  /// Kinds that no traffic file has, fields that none sets, bodies that are no text, and answers that come later.
  private static let others: [[EntryDraft]] = {
    let time = Timestamp("2025-05-01T00:00:00Z")!
    var context = EntryContext(kind: .request, leg: .backEndGateway)
    context.direction = .fromIOP
    context.protocolName = "eMIP"
    context.operation = "HeartBeat"
    context.partner = "partner \"quoted\" \u{1b}"
    context.operator = "FR*A01"
    context.targetOperator = "DE*B02"
    context.peer = Peer(address: "2001:db8::1", certificateCommonName: "é", certificateSHA256: "00ff")
    context.http = HTTPFacts(
      method: "POST", target: "/x?y", status: 503, headers: [HTTPHeader(name: "SOAPAction", value: ""), HTTPHeader(name: "a", value: "b")])
    context.outcome = Outcome(.warning, requestStatus: 4_000_000_000, faultCode: "c", faultReason: "r")
    context.attempt = 7
    context.reason = "why"
    var full = EntryContent(observedAt: time, context: context, latencyMilliseconds: .max)
    full.findings = [Finding(line: 3, message: "found"), Finding(message: "")]
    full.payload = [0xff, 0x00, 0xfe]
    full.marks = [Mark(kind: .transactionId, range: 0..<0, inlineText: Array("elsewhere".utf8))]
    func later(_ kind: EntryKind, _ payload: String) -> EntryContent {
      var context = EntryContext(kind: kind)
      context.operation = "HeartBeat"
      return EntryContent(observedAt: time.adding(milliseconds: 5), context: context, payload: Array(payload.utf8))
    }
    let first = UInt64(8)
    return [
      Array(repeating: EntryDraft(full, recordedAt: time), count: 2), [fact(.note)],
      [EntryDraft(later(.failure, ""), request: .position(JournalPosition(first - 5)), recordedAt: time)],
      [EntryDraft(later(.response, "late, no XML"), request: .position(JournalPosition(first - 5)), recordedAt: time)],
    ]
  }()
}

@Suite struct EntryDocumentTests {
  private func object(_ value: some Encodable) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(value)) as? [String: Any])
  }

  @Test func `what an entry does not have is not written, but for an exchange's parts`() throws {
    let entry = Entry(
      position: .first, recordedAt: Timestamp(rawValue: 0), requestPosition: nil,
      content: EntryContent(observedAt: Timestamp(rawValue: 0), context: EntryContext(kind: .request)))
    #expect(
      try Set(object(EntryDocument(entry, includesBody: true)).keys) == [
        "position", "recordedAt", "observedAt", "kind", "leg", "author", "identifiers", "attempt",
      ])
    let exchange = try object(ExchangeDocument(Exchange(request: entry, answers: []), includesBody: false))
    #expect(Set(exchange.keys) == ["request", "response", "failure", "latencyMilliseconds"])
    for key in ["response", "failure", "latencyMilliseconds"] { #expect(exchange[key] is NSNull, "\(key)") }
  }

  @Test func `bodies are text where they are, and can be left out`() throws {
    var entry = Entry(
      position: .first, recordedAt: Timestamp(rawValue: 0), requestPosition: nil,
      content: EntryContent(observedAt: Timestamp(rawValue: 0), context: EntryContext(kind: .request), payload: Array("é".utf8)))
    #expect(EntryDocument(entry, includesBody: true).body == "é")
    #expect(EntryDocument(entry, includesBody: true).bodyBase64 == nil)
    entry.content.payload = [0xff]
    #expect(EntryDocument(entry, includesBody: true).body == nil)
    #expect(EntryDocument(entry, includesBody: true).bodyBase64 == "/w==")
    #expect(EntryDocument(entry, includesBody: false).bodyBase64 == nil)
  }

  @Test(arguments: [
    ("kind", "\"reqest\""), ("leg", "\"x\""), ("author", "\"x\""), ("direction", "\"x\""), ("observedAt", "\"x\""),
    ("bodyBase64", "\"?\""), ("identifiers", "{\"x\":[]}"), ("outcome", "{\"class\":\"x\"}"),
  ])
  func `a value that is wrong is named by its key`(key: String, value: String) throws {
    let entry = Entry(
      position: .first, recordedAt: Timestamp(rawValue: 0), requestPosition: nil,
      content: EntryContent(observedAt: Timestamp(rawValue: 0), context: EntryContext(kind: .request)))
    var members = try object(EntryDocument(entry, includesBody: true))
    members[key] = try JSONSerialization.jsonObject(with: Data(value.utf8), options: [.fragmentsAllowed])
    let document = try JSONDecoder().decode(EntryDocument.self, from: JSONSerialization.data(withJSONObject: members))
    let error = #expect(throws: EntryDocumentError.self) { try document.content(MessageReader()) }
    #expect(error?.message.hasPrefix(key) == true)
  }
}
