import Foundation
import JournalFormat
import JournalStore
import TestSupport
import Testing

@testable import Recording

/// When what is imported counts as recorded, however often the import is cut off.
@Suite struct RecordingTimesTests {
  /// Traffic as it is logged: by the time of the answer, so that questions come out of order, with answers that were waited for in vain, the same lines
  /// twice, and one line that stands far from its place.
  private func history(_ generator: inout SeededGenerator, from start: String = "2025-02-28T23:00:00Z", count: Int = 24) -> [Line] {
    var time = Timestamp(start)!
    var lines: [(line: Line, answered: Int64)] = []
    for number in 0..<count {
      time = time.adding(milliseconds: Int64(generator.below(number == count / 2 ? 86_400_000 : 400_000)))
      let isLost = generator.chance(8)
      let latency = isLost ? 15_000 + generator.below(60_000) : generator.below(5_000)
      let line = Line(
        at: time.description, latency: latency, request: Message.request(generator.chance(6) ? nil : "T-\(start)-\(number)"),
        response: isLost ? nil : Message.response("T-\(number)"))
      lines.append((line, time.rawValue + Int64(latency)))
      if generator.chance(10) { lines.append((line, time.rawValue + Int64(latency))) }
    }
    var sorted = lines.sorted { $0.answered < $1.answered }.map(\.line)
    sorted.append(sorted.remove(at: count / 4))
    return sorted
  }

  private func expectSame(_ one: Workplace, _ other: Workplace, _ comment: String) throws {
    let facts = try [one, other].map { place in
      try place.entries().map { entry in
        "\(entry.recordedAt) \(entry.kind) \(entry.requestPosition?.rawValue ?? 0) \(entry.content.observedAt) \(entry.content.payload.hashValue)"
      }
    }
    let difference = zip(facts[0], facts[1]).first { $0 != $1 }
    #expect(difference == nil && facts[0].count == facts[1].count, "\(comment)")
    let (segments, others) = (try JournalReader(one.directory).manifest.segments, try JournalReader(other.directory).manifest.segments)
    #expect(segments.map(\.period) == others.map(\.period) && segments.map(\.firstPosition) == others.map(\.firstPosition), "\(comment)")
  }

  @Test func `the first line that is not known decides for all, by how far the source has come`() {
    let (early, late, later) = (Timestamp(rawValue: 0), Timestamp(rawValue: 10_000_000), Timestamp(rawValue: 20_000_000))
    func recordedAt(journalEnd: Timestamp?, known: Timestamp? = nil, first: Timestamp) -> Timestamp? {
      var times = RecordingTimes(journalEnd: journalEnd)
      if let known { times.note(known) }
      _ = times.place(first)
      _ = times.place(first == early ? late : early)
      return times.recordedAt(later)
    }
    #expect(recordedAt(journalEnd: nil, first: early) == later)
    #expect(recordedAt(journalEnd: early, first: early) == later)
    #expect(recordedAt(journalEnd: late, first: early) == nil)
    #expect(recordedAt(journalEnd: late, known: early, first: early) == nil)
    #expect(recordedAt(journalEnd: late, known: late, first: early) == later)
    #expect(recordedAt(journalEnd: late, first: late) == later)
    // A question may stand behind the answer to an earlier one.
    #expect(recordedAt(journalEnd: late, first: late.adding(milliseconds: -RecordingTimes.slackMilliseconds)) == later)
    #expect(recordedAt(journalEnd: late, first: late.adding(milliseconds: -RecordingTimes.slackMilliseconds - 1)) == nil)
  }

  @Test func `an import that was cut off anywhere and is run again makes the journal that one run would have made`() throws {
    var generator = SeededGenerator()
    for _ in 0..<2 {
      let lines = history(&generator)
      let whole = try Workplace()
      try whole.take(lines)
      for cut in 0...lines.count {
        let place = try Workplace()
        try place.take(Array(lines.prefix(cut)))
        // Cut off twice.
        if cut > 5 { try place.take(Array(lines.prefix(cut - generator.below(3)))) }
        let report = try place.take(lines)
        #expect(report.recordedNow == 0 && report.duplicates == cut, "cut at \(cut)")
        try expectSame(place, whole, "cut at \(cut) of \(lines.count)")
      }
    }
  }

  @Test func `so does one that lost the answer of its last exchange, and one in a journal with a past`() async throws {
    var generator = SeededGenerator()
    let (before, lines) = (history(&generator, from: "2025-01-10T00:00:00Z"), history(&generator))
    let whole = try Workplace()
    try whole.take(before)
    try whole.take(lines)
    let entries = try whole.entries()
    for cut in stride(from: 2, through: entries.count, by: 7) {
      let place = try Workplace()
      for entry in entries.prefix(cut) {
        _ = try await place.journal.append(
          EntryDraft(entry.content, request: entry.requestPosition.map { .position($0) } ?? .none, recordedAt: entry.recordedAt))
      }
      try place.take(before)
      try place.take(lines)
      try expectSame(place, whole, "cut behind entry \(cut)")
    }
  }

  @Test func `an export that is cut off comes back at its times`() throws {
    var generator = SeededGenerator()
    let original = try Workplace()
    try original.take(history(&generator))
    let lines = try original.export()
    for cut in stride(from: 1, to: lines.count, by: 5) {
      let place = try Workplace()
      try place.take(Array(lines.prefix(cut)))
      #expect(try place.take(lines).rejections == [])
      try expectSame(place, original, "cut at \(cut)")
    }
  }

  @Test func `files of days follow each other, and one that comes too late is recorded now and counted`() throws {
    var generator = SeededGenerator()
    let days = ["2025-03-01", "2025-03-02", "2025-03-03"].map { history(&generator, from: "\($0)T00:00:03Z", count: 12) }
    let place = try Workplace()
    for day in [days[0], days[2]] { #expect(try place.take(day).recordedNow == 0) }
    let end = try #require(try place.entries().last?.recordedAt)
    #expect(end < Timestamp("2025-03-05T00:00:00Z")!)
    let late = try place.take(days[1])
    #expect(late.recordedNow == days[1].count && late.recordedExchanges == days[1].count)
    let entries = try place.entries()
    #expect(entries.suffix(2 * days[1].count).allSatisfy { $0.recordedAt == Workplace.now })
    // What they say of themselves stays.
    #expect(entries.last!.content.observedAt < end)
  }

  @Test func `the first line that the journal does not have decides, not the first`() throws {
    let place = try Workplace()
    try place.take([Line(at: "2025-03-01T00:00:00Z")])
    try place.take([Line(at: "2025-04-01T00:00:00Z", request: Message.request("T-2"))])
    // It begins long before the journal's end, and what is new in it does not.
    let report = try place.take([Line(at: "2025-03-01T00:00:00Z"), Line(at: "2025-04-02T00:00:00Z", request: Message.request("T-3"))])
    #expect(report.recordedNow == 0 && report.duplicates == 1)
    #expect(try place.entries().last?.recordedAt.description == "2025-04-02T00:00:00.090Z")
  }

  @Test func `a line behind later ones counts as recorded at their time, and is counted`() throws {
    let place = try Workplace()
    let report = try place.take([
      Line(at: "2025-03-02T00:00:00Z"), Line(at: "2025-03-01T00:00:00Z", request: Message.request("T-2")),
      Line(at: "2025-03-01T23:59:58Z", request: Message.request("T-3")),
    ])
    #expect(report.behindLater == 1 && report.recordedNow == 0)
    #expect(try Set(place.entries().dropFirst().map(\.recordedAt.description)) == ["2025-03-02T00:00:00.090Z"])
  }

  @Test func `nothing counts as recorded in the future`() throws {
    let place = try Workplace()
    try place.take([
      Line(at: "2025-05-31T23:00:00Z"), Line(at: "2025-06-01T20:00:00Z", latency: 50_000_000, request: Message.request("T-2")),
    ])
    #expect(try place.entries().map(\.recordedAt).max() == Workplace.now)
    #expect(try place.entries().last?.content.observedAt.description == "2025-06-02T09:53:20.000Z")
    // What the journal had is no future, whatever the clock says.
    let late = try place.take([Line(at: "2025-06-03T00:00:00Z", request: Message.request("T-3")).text])
    #expect(late.report.rejected == 1)
  }
}
