internal import JournalFormat

extension ValueForm {
  /// Shows `body` the forms that may give a text back, without those that refer to other leaves; one that does not is told when it is tried.
  /// - Parameter isRecurring: only texts of recurring leaves may be words.
  @inline(__always)
  static func forEachForm(
    of text: UnsafeBufferPointer<UInt8>, isRecurring: Bool, words: WordList, _ body: (ValueForm) -> Void
  ) {
    guard !text.isEmpty else {
      body(ValueForm(.empty))
      return body(ValueForm(.bytes))
    }
    body(ValueForm(.bytes))
    if isRecurring, let word = words.number(of: text) {
      body(ValueForm(.fixed, UInt64(word)))
      body(ValueForm(.word))
    }
    for isUpperCase in [false, true] where UUIDText.value(endOf: text, isUpperCase: isUpperCase) != nil {
      forEachUUIDForm(text, isUpperCase: isUpperCase, isRecurring, words, body)
    }
    if let moment = DateTimeText(text) { forEachDateTimeForm(moment, body) }
    if let (_, scale) = DecimalText.value(text) { body(ValueForm(.decimal, UInt64(scale))) }
    if (2...maximumSymbols).contains(text.count) { forEachSymbolForm(UInt64(text.count), body) }
    let digitCount = trailingDigitCount(text)
    if isRecurring, digitCount > 0, digitCount < text.count,
      let word = words.number(of: UnsafeBufferPointer(rebasing: text[..<(text.count - digitCount)]))
    {
      body(ValueForm(.numbered, UInt64(digitCount)))
      body(ValueForm(.numbered, UInt64(digitCount) | UInt64(word) << 5))
    }
    if let pattern = TextPattern(narrowOf: text) { body(ValueForm(.pattern, pattern.argument)) }
  }

  /// Shows `body` the forms that begin a text as another begins.
  /// - Parameter previous: the text of the latest leaf of the same path; nil where there is none.
  static func forEachContinuation(
    of text: UnsafeBufferPointer<UInt8>, previous: UnsafeBufferPointer<UInt8>?, _ body: (ValueForm) -> Void
  ) {
    guard text.count > 1 else { return }
    var shared = 0
    if let previous {
      while shared < min(text.count - 1, previous.count, maximumContinuedCount), text[shared] == previous[shared] { shared += 1 }
    }
    // Where a run of characters of one class is shared in part only, that is by chance.
    while shared > 0, TextPattern.isOneRun(text[shared - 1], text[shared]) { shared -= 1 }
    func show(_ count: Int) {
      guard let pattern = TextPattern(wideOf: UnsafeBufferPointer(rebasing: text[count...])) else { return }
      body(ValueForm(.continued, UInt64(count) | pattern.argument << 6))
    }
    show(0)
    if shared > 0 { show(shared) }
    // Two digits may be a byte of their own that all values share: the first of a chip's serial number names its maker (ISO/IEC 14443-3).
    if shared != 2, previous?.count ?? 0 >= 2, previous![0] == text[0], previous![1] == text[1], text.count > 4 { show(2) }
  }

  static let maximumContinuedCount = 63

  private static func forEachUUIDForm(
    _ text: UnsafeBufferPointer<UInt8>, isUpperCase: Bool, _ isRecurring: Bool, _ words: WordList, _ body: (ValueForm) -> Void
  ) {
    func form(_ prefix: UUIDSpelling.Prefix, _ word: UInt32 = 0) -> ValueForm {
      ValueForm(.uuid, UUIDSpelling(isUpperCase: isUpperCase, prefix: prefix, fixedWord: word).argument)
    }
    guard text.count > UUIDText.count else { return body(form(.none)) }
    let prefix = UnsafeBufferPointer(rebasing: text[..<(text.count - UUIDText.count)])
    if isRecurring, let word = words.number(of: prefix) {
      body(form(.fixed, word))
      body(form(.word))
    }
    body(form(.bytes))
  }

  private static func forEachDateTimeForm(_ moment: DateTimeText, _ body: (ValueForm) -> Void) {
    let spelling = moment.spelling
    func show(isWholeSecond: Bool, _ zone: DateTimeSpelling.Zone, _ offsetMinutes: Int = 0, hasSummerTime: Bool = false) {
      let form = DateTimeSpelling(
        fractionDigits: spelling.fractionDigits, zone: zone, isWholeSecond: isWholeSecond, offsetMinutes: offsetMinutes,
        hasSummerTime: hasSummerTime, zeroDigits: spelling.zeroDigits)
      body(ValueForm(.dateTime, form.argument))
    }
    let standardOffset = EuropeanSummerTime.contains(moment.milliseconds) ? spelling.offsetMinutes - 60 : spelling.offsetMinutes
    for isWholeSecond in spelling.isWholeSecond ? [true, false] : [false] {
      guard spelling.zone == .fixed else {
        show(isWholeSecond: isWholeSecond, spelling.zone)
        continue
      }
      if max(abs(standardOffset), abs(standardOffset + 60)) <= DateTimeSpelling.maximumOffsetMinutes {
        show(isWholeSecond: isWholeSecond, .fixed, standardOffset, hasSummerTime: true)
      }
      show(isWholeSecond: isWholeSecond, .fixed, spelling.offsetMinutes)
      show(isWholeSecond: isWholeSecond, .offset)
    }
  }

  private static func forEachSymbolForm(_ count: UInt64, _ body: (ValueForm) -> Void) {
    for upperCase: UInt64 in [0, 1] {
      body(ValueForm(.hexadecimal, upperCase))
      body(ValueForm(.hexadecimal, upperCase | count << 1))
    }
    body(ValueForm(.packed))
    body(ValueForm(.packed, count))
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
