internal import CZstd

/// A dictionary, digested for compression at one level and for decompression. Immutable; safe from any thread.
public final class CompressionDictionary: @unchecked Sendable {
  // Sendable: libzstd's digested dictionaries are read-only once made (zstd.h, "Bulk processing dictionary API").
  public let bytes: [UInt8]
  let decompression: OpaquePointer
  /// Nil where the dictionary is for reading only.
  let compression: OpaquePointer?

  /// - Parameter level: of compression, 1 to 22; nil where nothing will be compressed with it, which is faster to make.
  /// - Throws: ``ZstandardError`` where the library cannot be set up.
  public init(_ bytes: [UInt8], compressionLevel level: Int32?) throws(ZstandardError) {
    self.bytes = bytes
    guard let decompression = bytes.withUnsafeBytes({ ZSTD_createDDict($0.baseAddress, $0.count) }) else {
      throw ZstandardError(call: "ZSTD_createDDict", message: "not a dictionary, or out of memory")
    }
    self.decompression = decompression
    if let level {
      guard let compression = bytes.withUnsafeBytes({ ZSTD_createCDict($0.baseAddress, $0.count, level) }) else {
        ZSTD_freeDDict(decompression)
        throw ZstandardError(call: "ZSTD_createCDict", message: "not a dictionary, or out of memory")
      }
      self.compression = compression
    } else {
      compression = nil
    }
  }

  deinit {
    ZSTD_freeDDict(decompression)
    if let compression { ZSTD_freeCDict(compression) }
  }
}
