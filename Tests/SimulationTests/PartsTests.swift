import Foundation
import Testing

@testable import Simulation
@testable import emip_simulator

/// The parts that the traffic is made of.
@Suite struct PartsTests {
  @Test(arguments: [
    ("1970-01-01", 0, 3), ("2000-02-29", 11_016, 1), ("2025-03-01", 20_148, 5), ("2025-12-31", 20_453, 2), ("2026-01-01", 20_454, 3),
  ])
  func `a day has its number and weekday`(text: String, number: Int, weekday: Int) throws {
    let day = try #require(CalendarDay(text))
    #expect(day.number == number)
    #expect(day.weekday == weekday)
    #expect(CalendarDay(number: number) == day)
  }

  @Test(arguments: ["2025-02-29", "2025-13-01", "2025-3-01", "25-03-01", "2025-03-01T00", "", "2025-00-10", "+025-01-01"])
  func `what is no day is refused`(_ text: String) { #expect(CalendarDay(text) == nil) }

  @Test(arguments: [("2025-03-29", false), ("2025-03-30", true), ("2025-07-01", true), ("2025-10-25", true), ("2025-10-26", false)])
  func `summer time begins and ends on last Sundays`(text: String, isSummer: Bool) throws {
    #expect(try #require(CalendarDay(text)).isSummerTime == isSummer)
  }

  @Test(arguments: ["FR8AAC12345678", "FRMS1C49705505", "DE8AA001234567", "ZZZZZZZZZZZZZZ"])
  func `the check digit makes the sum zero`(stem: String) {
    var check = ContractCheckDigit()
    for byte in stem.utf8.reversed() { check.add(byte) }
    // By the definition rather than by the shortcut: the sum over all fifteen characters is zero.
    #expect(weightedSum(stem + String(Unicode.Scalar(check.digit))) == [0, 0, 0, 0])
  }

  private func weightedSum(_ text: String) -> [Int] {
    var two = [0, 0]
    var three = [0, 0]
    for (index, byte) in text.utf8.enumerated() {
      let value = Int(byte) - (byte < 0x41 ? 0x30 : 0x37)
      var binary = [value / 18, value / 9 % 2]
      var ternary = [value % 9 / 3, value % 3]
      for _ in 0...index {
        binary = [binary[1], (binary[0] + binary[1]) % 2]
        ternary = [ternary[1], (ternary[0] + 2 * ternary[1]) % 3]
      }
      two = [(two[0] + binary[0]) % 2, (two[1] + binary[1]) % 2]
      three = [(three[0] + ternary[0]) % 3, (three[1] + ternary[1]) % 3]
    }
    return two + three
  }

  @Test func `the agenda gives what is due first, and of equals the older`() {
    let seed: UInt64 = 7
    var random = SplitMix64(seed: seed)
    var agenda = Agenda()
    for index in 0..<2000 { agenda.add(Agenda.Item(due: random.below(50), task: .record, index: Int32(index))) }
    var last = (due: -1, index: Int32(-1))
    for _ in 0..<2000 {
      let item = agenda.removeFirst()
      #expect((item.due, item.index) > last, "seed \(seed)")
      last = (item.due, item.index)
    }
    #expect(agenda.nextDue == .max)
  }

  @Test func `escaping is that of JSON`() {
    let text = "a\"b\\c\r\n\tdé — and eight more bytes \"at\" the end\n"
    var source = ByteBuffer()
    for byte in text.utf8 { source.append(byte) }
    var line = ByteBuffer()
    NDJSONEncoder.escape(source.bytes, to: &line)
    let expected = #"a\"b\\c\r\n\tdé — and eight more bytes \"at\" the end\n"#
    #expect(String(decoding: line.bytes, as: UTF8.self) == expected)
  }

  @Test func `memory follows what is under way`() throws {
    let start = try #require(CalendarDay("2022-01-01"))
    var generator = TrafficGenerator(TrafficConfiguration(exchanges: 60_000, seed: 3, days: 1000, start: start))
    var most = 0
    while generator.next() { most = max(most, generator.context.agenda.count) }
    #expect(most < 1000, "seed 3: \(most) planned at a time")
    #expect(most > 10)
  }

  @Test func `a full disk is reported as such`() throws {
    var buffer = ByteBuffer()
    buffer.append("{}")
    let error = #expect(throws: OutputError.self) {
      let full = try OutputFile(path: "/dev/full")
      try full.write(&buffer)
    }
    #expect(try #require(error).description.hasPrefix("cannot write to /dev/full: No space left on device. Make room"))
    #expect(try #require(error).isBrokenPipe == false)
  }

  @Test(arguments: [
    ["--exchanges", "0", "--seed", "1", "--days", "1"], ["--exchanges", "5", "--seed", "1", "--days", "0"],
    ["--exchanges", "5", "--seed", "1", "--days", "1101"], ["--exchanges", "5", "--seed", "-1", "--days", "1"],
    ["--exchanges", "5", "--seed", "1", "--days", "1", "--start", "yesterday"], ["--seed", "1", "--days", "1"],
  ])
  func `wrong arguments are usage errors`(_ arguments: [String]) {
    #expect(EmipSimulator.run(["traffic"] + arguments) == 64)
  }

  @Test func `the command writes its file and reports failure`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "traffic-\(UUID()).ndjson").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let arguments = ["traffic", "--exchanges", "300", "--seed", "5", "--days", "1", "--output"]
    #expect(EmipSimulator.run(arguments + [path]) == 0)
    let written = try Data(contentsOf: URL(filePath: path))
    #expect(try Array(written) == Traffic(exchanges: 300, seed: 5, days: 1).bytes)
    #expect(EmipSimulator.run(arguments + ["/dev/full"]) == 74)
    #expect(EmipSimulator.run(arguments + [path + "/no/such"]) == 74)
  }
}
