import TestSupport
import Testing

@testable import JournalFormat

@Suite struct EntryCodingTests {
  @Test func `any context comes back as it was`() throws {
    var generator = SeededGenerator()
    for _ in 0..<500 {
      let context = generator.context()
      #expect(try Self.context(Self.encoded(context)) == context)
    }
  }

  @Test func `a change to a copy leaves the original as it was`() {
    let original = EntryContent(observedAt: Timestamp(rawValue: 1), context: EntryContext(kind: .request), payload: [1])
    let changes: [(inout EntryContent) -> Void] = [
      { $0.observedAt = Timestamp(rawValue: 2) }, { $0.latencyMilliseconds = 3 }, { $0.payload[0] = 4 }, { $0.context.operation = "X" },
      { $0.marks.append(Mark(kind: TermKind(rawValue: 1), range: 0..<1)) }, { $0.findings.append(Finding(message: "odd")) },
      { $0.layout = MessageLayout(leaves: [], envelope: []) },
    ]
    for change in changes {
      var copy = original
      change(&copy)
      #expect(original.observedAt.rawValue == 1 && original.latencyMilliseconds == nil && original.payload == [1])
      #expect(original.context.operation == nil && original.marks.isEmpty && original.findings.isEmpty && original.layout == nil)
      #expect(copy != original || copy.layout != nil)
    }
  }

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
    sample.metadata.encodeBesideShape(flags, from: sample.base, to: &bytes)
    return (
      bytes,
      { bytes in
        try reading(bytes) { reader throws(FormatError) in
          (
            try EntryMetadata(flags, context: context, recordedAt: time, from: &reader, base: sample.base), reader.remainingCount
          )
        }
      }
    )
  }

  @Test func `metadata beside a shape comes back, is refused where it is cut short, and never traps`() throws {
    var generator = SeededGenerator()
    var damaged = Counts()
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
      let context = Self.encoded(generator.context())
      for count in 0..<context.count { #expect(throws: FormatError.self) { try Self.context(Array(context[..<count])) } }
      let sample = generator.metadata()
      for count in 0..<sample.encoded.count {
        #expect(throws: FormatError.self) { try Self.metadata(Array(sample.encoded[..<count]), sample) }
      }
    }
  }

  @Test func `damage is refused or read as something else, and never a trap`() throws {
    var generator = SeededGenerator()
    var (contexts, metadata, validations) = (Counts(), Counts(), Counts())
    for _ in 0..<20_000 {
      let context = generator.damaged(Self.encoded(generator.context()))
      _ = try contexts.note { try Self.context(context) }
      let sample = generator.metadata()
      guard let read = try metadata.note({ try Self.metadata(generator.damaged(sample.encoded), sample).0 }) else { continue }
      guard try validations.note({ try read.validate(payloadCount: sample.payloadCount) }) != nil else { continue }
      // What is valid can be used.
      let payload = [UInt8](repeating: 0, count: sample.payloadCount)
      for mark in read.marks ?? [] { _ = mark.term(in: payload) }
      _ = (read.recordedAt.description, read.observedAt.period)
    }
    contexts.expectBoth(of: 20_000)
    metadata.expectBoth(of: 20_000)
    validations.expectBoth(of: metadata.readCount)
  }

  @Test func `bytes that nobody wrote are refused or read, and never a trap`() throws {
    var generator = SeededGenerator()
    var (contexts, metadata) = (Counts(), Counts())
    for _ in 0..<20_000 {
      let bytes = generator.bytes(generator.below(60))
      _ = try contexts.note { try Self.context(bytes) }
      let sample = Sample(
        metadata: generator.metadata().metadata, base: EntryMetadata.Base(position: JournalPosition(5), recordedAt: Timestamp(rawValue: 0)),
        payloadCount: 9)
      _ = try metadata.note { try Self.metadata(bytes, sample) }
    }
    // What happens to be a context is rare.
    #expect(contexts.refusalCount > 19_000 && contexts.refusalCount + contexts.readCount == 20_000)
    metadata.expectBoth(of: 20_000)
  }

  @Test(
    arguments: [
      [0, 5, 0, 0], [99, 5, 0, 0], [1, 0, 0, 0], [1, 0x45, 0, 0], [1, 0x35, 0, 0], [1, 5, 7, 0], [1, 5, 0, 0x80, 0x80, 0x08],
    ] as [[UInt8]])
  func `numbers that no version has given out are refused`(bytes: [UInt8]) {
    #expect(throws: FormatError.self) { try Self.context(bytes) }
  }

  @Test func `a mark outside the payload is refused`() throws {
    var generator = SeededGenerator()
    var sample = generator.metadata()
    sample.metadata.marks = [Mark(kind: TermKind(rawValue: 1), range: 0..<10)]
    try sample.metadata.validate(payloadCount: 10)
    #expect(throws: FormatError.self) { try sample.metadata.validate(payloadCount: 9) }
  }

  @Test func `a change to one copy of a shared context leaves the others as they were`() {
    let shared = EntryContent(observedAt: Timestamp(rawValue: 0), context: EntryContext(kind: .request))
    var copy = shared
    copy.context.operation = "HeartBeat"
    #expect(shared.context.operation == nil)
    #expect(copy.context.operation == "HeartBeat")
    #expect(copy != shared)
  }

  // MARK: Reading

  private static func encoded(_ context: EntryContext) -> [UInt8] {
    var bytes: [UInt8] = []
    context.encode(to: &bytes)
    return bytes
  }

  private static func context(_ bytes: [UInt8]) throws -> EntryContext {
    try reading(bytes) { reader throws(FormatError) in try EntryContext(from: &reader) }
  }

  private static func metadata(_ bytes: [UInt8], _ sample: Sample) throws -> (EntryMetadata, Int) {
    try reading(bytes) { reader throws(FormatError) in
      (try EntryMetadata(from: &reader, base: sample.base), reader.remainingCount)
    }
  }

  /// How often something was read, and how often it was refused.
  private struct Counts {
    private(set) var readCount = 0
    private(set) var refusalCount = 0

    /// Nil where the format was refused; anything else that is thrown is a failure of the test.
    mutating func note<Value>(_ body: () throws -> Value) throws -> Value? {
      do {
        let value = try body()
        readCount += 1
        return value
      } catch is FormatError {
        refusalCount += 1
        return nil
      }
    }

    /// Both are part of it: a test of one of them alone would not be worth its name.
    func expectBoth(of count: Int, sourceLocation: SourceLocation = #_sourceLocation) {
      #expect(readCount + refusalCount == count, sourceLocation: sourceLocation)
      #expect(readCount > count / 1_000 && refusalCount > count / 1_000, "\(self)", sourceLocation: sourceLocation)
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
    metadata.encode(from: base, to: &bytes)
    return bytes
  }
}

extension SeededGenerator {
  mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...below(3) {
      let index = below(bytes.count)
      switch below(4) {
      case 0: bytes[index] ^= 1 << UInt8(below(8))
      case 1: bytes[index] = chance(2) ? 0xff : UInt8(truncatingIfNeeded: next())
      case 2: bytes.insert(UInt8(truncatingIfNeeded: next()), at: index)
      default: if bytes.count > 1 { bytes.remove(at: index) }
      }
    }
    return bytes
  }

  mutating func text() -> String {
    String((0..<below(12)).map { _ in ["a", "Z", "é", "€", "😀", " ", "\u{0}", "\n", "7", "*"].randomElement(using: &self)! }.joined())
  }

  private mutating func perhaps<Value>(_ value: (inout Self) -> Value) -> Value? { chance(2) ? value(&self) : nil }
  private mutating func number() -> UInt32 { UInt32(truncatingIfNeeded: next() >> UInt64(32 + below(32))) }

  mutating func context() -> EntryContext {
    var context = EntryContext(
      kind: EntryKind.allCases.randomElement(using: &self)!, leg: Leg.allCases.randomElement(using: &self)!,
      author: Author.allCases.randomElement(using: &self)!)
    context.direction = perhaps { Direction.allCases.randomElement(using: &$0)! }
    context.protocolName = perhaps { $0.text() }
    context.operation = perhaps { $0.text() }
    context.partner = perhaps { $0.text() }
    context.operator = perhaps { $0.text() }
    context.targetOperator = perhaps { $0.text() }
    context.peer = Peer(
      address: perhaps { $0.text() }, certificateCommonName: perhaps { $0.text() }, certificateSHA256: perhaps { $0.text() })
    let headers = (0..<below(3)).map { _ in HTTPHeader(name: text(), value: text()) }
    context.http = HTTPFacts(
      method: perhaps { $0.text() }, target: perhaps { $0.text() }, status: perhaps { UInt16(truncatingIfNeeded: $0.next()) },
      headers: headers)
    context.outcome = Outcome(
      perhaps { OutcomeClass.allCases.randomElement(using: &$0)! }, requestStatus: perhaps { $0.number() },
      faultCode: perhaps { $0.text() },
      faultReason: perhaps { $0.text() })
    context.attempt = chance(2) ? 1 : number()
    context.reason = perhaps { $0.text() }
    return context
  }

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
    let exchange =
      isAnswerInRow
      ? JournalPosition(position.rawValue - 1) : perhaps { JournalPosition(UInt64.random(in: 1...position.rawValue, using: &$0)) }
    let base = EntryMetadata.Base(
      position: position, recordedAt: Timestamp(rawValue: Int64.random(in: -62_135_596_800_000...1_740_787_200_000, using: &self)),
      requestObservedAt: isAnswerInRow ? content.observedAt.adding(milliseconds: Int64(below(9_000)) - 999) : nil)
    if isAnswerInRow, chance(2) {
      content.latencyMilliseconds = UInt32(exactly: content.observedAt.milliseconds(since: base.requestObservedAt!))
    }
    let form = EntryMetadata.PayloadForm(rawValue: UInt8(below(4)))!
    var metadata = EntryMetadata(
      content, context: chance(2) ? .inline(SharedContext(context())) : .number(number()),
      recordedAt: base.recordedAt.adding(milliseconds: Int64(next() >> UInt64(22 + below(40)))), exchange: exchange,
      seed: perhaps { LeafSeed(using: &$0) }, marks: form == .template && chance(2) ? nil : content.marks, payloadForm: form)
    metadata.refersToRequest = chance(4)
    return Sample(metadata: metadata, base: base, payloadCount: payloadCount)
  }
}
