import Foundation
import Testing

@testable import Simulation

/// An exchange as a test reads it back from its line.
struct TrafficLine: Decodable {
  var recordedAt: String
  var direction: String
  var operation: String
  var httpStatus: Int
  var latencyMs: Int
  var peer: String
  var clientCN: String
  var request: String
  var response: String

  /// The text of the first element of this local name in the request.
  func asked(_ name: String) -> String? { Self.values(of: name, in: request).first }

  /// The same of the response.
  func answered(_ name: String) -> String? { Self.values(of: name, in: response).first }

  func isOf(_ operation: String, _ direction: String) -> Bool { self.operation == operation && self.direction == direction }

  /// The texts of all elements of this local name. A search for bytes, independent of how the simulator builds tags; by `strstr`, as
  /// thousands of messages are searched in a debug build.
  static func values(of name: String, in message: String) -> [String] {
    var found: [String] = []
    message.withCString { base in
      var place = base
      while let hit = strstr(place, name) {
        let after = UnsafePointer(hit) + name.utf8.count
        place = after
        guard isStartTag(hit, after.pointee, from: base), let open = strchr(after, 0x3E), let close = strchr(open, 0x3C) else { continue }
        let text = UnsafeRawBufferPointer(start: open + 1, count: close - open - 1)
        found.append(String(decoding: text, as: UTF8.self))
      }
    }
    return found
  }

  /// Whether `<name` or `<prefix:name`, with nothing more to the name, is at `hit`.
  private static func isStartTag(_ hit: UnsafePointer<CChar>, _ next: CChar, from base: UnsafePointer<CChar>) -> Bool {
    guard next == 0x3E || next == 0x20, hit > base else { return false }
    var place = hit - 1
    if place.pointee == 0x3A {
      repeat { place -= 1 } while place > base && ![0x3C, 0x2F, 0x20].contains(place.pointee)
    }
    return place.pointee == 0x3C
  }
}

/// Traffic in memory.
struct Traffic {
  var bytes: [UInt8]

  /// The manifest's lines; none in traffic without planted faults.
  var manifest: [String] = []

  init(exchanges: Int, seed: UInt64, days: Int, start: String = "2025-03-01", _ profile: TrafficConfiguration.Profile = .ordinary) throws {
    let start = try #require(CalendarDay(start))
    var generator = TrafficGenerator(
      TrafficConfiguration(exchanges: exchanges, seed: seed, days: days, start: start, profile: profile))
    var encoder = NDJSONEncoder()
    var buffer = ByteBuffer()
    while generator.next() { encoder.append(generator.exchange, to: &buffer) }
    bytes = Array(buffer.bytes)
    for fault in generator.faults { manifest.append(fault.line(generator.exchange)) }
  }

  var rawLines: [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "\n")) }

  func lines() throws -> [TrafficLine] {
    let decoder = JSONDecoder()
    return try rawLines.map { try decoder.decode(TrafficLine.self, from: Data($0)) }
  }
}
