internal import CZstd

/// Compresses messages into bare frames: Zstandard frames (RFC 8878) of known content size, without their magic number, checksum and
/// dictionary id, which would repeat in every record. Not for several threads at a time.
public final class FrameCompressor {
  private let context: OpaquePointer
  private var scratch: [UInt8] = []

  /// - Parameter level: for frames without a dictionary; with one its own level counts.
  /// - Throws: ``ZstandardError`` where the library cannot be set up.
  public init(level: Int32) throws(ZstandardError) {
    guard let context = ZSTD_createCCtx() else { throw ZstandardError(call: "ZSTD_createCCtx", message: "out of memory") }
    self.context = context
    // The object is whole from here on: a throw runs `deinit`.
    try check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level), "ZSTD_CCtx_setParameter")
    try check(ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0), "ZSTD_CCtx_setParameter")
    try check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0), "ZSTD_CCtx_setParameter")
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Appends the frame of `bytes` to `output`.
  /// - Throws: ``ZstandardError`` where the library fails.
  public func append(
    _ bytes: UnsafeRawBufferPointer, dictionary: CompressionDictionary?, to output: inout [UInt8]
  ) throws(ZstandardError) {
    try check(ZSTD_CCtx_refCDict(context, dictionary?.compression), "ZSTD_CCtx_refCDict")
    let bound = ZSTD_compressBound(bytes.count)
    if scratch.count < bound { scratch = [UInt8](repeating: 0, count: bound) }
    let size = try check(ZSTD_compress2(context, &scratch, scratch.count, bytes.baseAddress, bytes.count), "ZSTD_compress2")
    output += scratch[magicNumber.count..<size]
  }
}

/// Reads what ``FrameCompressor`` wrote. Not for several threads at a time.
public final class FrameDecompressor {
  private let context: OpaquePointer
  private var scratch: [UInt8] = magicNumber
  private var output: [UInt8] = []
  private static let keptBytes = 1 << 20

  /// A decompressor that is used again and again.
  /// - Throws: ``ZstandardError`` where the library cannot be set up.
  public init() throws(ZstandardError) {
    guard let context = ZSTD_createDCtx() else { throw ZstandardError(call: "ZSTD_createDCtx", message: "out of memory") }
    self.context = context
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Lends the content of a bare frame to `body`; it may be read inside `body` only.
  /// - Parameter maximumBytes: a frame that says it holds more is refused before anything is allocated.
  /// - Throws: ``ZstandardError``, or what `body` throws.
  public func withContent<Result>(
    of frame: UnsafeRawBufferPointer, dictionary: CompressionDictionary?, maximumBytes: Int,
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    scratch.removeLast(scratch.count - magicNumber.count)
    scratch.append(contentsOf: frame)
    let size = ZSTD_getFrameContentSize(scratch, scratch.count)
    // The two highest values are ZSTD_CONTENTSIZE_UNKNOWN and ZSTD_CONTENTSIZE_ERROR.
    guard size <= UInt64(maximumBytes) else {
      throw ZstandardError(call: "ZSTD_getFrameContentSize", message: "not a frame, or of more than \(maximumBytes) bytes")
    }
    if output.count < Int(size) { output = [UInt8](repeating: 0, count: Int(size)) }
    // One long list must not keep its memory for ever.
    defer { if output.count > Self.keptBytes { output = [] } }
    let count = try check(
      ZSTD_decompress_usingDDict(context, &output, output.count, scratch, scratch.count, dictionary?.decompression),
      "ZSTD_decompress_usingDDict")
    return try output.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
  }

  /// The content of a bare frame, copied. See ``withContent(of:dictionary:maximumBytes:_:)``.
  /// - Throws: ``ZstandardError`` where the frame is damaged, needs another dictionary, or holds more than it may.
  public func content(of frame: UnsafeRawBufferPointer, dictionary: CompressionDictionary?, maximumBytes: Int) throws -> [UInt8] {
    try withContent(of: frame, dictionary: dictionary, maximumBytes: maximumBytes) { Array($0) }
  }
}

/// RFC 8878, section 3.1.1.
private let magicNumber: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]
