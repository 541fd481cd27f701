internal import JournalFormat

// What only format 2 needs: its segments keep no shapes, so an entry says itself what a shape says in format 3.
//
//     row      = entry entry?
//     entry    = metadata payload
//     metadata = later:varint? flags:varint context:(number:varint | context) fields
//
// `later`, of a second entry only, is always there; `fields` are those of format 3, behind the context. A template payload begins with its head. The
// drafts that one process hands to another have their metadata like this, too.
extension EntryMetadata {
  /// Appends the encoding of format 2, which begins with the time that counts from the base's, and then its flags and context.
  func encodeFormat2(from base: Base, to output: inout [UInt8]) {
    let flags = flags(from: base).subtracting(.later)
    output.appendVarint(UInt64(recordedAt.milliseconds(since: base.recordedAt)))
    output.appendVarint(UInt64(flags.rawValue))
    switch context {
    case .number(let number): output.appendVarint(UInt64(number))
    case .inline(let context): context.value.encode(to: &output)
    }
    encodeFields(flags, from: base, to: &output)
  }

  /// Reads what ``encodeFormat2(from:to:)`` wrote; every bound is checked, but marks against the payload: see ``validate(payloadCount:)``.
  /// - Throws: `FormatError` for bytes that are no such thing.
  init(format2 reader: inout ByteReader, base: Base) throws(FormatError) {
    try self.init(format2: &reader, recordedAt: Self.time(&reader, since: base.recordedAt), base: base)
  }

  /// Reads what ``encodeFormat2(from:to:)`` wrote behind the time.
  /// - Throws: `FormatError` for bytes that are no such thing.
  init(format2 reader: inout ByteReader, recordedAt: Timestamp, base: Base) throws(FormatError) {
    let flags = try Flags(code: reader.varint())
    guard !flags.contains(.later) else { throw FormatError("the metadata has fields that this version does not know") }
    let context: ContextReference =
      flags.contains(.inlineContext)
      ? .inline(SharedContext(try EntryContext(from: &reader))) : .number(UInt32(try reader.count(atMost: Int(UInt32.max))))
    try self.init(flags, context, recordedAt: recordedAt, from: &reader, base)
  }
}
