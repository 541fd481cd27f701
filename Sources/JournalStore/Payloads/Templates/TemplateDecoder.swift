internal import JournalFormat
internal import Zstandard

/// Where a segment keeps what its payloads refer to.
protocol TemplateStorage {
  /// The encoding of a template.
  /// - Throws: ``JournalError`` where it is missing or damaged.
  func template(_ number: UInt32) throws -> [UInt8]
  /// The bytes of a word.
  /// - Throws: ``JournalError`` where it is missing or damaged.
  func word(_ number: UInt32) throws -> [UInt8]
}

/// Reads `template` payloads of one segment; keeps the templates and words that it met. Not for several threads at a time.
struct TemplateDecoder {
  private let replay = TemplateReplay()
  private let cache: TemplateCache

  /// Makes a decoder that has read no template yet.
  /// - Throws: `ZstandardError` where there is no memory for it.
  init() throws(ZstandardError) { cache = try TemplateCache() }

  /// Reads one payload; `reader` then stands behind it.
  /// - Parameters:
  ///   - head: of the row's shape; in format 2 what the payload begins with.
  ///   - request: the request that the payload was stored after; with its layout where its own payload is a template, else it counts for nothing.
  ///   - observedAt: the payload's own.
  /// - Throws: `FormatError` for bytes that are no such payload, or what `storage` throws.
  func decode(
    _ head: TemplateHead, _ reader: inout ByteReader, request: EntryContent?, observedAt: Timestamp, storage: some TemplateStorage
  ) throws -> TemplateMessage {
    var source = StoredTemplates(cache: cache, storage: storage)
    return try RequestText.with(request) {
      try replay.message(head, from: &reader, source: &source, request: $0, observedAt: observedAt.rawValue)
    }
  }
}

/// What a decoder has read so far.
private final class TemplateCache {
  let codec: TemplateCodec
  /// The templates that were read, by number less one; nil where one was not.
  private var templates: [Template?] = []
  let words = WordList()
  /// No honest segment has more.
  var bytes = 2 * TemplateRegister.maximumMarkupBytes

  init() throws(ZstandardError) { codec = try TemplateCodec() }

  @inline(__always)
  func template(_ number: UInt32) -> Template? {
    Int(number) - 1 < templates.count && number > 0 ? templates[Int(number) - 1] : nil
  }

  /// Keeps a template that was not known, for as long as this lives.
  func keep(_ template: Template, number: UInt32) {
    while templates.count < number { templates.append(nil) }
    precondition(templates[Int(number) - 1] == nil)
    templates[Int(number) - 1] = template
  }
}

/// Templates and words from the cache, else from storage.
private struct StoredTemplates<Storage: TemplateStorage>: TemplateSource {
  let cache: TemplateCache
  let storage: Storage

  @inline(__always)
  func template(_ number: UInt32) throws -> Template {
    if let template = cache.template(number) { return template }
    return try read(number, mayHaveBase: true)
  }

  private func read(_ number: UInt32, mayHaveBase: Bool) throws -> Template {
    guard number >= 1, number <= TemplateRegister.maximumCount else { throw FormatError("template \(number) is out of bounds") }
    let content = try cache.codec.content(of: try storage.template(number), number: number, forWriting: false) {
      _ = try read(1, mayHaveBase: false)
    }
    let template = try content.withUnsafeBytes { bytes in
      var cursor = ByteReader(bytes)
      return try Template(from: &cursor) { base in
        // So that this ends.
        guard mayHaveBase, base < number else { throw FormatError("template \(number) is made of one that it must not be made of") }
        return try cache.template(base) ?? read(base, mayHaveBase: false)
      }
    }
    cache.bytes -= template.countedBytes
    guard cache.bytes >= 0 else { throw FormatError("the templates of the segment take too much memory") }
    cache.keep(template, number: number)
    return template
  }

  @inline(__always)
  func word(_ number: UInt32) throws -> UnsafeBufferPointer<UInt8> {
    if let word = cache.words[number] { return word }
    guard number >= 1, number <= WordList.maximumCount else { throw FormatError("word \(number) is out of bounds") }
    try storage.word(number).withUnsafeBufferPointer { try cache.words.insert($0, number: number) }
    return cache.words[number]!
  }
}
