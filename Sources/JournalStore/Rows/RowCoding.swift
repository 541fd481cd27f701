internal import JournalFormat
internal import LMDB
internal import Zstandard

// The grammar of a row (`Schemas/journal-format.md`, "Row"), behind its length and time, which are the block's:
//
//     row      = shape entry entry?                       two: a request, and the answer that was appended with it
//     shape    = number:varint                            kept by the segment under this number
//              | 0 count:varint part part?                in full
//     part     = flags:varint context:varint? head:varint?
//     entry    = metadata payload
//     metadata = later:varint? context? observed:svarint request:varint? latency:varint? seed:16 bytes? marks? findings?
//     payload  =                                          empty
//              | counted bytes                            raw
//              | dictionary:varint counted frame          zstd
//              | template numbers, exceptions, values     template
//
// The flags of a part say which fields of its entry there are, which encoding its payload has, and whether the context stands in the row (`context` of the
// metadata) or in the segment under a number (`context` of the part). `head` is what a template payload begins with. What is new in a row and comes
// again is stored in its transaction: contexts, shapes, templates, words, a dictionary.
//
// Segments of format 2 keep no shapes: see `EntryMetadata+Format2.swift`.

/// Turns entries into the rows of one segment. Belongs to the writer's thread, and reads nothing but when it begins.
struct RowEncoder {
  /// The row that was encoded last, but for its length and time, which its block decides.
  private(set) var row: [UInt8] = []
  private let tables: SegmentEnvironment.Tables
  private let path: String
  private var payloads: PayloadEncoder
  private var contexts = ContextTable()
  private var shapes = ShapeTable()
  /// Requests in rows of their own, which answers may refer to.
  private var openRequests = RecentRequests()
  // Of the entries of the row.
  private var metadata: [EntryMetadata] = []
  private var encodedPayloads: [EncodedPayload] = []
  private var payloadBytes: [UInt8] = []

  /// Takes up a segment with what its rows share.
  /// - Parameter predecessor: of the segment before: its markup is known to come again.
  /// - Throws: ``JournalError`` `segment.damaged` where one of them is.
  init(_ reader: SegmentReader, after predecessor: TemplateRegister?) throws(JournalError) {
    (tables, path) = (reader.segment.tables, reader.path)
    var (contexts, shapes) = (ContextTable(), ShapeTable())
    try reader.forEachStored(in: tables.contexts, "context") { number, encoding in try contexts.load(number: number, encoding: encoding) }
    if let database = tables.shapes {
      try reader.forEachStored(in: database, "shape") { number, encoding in try shapes.load(number: number, encoding: encoding) }
    }
    (self.contexts, self.shapes) = (contexts, shapes)
    var templates = try Self.zstandard(path) { () throws(ZstandardError) in try TemplateRegister(after: predecessor) }
    // Words first: templates name them.
    try reader.forEachStored(in: tables.words, "word") { number, word in try templates.load(word: word, number: number) }
    try reader.forEachStored(in: tables.templates, "template") { number, encoding in
      try templates.load(template: encoding, number: number)
    }
    let dictionary = try reader.newestDictionary()
    payloads = try Self.zstandard(path) { () throws(ZstandardError) in try PayloadEncoder(templates, dictionary: dictionary) }
  }

  private static func zstandard<Result>(
    _ path: String, _ body: () throws(ZstandardError) -> Result
  ) throws(JournalError) -> Result {
    do throws(ZstandardError) { return try body() } catch {
      throw JournalError(.segmentDamaged, "the segment's dictionary or templates cannot be used: \(error).", path: path)
    }
  }

  /// The templates that the segment has by now.
  var templates: TemplateRegister { payloads.templates }

  /// Leaves in ``row`` the row of one entry, or of a request and its answer.
  /// - Parameter items: what must be stored with the row is appended to it.
  /// - Throws: ``JournalError`` where the library for compression fails.
  mutating func encode(_ entries: [Entry], storing items: inout [WriteBatch.Row]) throws(JournalError) {
    metadata.removeAll(keepingCapacity: true)
    encodedPayloads.removeAll(keepingCapacity: true)
    payloadBytes.removeAll(keepingCapacity: true)
    for (offset, entry) in entries.enumerated() {
      let context = reference(to: entry.content.sharedContext, &items)
      let payload = try encodedPayload(entry, request: request(of: entry, at: offset, entries))
      metadata.append(
        EntryMetadata(
          entry.content, context: context, recordedAt: entry.recordedAt, requestPosition: entry.requestPosition, seed: entry.seed,
          marks: payload.tellsMarks ? nil : entry.content.marks, payloadEncoding: payload.encoding))
      metadata[offset].refersToRequest = payload.refersToRequest
      encodedPayloads.append(payload)
    }
    storeNew(&items)
    assemble(entries, &items)
    // One that refers to another itself would make whoever reads its answer read a chain of them.
    let mayBeReferredTo = encodedPayloads[0].encoding == .template && !encodedPayloads[0].refersToRequest
    if entries.count == 1, entries[0].kind == .request, mayBeReferredTo { openRequests.insert(entries[0]) }
  }

  /// The request of an answer, if whoever reads the answer has its values at hand: its own payload is a template.
  private func request(of entry: Entry, at offset: Int, _ entries: [Entry]) -> EntryContent? {
    guard offset == 1 else { return entry.requestPosition.flatMap { openRequests[$0] } }
    return encodedPayloads[0].encoding == .template ? entries[0].content : nil
  }

  private mutating func encodedPayload(_ entry: Entry, request: EntryContent?) throws(JournalError) -> EncodedPayload {
    do {
      return try payloads.encode(entry.content, request: request, to: &payloadBytes)
    } catch {
      throw JournalError(.inputOutput, "\(error)", path: path, position: entry.position)
    }
  }

  private mutating func assemble(_ entries: [Entry], _ items: inout [WriteBatch.Row]) {
    row.removeAll(keepingCapacity: true)
    let firstBase = EntryMetadata.Base(position: entries[0].position, recordedAt: entries[0].recordedAt)
    let secondBase = EntryMetadata.Base(
      position: entries[0].position.next, recordedAt: entries[0].recordedAt, requestObservedAt: entries[0].content.observedAt)
    let first = shapePart(0, firstBase)
    let second = entries.count == 2 ? shapePart(1, secondBase) : nil
    appendReference(to: RowShape(first: first, second: second), &items)
    appendEntry(0, first.flags, firstBase)
    if let second { appendEntry(1, second.flags, secondBase) }
  }

  private func shapePart(_ offset: Int, _ base: EntryMetadata.Base) -> RowShape.Part {
    let context: UInt32 = if case .number(let number) = metadata[offset].context { number } else { 0 }
    return RowShape.Part(metadata[offset].flags(from: base), context: context, head: encodedPayloads[offset].head)
  }

  private mutating func appendEntry(_ offset: Int, _ flags: EntryMetadata.Flags, _ base: EntryMetadata.Base) {
    metadata[offset].encode(beside: flags, from: base, to: &row)
    row.append(contentsOf: payloadBytes[encodedPayloads[offset].range])
  }

  // MARK: What rows share

  private mutating func appendReference(to shape: RowShape, _ items: inout [WriteBatch.Row]) {
    switch shapes.number(of: shape) {
    case .known(let number): row.appendVarint(UInt64(number))
    case .new(let number, let encoding):
      items.put(withChecksum(encoding), under: number, in: tables.shapes!)
      row.appendVarint(UInt64(number))
    case .inline(let encoding):
      row.append(0)
      row.appendCounted(encoding)
    }
  }

  private mutating func reference(to context: SharedContext, _ items: inout [WriteBatch.Row]) -> EntryMetadata.ContextReference {
    switch contexts.number(for: context) {
    case .known(let number): return .number(number)
    case .inline: return .inline(context)
    case .new(let number, let encoding):
      items.put(withChecksum(encoding), under: number, in: tables.contexts)
      return .number(number)
    }
  }

  /// Stores what the payloads at hand refer to and nobody did before: it commits with them.
  private mutating func storeNew(_ items: inout [WriteBatch.Row]) {
    guard let new = payloads.takeNew() else { return }
    for (number, encoding) in new.templates { items.put(withChecksum(encoding), under: number, in: tables.templates) }
    for (number, word) in new.words { items.put(withChecksum(word), under: number, in: tables.words) }
    if let (number, bytes) = new.dictionary { items.put(withChecksum(bytes), under: number, in: tables.dictionaries) }
  }
}

/// What a row holds: one entry, or a request and the answer that was appended with it, which are mostly read together.
struct DecodedRow {
  var first: Entry
  /// Stands right behind the first.
  var second: Entry?

  func entry(at position: JournalPosition) -> Entry? {
    if first.position == position { return first }
    return second?.position == position ? second : nil
  }
}

/// Turns the rows of one segment back into entries, and keeps what it met of that which rows share. Not for several threads at a time.
final class RowDecoder {
  private let firstPosition: JournalPosition
  private let hasShapes: Bool
  private let path: String
  private var payloads: PayloadDecoder
  /// By their number; nil those that were not read yet.
  private var contexts: [SharedContext?] = []
  /// By their number; nil those that were not read yet.
  private var shapes: [RowShape?] = []
  /// The latest requests that stand in rows of their own.
  private var recentRequests = RecentRequests()
  private var isReadingRequest = false

  /// Reads rows of a segment.
  /// - Throws: ``JournalError`` where the library for compression cannot be set up.
  init(_ segment: SegmentEnvironment) throws(JournalError) {
    (firstPosition, hasShapes, path) = (segment.header.firstPosition, segment.header.hasShapes, segment.environment.path)
    do throws(ZstandardError) { payloads = try PayloadDecoder() } catch { throw JournalError(.inputOutput, "\(error)", path: path) }
  }

  /// The entries of a row of a segment, which is asked for what the row refers to.
  /// - Throws: ``JournalError`` `record.damaged`, or `segment.damaged` where what the row refers to is.
  func decode(_ row: EntryBlock.Row, of segment: SegmentReader) throws(JournalError) -> DecodedRow {
    var first: Entry?
    var second: Entry?
    try decode(row, of: segment) { (entry) in if first == nil { first = entry } else { second = entry } }
    return DecodedRow(first: first!, second: second)
  }

  /// Shows the entries of a row to `body`, all of them or none.
  /// - Throws: ``JournalError`` `record.damaged`, or `segment.damaged` where what the row refers to is.
  @inline(__always)
  func decode(_ row: EntryBlock.Row, of segment: SegmentReader, _ body: (consuming Entry) -> Void) throws(JournalError) {
    let position = firstPosition.advanced(by: Int(row.firstPlace))
    do {
      var reader = ByteReader(row.bytes)
      let shape = hasShapes ? try self.shape(&reader, segment) : nil
      guard shape.map({ ($0.second != nil) == row.isPair }) ?? true else { throw FormatError("its shape is of another number of entries") }
      let firstBase = EntryMetadata.Base(position: position, recordedAt: row.recordedAt)
      let first = try entry(&reader, shape?.first, firstBase, segment) { position in try self.request(at: position, segment) }
      var second: Entry?
      if row.isPair {
        let base = EntryMetadata.Base(
          position: position.next, recordedAt: first.recordedAt, requestObservedAt: first.content.observedAt)
        second = try entry(&reader, shape?.second, base, segment) { _ in first.content }
      } else if first.content.layout != nil, first.kind == .request {
        recentRequests.insert(first)
      }
      guard reader.isAtEnd else { throw FormatError("it is too long") }
      body(first)
      if let second { body(second) }
    } catch let error as FormatError {
      throw JournalError(error, position, path: path)
    } catch let error as JournalError {
      throw error
    } catch {
      throw JournalError(.recordDamaged, "the record is damaged: \(error).", path: path, position: position)
    }
  }

  /// Reads the next entry of a row.
  /// - Parameter shape: what the row's says of the entry; nil in format 2, where the entry itself does.
  private func entry(
    _ reader: inout ByteReader, _ shape: RowShape.Part?, _ base: EntryMetadata.Base, _ segment: SegmentReader,
    request: (JournalPosition) throws -> EntryContent
  ) throws -> Entry {
    let metadata: EntryMetadata
    if let shape {
      metadata = try EntryMetadata(beside: shape.flags, context: shape.context, recordedAt: base.recordedAt, from: &reader, base: base)
    } else if base.requestObservedAt == nil {
      metadata = try EntryMetadata(format2: &reader, recordedAt: base.recordedAt, base: base)
    } else {
      metadata = try EntryMetadata(format2: &reader, base: base)
    }
    var requestContent: EntryContent?
    if metadata.refersToRequest {
      guard let position = metadata.requestPosition, position < base.position else {
        throw FormatError("it refers to a request and names none")
      }
      requestContent = try request(position)
    }
    let stored = try payloads.payload(
      metadata.payloadEncoding, head: shape?.head, &reader, observedAt: metadata.observedAt, request: requestContent, tables: segment)
    try metadata.validate(payloadCount: stored.payload.count)
    let context: SharedContext =
      switch metadata.context {
      case .inline(let context): context
      case .number(let number): try self.context(number, segment)
      }
    let content = EntryContent(
      observedAt: metadata.observedAt, sharedContext: context, latencyMilliseconds: metadata.latencyMilliseconds,
      marks: metadata.marks ?? stored.marks ?? [], findings: metadata.findings, payload: stored.payload, layout: stored.layout)
    return Entry(
      position: base.position, recordedAt: metadata.recordedAt, requestPosition: metadata.requestPosition, content: content,
      seed: metadata.seed)
  }

  // MARK: What rows share

  /// The shape that a row begins with: its number, or 0 and the shape.
  @inline(__always)
  private func shape(_ reader: inout ByteReader, _ segment: SegmentReader) throws -> RowShape {
    let number = try reader.count(atMost: ShapeTable.maximumCount)
    if number < shapes.count, let known = shapes[number] { return known }
    guard number > 0 else { return try RowShape(reader.counted()) }
    let bytes = try segment.stored(UInt32(number), in: segment.segment.tables.shapes!, "shape")
    let shape = try bytes.withRawBytes { (bytes) throws(FormatError) in try RowShape(bytes) }
    while shapes.count <= number { shapes.append(nil) }
    shapes[number] = shape
    return shape
  }

  private func context(_ number: UInt32, _ segment: SegmentReader) throws -> SharedContext {
    if number < contexts.count, let known = contexts[Int(number)] { return known }
    guard number <= ContextTable.maximumCount else { throw FormatError("context \(number) is out of bounds") }
    let bytes = try segment.stored(number, in: segment.segment.tables.contexts, "context")
    let shared = SharedContext(
      try bytes.withRawBytes { bytes in
        var reader = ByteReader(bytes)
        let context = try EntryContext(from: &reader)
        guard reader.isAtEnd else { throw FormatError("context \(number) is too long") }
        return context
      })
    while contexts.count <= number { contexts.append(nil) }
    contexts[Int(number)] = shared
    return shared
  }

  /// The content of the request that an answer in another row refers to.
  private func request(at position: JournalPosition, _ segment: SegmentReader) throws -> EntryContent {
    if let known = recentRequests[position] { return known }
    guard position >= firstPosition, !isReadingRequest else { throw FormatError("it refers to what is no request of its segment") }
    isReadingRequest = true
    defer { isReadingRequest = false }
    guard let entry = try segment.entry(at: UInt32(clamping: position.rawValue - firstPosition.rawValue)) else {
      throw FormatError("it refers to a request that is missing")
    }
    return entry.content
  }
}

/// The latest requests that were written or read and may be referred to.
struct RecentRequests {
  private static let maximumCount = 64
  private var entries: [(position: JournalPosition, content: EntryContent)] = []
  private var oldest = 0

  subscript(position: JournalPosition) -> EntryContent? {
    entries.first { $0.position == position }?.content
  }

  mutating func insert(_ entry: Entry) {
    let row = (entry.position, entry.content)
    if entries.count < Self.maximumCount {
      entries.append(row)
    } else {
      entries[oldest] = row
      oldest = (oldest + 1) % Self.maximumCount
    }
  }
}
