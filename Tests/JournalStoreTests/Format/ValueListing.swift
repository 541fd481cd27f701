import JournalFormat

/// Values of a template payload, put together as the page says: of those kinds that the appendix needs.
struct ValueListing {
  let observedAt: Timestamp
  /// The contents of the request's holes.
  let request: [[UInt8]]
  let word: (UInt64) throws -> [UInt8]
  private(set) var contents: [[UInt8]] = []

  init(observedAt: Timestamp, request: [[UInt8]], word: @escaping (UInt64) throws -> [UInt8]) {
    self.observedAt = observedAt
    self.request = request
    self.word = word
  }

  /// A form in words.
  static func name(of form: UInt64, _ word: (UInt64) throws -> [UInt8]) throws -> String {
    let argument = form >> 4
    return switch form & 15 {
    case 3: "word"
    case 4: "fixed, word \(argument) «\(text(try word(argument)))»"
    case 5: "same, of \(argument) holes before"
    case 6: "request, hole \(argument) of it"
    case 7: "UUID\(argument == 0 ? "" : ", argument \(argument)")"
    case 8: "date and time, \(argument & 3) fractional digits, zone \(argument >> 2 & 3)"
    default: throw FormatError("the appendix shows no value of form \(form)")
    }
  }

  /// Reads the value of the next hole, or says what it is where no byte stands for it.
  mutating func read(_ form: UInt64, _ listing: inout ByteListing, _ label: String) throws {
    let argument = form >> 4
    let name = try Self.name(of: form, word)
    func say(_ content: [UInt8]) -> String { "\(label)\(name): «\(Self.text(content))»" }
    switch form & 15 {
    case 3:
      try listing.varint { number in
        contents.append(try word(number))
        return "\(label)word \(number): «\(Self.text(contents.last!))»"
      }
    case 7:
      try listing.take(16) { bytes in
        contents.append(Self.uuid(bytes))
        return say(contents.last!)
      }
    case 8:
      try listing.signedVarint { distance in
        contents.append(Self.date(observedAt, distance, argument))
        return "\(say(contents.last!)), observedAt \(distance) ms"
      }
    case 4: contents.append(try word(argument))
    case 5: contents.append(contents[contents.count - Int(argument)])
    default: contents.append(request[Int(argument)])
    }
    if [4, 5, 6].contains(form & 15) { listing.say(say(contents.last!)) }
  }

  private static func uuid(_ bytes: [UInt8]) -> [UInt8] {
    let digits = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
    let groups = [digits[..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10...]]
    return Array(groups.map { $0.joined() }.joined(separator: "-").utf8)
  }

  /// With three fractional digits and `Z`, as `Timestamp` writes it.
  private static func date(_ observedAt: Timestamp, _ distance: Int64, _ argument: UInt64) -> [UInt8] {
    precondition(argument == 7)
    return Array(observedAt.adding(milliseconds: distance).description.utf8)
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
