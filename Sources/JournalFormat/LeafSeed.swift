/// What salts the digests of an entry's personal values, so that a value can be erased and nobody can find it again by trying
/// (`Schemas/journal-format.md`, "Leaf"). 16 random bytes, drawn once for each entry that has any.
public struct LeafSeed: Hashable, Sendable {
  /// The bytes of a seed.
  public static let sizeBytes = 16
  private let high: UInt64
  private let low: UInt64

  /// Draws a seed.
  public init(using generator: inout some RandomNumberGenerator) {
    high = generator.next()
    low = generator.next()
  }

  /// Reads what ``append(to:)`` wrote.
  /// - Throws: `FormatError` where the bytes end before.
  package init(from reader: inout ByteReader) throws(FormatError) {
    high = try reader.littleEndian(UInt64.self)
    low = try reader.littleEndian(UInt64.self)
  }

  /// The bytes as they are stored.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }

  /// Appends the bytes as they are stored.
  package func append(to output: inout [UInt8]) {
    output.appendLittleEndian(high)
    output.appendLittleEndian(low)
  }
}
