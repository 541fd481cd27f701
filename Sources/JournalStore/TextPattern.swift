/// Runs of characters of one class, such as two letters, a dash and nine digits: what a form keeps of an identifier, and never a character of it but
/// its dashes. Ten runs of six bits at most, the first lowest: class in the lower two, length (1 to 15) above.
struct TextPattern {
  private(set) var argument: UInt64 = 0
  private(set) var characterCount = 0
  /// The number of texts of this pattern; they are the numbers below it.
  private(set) var cardinality: UInt64 = 1

  /// A run: its class and how long it is.
  struct Run {
    let characterClass: UInt64
    let count: Int

    init(_ bits: UInt64) {
      characterClass = bits & 3
      count = Int(bits >> 2)
    }

    /// How many characters the class has.
    var radix: UInt64 {
      switch characterClass {
      case 0: 10
      case 3: 1
      default: 26
      }
    }

    var firstCharacter: UInt8 {
      switch characterClass {
      case 0: 0x30
      case 1: 0x41
      case 2: 0x61
      default: 0x2d
      }
    }
  }

  /// The pattern of a text; nil where it has other characters, too many runs, or more texts than a number can count.
  init?(of text: UnsafeBufferPointer<UInt8>) {
    var index = 0
    var shift: UInt64 = 0
    while index < text.count {
      guard let characterClass = Self.characterClass(text[index]), shift < 60 else { return nil }
      var end = index + 1
      while end < text.count, end - index < 15, Self.characterClass(text[end]) == characterClass { end += 1 }
      let run = characterClass | UInt64(end - index) << 2
      guard extend(by: Run(run)) else { return nil }
      argument |= run << shift
      shift += 6
      index = end
    }
    // Dashes alone would be the text itself.
    guard cardinality > 1 else { return nil }
  }

  /// The pattern that an argument tells; nil where it tells none.
  init?(argument: UInt64) {
    self.argument = argument
    var rest = argument
    while rest != 0 {
      let run = Run(rest & 0x3f)
      guard run.count > 0, extend(by: run) else { return nil }
      rest >>= 6
    }
    guard cardinality > 1, argument >> 60 == 0 else { return nil }
  }

  /// How many bytes hold any number below a cardinality.
  static func byteCount(_ cardinality: UInt64) -> Int { (64 - (cardinality - 1).leadingZeroBitCount + 7) / 8 }

  private mutating func extend(by run: Run) -> Bool {
    characterCount += run.count
    guard run.radix > 1 else { return true }
    for _ in 0..<run.count {
      let (product, overflow) = cardinality.multipliedReportingOverflow(by: run.radix)
      guard !overflow else { return false }
      cardinality = product
    }
    return true
  }

  private static func characterClass(_ character: UInt8) -> UInt64? {
    switch character {
    case 0x30...0x39: 0
    case 0x41...0x5a: 1
    case 0x61...0x7a: 2
    case 0x2d: 3
    default: nil
    }
  }
}
