internal import JournalFormat

/// Texts of the 40 symbols `0-9 A-Z - * . _`: three in two bytes, one or two left over in one or two.
enum PackedText {
  static func byteCount(symbolCount: Int) -> Int { symbolCount / 3 * 2 + symbolCount % 3 }

  /// Appends a text packed; false, and nothing appended, where it has other symbols.
  static func append(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) -> Bool {
    let start = output.count
    var index = 0
    while index < text.count {
      let count = min(3, text.count - index)
      var number = 0
      for place in stride(from: index + count - 1, through: index, by: -1) {
        guard let symbol = symbol(text[place]) else {
          output.removeLast(output.count - start)
          return false
        }
        number = number * 40 + symbol
      }
      output.append(UInt8(truncatingIfNeeded: number))
      if count > 1 { output.append(UInt8(truncatingIfNeeded: number >> 8)) }
      index += count
    }
    return true
  }

  /// Reads packed symbols and writes their text, a byte for each.
  /// - Throws: `FormatError` for bytes that are no symbols, or where they end too early.
  static func write(_ cursor: inout ByteReader, symbolCount: Int, to target: UnsafeMutablePointer<UInt8>) throws(FormatError) {
    var index = 0
    while index < symbolCount {
      let count = min(3, symbolCount - index)
      var number = Int(try cursor.integer(bytes: min(2, count)))
      for place in index..<index + count {
        target[place] = character(number % 40)
        number /= 40
      }
      guard number == 0 else { throw FormatError("packed symbols are out of bounds") }
      index += count
    }
  }

  private static func symbol(_ character: UInt8) -> Int? {
    switch character {
    case 0x30...0x39: Int(character) - 0x30
    case 0x41...0x5a: Int(character) - 0x41 + 10
    case 0x2d: 36
    case 0x2a: 37
    case 0x2e: 38
    case 0x5f: 39
    default: nil
    }
  }

  private static func character(_ symbol: Int) -> UInt8 {
    switch symbol {
    case 0..<10: UInt8(0x30 + symbol)
    case 10..<36: UInt8(0x41 + symbol - 10)
    case 36: 0x2d
    case 37: 0x2a
    case 38: 0x2e
    default: 0x5f
    }
  }
}
