/// Writes exchanges as one JSON object (RFC 8259) a line, keys in a fixed order.
struct NDJSONEncoder {
  private var dates = DateWriter()

  mutating func append(_ exchange: borrowing Exchange, to line: inout ByteBuffer) {
    line.append("{\"recordedAt\":\"")
    dates.write(exchange.recordedAt, .milliseconds, to: &line)
    line.append(exchange.direction == .toIOP ? "\",\"direction\":\"toIOP\"" : "\",\"direction\":\"fromIOP\"")
    line.append(",\"operation\":\"")
    line.append(exchange.operation.jsonName)
    line.append("\",\"httpStatus\":")
    line.appendDecimal(exchange.httpStatus)
    line.append(",\"latencyMs\":")
    line.appendDecimal(exchange.latencyMilliseconds)
    line.append(",\"peer\":\"")
    line.append(exchange.peer)
    line.append("\",\"clientCN\":\"")
    line.append(exchange.clientCN)
    line.append("\",\"request\":\"")
    Self.escape(exchange.requestBytes, to: &line)
    line.append("\",\"response\":\"")
    Self.escape(exchange.responseBytes, to: &line)
    line.append("\"}\n")
  }

  /// Copies UTF-8 into a JSON string: `"`, `\` and control characters are escaped, all else stays. Eight bytes at a time, as long as none of
  /// them needs it.
  static func escape(_ bytes: UnsafeBufferPointer<UInt8>, to line: inout ByteBuffer) {
    guard let source = bytes.baseAddress else { return }
    // The longest escape is six bytes for one.
    var place = line.room(bytes.count * 6)
    let start = place
    var index = 0
    while index &+ 8 <= bytes.count {
      let word = UnsafeRawPointer(source + index).loadUnaligned(as: UInt64.self)
      if hasSpecial(word) {
        for _ in 0..<8 {
          place = escape(source[index], to: place)
          index &+= 1
        }
      } else {
        UnsafeMutableRawPointer(place).storeBytes(of: word, as: UInt64.self)
        place += 8
        index &+= 8
      }
    }
    while index < bytes.count {
      place = escape(source[index], to: place)
      index &+= 1
    }
    line.advance(place - start)
  }

  /// Whether any of the eight bytes is below 0x20, `"` or `\` ("Bit Twiddling Hacks": determine if a word has a byte less than n).
  @inline(__always)
  private static func hasSpecial(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = word ^ (ones &* 0x22)
    let backslashes = word ^ (ones &* 0x5C)
    let below = (word &- ones &* 0x20) & ~word
    let equal = ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
    return (below | equal) & (ones &* 0x80) != 0
  }

  @inline(__always)
  private static func escape(_ byte: UInt8, to place: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    guard byte < 0x20 || byte == 0x22 || byte == 0x5C else {
      place.pointee = byte
      return place + 1
    }
    place.pointee = 0x5C
    switch byte {
    case 0x22, 0x5C: place[1] = byte
    case 0x0A: place[1] = UInt8(ascii: "n")
    case 0x0D: place[1] = UInt8(ascii: "r")
    case 0x09: place[1] = UInt8(ascii: "t")
    default:
      // Markup has no other control characters.
      preconditionFailure("control character \(byte) in a message")
    }
    return place + 2
  }
}

extension Operation {
  /// The name as a constant, since the encoder makes no strings.
  fileprivate var jsonName: StaticString {
    switch self {
    case .heartBeat: "HeartBeat"
    case .getServiceAuthorisation: "GetServiceAuthorisation"
    case .setServiceAuthorisation: "SetServiceAuthorisation"
    case .setChargeDetailRecord: "SetChargeDetailRecord"
    case .setSessionEventReport: "SetSessionEventReport"
    case .setSessionActionRequest: "SetSessionActionRequest"
    case .setEVSEAvailabilityStatus: "SetEVSEAvailabilityStatus"
    case .setEVSEBusyStatus: "SetEVSEBusyStatus"
    case .setEVSESyntheticStatus: "SetEVSESyntheticStatus"
    case .setChargingPoolAvailabilityStatus: "SetChargingPoolAvailabilityStatus"
    case .setChargingStationAvailabilityStatus: "SetChargingStationAvailabilityStatus"
    case .setChargingConnectorAvailabilityStatus: "SetChargingConnectorAvailabilityStatus"
    case .getAuthenticationData: "GetAuthenticationData"
    case .setAuthenticationData: "SetAuthenticationData"
    case .getChargeDetailRecordList: "GetChargeDetailRecordList"
    case .searchEVSE: "SearchEVSE"
    case .getEVSEDynamicDataChanges: "GetEVSEDynamicDataChanges"
    case .setEVSEDynamicDataChanges: "SetEVSEDynamicDataChanges"
    case .activateEVSEDynamicDataChangesFlow: "ActivateEVSEDynamicDataChangesFlow"
    }
  }
}
