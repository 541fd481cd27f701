import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

@Suite struct EntryMetadataTests {
  @Test func `any metadata comes back as it was`() throws {
    var generator = SeededGenerator()
    for _ in 0..<500 {
      let sample = generator.metadata()
      let (read, rest) = try Self.metadata(sample.encoded, sample)
      #expect(read == sample.metadata)
      #expect(rest == 0)
      try read.validate(payloadCount: sample.payloadCount)
    }
  }

  /// What stands beside a shape, and how it is read again.
  private static func besideShape(_ sample: Sample) -> (bytes: [UInt8], read: ([UInt8]) throws -> (EntryMetadata, Int)) {
    let flags = sample.metadata.flags(from: sample.base)
    let context: UInt32 = if case .number(let number) = sample.metadata.context { number } else { 0 }
    // The row's time is that of its first entry.
    let time = sample.base.requestObservedAt == nil ? sample.metadata.recordedAt : sample.base.recordedAt
    var bytes: [UInt8] = []
    sample.metadata.encode(beside: flags, from: sample.base, to: &bytes)
    return (
      bytes,
      { bytes in
        try reading(bytes) { reader throws(FormatError) in
          (
            try EntryMetadata(beside: flags, context: context, recordedAt: time, from: &reader, base: sample.base), reader.remainingCount
          )
        }
      }
    )
  }

  @Test func `metadata beside a shape comes back, is refused where it is cut short, and never traps`() throws {
    var generator = SeededGenerator()
    var damaged = ReadingCounts()
    for _ in 0..<2_000 {
      let sample = generator.metadata()
      let (bytes, read) = Self.besideShape(sample)
      let (metadata, rest) = try read(bytes)
      #expect(metadata == sample.metadata && rest == 0)
      for count in bytes.indices { #expect(throws: FormatError.self) { try read(Array(bytes[..<count])) } }
      for _ in 0..<5 { _ = try damaged.note { try read(generator.damaged(bytes)) } }
    }
    damaged.expectBoth(of: 10_000)
  }

  @Test func `times that no clock tells are refused`() throws {
    for base in [Timestamp.range.lowerBound, 0, Timestamp.range.upperBound, .max] {
      for distance in [UInt64(1) << 60, UInt64(Int64.max), .max] {
        var bytes: [UInt8] = []
        bytes.appendVarint(distance)
        #expect(throws: FormatError.self) {
          try reading(bytes) { reader throws(FormatError) in try EntryMetadata.time(&reader, since: Timestamp(rawValue: base)) }
        }
      }
    }
  }

  @Test func `an encoding that is cut short anywhere is refused`() {
    var generator = SeededGenerator()
    for _ in 0..<40 {
      let sample = generator.metadata()
      for count in 0..<sample.encoded.count {
        #expect(throws: FormatError.self) { try Self.metadata(Array(sample.encoded[..<count]), sample) }
      }
    }
  }

  @Test func `damage is refused or read as something else, and never a trap`() throws {
    var generator = SeededGenerator()
    var (metadata, validations) = (ReadingCounts(), ReadingCounts())
    for _ in 0..<20_000 {
      let sample = generator.metadata()
      guard let read = try metadata.note({ try Self.metadata(generator.damaged(sample.encoded), sample).0 }) else { continue }
      guard try validations.note({ try read.validate(payloadCount: sample.payloadCount) }) != nil else { continue }
      // What is valid can be used.
      let payload = [UInt8](repeating: 0, count: sample.payloadCount)
      for mark in read.marks ?? [] { _ = mark.term(in: payload) }
      _ = (read.recordedAt.description, read.observedAt.period)
    }
    metadata.expectBoth(of: 20_000)
    validations.expectBoth(of: metadata.readCount)
  }

  @Test func `bytes that nobody wrote are refused or read, and never a trap`() throws {
    var generator = SeededGenerator()
    var metadata = ReadingCounts()
    for _ in 0..<20_000 {
      let bytes = generator.bytes(generator.below(60))
      let sample = Sample(
        metadata: generator.metadata().metadata, base: EntryMetadata.Base(position: JournalPosition(5), recordedAt: Timestamp(rawValue: 0)),
        payloadCount: 9)
      _ = try metadata.note { try Self.metadata(bytes, sample) }
    }
    metadata.expectBoth(of: 20_000)
  }

  @Test func `a mark outside the payload is refused`() throws {
    var generator = SeededGenerator()
    var sample = generator.metadata()
    sample.metadata.marks = [Mark(kind: TermKind(rawValue: 1), range: 0..<10)]
    try sample.metadata.validate(payloadCount: 10)
    #expect(throws: FormatError.self) { try sample.metadata.validate(payloadCount: 9) }
  }

  // MARK: Reading

  private static func metadata(_ bytes: [UInt8], _ sample: Sample) throws -> (EntryMetadata, Int) {
    try reading(bytes) { reader throws(FormatError) in
      (try EntryMetadata(format2: &reader, base: sample.base), reader.remainingCount)
    }
  }
}

/// Metadata and what it was written against.
struct Sample {
  var metadata: EntryMetadata
  let base: EntryMetadata.Base
  let payloadCount: Int

  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    metadata.encodeFormat2(from: base, to: &bytes)
    return bytes
  }
}

extension SeededGenerator {
  mutating func metadata() -> Sample {
    let payloadCount = below(2_000)
    var content = EntryContent(
      observedAt: Timestamp(rawValue: Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &self)),
      context: EntryContext(kind: .request), latencyMilliseconds: perhaps { $0.number() })
    content.marks = (0..<below(6)).map { _ in
      let start = below(payloadCount + 1)
      let end = start + below(payloadCount - start + 1)
      return Mark(
        kind: TermKind(rawValue: UInt8(truncatingIfNeeded: next())), range: start..<end, inlineText: perhaps { $0.bytes($0.below(9)) })
    }
    content.findings = (0..<below(3)).map { _ in Finding(line: number(), message: text()) }
    let position = JournalPosition(2 + next() >> UInt64(1 + below(63)))
    let isAnswerInRow = chance(3)
    let requestPosition =
      isAnswerInRow
      ? JournalPosition(position.rawValue - 1) : perhaps { JournalPosition(UInt64.random(in: 1...position.rawValue, using: &$0)) }
    let base = EntryMetadata.Base(
      position: position, recordedAt: Timestamp(rawValue: Int64.random(in: -62_135_596_800_000...1_740_787_200_000, using: &self)),
      requestObservedAt: isAnswerInRow ? content.observedAt.adding(milliseconds: Int64(below(9_000)) - 999) : nil)
    if isAnswerInRow, chance(2) {
      content.latencyMilliseconds = UInt32(exactly: content.observedAt.milliseconds(since: base.requestObservedAt!))
    }
    let encoding = EntryMetadata.PayloadEncoding(rawValue: UInt8(below(4)))!
    var metadata = EntryMetadata(
      content, context: chance(2) ? .inline(SharedContext(context())) : .number(number()),
      recordedAt: base.recordedAt.adding(milliseconds: Int64(next() >> UInt64(22 + below(40)))), requestPosition: requestPosition,
      seed: perhaps { LeafSeed(using: &$0) }, marks: encoding == .template && chance(2) ? nil : content.marks, payloadEncoding: encoding)
    metadata.refersToRequest = chance(4)
    return Sample(metadata: metadata, base: base, payloadCount: payloadCount)
  }
}
