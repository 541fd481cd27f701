internal import JournalFormat

/// Runs of characters of one class, such as two letters, a dash and nine digits: what a form keeps of an identifier, and never a character of it but
/// its dashes. A text is then a number in mixed radix, its last character the units.
///
/// Runs have six bits each, the first lowest. A *narrow* pattern has ten at most: class less one in the lower two bits, length (1 to 15) above. A *wide* one
/// has nine: class in the lower three bits, length less one (0 to 7) above.
struct TextPattern {
  /// Characters that stand for each other. The numbers are on disk.
  enum CharacterClass: UInt64 {
    case digits = 1
    case upperCase = 2
    case lowerCase = 3
    case dash = 4
    // From here on in wide patterns only.
    case upperAlphanumeric = 5
    case upperHexadecimal = 6
    case lowerHexadecimal = 7

    /// How many characters it has.
    var radix: UInt64 {
      switch self {
      case .digits: 10
      case .upperCase, .lowerCase: 26
      case .dash: 1
      case .upperAlphanumeric: 36
      case .upperHexadecimal, .lowerHexadecimal: 16
      }
    }

    /// The digit that a character stands for; nil where the class does not have it.
    @inline(__always)
    func digit(of character: UInt8) -> UInt64? {
      var digit = UInt64(character &- firstCharacter)
      if hasDigitsFirst {
        if character &- 0x30 < 10 { return UInt64(character &- 0x30) }
        guard character >= firstLetter else { return nil }
        digit = UInt64(character &- firstLetter) + 10
      }
      return digit < radix ? digit : nil
    }

    @inline(__always)
    func character(of digit: UInt64) -> UInt8 {
      let digit = UInt8(truncatingIfNeeded: digit)
      guard hasDigitsFirst else { return firstCharacter &+ digit }
      return digit < 10 ? 0x30 &+ digit : firstLetter &+ (digit &- 10)
    }

    private var hasDigitsFirst: Bool { rawValue >= Self.upperAlphanumeric.rawValue }
    private var firstLetter: UInt8 { self == .lowerHexadecimal ? 0x61 : 0x41 }

    private var firstCharacter: UInt8 {
      switch self {
      case .upperCase: 0x41
      case .lowerCase: 0x61
      case .dash: 0x2d
      default: 0x30
      }
    }

    /// The narrowest that has a character.
    init?(of character: UInt8) {
      switch character {
      case 0x30...0x39: self = .digits
      case 0x41...0x5a: self = .upperCase
      case 0x61...0x7a: self = .lowerCase
      case 0x2d: self = .dash
      default: return nil
      }
    }
  }

  /// A run: its class and how long it is.
  private struct Run {
    let characterClass: CharacterClass
    let count: Int

    /// The run that six bits tell; nil where they tell none.
    @inline(__always)
    init?(_ bits: UInt64, isWide: Bool) {
      guard let known = CharacterClass(rawValue: isWide ? bits & 7 : (bits & 3) + 1) else { return nil }
      characterClass = known
      count = isWide ? Int(bits >> 3) + 1 : Int(bits >> 2)
      guard count > 0 else { return nil }
    }

    func bits(isWide: Bool) -> UInt64 {
      isWide ? characterClass.rawValue | UInt64(count - 1) << 3 : characterClass.rawValue - 1 | UInt64(count) << 2
    }

    init(_ characterClass: CharacterClass, _ count: Int) {
      self.characterClass = characterClass
      self.count = count
    }

    static func maximumCount(isWide: Bool) -> Int { isWide ? 8 : 15 }

    /// Writes the lowest digits of a number and takes them off it.
    @inline(__always)
    func write(_ number: inout UInt64, to target: UnsafeMutablePointer<UInt8>) {
      // A division by a number that the compiler knows is a multiplication.
      switch characterClass {
      case .digits: write(&number, 10, to: target)
      case .upperCase, .lowerCase: write(&number, 26, to: target)
      case .dash: target.update(repeating: 0x2d, count: count)
      case .upperAlphanumeric: write(&number, 36, to: target)
      case .upperHexadecimal, .lowerHexadecimal: write(&number, 16, to: target)
      }
    }

    @inline(__always)
    private func write(_ number: inout UInt64, _ radix: UInt64, to target: UnsafeMutablePointer<UInt8>) {
      for index in stride(from: count - 1, through: 0, by: -1) {
        target[index] = characterClass.character(of: number % radix)
        number /= radix
      }
    }
  }

  private(set) var argument: UInt64 = 0
  private let isWide: Bool
  private var runCount: UInt8 = 0
  private var textCount: UInt8 = 0
  /// The number of texts of this pattern; they are the numbers below it.
  private var cardinality: UInt64 = 1

  /// The narrow pattern of a text; nil where it has other characters, too many runs, or more texts than a number can count.
  init?(narrowOf text: UnsafeBufferPointer<UInt8>) {
    isWide = false
    var index = 0
    while index < text.count {
      guard let characterClass = CharacterClass(of: text[index]) else { return nil }
      let count = Self.runCount(of: text, from: index)
      guard extend(by: characterClass, count) else { return nil }
      index += count
    }
    // Dashes alone would be the text itself.
    guard cardinality > 1 else { return nil }
  }

  /// The wide pattern of a text: one of hexadecimal digits, if it may be such, else one in which a single character may as well be a digit as a
  /// capital, as check characters are. Nil as with a narrow one.
  init?(wideOf text: UnsafeBufferPointer<UInt8>) {
    isWide = true
    let hexadecimal: [CharacterClass] = text.count >= 6 && !text.allSatisfy(\.isASCIIDigit) ? [.upperHexadecimal, .lowerHexadecimal] : []
    if let characterClass = hexadecimal.first(where: { known in text.allSatisfy { known.digit(of: $0) != nil } }) {
      guard extend(by: characterClass, text.count) else { return nil }
      return
    }
    var index = 0
    while index < text.count {
      guard let narrowest = CharacterClass(of: text[index]) else { return nil }
      let count = Self.runCount(of: text, from: index)
      let isCheck = count == 1 && (narrowest == .digits || narrowest == .upperCase)
      guard extend(by: isCheck ? .upperAlphanumeric : narrowest, count) else { return nil }
      index += count
    }
    guard cardinality > 1 else { return nil }
  }

  /// The pattern that an argument tells; nil where it tells none.
  init?(narrow argument: UInt64) { self.init(argument, isWide: false) }
  init?(wide argument: UInt64) { self.init(argument, isWide: true) }

  @inline(__always)
  private init?(_ argument: UInt64, isWide: Bool) {
    self.isWide = isWide
    guard argument >> (isWide ? 54 : 60) == 0 else { return nil }
    var rest = argument
    while rest != 0 {
      guard let run = Run(rest & 0x3f, isWide: isWide), append(run) else { return nil }
      rest >>= 6
    }
    guard cardinality > 1 else { return nil }
  }

  /// Whether two neighbouring characters are of one class.
  static func isOneRun(_ left: UInt8, _ right: UInt8) -> Bool {
    CharacterClass(of: left).map { $0 == CharacterClass(of: right) } ?? false
  }

  private static func runCount(of text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var end = start + 1
    while end < text.count, isOneRun(text[start], text[end]) { end += 1 }
    return end - start
  }

  var characterCount: Int { Int(textCount) }

  /// How many bytes hold any number of the pattern.
  private var byteCount: Int { (64 - (cardinality - 1).leadingZeroBitCount + 7) / 8 }

  /// Adds characters of a class, in as many runs as they take.
  private mutating func extend(by characterClass: CharacterClass, _ count: Int) -> Bool {
    var rest = count
    while rest > 0 {
      let run = Run(characterClass, min(rest, Run.maximumCount(isWide: isWide)))
      guard append(run) else { return false }
      rest -= run.count
    }
    return true
  }

  @inline(__always)
  private mutating func append(_ run: Run) -> Bool {
    guard runCount < (isWide ? 9 : 10) else { return false }
    argument |= run.bits(isWide: isWide) << UInt64(6 * Int(runCount))
    runCount += 1
    textCount += UInt8(run.count)
    guard run.characterClass != .dash else { return true }
    for _ in 0..<run.count {
      let (product, overflow) = cardinality.multipliedReportingOverflow(by: run.characterClass.radix)
      guard !overflow else { return false }
      cardinality = product
    }
    return true
  }

  /// Appends the number of a text; false, and nothing appended, where it is none of the pattern's.
  func append(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) -> Bool {
    guard text.count == characterCount else { return false }
    var number: UInt64 = 0
    var index = 0
    var rest = argument
    while rest != 0, let run = Run(rest & 0x3f, isWide: isWide) {
      for _ in 0..<run.count {
        guard let digit = run.characterClass.digit(of: text[index]) else { return false }
        number = number &* run.characterClass.radix &+ digit
        index += 1
      }
      rest >>= 6
    }
    for byte in 0..<byteCount { output.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * byte))) }
    return true
  }

  /// Reads a number and appends its text.
  /// - Throws: `FormatError` for a number beyond the pattern's, or where the bytes end too early.
  func write(from cursor: inout ByteReader, to output: inout ByteScratch) throws(FormatError) {
    var number = try cursor.integer(bytes: byteCount)
    guard number < cardinality else { throw FormatError("a value is beyond its pattern") }
    let target = try output.room(characterCount)
    var place = characterCount
    for index in stride(from: Int(runCount) - 1, through: 0, by: -1) {
      let run = Run(argument >> UInt64(6 * index) & 0x3f, isWide: isWide)!
      place -= run.count
      run.write(&number, to: target + place)
    }
  }
}
