import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

/// Words alone: what a value needs of a segment.
private struct WordSource: TemplateSource {
  let words: WordList

  func template(_ number: UInt32) throws -> Template { throw FormatError("none") }
  func word(_ number: UInt32) throws -> UnsafeBufferPointer<UInt8> {
    guard let word = words[number] else { throw FormatError("none") }
    return word
  }
}

@Suite struct ValueFormTests {
  private let words = WordList()
  private let observedAt: Int64 = 1_740_787_200_123

  /// The text that comes back from each form that takes it.
  private func roundTrips(_ text: [UInt8], isRecurring: Bool) throws -> [(form: ValueForm, back: [UInt8], bytes: Int)] {
    try text.withUnsafeBufferPointer { text in
      var forms: [ValueForm] = []
      ValueForm.forEachForm(of: text, isRecurring: isRecurring, words: words) { forms.append($0) }
      return try forms.compactMap { form in
        var value: [UInt8] = []
        guard form.append(text, .init(observedAt: observedAt, words: words), to: &value) else {
          #expect(value.isEmpty, "\(form) leaves bytes behind")
          return nil
        }
        var encoded: [UInt8] = []
        form.encode(to: &encoded)
        encoded += value
        var output = ByteScratch(maximumBytes: 1 << 20)
        defer { output.deallocate() }
        try encoded.withUnsafeBytes { bytes in
          var cursor = ByteReader(bytes)
          var source = WordSource(words: words)
          let read = try ValueForm(from: &cursor)
          #expect(read == form)
          try read.write(from: &cursor, observedAt: observedAt, words: &source, pattern: read.pattern, to: &output)
          #expect(cursor.isAtEnd)
        }
        return (form, Array(UnsafeBufferPointer(start: output.base, count: output.count)), value.count)
      }
    }
  }

  private func least(_ text: String, isRecurring: Bool = false) throws -> (kind: ValueForm.Kind, bytes: Int)? {
    let all = try roundTrips(Array(text.utf8), isRecurring: isRecurring)
    for one in all { #expect(one.back == Array(text.utf8), "\(one.form)") }
    return all.min { $0.bytes < $1.bytes }.map { ($0.form.kind, $0.bytes) }
  }

  @Test(arguments: [
    ("76fec679-6d83-4559-a048-9696c851817c", ValueForm.Kind.uuid, 16), ("76FEC679-6D83-4559-A048-9696C851817C", .uuid, 16),
    ("2025-03-01T00:00:57.280Z", .dateTime, 3), ("2025-02-28T13:37:14+01:00", .dateTime, 3), ("2025-03-01T00:00:00.0", .dateTime, 1),
    ("2026-10-22T00:00:00.000Z", .dateTime, 4), ("2025-02-28T13:37:14.1230000Z", .dateTime, 4),
    ("13000", .decimal, 3), ("-0.50", .decimal, 1), ("04041F206B9FAF", .hexadecimal, 7),
    ("c39a6c92e79a4e16882eb226e686996e", .hexadecimal, 16), ("FR-MS2-C50317778-B", .pattern, 8), ("FR*C01*E01007*1", .packed, 10),
    ("", .empty, 0),
  ])
  func `each type of value takes few bytes`(text: String, kind: ValueForm.Kind, bytes: Int) throws {
    let found = try #require(try least(text))
    #expect(found.bytes == bytes)
    #expect(found.kind == kind)
  }

  @Test(arguments: [
    "007", "+1", "-0", "-0.0", "1.", ".5", "1e3", "2025-02-29T00:00:00Z", "2025-03-01T24:00:00Z", "2025-03-01T23:59:60Z",
    "2025-03-01T00:00:00.1234Z", "2025-03-01T00:00:00.0000000000Z", "2025-03-01T00:00:00.10Z", "2025-03-01T00:00:00.000000000+14:00",
    "2025-03-01T00:00:00-00:00", "2025-03-01T00:00:00+15:00", "2025-03-01t00:00:00z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00", "76fec679-6d83-4559-a048-9696C851817C", "999999999999999999", "9999999999999999999", "-----", "é", "a",
  ])
  func `a value in an odd spelling comes back as it was`(text: String) throws { #expect(try least(text) != nil) }

  @Test func `random values come back as they were, in every form that takes them`() throws {
    var random = SeededGenerator()
    let alphabets = ["0123456789", "0123456789abcdef", "0123456789ABCDEF-", "ABCXYZ019-*._", "-0.159", "abcXYZ-09", "T0123-:.Z+é "].map {
      Array($0.utf8)
    }
    for _ in 0..<20_000 {
      var text: [UInt8]
      switch random.below(5) {
      case 0:
        let time = Timestamp(rawValue: Int64.random(in: Timestamp.range, using: &random)).description
        text =
          Array(time.utf8.prefix(19)) + Array(["", ".5", ".07", ".000", ".123", ".1200000", ".0000000"][random.below(7)].utf8)
          + Array(["", "Z", "+02:00", "-13:59"][random.below(4)].utf8)
      default:
        let alphabet = alphabets[random.below(alphabets.count)]
        text = (0..<random.below(40)).map { _ in alphabet[random.below(alphabet.count)] }
      }
      let isRecurring = random.chance(2)
      if isRecurring {
        text.withUnsafeBufferPointer { text in
          if let part = ValueForm.recurringPart(of: text) { _ = words.append(part) }
        }
      }
      for one in try roundTrips(text, isRecurring: isRecurring) { #expect(one.back == text, "\(one.form)") }
    }
  }

  /// The form that says in which zone a date is, an hour more in summer.
  private func summerForm(_ text: String) throws -> ValueForm? {
    try roundTrips(Array(text.utf8), isRecurring: false).first { $0.form.kind == .dateTime && $0.form.argument >> 16 & 1 == 1 }?.form
  }

  @Test func `dates of one zone have one form all year`() throws {
    let winter = try #require(try summerForm("2025-01-15T12:00:00+01:00"))
    // The changes of 2025: at 01:00 UTC on 30 March and on 26 October.
    for text in [
      "2025-03-30T01:59:59+01:00", "2025-03-30T03:00:00+02:00", "2025-07-01T00:00:00+02:00", "2025-10-26T02:59:59+02:00",
      "2025-10-26T02:00:00+01:00", "2024-03-31T03:00:00+02:00", "2024-10-27T02:00:00+01:00", "1969-07-20T22:17:40+02:00",
    ] { #expect(try summerForm(text) == winter, "\(text)") }
    for text in ["2025-03-30T01:59:59+02:00", "2025-03-30T03:00:00+01:00", "2025-10-26T02:00:00+02:00".replacing("26", with: "27")] {
      #expect(try summerForm(text) != winter, "\(text)")
    }
  }

  @Test func `no moment is beyond the rule of summer time, and no argument of a date or a pattern traps`() throws {
    for moment: Int64 in [.min, .min + 3_600_000, -9_223_372_036_800_000_000, .max, .max - 3_600_000] {
      _ = EuropeanSummerTime.contains(moment)
    }
    var random = SeededGenerator()
    var output = ByteScratch(maximumBytes: 4096)
    defer { output.deallocate() }
    var (dates, patterns) = (0, 0)
    for _ in 0..<100_000 {
      output.removeAll()
      // A date a little beyond what can be said, in some zone, in summer and winter.
      var value: [UInt8] = []
      let distances = [Int64(bitPattern: random.next()), .min + Int64(random.below(7_200_000)), Int64(random.below(1 << 36))]
      value.appendSignedVarint(distances[random.below(3)])
      try value.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        var source = WordSource(words: words)
        do {
          let form = ValueForm(.dateTime, random.next() >> UInt64(44 + random.below(16)))
          try form.write(from: &reader, observedAt: 0, words: &source, pattern: nil, to: &output)
          dates += 1
        } catch is FormatError {}
      }
      guard let pattern = TextPattern(wide: random.next() >> UInt64(10 + random.below(54))) else { continue }
      patterns += 1
      random.bytes(8).withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        try? pattern.write(from: &reader, to: &output)
      }
    }
    #expect(dates > 100 && patterns > 10_000, "\(dates) \(patterns)")
  }

  @Test func `a wide pattern gives back any text that it takes`() throws {
    var random = SeededGenerator()
    let alphabets = ["0123456789", "0123456789ABCDEF", "0123456789abcdef", "ABCXYZ-019", "abz-09", "AZ09az-"].map { Array($0.utf8) }
    var taken = 0
    var output = ByteScratch(maximumBytes: 4096)
    defer { output.deallocate() }
    for _ in 0..<20_000 {
      let alphabet = alphabets[random.below(alphabets.count)]
      let text = (0..<random.below(24)).map { _ in alphabet[random.below(alphabet.count)] }
      try text.withUnsafeBufferPointer { text in
        guard let pattern = TextPattern(wideOf: text) else { return }
        taken += 1
        var value: [UInt8] = []
        #expect(pattern.append(text, to: &value))
        let read = try #require(TextPattern(wide: pattern.argument))
        output.removeAll()
        try value.withUnsafeBytes { bytes in
          var cursor = ByteReader(bytes)
          try read.write(from: &cursor, to: &output)
          #expect(cursor.isAtEnd)
        }
        #expect(UnsafeBufferPointer(start: output.base, count: output.count).elementsEqual(text))
      }
    }
    #expect(taken > 5_000)
  }

  @Test func `no bytes make a value trap`() throws {
    var random = SeededGenerator()
    _ = Array("IOP-TID-".utf8).withUnsafeBufferPointer { words.append($0) }
    var output = ByteScratch(maximumBytes: 4096)
    defer { output.deallocate() }
    var refusals = 0
    for _ in 0..<100_000 {
      let bytes = random.bytes(1 + random.below(24))
      output.removeAll()
      bytes.withUnsafeBytes { bytes in
        var cursor = ByteReader(bytes)
        var source = WordSource(words: words)
        do {
          let form = try ValueForm(from: &cursor)
          try form.write(
            from: &cursor, observedAt: Int64(bitPattern: random.next()), words: &source, pattern: form.pattern, to: &output)
        } catch { refusals += 1 }
      }
    }
    #expect(refusals > 10_000)
  }
}
