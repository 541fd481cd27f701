internal import JournalFormat
internal import JournalStore

extension ModelTable {
  /// Runs what decodes rows of this table.
  /// - Throws: ``JournalError`` `model.damaged` where a row is not what its projection wrote.
  func decoding<Result>(_ body: () throws(FormatError) -> Result) throws(JournalError) -> Result {
    do throws(FormatError) { return try body() } catch { throw damaged(error) }
  }

  /// Lends a reader of a value, or a part of one.
  /// - Throws: ``JournalError`` `model.damaged` where it is not what its projection wrote.
  func reading<Result>(
    _ value: [UInt8], _ body: (inout ByteReader) throws(FormatError) -> Result
  ) throws(JournalError) -> Result {
    do throws(FormatError) { return try value.reading(body) } catch { throw damaged(error) }
  }

  /// What is thrown of a row that is not what its projection wrote.
  func damaged(_ error: FormatError) -> JournalError {
    JournalError(.modelDamaged, "a row of the table \(name) is damaged: \(error.message). Rebuild the read model.")
  }
}

extension [UInt8] {
  /// Lends a reader of these bytes.
  func reading<Result>(_ body: (inout ByteReader) throws(FormatError) -> Result) throws(FormatError) -> Result {
    try withRawBytes { (bytes) throws(FormatError) in
      var reader = ByteReader(bytes)
      return try body(&reader)
    }
  }
}

extension FixedWidthInteger where Self: UnsignedInteger {
  /// The number of some bytes, the highest first, as keys have them; of more bytes than it has, the last.
  init(bigEndian bytes: some Sequence<UInt8>) { self = bytes.reduce(0) { $0 << 8 | Self($1) } }
}

extension ByteReader {
  /// A varint of at most 32 bits.
  mutating func number() throws(FormatError) -> UInt32 { UInt32(try count(atMost: Int(UInt32.max))) }
}
