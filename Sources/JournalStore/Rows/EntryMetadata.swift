internal import JournalFormat

/// What a row says of an entry beside its payload.
struct EntryMetadata: Hashable, Sendable {
  /// A context by its number in the segment, or in full where the segment's table did not take it.
  enum ContextReference: Hashable, Sendable {
    case number(UInt32)
    case inline(SharedContext)
  }

  /// How the payload that follows is stored. The numbers are on disk: never reuse one.
  enum PayloadEncoding: UInt8, Sendable {
    /// There is none.
    case empty = 0
    /// The bytes themselves, counted.
    case raw = 1
    /// The number of a dictionary of the segment, 0 for none, and a bare Zstandard frame, counted.
    case zstd = 2
    /// Numbers of templates and the values of their holes.
    case template = 3
  }

  /// What an entry's times and distances count from.
  struct Base {
    /// The entry's own position; that of the request which it answers is stored as the distance to it.
    let position: JournalPosition
    /// Not later than the entry's recordedAt.
    let recordedAt: Timestamp
    /// When the request in the same row was observed: such an answer's request and latency go without saying.
    let requestObservedAt: Timestamp?

    init(position: JournalPosition, recordedAt: Timestamp, requestObservedAt: Timestamp? = nil) {
      self.position = position
      self.recordedAt = recordedAt
      self.requestObservedAt = requestObservedAt
    }
  }

  var context: ContextReference
  var recordedAt: Timestamp
  var observedAt: Timestamp
  var requestPosition: JournalPosition?
  var latencyMilliseconds: UInt32?
  var seed: LeafSeed?
  /// Nil where they are those that the payload's layout tells.
  var marks: [Mark]?
  var findings: [Finding]
  var payloadEncoding: PayloadEncoding
  /// Whether the payload's values refer to those of the request.
  var refersToRequest = false

  /// Which fields there are, and how the payload is stored. The bits are on disk: never reuse one.
  struct Flags: OptionSet, Hashable, Sendable {
    let rawValue: UInt16
    init(rawValue: UInt16) { self.rawValue = rawValue }

    static let requestPosition = Flags(rawValue: 1 << 2)
    static let latency = Flags(rawValue: 1 << 3)
    static let seed = Flags(rawValue: 1 << 4)
    static let marks = Flags(rawValue: 1 << 5)
    static let refersToRequest = Flags(rawValue: 1 << 6)
    static let findings = Flags(rawValue: 1 << 7)
    static let inlineContext = Flags(rawValue: 1 << 8)
    /// Recorded later than the request in the same row. Only where the flags stand in a shape: else the time is always there.
    static let later = Flags(rawValue: 1 << 9)
    static let all = Flags(rawValue: 1 << 10 - 1)

    static let payloadEncodingBits: UInt16 = 3
    var payloadEncoding: PayloadEncoding { PayloadEncoding(rawValue: UInt8(rawValue & Self.payloadEncodingBits))! }

    /// - Throws: where a bit has no meaning.
    init(code: UInt64) throws(FormatError) {
      guard let bits = UInt16(exactly: code), case let flags = Flags(rawValue: bits), flags.isSubset(of: .all) else {
        throw FormatError("the metadata has fields that this version does not know")
      }
      self = flags
    }
  }

  /// - Parameter marks: nil where they are those that the payload's layout tells.
  init(
    _ content: EntryContent, context: ContextReference, recordedAt: Timestamp, requestPosition: JournalPosition?, seed: LeafSeed?,
    marks: [Mark]?,
    payloadEncoding: PayloadEncoding
  ) {
    self.context = context
    self.recordedAt = recordedAt
    observedAt = content.observedAt
    self.requestPosition = requestPosition
    latencyMilliseconds = content.latencyMilliseconds
    self.seed = seed
    self.marks = marks
    findings = content.findings
    self.payloadEncoding = payloadEncoding
  }

  /// What the fields are.
  func flags(from base: Base) -> Flags {
    var flags = Flags(rawValue: UInt16(payloadEncoding.rawValue))
    if requestPosition != nil && base.requestObservedAt == nil { flags.insert(.requestPosition) }
    if latencyMilliseconds != Self.impliedLatency(observedAt, base) { flags.insert(.latency) }
    if seed != nil { flags.insert(.seed) }
    if marks.map({ !$0.isEmpty || payloadEncoding == .template }) ?? false { flags.insert(.marks) }
    if refersToRequest { flags.insert(.refersToRequest) }
    if !findings.isEmpty { flags.insert(.findings) }
    if case .inline = context { flags.insert(.inlineContext) }
    if base.requestObservedAt != nil && recordedAt != base.recordedAt { flags.insert(.later) }
    return flags
  }

  /// Appends what the row's shape does not tell: all but the time of the row, the flags and the context's number.
  func encode(beside flags: Flags, from base: Base, to output: inout [UInt8]) {
    if flags.contains(.later) { output.appendVarint(UInt64(recordedAt.milliseconds(since: base.recordedAt))) }
    if case .inline(let context) = context { context.value.encode(to: &output) }
    encodeFields(flags, from: base, to: &output)
  }

  /// Appends the fields that the flags tell.
  func encodeFields(_ flags: Flags, from base: Base, to output: inout [UInt8]) {
    output.appendSignedVarint(observedAt.milliseconds(since: recordedAt))
    if flags.contains(.requestPosition), let requestPosition { output.appendVarint(base.position.rawValue - requestPosition.rawValue) }
    if flags.contains(.latency) { output.appendVarint(latencyMilliseconds.map { UInt64($0) + 1 } ?? 0) }
    seed?.append(to: &output)
    if flags.contains(.marks), let marks { Self.encode(marks, to: &output) }
    guard !findings.isEmpty else { return }
    output.appendVarint(findings.count)
    for finding in findings {
      output.appendVarint(UInt64(finding.line))
      output.appendCounted(finding.message.utf8)
    }
  }

  private static func encode(_ marks: [Mark], to output: inout [UInt8]) {
    output.appendVarint(marks.count)
    var previousEnd = 0
    for mark in marks {
      output.append(mark.kind.rawValue)
      output.appendSignedVarint(Int64(mark.range.lowerBound - previousEnd))
      output.appendVarint(mark.range.count << 1 | (mark.inlineText == nil ? 0 : 1))
      if let text = mark.inlineText { output.appendCounted(text) }
      previousEnd = mark.range.upperBound
    }
  }

  /// Reads what ``encode(beside:from:to:)`` wrote; every bound is checked, but marks against the payload: see ``validate(payloadCount:)``.
  /// - Parameters:
  ///   - context: of the shape; it counts for nothing where the context stands in the row.
  ///   - recordedAt: of the row.
  init(
    beside flags: Flags, context: UInt32, recordedAt: Timestamp, from reader: inout ByteReader, base: Base
  ) throws(FormatError) {
    let time = flags.contains(.later) ? try Self.time(&reader, since: recordedAt) : recordedAt
    let context: ContextReference =
      flags.contains(.inlineContext) ? .inline(SharedContext(try EntryContext(from: &reader))) : .number(context)
    try self.init(flags, context, recordedAt: time, from: &reader, base)
  }

  /// Reads a time that is stored as its distance to an earlier one.
  /// - Throws: `FormatError` for a time that no clock tells.
  @inline(__always)
  static func time(_ reader: inout ByteReader, since base: Timestamp) throws(FormatError) -> Timestamp {
    try base.adding(read: Int64(clamping: reader.varint()))
  }

  /// Reads the fields that the flags tell.
  init(
    _ flags: Flags, _ context: ContextReference, recordedAt: Timestamp, from reader: inout ByteReader, _ base: Base
  ) throws(FormatError) {
    self.recordedAt = recordedAt
    payloadEncoding = flags.payloadEncoding
    refersToRequest = flags.contains(.refersToRequest)
    self.context = context
    observedAt = try recordedAt.adding(read: reader.signedVarint())
    if flags.contains(.requestPosition) {
      let distance = try reader.varint()
      guard distance < base.position.rawValue else { throw FormatError("the exchange lies before the journal's first position") }
      requestPosition = JournalPosition(base.position.rawValue - distance)
    } else if base.requestObservedAt != nil {
      requestPosition = JournalPosition(base.position.rawValue - 1)
    }
    latencyMilliseconds = Self.impliedLatency(observedAt, base)
    if flags.contains(.latency) {
      let stored = try reader.count(atMost: Int(UInt32.max) + 1)
      latencyMilliseconds = stored == 0 ? nil : UInt32(stored - 1)
    }
    seed = flags.contains(.seed) ? try LeafSeed(from: &reader) : nil
    marks = flags.contains(.marks) ? try Self.marks(&reader) : payloadEncoding == .template ? nil : []
    findings = []
    guard flags.contains(.findings) else { return }
    for _ in 0..<(try reader.count(atMost: reader.remainingCount)) {
      findings.append(Finding(line: UInt32(try reader.count(atMost: Int(UInt32.max))), message: try reader.string()))
    }
  }

  /// The latency of an answer that shares a row with its request, as long as nothing else is said.
  private static func impliedLatency(_ observedAt: Timestamp, _ base: Base) -> UInt32? {
    base.requestObservedAt.flatMap { UInt32(exactly: observedAt.milliseconds(since: $0)) }
  }

  private static func marks(_ reader: inout ByteReader) throws(FormatError) -> [Mark] {
    let count = try reader.count(atMost: reader.remainingCount / 3)
    var marks: [Mark] = []
    marks.reserveCapacity(count)
    var previousEnd = 0
    for _ in 0..<count {
      let mark = try Self.mark(&reader, previousEnd)
      previousEnd = mark.range.upperBound
      marks.append(mark)
    }
    return marks
  }

  /// Throws where a mark lies outside the payload.
  func validate(payloadCount: Int) throws(FormatError) {
    for mark in marks ?? [] where mark.range.upperBound > payloadCount { throw FormatError("a mark lies outside the payload") }
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
}
