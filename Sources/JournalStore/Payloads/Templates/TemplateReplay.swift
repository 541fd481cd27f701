internal import Glibc
internal import JournalFormat

/// Where templates and words are found by their number.
protocol TemplateSource {
  /// A template by its number.
  /// - Throws: `FormatError` where there is none, or why it cannot be read.
  mutating func template(_ number: UInt32) throws -> Template
  /// A word by its number, lent for as long as the source lives.
  /// - Throws: `FormatError` where there is none, or why it cannot be read.
  mutating func word(_ number: UInt32) throws -> UnsafeBufferPointer<UInt8>
}

/// What of a `template` payload stands in the row's shape: its first template, and whether there are exceptions.
struct TemplateHead: Hashable {
  /// The number that stands on disk.
  let code: UInt32

  init(code: UInt32) { self.code = code }

  init(template: UInt32, hasExceptions: Bool) { code = template << 1 | (hasExceptions ? 1 : 0) }

  var template: UInt32 { code >> 1 }
  var hasExceptions: Bool { code & 1 != 0 }
}

/// A message as its template and values tell it.
struct TemplateMessage {
  let payload: [UInt8]
  let layout: MessageLayout
  /// The marks that the template tells.
  let marks: [Mark]
}

/// A request whose values an answer may refer to: its leaves that are their text.
struct RequestText {
  let payload: UnsafeBufferPointer<UInt8>
  let leaves: UnsafeBufferPointer<Leaf>

  @inline(__always)
  func text(_ index: Int) -> UnsafeBufferPointer<UInt8>? {
    guard index < leaves.count, !leaves[index].isDecoded else { return nil }
    let range = leaves[index].range
    guard range.upperBound <= payload.count else { return nil }
    return UnsafeBufferPointer(rebasing: payload[range])
  }

  /// Lends the request's text to `body`; nothing where there is no request or it has no layout.
  /// - Throws: What `body` throws.
  static func with<Result>(_ request: EntryContent?, _ body: (RequestText) throws -> Result) rethrows -> Result {
    guard let request, let layout = request.layout else {
      return try body(RequestText(payload: UnsafeBufferPointer(start: nil, count: 0), leaves: UnsafeBufferPointer(start: nil, count: 0)))
    }
    return try request.payload.withUnsafeBufferPointer { payload in
      try layout.leaves.withUnsafeBufferPointer { try body(RequestText(payload: payload, leaves: $0)) }
    }
  }
}

/// Puts messages together again from templates and values. One for many messages; not for several threads at a time.
final class TemplateReplay {
  /// What a payload may have.
  static let maximumPayloadBytes = 2 << 20
  /// The shortest element without child elements has four bytes.
  static let maximumLeaves = maximumPayloadBytes / 4

  private var state = ReplayState()

  deinit { state.deallocate() }

  /// Reads one message from `cursor`, which then stands behind it.
  /// - Throws: `FormatError` for bytes that are no such message, or what `source` throws.
  func message(
    _ head: TemplateHead, from cursor: inout ByteReader, source: inout some TemplateSource, request: RequestText, observedAt: Int64
  ) throws -> TemplateMessage {
    defer { state.clear() }
    try state.assemble(head, from: &cursor, source: &source, request: request, observedAt: observedAt)
    return state.takeMessage()
  }

  /// Whether a reader would read this content from `cursor`: its bytes, its layout, and its marks if the payload tells them. The same
  /// work as ``message(_:from:source:request:observedAt:)``, without the copies.
  /// - Throws: `FormatError` for bytes that are no message, or what `source` throws.
  func reproduces(
    _ content: EntryContent, tellsMarks: Bool, _ head: TemplateHead, from cursor: inout ByteReader, source: inout some TemplateSource,
    request: RequestText
  ) throws -> Bool {
    defer { state.clear() }
    try state.assemble(head, from: &cursor, source: &source, request: request, observedAt: content.observedAt.rawValue)
    return cursor.isAtEnd && state.equals(content, tellsMarks: tellsMarks)
  }
}

/// The message that is being put together.
private struct ReplayState {
  var output = ByteScratch(maximumBytes: TemplateReplay.maximumPayloadBytes)
  private var leaves = LeafScratch()
  private var decodedTexts: [[UInt8]] = []
  private var marks: [Mark] = []
  private var place = ListPlace()
  /// The templates that the message is made of, and how many equal items each is. Not retained: the source keeps its templates for longer than
  /// a message takes. That saves 1 % of the instructions of a replay.
  private var parts: [(template: Unmanaged<Template>, count: Int)] = []

  func deallocate() {
    output.deallocate()
    leaves.deallocate()
  }

  mutating func assemble(
    _ head: TemplateHead, from cursor: inout ByteReader, source: inout some TemplateSource, request: RequestText, observedAt: Int64
  ) throws {
    try readParts(head, &cursor, &source)
    var exceptions = Exceptions(cursor)
    if head.hasExceptions { exceptions = try Exceptions(readingFrom: &cursor) }
    try reserve()
    for part in parts {
      for _ in 0..<part.count {
        try part.template._withUnsafeGuaranteedRef { try append($0, &exceptions, &cursor, &source, request, observedAt) }
      }
    }
    guard exceptions.isAtEnd else { throw FormatError("a message has exceptions beyond its values") }
  }

  /// What the protocol keeps beside the leaves: the first part has it.
  private var envelope: [UInt8] { parts[0].template._withUnsafeGuaranteedRef { $0.envelope } }

  mutating func takeMessage() -> TemplateMessage {
    let payload = Array(UnsafeBufferPointer(start: output.base, count: output.count))
    // Handed out: to keep their room as well would be to allocate it anew.
    defer { (marks, decodedTexts) = ([], []) }
    return TemplateMessage(
      payload: payload, layout: MessageLayout(leaves: Array(leaves.all), decodedTexts: decodedTexts, envelope: envelope), marks: marks)
  }

  func equals(_ content: EntryContent, tellsMarks: Bool) -> Bool {
    guard let layout = content.layout else { return false }
    let isPayload = content.payload.withUnsafeBufferPointer { $0.equals(UnsafeBufferPointer(start: output.base, count: output.count)) }
    return isPayload && layout.leaves.withUnsafeBufferPointer { leaves.equals($0) } && layout.decodedTexts == decodedTexts
      && layout.envelope == envelope && (tellsMarks ? marks == content.marks : marks.isEmpty)
  }

  /// Makes ready for the next message.
  mutating func clear() {
    output.removeAll()
    leaves.removeAll()
    // A long list must not keep its memory for ever.
    marks.removeAll(keepingCapacity: marks.capacity <= 1_024)
    decodedTexts.removeAll(keepingCapacity: decodedTexts.capacity <= 1_024)
    place = ListPlace()
    parts.removeAll(keepingCapacity: true)
  }

  /// Reads which templates the message is made of.
  private mutating func readParts(_ head: TemplateHead, _ cursor: inout ByteReader, _ source: inout some TemplateSource) throws {
    var number = head.template
    while true {
      let template = try source.template(number)
      let role = template.role
      guard role.contains(.first) == parts.isEmpty else { throw FormatError("the parts of a message are out of order") }
      let count = template.isRepeatable ? try cursor.count(atMost: TemplateReplay.maximumLeaves) : 1
      guard count > 0 else { throw FormatError("a part of a message is not there") }
      parts.append((.passUnretained(template), count))
      if role.contains(.last) { return }
      number = UInt32(try cursor.count(atMost: TemplateRegister.maximumCount))
    }
  }

  /// Makes room for the leaves, whose number is known, and bounded before anything is allocated.
  private mutating func reserve() throws(FormatError) {
    var (leafCount, markCount) = (0, 0)
    for part in parts {
      let (holes, marks) = part.template._withUnsafeGuaranteedRef { ($0.holes.count, $0.markCount) }
      guard part.count * holes <= TemplateReplay.maximumLeaves - leafCount else { throw FormatError("a message has too many values") }
      leafCount += part.count * holes
      markCount += part.count * marks
    }
    leaves.reserve(leafCount)
    marks.reserveCapacity(markCount)
  }

  private mutating func append(
    _ template: Template, _ exceptions: inout Exceptions, _ cursor: inout ByteReader, _ source: inout some TemplateSource,
    _ request: RequestText, _ observedAt: Int64
  ) throws {
    let ends = template.pieceEnds.baseAddress!
    let markup = template.markup.baseAddress!
    var piece = 0
    var pieceStart = 0
    if template.leadingPieces == 1 {
      pieceStart = Int(ends[0])
      piece = 1
      try output.append(padded: markup, count: pieceStart)
    }
    for hole in template.holes {
      let start = output.count
      let hole = try exceptions.isNext(leaves.count) ? TemplateHole(outline: hole.outline, form: ValueForm(from: &cursor)) : hole
      let decoded = try write(hole, &cursor, &source, request, observedAt)
      guard let (item, subitem) = place.follow(hole.outline.step) else { throw FormatError("the items of a message are out of order") }
      let range = Range(uncheckedBounds: (start, output.count))
      leaves.append(
        Leaf(path: hole.outline.path, item: item, subitem: subitem, range: range, traits: hole.outline.traits, decoded: decoded))
      if hole.outline.markKind != 0 { appendMark(hole.outline.markKind, range, decoded) }
      let end = Int(ends[piece])
      try output.append(padded: markup + pieceStart, count: end - pieceStart)
      pieceStart = end
      piece += 1
    }
  }

  private mutating func appendMark(_ kind: UInt8, _ range: Range<Int>, _ decoded: Int?) {
    let text = decoded.map { decodedTexts[$0] }
    guard !(text?.isEmpty ?? range.isEmpty) else { return }
    marks.append(Mark(kind: TermKind(rawValue: kind), range: range, inlineText: text))
  }

  /// Writes a value; the index of its decoded text where the leaf has one.
  @inline(__always)
  private mutating func write(
    _ hole: TemplateHole, _ cursor: inout ByteReader, _ source: inout some TemplateSource, _ request: RequestText,
    _ observedAt: Int64
  ) throws -> Int? {
    let form = hole.form
    switch form.kind {
    case .same:
      guard form.argument > 0, form.argument <= UInt64(leaves.count), case let leaf = leaves.all[leaves.count - Int(form.argument)],
        !leaf.isDecoded
      else { throw FormatError("a value refers to none before it") }
      try output.append(copyOf: leaf.range)
    case .request:
      guard let index = Int(exactly: form.argument), let text = request.text(index) else {
        throw FormatError("a value refers to none of the request")
      }
      try output.append(text)
    case .continued:
      if case let count = form.continuedCount, count > 0 {
        guard let latest = leaves.all.latest(hole.outline.path), latest.count >= count else {
          throw FormatError("a value continues none before it")
        }
        try output.append(copyOf: latest.lowerBound..<latest.lowerBound + count)
      }
      try form.write(from: &cursor, observedAt: observedAt, words: &source, pattern: hole.pattern, to: &output)
    case .decoded:
      try output.append(cursor.countedText())
      decodedTexts.append(Array(try cursor.countedText()))
      return decodedTexts.count - 1
    default:
      try form.write(from: &cursor, observedAt: observedAt, words: &source, pattern: hole.pattern, to: &output)
    }
    return nil
  }

  /// The numbers of the leaves that do not follow their rule, read one at a time from where they stand.
  private struct Exceptions {
    private var distances: ByteReader
    private var remaining = 0
    private var next = -1

    /// No exceptions.
    init(_ cursor: ByteReader) { distances = cursor }

    /// Reads the list; `cursor` then stands behind it.
    init(readingFrom cursor: inout ByteReader) throws(FormatError) {
      remaining = try cursor.count(atMost: TemplateReplay.maximumLeaves)
      distances = cursor
      for _ in 0..<remaining { _ = try cursor.varint() }
      try advance(from: 0)
    }

    var isAtEnd: Bool { next < 0 }

    @inline(__always)
    mutating func isNext(_ index: Int) throws(FormatError) -> Bool {
      guard index == next else { return false }
      try advance(from: index + 1)
      return true
    }

    private mutating func advance(from index: Int) throws(FormatError) {
      next = -1
      guard remaining > 0 else { return }
      remaining -= 1
      next = index + (try distances.count(atMost: TemplateReplay.maximumLeaves))
    }
  }
}

/// The leaves of the message that is being put together: written without the checks of an array, in memory that is used again. As an array it
/// would cost 2 % more instructions of a replay.
///
/// Unsafe: whoever holds one frees it with ``deallocate()``, and appends no more than was reserved.
private struct LeafScratch {
  private var base = UnsafeMutablePointer<Leaf>.allocate(capacity: LeafScratch.keptCapacity)
  private(set) var count = 0
  private var capacity = LeafScratch.keptCapacity
  private static let keptCapacity = 1_024

  func deallocate() { base.deallocate() }

  var all: UnsafeBufferPointer<Leaf> { UnsafeBufferPointer(start: base, count: count) }

  /// Makes room for all leaves of a message; there are none yet.
  mutating func reserve(_ count: Int) {
    if count > capacity { resize(to: count) }
  }

  @inline(__always)
  mutating func append(_ leaf: Leaf) {
    assert(count < capacity)
    (base + count).initialize(to: leaf)
    count += 1
  }

  /// A long list must not keep its memory for ever.
  mutating func removeAll() {
    count = 0
    if capacity > Self.keptCapacity { resize(to: Self.keptCapacity) }
  }

  private mutating func resize(to newCapacity: Int) {
    base.deallocate()
    base = .allocate(capacity: newCapacity)
    capacity = newCapacity
  }

  func equals(_ other: UnsafeBufferPointer<Leaf>) -> Bool {
    // A leaf is numbers without gaps between them.
    assert(MemoryLayout<Leaf>.size == 24 && MemoryLayout<Leaf>.stride == 24)
    return count == other.count && (count == 0 || memcmp(base, other.baseAddress!, count * MemoryLayout<Leaf>.stride) == 0)
  }
}
