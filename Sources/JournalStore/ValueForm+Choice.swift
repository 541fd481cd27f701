internal import JournalFormat

extension ValueForm {
  /// Every form, but those that refer to other leaves, that gives a text back.
  /// - Parameter isRecurring: only texts of recurring leaves may be words.
  static func forms(of text: UnsafeBufferPointer<UInt8>, isRecurring: Bool, words: WordList) -> [ValueForm] {
    guard !text.isEmpty else { return [ValueForm(.empty), ValueForm(.bytes)] }
    var forms = [ValueForm(.bytes)]
    if isRecurring, let word = words.number(of: text) { forms += [ValueForm(.fixed, UInt64(word)), ValueForm(.word)] }
    for isUpperCase in [false, true] where UUIDText.value(endOf: text, isUpperCase: isUpperCase) != nil {
      forms += uuidForms(text, isUpperCase: isUpperCase, isRecurring, words)
    }
    if let moment = DateTimeText(text) { forms += dateTimeForms(moment.spelling) }
    if let (_, scale) = DecimalText.value(text) { forms.append(ValueForm(.decimal, UInt64(scale))) }
    if (2...maximumSymbols).contains(text.count) { forms += symbolForms(text) }
    let digitCount = trailingDigitCount(text)
    if isRecurring, digitCount > 0, digitCount < text.count,
      let word = words.number(of: UnsafeBufferPointer(rebasing: text[..<(text.count - digitCount)]))
    {
      forms += [ValueForm(.numbered, UInt64(digitCount)), ValueForm(.numbered, UInt64(digitCount) | UInt64(word) << 5)]
    }
    if let pattern = TextPattern(of: text) { forms.append(ValueForm(.pattern, pattern.argument)) }
    return forms
  }

  private static func uuidForms(
    _ text: UnsafeBufferPointer<UInt8>, isUpperCase: Bool, _ isRecurring: Bool, _ words: WordList
  ) -> [ValueForm] {
    func form(_ prefix: UUIDSpelling.Prefix, _ word: UInt32 = 0) -> ValueForm {
      ValueForm(.uuid, UUIDSpelling(isUpperCase: isUpperCase, prefix: prefix, fixedWord: word).argument)
    }
    guard text.count > UUIDText.count else { return [form(.none)] }
    let prefix = UnsafeBufferPointer(rebasing: text[..<(text.count - UUIDText.count)])
    guard isRecurring, let word = words.number(of: prefix) else { return [form(.bytes)] }
    return [form(.fixed, word), form(.word), form(.bytes)]
  }

  private static func dateTimeForms(_ spelling: DateTimeSpelling) -> [ValueForm] {
    var forms: [ValueForm] = []
    for isWholeSecond in spelling.isWholeSecond ? [true, false] : [false] {
      for zone in spelling.zone == .fixed ? [.fixed, .offset] : [spelling.zone] {
        let offset = zone == .fixed ? spelling.offsetMinutes : 0
        let form = DateTimeSpelling(
          fractionDigits: spelling.fractionDigits, zone: zone, isWholeSecond: isWholeSecond, offsetMinutes: offset)
        forms.append(ValueForm(.dateTime, form.argument))
      }
    }
    return forms
  }

  private static func symbolForms(_ text: UnsafeBufferPointer<UInt8>) -> [ValueForm] {
    var scratch: [UInt8] = []
    var forms: [ValueForm] = []
    for isUpperCase in [false, true] where HexadecimalText.append(text, isUpperCase: isUpperCase, to: &scratch) {
      forms += [ValueForm(.hexadecimal, isUpperCase ? 1 : 0), ValueForm(.hexadecimal, (isUpperCase ? 1 : 0) | UInt64(text.count) << 1)]
    }
    if PackedText.append(text, to: &scratch) { forms += [ValueForm(.packed), ValueForm(.packed, UInt64(text.count))] }
    return forms
  }

  /// The part of a recurring text that comes again: the text itself, or what stands before its UUID or its many digits. Nil where nothing does.
  static func recurringPart(of text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
    var count = text.count
    if UUIDText.value(endOf: text, isUpperCase: false) != nil || UUIDText.value(endOf: text, isUpperCase: true) != nil {
      count -= UUIDText.count
    } else if DateTimeText(text) != nil || (text.count >= 16 && text.allSatisfy(\.isHexadecimalDigit)) {
      return nil
    } else {
      let digitCount = trailingDigitCount(text)
      if digitCount >= 5 { count -= digitCount }
    }
    guard (1...WordList.maximumBytes).contains(count) else { return nil }
    return UnsafeBufferPointer(rebasing: text[..<count])
  }
}
