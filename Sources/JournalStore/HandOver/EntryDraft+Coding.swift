internal import JournalFormat

// How drafts go over the hand-over socket (`Schemas/journal-format.md`, "Hand-over").
extension EntryDraft {
  /// Its request and recordedAt, then the metadata with its context in full, the payload and its layout.
  func encode(to output: inout [UInt8]) {
    switch request {
    case .none: output.append(0)
    case .behind(let distance):
      output.append(1)
      output.appendVarint(distance)
    case .position(let position):
      output.append(2)
      output.appendLittleEndian(position.rawValue)
    }
    output.append(recordedAt == nil ? 0 : 1)
    if let recordedAt { output.appendLittleEndian(recordedAt.rawValue) }
    output.appendLittleEndian(content.observedAt.rawValue)
    let metadata = EntryMetadata(
      content, context: .inline(content.sharedContext), recordedAt: content.observedAt, requestPosition: nil, seed: nil,
      marks: content.marks,
      payloadEncoding: .raw)
    metadata.encodeFormat2(from: EntryMetadata.Base(position: .first, recordedAt: content.observedAt), to: &output)
    output.appendCounted(content.payload)
    output.append(content.layout == nil ? 0 : 1)
    content.layout?.encode(to: &output)
  }

  /// Reads an entry that was handed over; `reader` then stands behind it.
  /// - Throws: `FormatError` for bytes that are none.
  init(from reader: inout ByteReader) throws(FormatError) {
    switch try reader.byte() {
    case 0: request = .none
    case 1: request = .behind(try reader.count(atMost: WriteQueue.maximumEntryCount))
    case 2: request = .position(JournalPosition(try reader.littleEndian(UInt64.self)))
    default: throw FormatError("a reference to a request is unknown")
    }
    recordedAt = try reader.byte() == 0 ? nil : Timestamp(rawValue: try reader.littleEndian(Int64.self))
    let observedAt = Timestamp(rawValue: try reader.littleEndian(Int64.self))
    let metadata = try EntryMetadata(format2: &reader, base: EntryMetadata.Base(position: .first, recordedAt: observedAt))
    guard case .inline(let context) = metadata.context else { throw FormatError("an entry came without its context") }
    let payload = Array(try reader.counted())
    try metadata.validate(payloadCount: payload.count)
    let layout = try reader.byte() == 0 ? nil : try MessageLayout(from: &reader, payloadCount: payload.count)
    content = EntryContent(
      observedAt: metadata.observedAt, sharedContext: context, latencyMilliseconds: metadata.latencyMilliseconds,
      marks: metadata.marks ?? [], findings: metadata.findings, payload: payload, layout: layout)
  }
}

extension MessageLayout {
  fileprivate func encode(to output: inout [UInt8]) {
    output.appendCounted(envelope)
    output.appendVarint(leaves.count)
    var previousEnd = 0
    for leaf in leaves {
      output.appendVarint(UInt64(leaf.path.name))
      output.appendVarint(UInt64(leaf.path.parent))
      output.appendVarint(UInt64(leaf.item))
      output.appendVarint(UInt64(leaf.subitem))
      output.append(leaf.traits.rawValue)
      output.appendVarint(leaf.range.lowerBound - previousEnd)
      output.appendVarint(leaf.range.count << 1 | (leaf.isDecoded ? 1 : 0))
      if let text = decodedText(of: leaf) { output.appendCounted(text) }
      previousEnd = leaf.range.upperBound
    }
  }

  fileprivate init(from reader: inout ByteReader, payloadCount: Int) throws(FormatError) {
    let envelope = Array(try reader.counted())
    var leaves: [Leaf] = []
    var decodedTexts: [[UInt8]] = []
    var previousEnd = 0
    for _ in 0..<(try reader.count(atMost: reader.remainingCount / 7)) {
      let path = LeafPath(name: UInt16(try reader.count(atMost: 0xffff)), parent: UInt16(try reader.count(atMost: 0xffff)))
      let item = UInt32(try reader.count(atMost: Int(UInt32.max)))
      let subitem = UInt32(try reader.count(atMost: Int(UInt32.max)))
      let traits = LeafTraits(rawValue: try reader.byte())
      let start = previousEnd + (try reader.count(atMost: payloadCount - previousEnd))
      let size = try reader.count(atMost: payloadCount << 1 | 1)
      guard start + size >> 1 <= payloadCount else { throw FormatError("a leaf lies outside the payload") }
      let decoded = size & 1 == 1 ? decodedTexts.count : nil
      guard decodedTexts.count < Leaf.maximumDecodedCount else { throw FormatError("a message has too many leaves") }
      if decoded != nil { decodedTexts.append(Array(try reader.counted())) }
      previousEnd = start + size >> 1
      leaves.append(Leaf(path: path, item: item, subitem: subitem, range: start..<previousEnd, traits: traits, decoded: decoded))
    }
    self.init(leaves: leaves, decodedTexts: decodedTexts, envelope: envelope)
  }
}
