import TestSupport

/// Random flat JSON objects, and damage to them.
struct RandomLines {
  private var random = SeededGenerator("lines")
  var seed: UInt64 { random.seed }

  /// Names are distinct, for what a repeated one means is not part of the comparison.
  mutating func object() -> [UInt8] {
    var line = blank() + "{" + blank()
    let count = Int(next() % 5)
    for index in 0..<count {
      if index > 0 { line += "," + blank() }
      line += "\"\(index)\(string())\"" + blank() + ":" + blank() + value() + blank()
    }
    return Array((line + "}" + blank()).utf8)
  }

  /// One byte changed, removed or put in, or the end cut off.
  mutating func damaged(_ line: [UInt8]) -> [UInt8] {
    var line = line
    let index = Int(next() % UInt64(line.count))
    let byte = pick(Array("\"\\{}[]:,0-+.eEu \tntf\u{1}".utf8) + [0x80, 0xc3, 0xe2, 0xf0, 0xff, 0x41])
    switch next() % 4 {
    case 0: line[index] = byte
    case 1: line.remove(at: index)
    case 2: line.insert(byte, at: index)
    default: line.removeSubrange(index...)
    }
    return line
  }

  mutating func next() -> UInt64 { random.next() >> 16 }

  private mutating func value() -> String {
    switch next() % 6 {
    case 0: pick(["true", "false", "null"])
    case 1: pick(["0", "-0", "1", "-12", "3.25", "1e3", "2E-2", "0.5e+2", "123456789", "-9007199254740991", "86400000"])
    default: "\"\(string())\""
    }
  }

  private mutating func string() -> String {
    var text = ""
    for _ in 0..<next() % 24 {
      text += pick([
        "a", "Z", " ", "7", "<x y='1'>", "é", "€", "😀", "\u{7f}", "\u{80}", "\u{ffff}", "longer plain text", "\\n", "\\t", "\\r", "\\b",
        "\\f", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\u20AC", "\\ud83d\\uDE00", "\\u0000", "\\u001f", "\\uffff",
      ])
    }
    return text
  }

  private mutating func blank() -> String { pick(["", "", "", " ", "\t", "\r\n", "  "]) }

  private mutating func pick<Element>(_ choices: [Element]) -> Element { choices[Int(next() % UInt64(choices.count))] }
}
