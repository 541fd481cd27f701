import Foundation
import FoundationXML
import JournalFormat
import Testing

@testable import Simulation

/// What an importer relies on: the same bytes for the same arguments, the right number of lines, in order, each as promised.
@Suite struct TrafficFormTests {
  static let seed: UInt64 = 20_250_301
  static let keys = ["recordedAt", "direction", "operation", "httpStatus", "latencyMs", "peer", "clientCN", "request", "response"]

  @Test func `the same arguments give the same bytes`() throws {
    let first = try Traffic(exchanges: 3000, seed: Self.seed, days: 2)
    let second = try Traffic(exchanges: 3000, seed: Self.seed, days: 2)
    #expect(first.bytes == second.bytes, "seed \(Self.seed)")
  }

  /// FNV-1a over a small run. Changes whenever the traffic does: then benchmarks are no longer comparable, and somebody should know.
  @Test func `bytes are the same on every machine`() throws {
    let traffic = try Traffic(exchanges: 500, seed: 1, days: 1)
    let hash = traffic.bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    #expect(hash == 0xD79E_BEE1_3C27_A36D, "seed 1, \(traffic.bytes.count) bytes")
  }

  /// The same over two days and all operations: what the faultless traffic needs must not touch the ordinary one.
  @Test func `bytes of two days are the same as ever`() throws {
    let traffic = try Traffic(exchanges: 20_000, seed: 42, days: 2)
    var hash = 0xCBF2_9CE4_8422_2325 as UInt64
    for byte in traffic.bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    #expect(hash == 0x4F13_41AB_8C8E_88AD, "seed 42, \(traffic.bytes.count) bytes")
  }

  @Test func `the seed changes the traffic`() throws {
    let first = try Traffic(exchanges: 50, seed: 1, days: 1).lines()
    let second = try Traffic(exchanges: 50, seed: 2, days: 1).lines()
    #expect(zip(first, second).allSatisfy { $0.request != $1.request })
  }

  @Test(arguments: [(1, 1), (2, 1100), (7, 3), (999, 1), (6000, 30), (2000, 1100)])
  func `there are exactly as many lines, in order`(exchanges: Int, days: Int) throws {
    let lines = try Traffic(exchanges: exchanges, seed: Self.seed, days: days, start: "2024-02-28").lines()
    #expect(lines.count == exchanges, "seed \(Self.seed)")
    let moments = lines.map(\.recordedAt)
    #expect(moments == moments.sorted())
    #expect(moments.allSatisfy { Timestamp($0)?.description == $0 })
    #expect(moments[0] >= "2024-02-28T00:00:00.000Z")
    let first = try #require(CalendarDay("2024-02-28"))
    let end = CalendarDay(number: first.number + days)
    #expect(try #require(moments.last) < String(format: "%04d-%02d-%02d", end.year, end.month, end.day))
  }

  @Test func `traffic reaches the period's end`() throws {
    let lines = try Traffic(exchanges: 2000, seed: Self.seed, days: 1096, start: "2022-01-01").lines()
    #expect(lines[0].recordedAt < "2022-01-15")
    #expect(try #require(lines.last).recordedAt > "2024-12-25")
  }

  @Test func `nights and Sundays are quieter`() throws {
    let lines = try Traffic(exchanges: 10_000, seed: Self.seed, days: 28).lines()
    let night = lines.count { ("00"..."04").contains($0.recordedAt.dropFirst(11).prefix(2)) }
    let noon = lines.count { ("10"..."14").contains($0.recordedAt.dropFirst(11).prefix(2)) }
    #expect(night * 3 < noon, "seed \(Self.seed)")
    var perWeekday = Array(repeating: 0, count: 7)
    for line in lines { perWeekday[try #require(CalendarDay(line.recordedAt.prefix(10))).weekday] += 1 }
    #expect(perWeekday[6] * 10 < perWeekday[4] * 9, "seed \(Self.seed)")
  }

  @Test func `every line is an object with the nine keys in order`() throws {
    let traffic = try Traffic(exchanges: 1500, seed: Self.seed, days: 1)
    for line in traffic.rawLines {
      let text = String(decoding: line, as: UTF8.self)
      let places = Self.keys.map { text.range(of: "\"\($0)\":")?.lowerBound }
      #expect(places.allSatisfy { $0 != nil } && places.compactMap { $0 } == places.compactMap { $0 }.sorted())
      let object = try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
      #expect(Set(object.keys) == Set(Self.keys))
    }
  }

  @Test func `every message is well formed`() throws {
    for (number, line) in try Traffic(exchanges: 3000, seed: Self.seed, days: 1).lines().enumerated() {
      for message in [line.request, line.response] where !message.isEmpty {
        let parser = XMLParser(data: Data(message.utf8))
        parser.shouldProcessNamespaces = true
        #expect(parser.parse(), "line \(number + 1), seed \(Self.seed): \(message.prefix(400))")
      }
    }
  }

  @Test func `exchanges in process are the lines`() throws {
    let start = try #require(CalendarDay("2025-03-01"))
    var generator = TrafficGenerator(TrafficConfiguration(exchanges: 400, seed: Self.seed, days: 1, start: start))
    let lines = try Traffic(exchanges: 400, seed: Self.seed, days: 1).lines()
    for line in lines {
      let isThere = generator.next()
      try #require(isThere)
      #expect(String(decoding: generator.exchange.requestBytes, as: UTF8.self) == line.request)
      #expect(String(decoding: generator.exchange.responseBytes, as: UTF8.self) == line.response)
      #expect(generator.exchange.httpStatus == line.httpStatus)
    }
    let isMore = generator.next()
    #expect(!isMore)
  }
}
