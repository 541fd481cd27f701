import Foundation
import JournalFormat
import Testing

@testable import Recording

@Suite struct TrafficLineTests {
  private static let required = "\"recordedAt\":\"2025-03-01T00:01:00.918Z\",\"direction\":\"toIOP\",\"request\":\"<a/>\""

  private func line(_ more: String = "") throws -> TrafficLine {
    try TrafficLine(Array("{\(TrafficLineTests.required)\(more.isEmpty ? "" : ",")\(more)}".utf8))
  }

  /// Both ways to read a line must agree: an array as the value of a key that does not count makes it `JSONDecoder`'s.
  private static let ways = ["", "\"extra\":[1,{}],"]

  @Test(arguments: ways)
  func `every field is read as it was written`(extra: String) throws {
    let text = """
      {\(extra)"recordedAt":"2025-03-01T00:01:00.918Z","direction":"fromIOP","operation":"SetEVSEBusyStatus","httpStatus":200,\
      "latencyMs":90,"peer":"192.0.2.15","clientCN":"cpo-é.example","unknown":true,"request":"<?xml version=\\"1.0\\"?>\\n<a>\\u20ac</a>",\
      "response":"<b\\/>"}\r
      """
    let line = try TrafficLine(Array(text.utf8))
    #expect(line.observedAt == Timestamp("2025-03-01T00:01:00.918Z"))
    #expect(line.direction == .fromIOP)
    #expect(line.operation == "SetEVSEBusyStatus")
    #expect(line.httpStatus == 200)
    #expect(line.latencyMilliseconds == 90)
    #expect(line.peer == "192.0.2.15")
    #expect(line.clientCommonName == "cpo-é.example")
    #expect(line.request == Array("<?xml version=\"1.0\"?>\n<a>€</a>".utf8))
    #expect(line.response == Array("<b/>".utf8))
    #expect(!line.isAnswerLost)
  }

  @Test func `three fields suffice, and null is as good as absent`() throws {
    let short = try line()
    #expect(short.operation == nil && short.httpStatus == nil && short.latencyMilliseconds == nil && short.peer == nil)
    #expect(short.clientCommonName == nil)
    #expect(
      try line("\"httpStatus\":null,\"peer\":null,\"response\":null,\"operation\":null,\"latencyMs\":null,\"clientCN\":null") == short)
  }

  @Test func `a lost answer is an empty response, whatever its status`() throws {
    #expect(try line("\"httpStatus\":0,\"response\":\"\"").isAnswerLost)
    #expect(try line("\"httpStatus\":0,\"response\":\"\"").httpStatus == nil)
    #expect(try line("\"httpStatus\":502,\"response\":\"\"").isAnswerLost)
    #expect(try line("\"httpStatus\":502").httpStatus == 502)
    #expect(try !line("\"httpStatus\":0,\"response\":\"x\"").isAnswerLost)
  }

  @Test func `an empty request is kept`() throws {
    let line = try TrafficLine(Array("{\"recordedAt\":\"2025-03-01T00:00:00Z\",\"direction\":\"toIOP\",\"request\":\"\"}".utf8))
    #expect(line.request.isEmpty)
  }

  @Test func `bodies that are not UTF-8 come as Base64`() throws {
    let text = """
      {"recordedAt":"2025-03-01T00:00:00Z","direction":"toIOP","requestBase64":"/wD+","responseBase64":"gA=="}
      """
    let line = try TrafficLine(Array(text.utf8))
    #expect(line.request == [0xff, 0x00, 0xfe])
    #expect(line.response == [0x80])
  }

  @Test func `a name is the same with escapes in it`() throws {
    #expect(try line("\"p\\u0065er\":\"x\"").peer == "x")
  }

  @Test func `times may have an offset and any number of fractional digits`() throws {
    let text = "{\"recordedAt\":\"2025-03-01T01:01:00.9189+01:00\",\"direction\":\"toIOP\",\"request\":\"\"}"
    #expect(try TrafficLine(Array(text.utf8)).observedAt == Timestamp("2025-03-01T00:01:00.918Z"))
  }

  @Test func `numbers may be written in any way, and latencies with fractions`() throws {
    #expect(try line("\"httpStatus\":2e2").httpStatus == 200)
    #expect(try line("\"httpStatus\":500.0").httpStatus == 500)
    #expect(try line("\"latencyMs\":12.6").latencyMilliseconds == 13)
    #expect(try line("\"latencyMs\":0").latencyMilliseconds == 0)
    #expect(try line("\"latencyMs\":86400000").latencyMilliseconds == 86_400_000)
  }

  @Test(arguments: [
    ("\"direction\":\"toIOP\",\"request\":\"\"", "recordedAt is missing"),
    ("\"recordedAt\":\"2025-03-01T00:00:00Z\",\"request\":\"\"", "direction is missing"),
    ("\"recordedAt\":\"2025-03-01T00:00:00Z\",\"direction\":\"toIOP\"", "request is missing"),
    ("\"recordedAt\":\"2025-03-01T00:00:00Z\",\"direction\":\"toIOP\",\"request\":null", "request is missing"),
    ("", "recordedAt is missing"),
    ("\"recordedAt\":\"2025-02-30T00:00:00Z\"", "recordedAt is no date and time such as 2025-03-01T00:01:00.918Z"),
    ("\"recordedAt\":\"\"", "recordedAt is no date and time such as 2025-03-01T00:01:00.918Z"),
    ("\"recordedAt\":1740787260", "recordedAt is not a string"),
    ("\"direction\":\"TOIOP\"", "direction is neither \"toIOP\" nor \"fromIOP\""),
    ("\"direction\":\"\\u001b[2J\"", "direction is neither \"toIOP\" nor \"fromIOP\""),
    ("\"direction\":true", "direction is not a string"),
    ("\"request\":5", "request is not a string"),
    ("\"httpStatus\":-1", "httpStatus is -1 and not 0 or a whole number from 100 to 999"),
    ("\"httpStatus\":99", "httpStatus is 99 and not 0 or a whole number from 100 to 999"),
    ("\"httpStatus\":1000", "httpStatus is 1000 and not 0 or a whole number from 100 to 999"),
    ("\"httpStatus\":200.5", "httpStatus is 200.5 and not 0 or a whole number from 100 to 999"),
    ("\"httpStatus\":\"200\"", "httpStatus is not a number"),
    ("\"httpStatus\":false", "httpStatus is not a number"),
    ("\"latencyMs\":-1", "latencyMs is -1 and not a number from 0 to 86400000, a day"),
    ("\"latencyMs\":86400001", "latencyMs is 86400001 and not a number from 0 to 86400000, a day"),
    ("\"latencyMs\":1e300", "latencyMs is 1e+300 and not a number from 0 to 86400000, a day"),
    ("\"latencyMs\":\"90\"", "latencyMs is not a number"),
    ("\"requestBase64\":\"/wD\"", "requestBase64 is not Base64"),
    ("\"responseBase64\":\"?\"", "responseBase64 is not Base64"),
  ])
  func `one sentence says what is missing or wrong, whichever way the line is read`(members: String, message: String) {
    for extra in TrafficLineTests.ways {
      let text = "{\(members.isEmpty ? String(extra.dropLast()) : extra)\(members)}"
      #expect(throws: TrafficLineError(message)) { try TrafficLine(Array(text.utf8)) }
    }
  }

  @Test(arguments: [
    ("\"peer\":\"a\",\"peer\":\"a\"", "peer is given twice"),
    ("\"request\":\"\"", "the request is given twice"),
    ("\"requestBase64\":\"\"", "the request is given twice"),
    ("\"response\":\"\",\"responseBase64\":\"\"", "the response is given twice"),
    ("\"httpStatus\":200,\"httpStatus\":500", "httpStatus is given twice"),
  ])
  func `what is given twice is refused`(members: String, message: String) {
    #expect(throws: TrafficLineError(message)) { try line(members) }
  }

  @Test(arguments: [
    ("", "not JSON at byte 1: expected {"), ("null", "not JSON at byte 1: expected {"),
    ("{\"request\":\"\\ud800\"}", "not JSON at byte 13: half of a surrogate pair"),
    ("{\"request\":\"a\nb\"}", "not JSON at byte 14: a control character that is not escaped"),
    ("{\"request\":\"a\"", "not JSON at byte 15: expected , or }"),
  ])
  func `a line that is not JSON says at which byte`(text: String, message: String) {
    #expect(throws: TrafficLineError(message)) { try TrafficLine(Array(text.utf8)) }
  }

  @Test func `nesting without end is refused and not followed`() {
    let text = "{\"extra\":" + String(repeating: "[", count: 500_000)
    #expect(throws: TrafficLineError.self) { try TrafficLine(Array(text.utf8)) }
  }

  @Test func `a long quoted value is cut`() {
    let text = "{\"direction\":\"\(String(repeating: "x", count: 1000))\"}"
    let error = #expect(throws: TrafficLineError.self) { try TrafficLine(Array(text.utf8)) }
    #expect((error?.message.count ?? 1000) < 120)
  }
}
