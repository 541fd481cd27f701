import Foundation
import JournalFormat
import Testing

/// A charge detail record as a test reads it back.
struct SimulatedRecord {
  var line: Int
  var direction: String
  var nature: String
  var serviceSession: String?
  var execSession: String?
  var evse: String
  var user: String
  var alias: String
  /// Milliseconds since 1970.
  var start: Int64
  var end: Int64
  var meters: [[String]]
  var transaction: String?
  var isAnswered: Bool
  var status: String?

  /// Nil where the line holds none.
  init?(_ line: TrafficLine, number: Int) throws {
    guard line.operation == "SetChargeDetailRecord" else { return nil }
    self.line = number
    direction = line.direction
    nature = try #require(line.asked("CDRNature"))
    serviceSession = line.asked("serviceSessionId")
    execSession = line.asked("execPartnerSessionId")
    evse = try #require(line.asked("EVSEId"))
    user = try #require(line.asked("userId"))
    alias = try #require(line.asked("userContractIdAlias"))
    start = try #require(line.asked("startTime").flatMap(Timestamp.init)).rawValue
    end = try #require(line.asked("endTime").flatMap(Timestamp.init)).rawValue
    let columns = ["meterTypeId", "meterValue", "meterUnit"].map { TrafficLine.values(of: $0, in: line.request) }
    meters = columns[0].indices.map { index in columns.map { $0[index] } }
    transaction = line.asked("transactionId")
    isAnswered = line.httpStatus == 200
    status = line.answered("requestStatus")
  }

  static func all(in lines: [TrafficLine]) throws -> [SimulatedRecord] {
    try lines.enumerated().compactMap { try SimulatedRecord($1, number: $0 + 1) }
  }

  var isFinal: Bool { nature == "1" }
  var minutes: Double { Double(end - start) / 60_000 }

  /// What a retry has in common with what it repeats.
  var content: [String] { [nature, "\(start)", "\(end)", evse, user, alias, execSession ?? ""] + meters.flatMap { $0 } }

  func value(_ type: String) -> Double? { meters.first { $0[0] == type }.flatMap { Double($0[1]) } }
}
