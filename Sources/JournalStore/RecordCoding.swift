internal import JournalFormat

/// The parts of a record that frame its payload (`Schemas/journal-format.md`, "Record").
///
/// A row holds one entry, or a request and the answer that was appended with it: two messages that share their words compress better
/// together, and are mostly read together.
enum RecordCoding {
  /// Appends the metadata of one entry: its length, with a bit for whether another entry follows, then itself.
  static func append(_ metadata: EntryMetadata, position: JournalPosition, baseTime: Timestamp, hasSecond: Bool, to record: inout [UInt8]) {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(64)
    metadata.encode(position: position, baseTime: baseTime, to: &encoded)
    record.appendVarint(encoded.count << 1 | (hasSecond ? 1 : 0))
    record += encoded
  }

  /// How many entries a record holds. The reader stands behind the checksum.
  static func entryCount(_ reader: inout ByteReader) throws(FormatError) -> Int { try reader.varint() & 1 == 1 ? 2 : 1 }

  /// The metadata of a record's entries. The reader stands behind the checksum.
  static func metadata(_ reader: inout ByteReader, _ position: JournalPosition, baseTime: Timestamp) throws(FormatError) -> [EntryMetadata] {
    let (first, hasSecond) = try one(&reader, position, baseTime)
    guard hasSecond else { return [first] }
    let (second, hasThird) = try one(&reader, position.next, first.recordedAt)
    guard !hasThird else { throw FormatError("it says that it holds more than two entries") }
    return [first, second]
  }

  private static func one(
    _ reader: inout ByteReader, _ position: JournalPosition, _ baseTime: Timestamp
  ) throws(FormatError) -> (EntryMetadata, hasNext: Bool) {
    let head = try reader.count(atMost: 2 * reader.remainingCount + 1)
    var inner = ByteReader(try reader.take(head >> 1))
    let metadata = try EntryMetadata(from: &inner, position: position, baseTime: baseTime)
    guard inner.isAtEnd else { throw FormatError("its metadata is too long") }
    return (metadata, head & 1 == 1)
  }

  /// CRC-32C over the position (eight bytes, little-endian) and the record without its first four bytes.
  static func checksum(_ position: JournalPosition, _ record: UnsafeRawBufferPointer) -> UInt32 {
    var crc = CRC32C()
    withUnsafeBytes(of: position.rawValue.littleEndian) { crc.update($0) }
    crc.update(UnsafeRawBufferPointer(rebasing: record.dropFirst(4)))
    return crc.value
  }
}
