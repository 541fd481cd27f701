internal import JournalFormat
internal import LMDB

// Decoding of rows, whose parts may name what the segment keeps once for many: shapes, contexts, dictionaries, templates, words, and the request
// in an earlier row.
extension SegmentReader {
  /// The entries of a row.
  /// - Throws: ``JournalError`` where it, or something that it names, is damaged.
  func decode(_ row: EntryBlock.Row) throws(JournalError) -> DecodedRow {
    var first: Entry?
    var second: Entry?
    try decode(row) { (entry) in if first == nil { first = entry } else { second = entry } }
    return DecodedRow(first: first!, second: second)
  }

  /// Shows the entries of a row to `body`, all of them or none.
  /// - Throws: ``JournalError`` where it, or something that it names, is damaged.
  @inline(__always)
  func decode(_ row: EntryBlock.Row, _ body: (consuming Entry) -> Void) throws(JournalError) {
    let position = firstPosition.advanced(by: Int(row.firstIndex))
    do {
      var reader = ByteReader(row.bytes)
      let shape = segment.header.hasShapes ? try self.shape(&reader) : nil
      guard shape.map({ ($0.second != nil) == row.isPair }) ?? true else { throw FormatError("its shape is of another number of entries") }
      let firstBase = EntryMetadata.Base(position: position, recordedAt: row.recordedAt)
      let first = try part(&reader, shape?.first, firstBase) { position in try self.request(at: position) }
      var second: Entry?
      if row.isPair {
        let base = EntryMetadata.Base(
          position: position.next, recordedAt: first.recordedAt, requestObservedAt: first.content.observedAt)
        second = try part(&reader, shape?.second, base) { _ in first.content }
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

  /// The shape that a row begins with: its number, or 0 and the shape.
  @inline(__always)
  private func shape(_ reader: inout ByteReader) throws -> RowShape {
    let number = try reader.count(atMost: ShapeTable.maximumCount)
    if number < shapes.count, let known = shapes[number] { return known }
    guard number > 0 else { return try RowShape(reader.counted()) }
    let shape = try stored(UInt32(number), in: segment.tables.shapes!, "shape").withRawBytes { (bytes) throws(FormatError) in
      try RowShape(bytes)
    }
    while shapes.count <= number { shapes.append(nil) }
    shapes[number] = shape
    return shape
  }

  /// - Parameter shape: what the row's says of the entry; nil where the row itself does.
  private func part(
    _ reader: inout ByteReader, _ shape: RowShape.Part?, _ base: EntryMetadata.Base, request: (JournalPosition) throws -> EntryContent
  ) throws -> Entry {
    let metadata: EntryMetadata
    if let shape {
      metadata = try EntryMetadata(shape.flags, context: shape.context, recordedAt: base.recordedAt, from: &reader, base: base)
    } else if base.requestObservedAt == nil {
      metadata = try EntryMetadata(recordedAt: base.recordedAt, from: &reader, base: base)
    } else {
      metadata = try EntryMetadata(from: &reader, base: base)
    }
    var requestContent: EntryContent?
    if metadata.refersToRequest {
      guard let exchange = metadata.exchange, exchange < base.position else { throw FormatError("it refers to a request and names none") }
      requestContent = try request(exchange)
    }
    let stored = try payloads.payload(
      metadata.payloadForm, head: shape?.head, &reader, observedAt: metadata.observedAt, request: requestContent, tables: self)
    try metadata.validate(payloadCount: stored.payload.count)
    let context: SharedContext =
      switch metadata.context {
      case .inline(let context): context
      case .number(let number): try self.context(number)
      }
    let content = EntryContent(
      observedAt: metadata.observedAt, sharedContext: context, latencyMilliseconds: metadata.latencyMilliseconds,
      marks: metadata.marks ?? stored.marks ?? [], findings: metadata.findings, payload: stored.payload, layout: stored.layout)
    return Entry(
      position: base.position, recordedAt: metadata.recordedAt, exchange: metadata.exchange, content: content, seed: metadata.seed)
  }

  /// The content of the request that an answer in another row refers to.
  private func request(at position: JournalPosition) throws -> EntryContent {
    if let known = recentRequests[position] { return known }
    guard position >= firstPosition, !isReadingRequest else { throw FormatError("it refers to what is no request of its segment") }
    isReadingRequest = true
    defer { isReadingRequest = false }
    guard let entry = try entry(at: UInt32(clamping: position.rawValue - firstPosition.rawValue)) else {
      throw FormatError("it refers to a request that is missing")
    }
    return entry.content
  }
}

extension SegmentReader: SegmentTables {
  func context(_ number: UInt32) throws -> SharedContext {
    if number < contexts.count, let known = contexts[Int(number)] { return known }
    guard number <= ContextTable.maximumCount else { throw FormatError("context \(number) is out of bounds") }
    let bytes = try stored(number, in: segment.tables.contexts, "context")
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

  func dictionary(_ number: UInt32) throws -> [UInt8] { try stored(number, in: segment.tables.dictionaries, "dictionary") }

  func template(_ number: UInt32) throws -> [UInt8] { try stored(number, in: segment.tables.templates, "template") }
  func word(_ number: UInt32) throws -> [UInt8] { try stored(number, in: segment.tables.words, "word") }

  /// What a table keeps under a number, its checksum compared.
  private func stored(_ number: UInt32, in table: Database, _ what: String) throws(JournalError) -> [UInt8] {
    let bytes = try withValue(of: number, in: table) { (bytes) throws(JournalError) -> [UInt8] in
      guard let value = checked(bytes) else {
        throw JournalError(.segmentDamaged, "\(what) \(number) is damaged: its checksum does not fit.", path: path)
      }
      return Array(value)
    }
    guard let bytes else {
      throw JournalError(.segmentDamaged, "a record names \(what) \(number), which the segment does not have.", path: path)
    }
    return bytes
  }
}

/// The latest requests that were read and may be referred to.
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
