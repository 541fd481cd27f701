/// What a record says of its entry beside context and payload (`Schemas/journal-format.md`, "Metadata").
public struct EntryMetadata: Hashable, Sendable {
  /// A context by its number in the segment, or in full where the segment's table did not take it.
  public enum ContextReference: Hashable, Sendable {
    case number(UInt32)
    case inline(SharedContext)
  }

  public var context: ContextReference
  public var recordedAt: Timestamp
  public var observedAt: Timestamp
  public var exchange: JournalPosition?
  public var latencyMilliseconds: UInt32?
  public var marks: [Mark]
  public var findings: [Finding]

  private enum Flag {
    static let exchange: UInt64 = 1
    static let latency: UInt64 = 2
    static let findings: UInt64 = 4
    static let inlineContext: UInt64 = 8
    static let all: UInt64 = 15
  }

  public init(_ content: EntryContent, context: ContextReference, recordedAt: Timestamp, exchange: JournalPosition?) {
    self.context = context
    self.recordedAt = recordedAt
    observedAt = content.observedAt
    self.exchange = exchange
    latencyMilliseconds = content.latencyMilliseconds
    marks = content.marks
    findings = content.findings
  }

  /// Appends the encoding.
  /// - Parameters:
  ///   - position: the entry's own; its exchange is stored as the distance to it.
  ///   - baseTime: the segment's.
  public func encode(position: JournalPosition, baseTime: Timestamp, to output: inout [UInt8]) {
    var flags: UInt64 = 0
    if exchange != nil { flags |= Flag.exchange }
    if latencyMilliseconds != nil { flags |= Flag.latency }
    if !findings.isEmpty { flags |= Flag.findings }
    if case .inline = context { flags |= Flag.inlineContext }
    output.appendVarint(flags)
    switch context {
    case .number(let number): output.appendVarint(UInt64(number))
    case .inline(let context): context.value.encode(to: &output)
    }
    output.appendSignedVarint(recordedAt.milliseconds(since: baseTime))
    output.appendSignedVarint(observedAt.milliseconds(since: recordedAt))
    if let exchange { output.appendVarint(position.rawValue - exchange.rawValue) }
    if let latencyMilliseconds { output.appendVarint(UInt64(latencyMilliseconds)) }
    output.appendVarint(marks.count)
    var previousEnd = 0
    for mark in marks {
      output.append(mark.kind.rawValue)
      output.appendSignedVarint(Int64(mark.range.lowerBound - previousEnd))
      output.appendVarint(mark.range.count << 1 | (mark.inlineText == nil ? 0 : 1))
      if let text = mark.inlineText { output.appendCounted(text) }
      previousEnd = mark.range.upperBound
    }
    guard !findings.isEmpty else { return }
    output.appendVarint(findings.count)
    for finding in findings {
      output.appendVarint(UInt64(finding.line))
      output.appendCounted(finding.message.utf8)
    }
  }

  /// Reads what ``encode(position:baseTime:to:)`` wrote; every bound is checked, but marks against the payload: see ``validate(payloadCount:)``.
  public init(from reader: inout ByteReader, position: JournalPosition, baseTime: Timestamp) throws(FormatError) {
    let flags = try reader.varint()
    guard flags & ~Flag.all == 0 else { throw FormatError("the metadata has fields that this version does not know") }
    context =
      flags & Flag.inlineContext != 0
      ? .inline(SharedContext(try EntryContext(from: &reader))) : .number(UInt32(try reader.count(atMost: Int(UInt32.max))))
    recordedAt = baseTime.adding(milliseconds: try Self.milliseconds(&reader))
    observedAt = recordedAt.adding(milliseconds: try Self.milliseconds(&reader))
    if flags & Flag.exchange != 0 {
      let distance = try reader.varint()
      guard distance < position.rawValue else { throw FormatError("the exchange lies before the journal's first position") }
      exchange = JournalPosition(position.rawValue - distance)
    }
    if flags & Flag.latency != 0 { latencyMilliseconds = UInt32(try reader.count(atMost: Int(UInt32.max))) }
    let markCount = try reader.count(atMost: reader.remainingCount / 3)
    marks = []
    marks.reserveCapacity(markCount)
    var previousEnd = 0
    for _ in 0..<markCount {
      let mark = try Self.mark(&reader, previousEnd)
      previousEnd = mark.range.upperBound
      marks.append(mark)
    }
    findings = []
    guard flags & Flag.findings != 0 else { return }
    for _ in 0..<(try reader.count(atMost: reader.remainingCount)) {
      findings.append(Finding(line: UInt32(try reader.count(atMost: Int(UInt32.max))), message: try reader.string()))
    }
  }

  /// Throws where a mark lies outside the payload.
  public func validate(payloadCount: Int) throws(FormatError) {
    for mark in marks where mark.range.upperBound > payloadCount { throw FormatError("a mark lies outside the payload") }
  }

  private static func mark(_ reader: inout ByteReader, _ previousEnd: Int) throws(FormatError) -> Mark {
    let kind = TermKind(rawValue: try reader.byte())
    let distance = try reader.signedVarint()
    let sizeAndFlag = try reader.count(atMost: Int(Int32.max))
    guard distance.magnitude <= UInt64(Int32.max) else { throw FormatError("a mark lies outside the payload") }
    let lower = previousEnd + Int(distance)
    guard lower >= 0 else { throw FormatError("a mark lies before the payload") }
    let text: [UInt8]? = sizeAndFlag & 1 == 1 ? Array(try reader.counted()) : nil
    return Mark(kind: kind, range: lower..<lower + sizeAndFlag >> 1, inlineText: text)
  }

  /// A span of time of less than 10,000 years.
  private static func milliseconds(_ reader: inout ByteReader) throws(FormatError) -> Int64 {
    let value = try reader.signedVarint()
    guard value.magnitude < 400_000_000_000_000 else { throw FormatError("a time is out of range") }
    return value
  }
}
