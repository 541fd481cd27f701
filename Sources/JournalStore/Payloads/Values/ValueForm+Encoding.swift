internal import JournalFormat

extension ValueForm {
  /// What a form may refer to beside the text.
  struct Surroundings {
    let observedAt: Int64
    let words: WordList
  }

  /// Appends the value of a text in this form; false, and nothing appended, where the form would not give these bytes back. Forms that refer to
  /// other leaves are for the caller.
  func append(_ text: UnsafeBufferPointer<UInt8>, _ surroundings: Surroundings, to output: inout [UInt8]) -> Bool {
    switch kind {
    case .decoded, .same, .request, .continued: return false
    case .empty: return text.isEmpty
    case .bytes:
      output.appendVarint(UInt64(text.count))
      output.append(contentsOf: text)
      return true
    case .word:
      guard let number = surroundings.words.number(of: text) else { return false }
      output.appendVarint(UInt64(number))
      return true
    case .fixed:
      guard let word = surroundings.words[UInt32(truncatingIfNeeded: argument)] else { return false }
      return word.equals(text)
    case .uuid: return appendUUID(text, surroundings.words, to: &output)
    case .dateTime: return appendDateTime(text, surroundings.observedAt, to: &output)
    case .decimal:
      guard let (number, scale) = DecimalText.value(text), scale == argument else { return false }
      output.appendSignedVarint(number)
      return true
    case .hexadecimal:
      guard appendLength(text.count, fixed: argument >> 1, to: &output) else { return false }
      if HexadecimalText.append(text, isUpperCase: argument & 1 != 0, to: &output) { return true }
      if argument >> 1 == 0 { output.removeLast() }
      return false
    case .packed:
      guard appendLength(text.count, fixed: argument, to: &output) else { return false }
      if PackedText.append(text, to: &output) { return true }
      if argument == 0 { output.removeLast() }
      return false
    case .numbered: return appendNumbered(text, surroundings.words, to: &output)
    case .pattern: return pattern?.append(text, to: &output) ?? false
    }
  }

  /// The longest text of the forms that have a length.
  static let maximumSymbols = 120

  private func appendLength(_ count: Int, fixed: UInt64, to output: inout [UInt8]) -> Bool {
    if fixed != 0 { return count == fixed }
    guard (1...Self.maximumSymbols).contains(count) else { return false }
    output.append(UInt8(count))
    return true
  }

  private func appendUUID(_ text: UnsafeBufferPointer<UInt8>, _ words: WordList, to output: inout [UInt8]) -> Bool {
    let spelling = UUIDSpelling(argument: argument)
    guard let (high, low) = UUIDText.value(endOf: text, isUpperCase: spelling.isUpperCase) else { return false }
    let prefix = UnsafeBufferPointer(rebasing: text[..<(text.count - UUIDText.count)])
    switch spelling.prefix {
    case .none:
      guard prefix.isEmpty else { return false }
    case .fixed:
      guard let word = words[spelling.fixedWord], word.equals(prefix) else { return false }
    case .word:
      guard let number = words.number(of: prefix) else { return false }
      output.appendVarint(UInt64(number))
    case .bytes:
      output.appendVarint(UInt64(prefix.count))
      output.append(contentsOf: prefix)
    }
    output.appendBigEndian(high)
    output.appendBigEndian(low)
    return true
  }

  private func appendDateTime(_ text: UnsafeBufferPointer<UInt8>, _ observedAt: Int64, to output: inout [UInt8]) -> Bool {
    guard let moment = DateTimeText(text), let spelling = DateTimeSpelling(argument: argument) else { return false }
    let found = moment.spelling
    guard found.fractionDigits == spelling.fractionDigits, found.zeroDigits == spelling.zeroDigits,
      !spelling.isWholeSecond || found.isWholeSecond
    else { return false }
    switch spelling.zone {
    case .none, .utc: guard found.zone == spelling.zone else { return false }
    case .fixed:
      guard found.zone == .fixed, found.offsetMinutes == spelling.offsetMinutes(at: moment.milliseconds) else { return false }
    case .offset: guard found.zone == .fixed else { return false }
    }
    let unit = spelling.unit
    let (distance, overflow) = (moment.milliseconds / unit).subtractingReportingOverflow(Self.flooredQuotient(observedAt, unit))
    guard !overflow else { return false }
    if spelling.zone == .offset { output.appendSignedVarint(Int64(found.offsetMinutes)) }
    output.appendSignedVarint(distance)
    return true
  }

  static func flooredQuotient(_ value: Int64, _ unit: Int64) -> Int64 {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: unit)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// The digits at the end of a text, at most eighteen.
  static func trailingDigitCount(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    var count = 0
    while count < min(text.count, DecimalText.maximumDigits), text[text.count - count - 1].isASCIIDigit { count += 1 }
    return count
  }

  private func appendNumbered(_ text: UnsafeBufferPointer<UInt8>, _ words: WordList, to output: inout [UInt8]) -> Bool {
    let digitCount = Int(argument & 0x1f)
    guard digitCount > 0, text.count > digitCount, Self.trailingDigitCount(text) >= digitCount else { return false }
    let prefix = UnsafeBufferPointer(rebasing: text[..<(text.count - digitCount)])
    if argument >> 5 == 0 {
      guard let number = words.number(of: prefix) else { return false }
      output.appendVarint(UInt64(number))
    } else {
      guard let word = words[UInt32(truncatingIfNeeded: argument >> 5)], word.equals(prefix) else { return false }
    }
    var number: UInt64 = 0
    for index in prefix.count..<text.count { number = number * 10 + UInt64(text[index] - 0x30) }
    output.appendVarint(number)
    return true
  }
}
