internal import JournalFormat
internal import Zstandard

/// A payload as it is stored.
struct EncodedPayload {
  let encoding: EntryMetadata.PayloadEncoding
  /// Where it stands among what was encoded.
  var range = 0..<0
  /// What a template payload begins with: it stands before the rest, which is what was encoded.
  var head: TemplateHead?
  /// Whether the layout tells the marks.
  var tellsMarks = false
  var refersToRequest = false
}

/// Encodes payloads, for one segment. Belongs to the writer's thread.
///
/// A message whose markup is known is a template's number and values; any other is compressed by itself, with a dictionary that is the markup of
/// known templates, in which no value is.
struct PayloadEncoder {
  static let compressionLevel: Int32 = 3
  static let maximumDictionaryBytes = 65_536
  /// How many templates the segment has when it gets its first and its second dictionary.
  static let dictionaryTemplateCounts = [16, 256]

  /// New since the last call of ``takeNew()``: to be stored in the same transaction.
  struct New {
    var templates: [(number: UInt32, encoding: [UInt8])] = []
    var words: [(number: UInt32, word: [UInt8])] = []
    var dictionary: (number: UInt32, bytes: [UInt8])?
  }

  private var messages: MessageEncoder
  private let compressor: FrameCompressor
  private var dictionary: (number: UInt32, digested: CompressionDictionary)?
  private var new: New?

  /// - Parameters:
  ///   - templates: those that the segment has, or an empty register.
  ///   - dictionary: the segment's newest, where it has one.
  /// - Throws: `ZstandardError` where there is no memory for it.
  init(_ templates: TemplateRegister, dictionary: (number: UInt32, bytes: [UInt8])?) throws(ZstandardError) {
    messages = MessageEncoder(templates)
    compressor = try FrameCompressor(level: Self.compressionLevel)
    guard let dictionary else { return }
    self.dictionary = (dictionary.number, try CompressionDictionary(dictionary.bytes, compressionLevel: Self.compressionLevel))
  }

  /// The templates that the segment has so far.
  var templates: TemplateRegister { messages.register }

  /// What must be stored with what was encoded since the last call; nil where nothing must.
  mutating func takeNew() -> New? {
    defer { new = nil }
    return new
  }

  /// Appends an entry's payload as it is stored.
  /// - Parameter request: of an answer, its request, if a reader of the segment can have it.
  /// - Throws: `ZstandardError` where there is no memory to compress it.
  mutating func encode(_ content: EntryContent, request: EntryContent?, to bytes: inout [UInt8]) throws(ZstandardError) -> EncodedPayload {
    guard !content.payload.isEmpty else { return EncodedPayload(encoding: .empty) }
    let start = bytes.count
    let outcome = messages.encode(content, request: request, to: &bytes)
    // A message that comes to nothing may have brought the templates of its parts all the same.
    if let new = messages.takeNew() { try note(new) }
    if let outcome {
      return EncodedPayload(
        encoding: .template, range: start..<bytes.count, head: outcome.head, tellsMarks: outcome.tellsMarks, refersToRequest: request != nil
      )
    }
    return try compress(content.payload, to: &bytes)
  }

  private mutating func note(_ newest: TemplateRegister.New) throws(ZstandardError) {
    var new = self.new ?? New()
    defer { self.new = new }
    new.templates += newest.templates
    new.words += newest.words
    let number = Int(dictionary?.number ?? 0)
    guard number < Self.dictionaryTemplateCounts.count, messages.register.count >= Self.dictionaryTemplateCounts[number] else { return }
    let bytes = messages.register.markup(atMost: Self.maximumDictionaryBytes)
    dictionary = (UInt32(number + 1), try CompressionDictionary(bytes, compressionLevel: Self.compressionLevel))
    new.dictionary = (UInt32(number + 1), bytes)
  }

  private func compress(_ payload: [UInt8], to bytes: inout [UInt8]) throws(ZstandardError) -> EncodedPayload {
    let start = bytes.count
    var frame: [UInt8] = []
    var failure: ZstandardError?
    payload.withUnsafeBytes { bytes in
      do throws(ZstandardError) {
        try compressor.append(bytes, dictionary: dictionary?.digested, to: &frame)
      } catch { failure = error }
    }
    if let failure { throw failure }
    // What does not shrink is stored as it is.
    let isShorter = frame.count < payload.count
    if isShorter { bytes.appendVarint(dictionary.map { UInt64($0.number) } ?? 0) }
    bytes.appendCounted(isShorter ? frame : payload)
    return EncodedPayload(encoding: isShorter ? .zstd : .raw, range: start..<bytes.count)
  }
}

/// Turns stored payloads back, for one segment. Not for several threads at a time.
struct PayloadDecoder {
  /// More than a message may have (2 MiB), so that nothing recorded is out of reach, and little enough to bound a lying frame.
  static let maximumPayloadBytes = 16 << 20

  /// A payload as it was, and what its encoding tells beside.
  struct Result {
    var payload: [UInt8]
    var layout: MessageLayout?
    var marks: [Mark]?
  }

  private let templates: TemplateDecoder
  private let decompressor: FrameDecompressor
  private var dictionaries: [UInt32: CompressionDictionary] = [:]

  /// Makes a decoder that has read nothing yet.
  /// - Throws: `ZstandardError` where there is no memory for it.
  init() throws(ZstandardError) {
    templates = try TemplateDecoder()
    decompressor = try FrameDecompressor()
  }

  /// Reads a stored payload; the reader stands behind it afterwards.
  /// - Parameters:
  ///   - head: of a template payload, where the reader does not stand before it.
  ///   - request: the content of the request that the values refer to, where they do.
  ///   - tables: those of the segment.
  /// - Throws: `FormatError` for bytes that are no such payload, `ZstandardError` for a damaged frame, or what `tables` throws.
  mutating func payload(
    _ encoding: EntryMetadata.PayloadEncoding, head: TemplateHead?, _ reader: inout ByteReader, observedAt: Timestamp,
    request: EntryContent?,
    tables: some SegmentTables
  ) throws -> Result {
    switch encoding {
    case .empty: return Result(payload: [])
    case .raw: return Result(payload: Array(try reader.counted()))
    case .zstd:
      let number = UInt32(try reader.count(atMost: Int(UInt32.max)))
      var dictionary: CompressionDictionary?
      if number > 0 {
        dictionary = try dictionaries[number] ?? CompressionDictionary(tables.dictionary(number), compressionLevel: nil)
        dictionaries[number] = dictionary
      }
      return Result(
        payload: try decompressor.content(of: reader.counted(), dictionary: dictionary, maximumBytes: Self.maximumPayloadBytes))
    case .template:
      let head = try head ?? TemplateHead(code: UInt32(reader.count(atMost: Int(UInt32.max))))
      let message = try templates.decode(head, &reader, request: request, observedAt: observedAt, storage: tables)
      return Result(payload: message.payload, layout: message.layout, marks: message.marks)
    }
  }
}

/// What a segment keeps once for many rows, by number.
protocol SegmentTables: TemplateStorage {
  func dictionary(_ number: UInt32) throws -> [UInt8]
}
