import FoundationEssentials
import JournalFormat

/// The keys of a traffic line that count.
enum TrafficKey: String, CaseIterable, CodingKey {
  case recordedAt, direction, operation, httpStatus, latencyMs, peer, clientCN, request, response, requestBase64, responseBase64

  init?(utf8 name: UnsafeBufferPointer<UInt8>) {
    switch name.count {
    case 4 where name.spells("peer"): self = .peer
    case 7 where name.spells("request"): self = .request
    case 8 where name.spells("response"): self = .response
    case 8 where name.spells("clientCN"): self = .clientCN
    case 9 where name.spells("direction"): self = .direction
    case 9 where name.spells("operation"): self = .operation
    case 9 where name.spells("latencyMs"): self = .latencyMs
    case 10 where name.spells("recordedAt"): self = .recordedAt
    case 10 where name.spells("httpStatus"): self = .httpStatus
    case 13 where name.spells("requestBase64"): self = .requestBase64
    case 14 where name.spells("responseBase64"): self = .responseBase64
    default: return nil
    }
  }

  var isNumber: Bool { self == .httpStatus || self == .latencyMs }

  /// The two keys of a body share one, so that it is given once.
  fileprivate var bit: UInt16 {
    switch self {
    case .recordedAt: 1 << 0
    case .direction: 1 << 1
    case .operation: 1 << 2
    case .httpStatus: 1 << 3
    case .latencyMs: 1 << 4
    case .peer: 1 << 5
    case .clientCN: 1 << 6
    case .request, .requestBase64: 1 << 7
    case .response, .responseBase64: 1 << 8
    }
  }
}

/// What was read of a traffic line so far, each value checked as it comes.
struct TrafficFields {
  private(set) var observedAt: Timestamp?
  private(set) var direction: Direction?
  private(set) var operation: String?
  private(set) var httpStatus: Int?
  private(set) var latencyMilliseconds: UInt32?
  private(set) var peer: String?
  private(set) var clientCommonName: String?
  private(set) var request: [UInt8]?
  private(set) var response: [UInt8]?
  private var seen: UInt16 = 0

  /// Takes a value that is a string, and for a body its own memory.
  /// - Throws: ``TrafficLineError`` where the value is not of the key.
  mutating func set(_ key: TrafficKey, _ text: [UInt8]) throws(TrafficLineError) {
    try claim(key)
    switch key {
    case .recordedAt: observedAt = try Self.timestamp(text)
    case .direction: direction = try Self.direction(text)
    case .operation: operation = String(decoding: text, as: UTF8.self)
    case .peer: peer = String(decoding: text, as: UTF8.self)
    case .clientCN: clientCommonName = String(decoding: text, as: UTF8.self)
    case .request: request = text
    case .response: response = text
    case .requestBase64: request = try Self.base64(key, text)
    case .responseBase64: response = try Self.base64(key, text)
    case .httpStatus, .latencyMs: throw TrafficLineError("\(key.rawValue) is not a number")
    }
  }

  /// Takes a value that is a number.
  /// - Throws: ``TrafficLineError`` where the value is not of the key.
  mutating func set(_ key: TrafficKey, _ number: Double) throws(TrafficLineError) {
    try claim(key)
    switch key {
    case .httpStatus:
      guard number == 0 || (100...999).contains(number), let status = Int(exactly: number) else {
        throw TrafficLineError("httpStatus is \(Self.words(number)) and not 0 or a whole number from 100 to 999")
      }
      httpStatus = status == 0 ? nil : status
    case .latencyMs:
      guard (0...Self.longestLatency).contains(number) else {
        throw TrafficLineError("latencyMs is \(Self.words(number)) and not a number from 0 to \(Self.words(Self.longestLatency)), a day")
      }
      latencyMilliseconds = UInt32(number.rounded())
    default: throw TrafficLineError("\(key.rawValue) is not a string")
    }
  }

  private mutating func claim(_ key: TrafficKey) throws(TrafficLineError) {
    guard seen & key.bit == 0 else {
      switch key {
      case .requestBase64, .request: throw TrafficLineError("the request is given twice")
      case .responseBase64, .response: throw TrafficLineError("the response is given twice")
      default: throw TrafficLineError("\(key.rawValue) is given twice")
      }
    }
    seen |= key.bit
  }

  private static let longestLatency = 86_400_000.0

  private static func timestamp(_ text: [UInt8]) throws(TrafficLineError) -> Timestamp {
    guard let timestamp = Timestamp(utf8: text) else {
      throw TrafficLineError("recordedAt is no date and time such as 2025-03-01T00:01:00.918Z")
    }
    return timestamp
  }

  private static func direction(_ text: [UInt8]) throws(TrafficLineError) -> Direction {
    if text.elementsEqual("toIOP".utf8) { return .toIOP }
    if text.elementsEqual("fromIOP".utf8) { return .fromIOP }
    throw TrafficLineError("direction is neither \"toIOP\" nor \"fromIOP\"")
  }

  private static func base64(_ key: TrafficKey, _ text: [UInt8]) throws(TrafficLineError) -> [UInt8] {
    guard let data = Data(base64Encoded: Data(text)) else { throw TrafficLineError("\(key.rawValue) is not Base64") }
    return Array(data)
  }

  private static func words(_ number: Double) -> String { Int64(exactly: number).map(String.init) ?? String(number) }
}

extension UnsafeBufferPointer<UInt8> {
  fileprivate func spells(_ word: StaticString) -> Bool {
    word.withUTF8Buffer { word in
      for index in 0..<word.count where self[index] != word[index] { return false }
      return true
    }
  }
}
