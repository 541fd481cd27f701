internal import JournalFormat

/// What comes again from row to row: the flags of its entries, the numbers of their contexts, and with what their template payloads begin. A segment
/// keeps each once.
struct RowShape: Hashable {
  /// What is said of one entry.
  struct Part: Hashable {
    let flags: EntryMetadata.Flags
    /// The number of its context; 0 where that stands in the row.
    let context: UInt32
    /// What a template payload begins with; nil for one of another encoding.
    let head: TemplateHead?

    init(_ flags: EntryMetadata.Flags, context: UInt32, head: TemplateHead?) {
      self.flags = flags
      self.context = context
      self.head = head
    }

    fileprivate func encode(to output: inout [UInt8]) {
      output.appendVarint(UInt64(flags.rawValue))
      if !flags.contains(.inlineContext) { output.appendVarint(UInt64(context)) }
      if let head { output.appendVarint(UInt64(head.code)) }
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
      flags = try EntryMetadata.Flags(code: reader.varint())
      context = flags.contains(.inlineContext) ? 0 : UInt32(try reader.count(atMost: ContextTable.maximumCount))
      head = flags.payloadEncoding == .template ? TemplateHead(code: UInt32(try reader.count(atMost: Int(UInt32.max)))) : nil
    }
  }

  let first: Part
  let second: Part?

  init(first: Part, second: Part?) {
    self.first = first
    self.second = second
  }

  func encode(to output: inout [UInt8]) {
    first.encode(to: &output)
    second?.encode(to: &output)
  }

  /// - Parameter bytes: a shape and nothing else.
  /// - Throws: `FormatError` for bytes that are no such thing.
  init(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
    var reader = ByteReader(bytes)
    first = try Part(from: &reader)
    second = reader.isAtEnd ? nil : try Part(from: &reader)
    guard !first.flags.contains(.later) else { throw FormatError("a shape's first entry is later than itself") }
    guard reader.isAtEnd else { throw FormatError("a shape is too long") }
  }
}

/// The shapes of the segment that is written to. Bounded: what is seen once, or does not fit, stands in its row.
struct ShapeTable {
  static let maximumCount = 16_384

  private var numbers: [RowShape: UInt32] = [:]
  private var seen = RecentHashes(bits: 12)

  /// What the table says to a shape.
  enum Answer {
    case known(UInt32)
    /// Seen a second time: store this encoding under this number.
    case new(UInt32, encoding: [UInt8])
    /// Seen for the first time, or the table is full.
    case inline(encoding: [UInt8])
  }

  /// Takes a shape of the segment, when it is opened again.
  /// - Throws: `FormatError` where it is no shape, or not the next.
  mutating func load(number: UInt32, encoding: [UInt8]) throws(FormatError) {
    guard number == numbers.count + 1, number <= Self.maximumCount else { throw FormatError("it is out of order") }
    numbers[try encoding.withRawBytes { (bytes) throws(FormatError) in try RowShape(bytes) }] = number
  }

  mutating func number(of shape: RowShape) -> Answer {
    if let number = numbers[shape] { return .known(number) }
    var encoding: [UInt8] = []
    shape.encode(to: &encoding)
    guard seen.insert(encoding.withUnsafeBufferPointer { MarkupHash.hash($0) }), numbers.count < Self.maximumCount else {
      return .inline(encoding: encoding)
    }
    let number = UInt32(numbers.count + 1)
    numbers[shape] = number
    return .new(number, encoding: encoding)
  }
}
