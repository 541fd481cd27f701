internal import JournalFormat
internal import Zstandard

/// Compresses templates and reads them back: the first of a segment by itself, the others with the first as a dictionary, since their markup is alike.
/// Not for several threads at a time.
final class TemplateCodec {
  /// How an encoding is compressed; its first byte. The numbers are on disk.
  private enum Compression: UInt8 {
    case none = 0
    case zstd = 1
    /// A frame with the content of template 1 as its dictionary.
    case zstdAfterFirst = 2
  }

  /// Templates are made once and stay.
  private static let level: Int32 = 19
  private var compressor: FrameCompressor?
  private let decompressor: FrameDecompressor
  private var dictionary: CompressionDictionary?

  /// Makes a codec that knows no template yet.
  /// - Throws: `ZstandardError` where there is no memory for it.
  init() throws(ZstandardError) { decompressor = try FrameDecompressor() }

  /// The encoding of a content; that of template 1 is what later ones are compressed after.
  /// - Throws: `ZstandardError` where there is no memory for it.
  func encode(_ content: [UInt8], number: UInt32) throws(ZstandardError) -> [UInt8] {
    if self.compressor == nil { self.compressor = try FrameCompressor(level: Self.level) }
    let compressor = self.compressor!
    var encoding = [(dictionary == nil ? Compression.zstd : .zstdAfterFirst).rawValue]
    var failure: ZstandardError?
    content.withUnsafeBytes { bytes in
      do throws(ZstandardError) { try compressor.append(bytes, dictionary: dictionary, to: &encoding) } catch { failure = error }
    }
    if let failure { throw failure }
    if encoding.count > content.count { encoding = [Compression.none.rawValue] + content }
    if number == 1 { try setFirst(content, forWriting: true) }
    return encoding
  }

  /// The content of an encoding.
  /// - Parameters:
  ///   - forWriting: whether others will be compressed after it.
  ///   - first: has this codec decode template 1, where it is needed and was not decoded yet.
  /// - Throws: `FormatError` for no known encoding, `ZstandardError` for a damaged frame, or what `first` throws.
  func content(of encoding: [UInt8], number: UInt32, forWriting: Bool, first: () throws -> Void) throws -> [UInt8] {
    guard let byte = encoding.first, let compression = Compression(rawValue: byte) else {
      throw FormatError("a template is of no known encoding")
    }
    let content: [UInt8]
    switch compression {
    case .none: content = Array(encoding.dropFirst())
    case .zstd, .zstdAfterFirst:
      if compression == .zstdAfterFirst, dictionary == nil {
        guard number != 1 else { throw FormatError("the first template needs itself") }
        try first()
      }
      let dictionary = compression == .zstdAfterFirst ? self.dictionary : nil
      content = try encoding.withUnsafeBytes {
        try decompressor.content(
          of: UnsafeRawBufferPointer(rebasing: $0.dropFirst()), dictionary: dictionary, maximumBytes: Template.maximumContentBytes)
      }
    }
    if number == 1, dictionary == nil { try setFirst(content, forWriting: forWriting) }
    return content
  }

  private func setFirst(_ content: [UInt8], forWriting: Bool) throws(ZstandardError) {
    dictionary = try CompressionDictionary(content, compressionLevel: forWriting ? Self.level : nil)
  }
}
