internal import CZstd

/// Decompresses a Zstandard file piece by piece (RFC 8878; several frames may follow each other). Not for several threads at a time.
public final class StreamDecompressor {
  private let context: OpaquePointer
  /// Whether the input so far ends with a frame: what ends elsewhere was cut short.
  public private(set) var isAtFrameEnd = true

  /// Whether a file that begins with `bytes` is a Zstandard file.
  public static func recognizes(_ bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) }

  /// A decompressor at the beginning of a file.
  /// - Throws: ``ZstandardError`` where the library cannot be set up.
  public init() throws(ZstandardError) {
    guard let context = ZSTD_createDStream() else { throw ZstandardError(call: "ZSTD_createDStream", message: "out of memory") }
    self.context = context
  }

  deinit { ZSTD_freeDStream(context) }

  /// Appends what `input` decompresses to, to `output`. Windows over 128 MiB are refused (libzstd's own limit).
  /// - Throws: ``ZstandardError`` where the file is damaged.
  public func append(_ input: UnsafeRawBufferPointer, to output: inout [UInt8]) throws(ZstandardError) {
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var block = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
    while true {
      var produced = 0
      let consumedBefore = source.pos
      let hint = block.withUnsafeMutableBytes { buffer in
        var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        let hint = ZSTD_decompressStream(context, &target, &source)
        produced = target.pos
        return hint
      }
      try check(hint, "ZSTD_decompressStream")
      output += block[..<produced]
      // With nothing to do libzstd answers what it would like for the next frame.
      if produced > 0 || source.pos > consumedBefore { isAtFrameEnd = hint == 0 }
      // A full block may have left more behind in the context.
      if source.pos == source.size && produced < block.count { return }
    }
  }
}
