internal import JournalFormat

extension ValueForm {
  /// Reads a value of this form and appends its text. What it has of other leaves is for the caller.
  /// - Parameter pattern: the form's own, which a template keeps.
  /// - Throws: `FormatError` for bytes that are no such value, or what `words` throws.
  @inline(__always)
  func write(
    from cursor: inout ByteReader, observedAt: Int64, words: inout some TemplateSource, pattern: TextPattern?, to output: inout ByteScratch
  ) throws {
    switch kind {
    case .decoded, .same, .request: throw FormatError("a value refers to nothing")
    case .empty: break
    case .bytes: try output.append(cursor.countedText())
    case .word: try output.append(word: words.word(Self.number(ofWord: cursor.varint())))
    case .fixed: try output.append(word: words.word(Self.number(ofWord: argument)))
    case .uuid: try writeUUID(from: &cursor, words: &words, to: &output)
    case .dateTime: try writeDateTime(from: &cursor, observedAt, to: &output)
    case .decimal:
      let number = try cursor.signedVarint()
      guard argument < UInt64(DecimalText.maximumDigits) else { throw FormatError("a scale is out of bounds") }
      let count = try DecimalText.write(number, scale: Int(argument), to: try output.room(DecimalText.maximumBytes))
      output.giveBack(DecimalText.maximumBytes - count)
    case .hexadecimal:
      let count = try length(argument >> 1, &cursor)
      let bytes = try cursor.text((count + 1) / 2)
      HexadecimalText.write(bytes, digitCount: count, isUpperCase: argument & 1 != 0, to: try output.room(count))
    case .packed:
      let count = try length(argument, &cursor)
      try PackedText.write(&cursor, symbolCount: count, to: try output.room(count))
    case .numbered: try writeNumbered(from: &cursor, words: &words, to: &output)
    case .pattern, .continued:
      guard let pattern else { throw FormatError("a pattern is none") }
      try pattern.write(from: &cursor, to: &output)
    }
  }

  @inline(__always)
  private static func number(ofWord word: UInt64) throws(FormatError) -> UInt32 {
    guard let number = UInt32(exactly: word) else { throw FormatError("the number of a word is out of bounds") }
    return number
  }

  private func length(_ fixed: UInt64, _ cursor: inout ByteReader) throws(FormatError) -> Int {
    let count = fixed == 0 ? UInt64(try cursor.byte()) : fixed
    guard count <= UInt64(Self.maximumSymbols) else { throw FormatError("a length is out of bounds") }
    return Int(count)
  }

  private func writeUUID(from cursor: inout ByteReader, words: inout some TemplateSource, to output: inout ByteScratch) throws {
    let spelling = UUIDSpelling(argument: argument)
    switch spelling.prefix {
    case .none: break
    case .fixed: try output.append(word: words.word(spelling.fixedWord))
    case .word: try output.append(word: words.word(Self.number(ofWord: cursor.varint())))
    case .bytes: try output.append(cursor.countedText())
    }
    UUIDText.write(try cursor.text(16), isUpperCase: spelling.isUpperCase, to: try output.room(UUIDText.count))
  }

  private func writeDateTime(from cursor: inout ByteReader, _ observedAt: Int64, to output: inout ByteScratch) throws(FormatError) {
    guard let spelling = DateTimeSpelling(argument: argument) else { throw FormatError("the offset of a date is out of bounds") }
    var offset = 0
    if spelling.zone == .offset {
      let minutes = try cursor.signedVarint()
      guard minutes.magnitude <= UInt64(DateTimeSpelling.maximumOffsetMinutes) else {
        throw FormatError("the offset of a date is out of bounds")
      }
      offset = Int(minutes)
    }
    let (units, overflow) = Self.flooredQuotient(observedAt, spelling.unit).addingReportingOverflow(try cursor.signedVarint())
    let (milliseconds, overflow2) = units.multipliedReportingOverflow(by: spelling.unit)
    guard !overflow, !overflow2 else { throw FormatError("a date is out of bounds") }
    if spelling.zone == .fixed { offset = spelling.offsetMinutes(at: milliseconds) }
    let count = try DateTimeText.write(
      milliseconds: milliseconds, spelling, offsetMinutes: offset, to: try output.room(DateTimeText.maximumBytes))
    output.giveBack(DateTimeText.maximumBytes - count)
  }

  private func writeNumbered(from cursor: inout ByteReader, words: inout some TemplateSource, to output: inout ByteScratch) throws {
    let word = argument >> 5 == 0 ? try cursor.varint() : argument >> 5
    try output.append(word: words.word(Self.number(ofWord: word)))
    let digitCount = Int(argument & 0x1f)
    guard digitCount <= DecimalText.maximumDigits else { throw FormatError("a number has too many digits") }
    var number = try cursor.varint()
    let target = try output.room(digitCount)
    for index in stride(from: digitCount - 1, through: 0, by: -1) {
      target[index] = 0x30 + UInt8(number % 10)
      number /= 10
    }
    guard number == 0 else { throw FormatError("a number has too many digits") }
  }
}
