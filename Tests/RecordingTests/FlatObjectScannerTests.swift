import Foundation
import Testing

@testable import Recording

/// A value of a flat object, for comparing our scanner with `JSONDecoder`.
enum FlatValue: Equatable, Decodable {
  case string(String)
  case number(Double)
  case bool(Bool)
  case null
  /// By the grammar a number, and beyond what a `Double` can be, or nearer to zero: `JSONDecoder` refuses it.
  case unrepresentable
  /// A nought with an exponent: `JSONDecoder` takes `0e0`, `0e+3` and `-0e2`, and refuses `0e3` and `0.00e-7`.
  case scaledZero

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let bool = try? container.decode(Bool.self) {
      self = .bool(bool)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else {
      self = .string(try container.decode(String.self))
    }
  }

  /// - Parameter literal: a number by the grammar.
  private init(literal: String) {
    let value = Double(literal)!
    let significand = literal.prefix { $0 != "e" && $0 != "E" }
    let hasDigits = significand.contains { "1"..."9" ~= $0 }
    if value.isInfinite || value == 0 && hasDigits {
      self = .unrepresentable
    } else {
      self = value == 0 && significand.count < literal.count ? .scaledZero : .number(value)
    }
  }

  /// All members by name; of a repeated name the first, as with `JSONDecoder`.
  static func scan(_ line: [UInt8]) throws(FlatObjectError) -> [String: FlatValue] {
    let result = line.withUnsafeBufferPointer { bytes in Result { () throws(FlatObjectError) in try scan(bytes) } }
    return try result.get()
  }

  private static func scan(_ bytes: UnsafeBufferPointer<UInt8>) throws(FlatObjectError) -> [String: FlatValue] {
    var scanner = FlatObjectScanner(bytes)
    var members: [String: FlatValue] = [:]
    func text(_ text: FlatObjectScanner.Text) -> String { String(decoding: JSONText.decoded(text, in: bytes), as: UTF8.self) }
    func value(_ value: FlatObjectScanner.Value) -> FlatValue {
      switch value {
      case .string(let string): .string(text(string))
      case .number(let range): FlatValue(literal: String(decoding: bytes[range], as: UTF8.self))
      case .bool(let bool): .bool(bool)
      case .null: .null
      }
    }
    while let member = try scanner.next() {
      let name = text(member.name)
      if members[name] == nil { members[name] = value(member.value) }
    }
    return members
  }
}

@Suite struct FlatObjectScannerTests {
  @Test func `reads every random flat object as JSONDecoder does`() throws {
    var source = RandomLines()
    print("FlatObjectScanner seed \(source.seed)")
    for _ in 0..<3000 {
      let line = source.object()
      let expected = try JSONDecoder().decode([String: FlatValue].self, from: Data(line))
      #expect(try FlatValue.scan(line) == expected, "seed \(source.seed): \(String(decoding: line, as: UTF8.self))")
    }
  }

  @Test func `refuses every damaged object that JSONDecoder refuses, and reads the others alike`() {
    var source = RandomLines()
    print("FlatObjectScanner seed \(source.seed)")
    for _ in 0..<3000 {
      let line = source.damaged(source.object())
      let expected = try? JSONDecoder().decode([String: FlatValue].self, from: Data(line))
      do throws(FlatObjectError) {
        let found = try FlatValue.scan(line)
        // What JSONDecoder makes of a nought with an exponent follows no rule: it is no judge of that alone.
        guard expected != nil || !found.values.contains(.scaledZero) else { continue }
        let wanted = found.values.contains(.unrepresentable) ? nil : found.mapValues { $0 == .scaledZero ? .number(0) : $0 }
        #expect(wanted == expected, "seed \(source.seed): \(String(decoding: line, as: UTF8.self))")
      } catch {
        // Foundation takes a comma after the last member, RFC 8259 does not.
        guard error.description.hasSuffix("expected a name in quotes") else {
          #expect(expected == nil, "seed \(source.seed): \(error) in \(line)")
          continue
        }
      }
    }
  }

  @Test(arguments: ["1e999", "-1e309", "1e-999", "-0.001e-400"])
  func `a number that no Double can be is a number by the grammar, and none for JSONDecoder`(literal: String) throws {
    let line = Array("{\"a\":\(literal)}".utf8)
    #expect(try FlatValue.scan(line) == ["a": .unrepresentable])
    #expect(throws: (any Error).self) { try JSONDecoder().decode([String: FlatValue].self, from: Data(line)) }
  }

  @Test(arguments: ["0e3", "0.00e-7", "-0E2"]) func `a nought with an exponent is a number by the grammar`(literal: String) throws {
    #expect(try FlatValue.scan(Array("{\"a\":\(literal)}".utf8)) == ["a": .scaledZero])
  }

  @Test func `finds the end of a string wherever it lies`() throws {
    for length in 0..<40 {
      for character in ["a", "é", "\\n", "\\ud83d\\ude00", "€", "😀"] {
        let text = String(repeating: "x", count: length) + character + "y"
        let line = Array("{\"k\":\"\(text)\"}".utf8)
        #expect(try FlatValue.scan(line) == (try JSONDecoder().decode([String: FlatValue].self, from: Data(line))))
      }
    }
  }

  @Test(arguments: [
    ("", 1, "expected {"), ("[]", 1, "expected {"), ("{", 2, "expected a name in quotes or }"), ("{}x", 3, "nothing may follow the object"),
    ("{} {}", 4, "nothing may follow the object"), ("{\"a\":1,}", 8, "expected a name in quotes"),
    ("{,}", 2, "expected a name in quotes or }"),
    ("{\"a\" 1}", 6, "expected : after the name"), ("{\"a\":}", 6, "expected a value"),
    ("{\"a\":", 6, "the line ends where a value is expected"),
    ("{\"a\":1 \"b\":2}", 8, "expected , or }"), ("{\"a\":tru}", 6, "expected a value"), ("{\"a\":True}", 6, "expected a value"),
    ("{\"a\":01}", 7, "expected , or }"), ("{\"a\":-}", 7, "expected a digit"), ("{\"a\":1.}", 8, "expected a digit"),
    ("{\"a\":.5}", 6, "expected a value"), ("{\"a\":1e}", 8, "expected a digit"), ("{\"a\":+1}", 6, "expected a value"),
    ("{\"a\":0x1}", 7, "expected , or }"), ("{\"a\":NaN}", 6, "expected a value"), ("{\"a\":'b'}", 6, "expected a value"),
    ("{a:1}", 2, "expected a name in quotes or }"), ("{\"a\":\"b", 8, "the line ends within a string"),
    ("{\"a\":\"b\\", 8, "the line ends within a string"), ("{\"a\":\"\t\"}", 7, "a control character that is not escaped"),
    ("{\"a\":\"\u{0}\"}", 7, "a control character that is not escaped"), ("{\"a\":\"\\x\"}", 7, "an escape that JSON does not have"),
    ("{\"a\":\"\\u12g4\"}", 7, "expected four hexadecimal digits after \\u"),
    ("{\"a\":\"\\u12", 7, "expected four hexadecimal digits after \\u"),
    ("{\"a\":\"\\ud800\"}", 7, "half of a surrogate pair"), ("{\"a\":\"\\ud800x\"}", 7, "half of a surrogate pair"),
    ("{\"a\":\"\\ud800\\n\"}", 7, "half of a surrogate pair"), ("{\"a\":\"\\ud800\\ud800\"}", 7, "half of a surrogate pair"),
    ("{\"a\":\"\\udc00\"}", 7, "half of a surrogate pair"), ("{\"a\":\"\\ud800\\u", 13, "expected four hexadecimal digits after \\u"),
    ("{\"a\":1}\u{feff}", 8, "nothing may follow the object"), ("\u{feff}{\"a\":1", 10, "expected , or }"),
  ])
  func `names the byte and the reason where a line is not JSON`(line: String, column: Int, reason: String) {
    let error = #expect(throws: FlatObjectError.self) { try FlatValue.scan(Array(line.utf8)) }
    #expect(error?.description == "not JSON at byte \(column): \(reason)")
    #expect(error?.isNested == false)
  }

  @Test(
    arguments: [
      [0x80], [0xc0, 0x80], [0xc1, 0xbf], [0xc3], [0xe0, 0x9f, 0xbf], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf0, 0x8f, 0xbf, 0xbf],
      [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xf0, 0x9f, 0x98], [0xff],
    ] as [[UInt8]])
  func `refuses bytes that are not UTF-8`(bytes: [UInt8]) {
    let error = #expect(throws: FlatObjectError.self) { try FlatValue.scan(Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8)) }
    #expect(error?.description == "not JSON at byte 7: bytes that are not UTF-8")
    #expect(throws: FlatObjectError.self) { try FlatValue.scan(Array("{\"a\":\"".utf8) + bytes) }
  }

  @Test(arguments: [("{\"a\":{}}", 6), ("{\"b\":1,\"a\": [1]}", 13)])
  func `says where an object or array stands, which is no fault of the line`(line: String, column: Int) {
    let error = #expect(throws: FlatObjectError.self) { try FlatValue.scan(Array(line.utf8)) }
    #expect(error?.isNested == true)
    #expect(error?.column == column)
  }

  @Test func `white space and a byte order mark do not matter`() throws {
    #expect(try FlatValue.scan(Array("\u{feff} \t{ \"a\"\r\n:\t1 , \"b\" : null } \r\n".utf8)) == ["a": .number(1), "b": .null])
    #expect(try FlatValue.scan(Array("{ }".utf8)).isEmpty)
  }
}
