public import JournalFormat

extension SeededGenerator {
  /// The bytes with up to four of them changed, added or gone.
  public mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...below(3) {
      let index = below(bytes.count)
      switch below(4) {
      case 0: bytes[index] ^= 1 << UInt8(below(8))
      case 1: bytes[index] = chance(2) ? 0xff : UInt8(truncatingIfNeeded: next())
      case 2: bytes.insert(UInt8(truncatingIfNeeded: next()), at: index)
      default: if bytes.count > 1 { bytes.remove(at: index) }
      }
    }
    return bytes
  }

  /// A text of up to eleven characters, some of which take several bytes.
  public mutating func text() -> String {
    String((0..<below(12)).map { _ in ["a", "Z", "é", "€", "😀", " ", "\u{0}", "\n", "7", "*"].randomElement(using: &self)! }.joined())
  }

  /// A value, or none.
  public mutating func perhaps<Value>(_ value: (inout Self) -> Value) -> Value? { chance(2) ? value(&self) : nil }

  /// A number of any length up to 32 bits.
  public mutating func number() -> UInt32 { UInt32(truncatingIfNeeded: next() >> UInt64(32 + below(32))) }

  /// A context of which any field may be there or not.
  public mutating func context() -> EntryContext {
    var context = EntryContext(
      kind: EntryKind.allCases.randomElement(using: &self)!, leg: Leg.allCases.randomElement(using: &self)!,
      author: Author.allCases.randomElement(using: &self)!)
    context.direction = perhaps { Direction.allCases.randomElement(using: &$0)! }
    context.protocolName = perhaps { $0.text() }
    context.operation = perhaps { $0.text() }
    context.partner = perhaps { $0.text() }
    context.operator = perhaps { $0.text() }
    context.targetOperator = perhaps { $0.text() }
    context.peer = Peer(
      address: perhaps { $0.text() }, certificateCommonName: perhaps { $0.text() }, certificateSHA256: perhaps { $0.text() })
    let headers = (0..<below(3)).map { _ in HTTPHeader(name: text(), value: text()) }
    context.http = HTTPFacts(
      method: perhaps { $0.text() }, target: perhaps { $0.text() }, status: perhaps { UInt16(truncatingIfNeeded: $0.next()) },
      headers: headers)
    context.outcome = Outcome(
      perhaps { OutcomeClass.allCases.randomElement(using: &$0)! }, requestStatus: perhaps { $0.number() },
      faultCode: perhaps { $0.text() },
      faultReason: perhaps { $0.text() })
    context.attempt = chance(2) ? 1 : number()
    context.reason = perhaps { $0.text() }
    return context
  }
}

/// Reads bytes with a reader that does not outlive them.
public func reading<Value>(_ bytes: [UInt8], _ body: (inout ByteReader) throws(FormatError) -> Value) throws -> Value {
  try bytes.withUnsafeBytes { buffer in
    var reader = ByteReader(buffer)
    return try body(&reader)
  }
}
