internal import JournalFormat

/// The parts of a record (`Schemas/journal-format.md`, "Record").
///
/// A row holds one entry, or a request and the answer that was appended with it: two messages that share their words compress better
/// together, and are mostly read together. Metadata and payloads are compressed as one.
enum RecordCoding {
  /// What stands before the compressed part.
  struct Head: Hashable, Sendable {
    var isPair: Bool
    /// How much of the content is metadata.
    var metadataBytes: Int
  }

  /// Where one entry's parts are in the content.
  struct Part {
    let metadata: EntryMetadata
    let payload: Range<Int>
  }

  /// Appends the content of a row: the metadata of its entries, then their payloads. A pair's metadata is preceded by the first one's
  /// length and the length of the first payload.
  static func appendContent(
    _ entries: [(entry: Entry, context: EntryMetadata.ContextReference)], baseTime: Timestamp, to content: inout [UInt8]
  ) -> Head {
    var time = baseTime
    for (index, (entry, context)) in entries.enumerated() {
      if index == 1 { content.appendVarint(entries[0].entry.content.payload.count) }
      EntryMetadata(entry.content, context: context, recordedAt: entry.recordedAt, exchange: entry.exchange)
        .encode(position: entry.position, baseTime: time, to: &content)
      time = entry.recordedAt
    }
    let head = Head(isPair: entries.count == 2, metadataBytes: content.count)
    for (entry, _) in entries { content += entry.content.payload }
    return head
  }

  static func append(_ head: Head, to record: inout [UInt8]) {
    record.appendVarint(head.metadataBytes << 1 | (head.isPair ? 1 : 0))
  }

  /// Reads the head. The reader stands behind the checksum.
  static func head(_ reader: inout ByteReader) throws(FormatError) -> Head {
    let value = try reader.count(atMost: 2 * PayloadDecoder.maximumPayloadBytes + 1)
    return Head(isPair: value & 1 == 1, metadataBytes: value >> 1)
  }

  /// The entries' parts of a row's content.
  static func parts(
    _ content: UnsafeRawBufferPointer, _ head: Head, _ position: JournalPosition, baseTime: Timestamp
  ) throws(FormatError) -> [Part] {
    guard head.metadataBytes <= content.count else { throw FormatError("its metadata is longer than its content") }
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: content[..<head.metadataBytes]))
    let first = try EntryMetadata(from: &reader, position: position, baseTime: baseTime)
    guard head.isPair else {
      guard reader.isAtEnd else { throw FormatError("its metadata is too long") }
      return [Part(metadata: first, payload: head.metadataBytes..<content.count)]
    }
    let middle = head.metadataBytes + (try reader.count(atMost: content.count - head.metadataBytes))
    let second = try EntryMetadata(from: &reader, position: position.next, baseTime: first.recordedAt)
    guard reader.isAtEnd else { throw FormatError("its metadata is too long") }
    return [Part(metadata: first, payload: head.metadataBytes..<middle), Part(metadata: second, payload: middle..<content.count)]
  }

  /// CRC-32C over the position (eight bytes, little-endian) and the record without its first four bytes.
  static func checksum(_ position: JournalPosition, _ record: UnsafeRawBufferPointer) -> UInt32 {
    var crc = CRC32C()
    withUnsafeBytes(of: position.rawValue.littleEndian) { crc.update($0) }
    crc.update(UnsafeRawBufferPointer(rebasing: record.dropFirst(4)))
    return crc.value
  }
}
