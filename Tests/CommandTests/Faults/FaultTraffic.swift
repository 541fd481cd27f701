import Foundation
import JournalFormat
import JournalStore
import Testing

/// Lines of traffic, and what the journal must hold once they are imported.
struct FaultTraffic {
  let lines: [String]

  /// - Parameter days: how many days the lines are spread over; each month makes a segment.
  static func simulated(exchanges: Int, seed: UInt64, days: Int) throws -> FaultTraffic {
    let simulator = URL(filePath: Command.path).deletingLastPathComponent().appending(path: "emip-simulator").path
    let result = try Command.run(
      ["traffic", "--exchanges", "\(exchanges)", "--seed", "\(seed)", "--days", "\(days)", "--start", "2024-01-01"], executable: simulator)
    try #require(result.status == 0, "\(result.errors)")
    return FaultTraffic(lines: result.lines)
  }

  init(lines: [String]) { self.lines = lines }

  init(_ samples: [Sample]) throws { lines = try samples.map { try $0.line } }

  /// Writes some of the lines to a file.
  func write(_ range: Range<Int>, to path: String) throws {
    try lines[range].map { $0 + "\n" }.joined().write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// How often each exchange must be in the journal: its moment, request and answer.
  func expected(_ range: Range<Int>) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for line in lines[range] {
      let fields = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let time = try #require(Timestamp(fields["recordedAt"] as? String ?? ""))
      func body(_ key: String) throws -> String {
        guard let base64 = fields[key + "Base64"] as? String else { return fields[key] as? String ?? "" }
        return String(decoding: try #require(Data(base64Encoded: base64)), as: UTF8.self)
      }
      counts["\(time)|\(try body("request"))|\(try body("response"))", default: 0] += 1
    }
    return counts
  }

  /// How often each exchange is among entries. One that has lost its other half has none.
  static func counts(_ entries: [Entry]) -> [String: Int] {
    var answers: [JournalPosition: [Entry]] = [:]
    for entry in entries { if let exchange = entry.requestPosition { answers[exchange, default: []].append(entry) } }
    var counts: [String: Int] = [:]
    for entry in entries where entry.requestPosition == nil {
      let bodies =
        answers.removeValue(forKey: entry.position)?.map { String(decoding: $0.content.payload, as: UTF8.self) } ?? ["(no answer)"]
      let request = String(decoding: entry.content.payload, as: UTF8.self)
      counts["\(entry.content.observedAt)|\(request)|\(bodies.joined(separator: " and "))", default: 0] += 1
    }
    for (request, _) in answers { counts["answers without their request \(request)", default: 0] += 1 }
    return counts
  }

  /// The first few differences between what is there and what must be.
  static func differences(_ found: [String: Int], _ expected: [String: Int]) -> [String] {
    Set(found.keys).union(expected.keys).filter { found[$0] != expected[$0] }.sorted().prefix(3).map {
      "\(found[$0] ?? 0) times instead of \(expected[$0] ?? 0): \($0.prefix(60)) … \($0.suffix(60))"
    }
  }
}

extension Sample {
  /// The exchange as a line of traffic.
  var line: String {
    get throws {
      let fields: [String: Any] = [
        "recordedAt": observedAt, "direction": direction == .toIOP ? "toIOP" : "fromIOP", "operation": operation,
        "httpStatus": isLost ? 0 : 200, "latencyMs": 42, "peer": "192.0.2.15", "request": request, "response": isLost ? "" : response,
      ]
      return String(decoding: try JSONSerialization.data(withJSONObject: fields, options: .sortedKeys), as: UTF8.self)
    }
  }
}

extension SampleJournal {
  /// Checks that the journal holds these lines once each, and nothing else.
  func expectOnce(_ traffic: FaultTraffic, _ range: Range<Int>, _ context: String) throws {
    let differences = FaultTraffic.differences(FaultTraffic.counts(try entries()), try traffic.expected(range))
    #expect(differences == [], "\(context)")
  }
}
