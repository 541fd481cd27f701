import Answers
import JournalFormat
import Testing

@Suite struct MomentTests {
  @Test(arguments: [
    ("2025-03-01T12:00:00Z", "2025-03-01T12:00:00.000Z"), ("2025-03-01T12:00:00+02:00", "2025-03-01T10:00:00.000Z"),
    ("2025-03-01", "2025-03-01T00:00:00.000Z"), ("2025-03-01 12:34", "2025-03-01T12:34:00.000Z"),
    ("2025-03-01T12:34+01:00", "2025-03-01T11:34:00.000Z"), ("now", "2025-06-15T13:14:15.000Z"), ("Today", "2025-06-15T00:00:00.000Z"),
    ("yesterday", "2025-06-14T00:00:00.000Z"), ("90s", "2025-06-15T13:12:45.000Z"), ("30m", "2025-06-15T12:44:15.000Z"),
    ("2h", "2025-06-15T11:14:15.000Z"), ("7d", "2025-06-08T13:14:15.000Z"), ("1h30m", "2025-06-15T11:44:15.000Z"),
  ])
  func `moments are read as people write them`(text: String, expected: String) {
    #expect(Moment.moment(text, now: Timestamp("2025-06-15T13:14:15Z")!)?.description == expected)
  }

  @Test(arguments: ["", "2h ago", "h", "-2h", "2025-02-30", "2025-03-01 25:00", "99999999d", "tomorrow", "2025-03"])
  func `what is no moment is none`(text: String) {
    #expect(Moment.moment(text, now: Timestamp("2025-06-15T13:14:15Z")!) == nil)
  }

  @Test func `a sum of spans that no calendar has is no moment`() {
    #expect(Moment.span("9999999w9999999w") == nil)
    #expect(Moment.span(String(repeating: "9999999w", count: 2_000)) == nil)
  }
}
