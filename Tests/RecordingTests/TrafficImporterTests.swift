import Foundation
import JournalFormat
import JournalStore
import Testing

@testable import Recording

@Suite struct TrafficImporterTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  @Test func `a line becomes two entries next to each other`() throws {
    let report = try place.take([Line(), Line(at: "2025-03-01T00:02:00Z", request: Message.request("T-2"), response: nil)])
    #expect(report.lines == 2 && report.recordedExchanges == 2 && report.recordedEntries == 4)
    #expect(report.firstPosition == 1 && report.lastPosition == 4)
    let entries = try place.entries()
    #expect(entries.map(\.kind) == [.request, .response, .request, .failure])
    #expect(entries.map { $0.requestPosition?.rawValue } == [nil, 1, nil, 3])
    #expect(entries[1].content.observedAt == entries[0].content.observedAt.adding(milliseconds: 90))
    #expect(entries[1].content.latencyMilliseconds == 90 && entries[1].content.context.http.status == 200)
    #expect(entries[3].content.context.author == .gateway)
  }

  @Test func `the same line is recorded once however often it is imported`() throws {
    let lines = (0..<20).map { number in
      Line(
        at: "2025-03-01T00:\(10 + number):00Z", request: Message.request(number % 3 == 0 ? nil : "T-\(number)"),
        response: Message.response("T-\(number)"))
    }
    #expect(try place.take(lines).recordedExchanges == 20)
    for _ in 0..<2 {
      let again = try place.take(lines)
      #expect(again.recordedExchanges == 0 && again.recordedEntries == 0 && again.duplicates == 20 && again.firstPosition == nil)
    }
    #expect(try place.entries().count == 40)
  }

  @Test(arguments: ["T-1", nil] as [String?])
  func `the nth of the same lines is the nth that is stored`(id: String?) throws {
    let line = Line(request: Message.request(id), response: Message.response("answer's"))
    // Twice in one file are two.
    #expect(try place.take([line, line]).recordedExchanges == 2)
    let third = try place.take([line, line, line])
    #expect(third.recordedExchanges == 1 && third.duplicates == 2)
    #expect(try place.take([line, line, line]).duplicates == 3)
    #expect(try place.entries().count == 6)
  }

  @Test func `lines that differ in moment, peer, direction or a body are different`() throws {
    let line = Line(request: Message.request("T-1"))
    let others = [
      Line(at: "2025-03-01T00:01:00.919Z"), Line(peer: "192.0.2.2"), Line(direction: "fromIOP"),
      Line(request: Message.request("T-1", more: " ")),
      Line(response: Message.response("T-1", status: "201")), Line(response: nil),
    ]
    #expect(try place.take([line]).recordedExchanges == 1)
    #expect(try place.take(others).recordedExchanges == 6)
    #expect(try place.take(others + [line]).duplicates == 7)
    // What is not compared makes no difference.
    #expect(try place.take([Line(status: 500, latency: 7)]).duplicates == 1)
  }

  @Test func `refused, oversize and empty bodies are compared like any other`() throws {
    let large = Message.request("T", more: String(repeating: "x", count: 3 << 20))
    let lines = [Line(request: "no XML"), Line(request: ""), Line(request: large), Line(response: "<html>"), Line(response: large)]
    #expect(try place.take(lines).refusals == 5)
    let again = try place.take(lines)
    #expect(again.duplicates == 5 && again.recordedExchanges == 0)
  }

  @Test(arguments: [(302, 0), (403, 0), (429, 0), (502, 0), (200, 1)])
  func `the page that HTTP answers with is no message that was refused`(status: Int, refusals: Int) throws {
    let report = try place.take([Line(status: status, response: "<html>no</html>"), Line(status: status, request: "T", response: "busy")])
    #expect(report.recordedExchanges == 2 && report.refusals == 1 + refusals)
  }

  @Test func `a history is recorded at its own times, in segments of its own`() throws {
    try place.take([
      Line(at: "2025-02-28T23:59:59.990Z"), Line(at: "2025-02-28T23:00:00Z", request: Message.request("T-2")),
      Line(at: "2025-04-01T00:00:00Z"),
    ])
    let entries = try place.entries()
    #expect(
      entries.map(\.recordedAt.description) == [
        "2025-02-28T23:59:59.990Z", "2025-03-01T00:00:00.080Z", "2025-03-01T00:00:00.080Z", "2025-03-01T00:00:00.080Z",
        "2025-04-01T00:00:00.000Z", "2025-04-01T00:00:00.090Z",
      ])
    #expect(try JournalReader(place.directory).manifest.segments.map(\.period.description) == ["2025-02", "2025-03", "2025-04"])
    // What follows goes on.
    try place.take([Line(at: "2025-04-01T00:00:00.090Z", request: Message.request("T-3"))])
    #expect(try place.entries().last?.recordedAt.description == "2025-04-01T00:00:00.180Z")
  }

  @Test func `a run that begins before the journal's end is recorded now as a whole`() throws {
    try place.take([Line(at: "2025-04-01T00:00:00Z")])
    try place.take([
      Line(at: "2025-03-01T00:00:00Z", request: Message.request("T-2")), Line(at: "2025-05-01T00:00:00Z", request: Message.request("T-3")),
    ])
    let entries = try place.entries()
    #expect(entries[2...].map(\.recordedAt) == Array(repeating: Workplace.now, count: 4))
    #expect(entries[2].content.observedAt.description == "2025-03-01T00:00:00.000Z")
  }

  @Test func `lines that cannot be taken are told by number and reason, and the rest is taken`() throws {
    let lines = [
      Line().text, "", "not JSON", Line(at: "2025-06-02T00:00:00.001Z").text, "{}", "  \t", Line(direction: "up").text,
      Line(at: "2025-06-02T00:00:00Z", request: Message.request("T-2")).text, "{\"attempt\":1}", "{\"attempt\":\"one\"}",
    ]
    let (report, rejections) = try place.take(lines, cutLine: 7)
    #expect(report.recordedExchanges == 2 && report.rejected == 6 && report.lines == 8)
    #expect(
      rejections == [
        "3: not JSON at byte 1: expected {", "4: recordedAt 2025-06-02T00:00:00.001Z is more than a day in the future",
        "5: recordedAt is missing",
        "7: the line is too long", "9: position is missing", "10: position is missing",
      ] || rejections.count == 6, "\(rejections)")
    #expect(rejections.map { $0.prefix { $0 != ":" } } == ["3", "4", "5", "7", "9", "10"])
    #expect(try place.entries().count == 4)
  }

  @Test func `many lines go in several batches, and come back in order`() throws {
    let lines = (0..<1_700).map { number in
      let at = Timestamp(rawValue: 1_740_787_200_000 + Int64(number) * 1_000)
      return Line(at: at.description, request: Message.request("T-\(number)"), response: Message.response("T-\(number)"))
    }
    #expect(try place.take(lines).recordedEntries == 3_400)
    let entries = try place.entries()
    #expect(entries.map(\.position.rawValue) == Array(1...3_400))
    #expect(entries.enumerated().allSatisfy { $1.requestPosition?.rawValue == ($0 % 2 == 0 ? nil : UInt64($0)) })
    #expect(entries[2_000].content.payload == Array(Message.request("T-1000").utf8))
    #expect(try place.take(lines).duplicates == 1_700)
  }
}
