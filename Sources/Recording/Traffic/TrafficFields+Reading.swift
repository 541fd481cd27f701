import FoundationEssentials

/// The two ways from a line to its fields: our scanner for flat objects, which is some seven times as fast, and `JSONDecoder` for all
/// others.
extension TrafficFields {
  /// Nil where the line is one that only `JSONDecoder` can take.
  /// - Throws: ``TrafficLineError`` where the line is no traffic line.
  static func scanning(_ line: UnsafeBufferPointer<UInt8>) throws(TrafficLineError) -> TrafficFields? {
    var fields = TrafficFields()
    var scanner = FlatObjectScanner(line)
    while true {
      switch Self.step(&scanner) {
      case .member(let member): try fields.take(member, of: line)
      case .end: return fields
      case .failure(let error):
        guard error.isNested else { throw TrafficLineError(error.description) }
        return nil
      }
    }
  }

  /// A repeated key is not noticed here: `JSONDecoder` takes one of them.
  /// - Throws: ``TrafficLineError`` where the line is no traffic line.
  init(decoding line: UnsafeBufferPointer<UInt8>) throws(TrafficLineError) {
    self.init()
    for (key, value) in try DecodedLine.decode(line).values {
      switch value {
      case .text(let text): try set(key, Array(text.utf8))
      case .number(let number): try set(key, number)
      }
    }
  }

  private enum Step {
    case member(FlatObjectScanner.Member)
    case end
    case failure(FlatObjectError)
  }

  private static func step(_ scanner: inout FlatObjectScanner) -> Step {
    do throws(FlatObjectError) {
      return try scanner.next().map(Step.member) ?? .end
    } catch {
      return .failure(error)
    }
  }

  private mutating func take(_ member: FlatObjectScanner.Member, of line: UnsafeBufferPointer<UInt8>) throws(TrafficLineError) {
    guard let key = Self.key(member.name, in: line) else { return }
    switch member.value {
    case .string(let text): try set(key, JSONText.decoded(text, in: line))
    case .number(let range): try set(key, Self.number(UnsafeBufferPointer(rebasing: line[range])))
    case .null: break
    case .bool: throw TrafficLineError(key.isNumber ? "\(key.rawValue) is not a number" : "\(key.rawValue) is not a string")
    }
  }

  private static func key(_ name: FlatObjectScanner.Text, in line: UnsafeBufferPointer<UInt8>) -> TrafficKey? {
    guard name.hasEscapes else { return TrafficKey(utf8: UnsafeBufferPointer(rebasing: line[name.range])) }
    return JSONText.decoded(name, in: line).withUnsafeBufferPointer { TrafficKey(utf8: $0) }
  }

  private static func number(_ text: UnsafeBufferPointer<UInt8>) -> Double {
    var value = 0
    for digit in text {
      guard digit >= 0x30, digit <= 0x39, value < 1_000_000_000 else { return Double(String(decoding: text, as: UTF8.self)) ?? .infinity }
      value = value * 10 + Int(digit - 0x30)
    }
    return Double(value)
  }
}

/// What `JSONDecoder` finds under the keys that count.
private struct DecodedLine: Decodable {
  enum Value {
    case text(String)
    case number(Double)
  }

  var values: [(TrafficKey, Value)] = []

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: TrafficKey.self)
    for key in TrafficKey.allCases {
      if key.isNumber {
        if let number = try container.decodeIfPresent(Double.self, forKey: key) { values.append((key, .number(number))) }
      } else if let text = try container.decodeIfPresent(String.self, forKey: key) {
        values.append((key, .text(text)))
      }
    }
  }

  static func decode(_ line: UnsafeBufferPointer<UInt8>) throws(TrafficLineError) -> DecodedLine {
    do {
      return try JSONDecoder().decode(DecodedLine.self, from: Data(line))
    } catch DecodingError.typeMismatch(_, let context) {
      guard let key = context.codingPath.last as? TrafficKey else { throw TrafficLineError("not a JSON object") }
      throw TrafficLineError("\(key.rawValue) is not a \(key.isNumber ? "number" : "string")")
    } catch DecodingError.dataCorrupted(let context) {
      throw TrafficLineError("not JSON: \(context.debugDescription)")
    } catch {
      throw TrafficLineError("not JSON: \(error)")
    }
  }
}
