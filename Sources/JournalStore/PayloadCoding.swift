internal import JournalFormat
internal import Zstandard

/// A payload's stored form.
struct EncodedPayload {
  let form: EntryMetadata.PayloadForm
  let bytes: [UInt8]
  /// Whether the layout tells the marks.
  var tellsMarks = false
  var refersToRequest = false
}

/// Turns payloads into their stored form, for one segment. Belongs to the writer's thread.
struct PayloadEncoder {
  static let compressionLevel: Int32 = 3

  private let compressor: FrameCompressor
  private var dictionary: (number: UInt32, digested: CompressionDictionary)?

  /// - Parameter dictionary: the segment's newest, where it has one.
  init(dictionary: (number: UInt32, bytes: [UInt8])?) throws(ZstandardError) {
    compressor = try FrameCompressor(level: Self.compressionLevel)
    if let dictionary { try use(dictionary: dictionary.bytes, number: dictionary.number) }
  }

  /// Compresses with a dictionary from now on.
  mutating func use(dictionary bytes: [UInt8], number: UInt32) throws(ZstandardError) {
    dictionary = (number, try CompressionDictionary(bytes, compressionLevel: Self.compressionLevel))
  }

  var hasDictionary: Bool { dictionary != nil }

  /// The stored form of an entry's payload.
  mutating func encode(_ content: EntryContent, request: EntryContent?) throws(ZstandardError) -> EncodedPayload {
    let payload = content.payload
    guard !payload.isEmpty else { return EncodedPayload(form: .empty, bytes: []) }
    var frame: [UInt8] = []
    try compress(payload, into: &frame)
    // What does not shrink is stored as it is.
    let isCompressed = frame.count < payload.count
    var bytes: [UInt8] = []
    if isCompressed { bytes.appendVarint(dictionary.map { UInt64($0.number) } ?? 0) }
    bytes.appendCounted(isCompressed ? frame : payload)
    return EncodedPayload(form: isCompressed ? .zstd : .raw, bytes: bytes)
  }

  private func compress(_ payload: [UInt8], into frame: inout [UInt8]) throws(ZstandardError) {
    var failure: ZstandardError?
    payload.withUnsafeBytes { bytes in
      do throws(ZstandardError) {
        try compressor.append(bytes, dictionary: dictionary?.digested, to: &frame)
      } catch { failure = error }
    }
    if let failure { throw failure }
  }
}

/// Turns stored payloads back, for one segment. Not for several threads at a time.
struct PayloadDecoder {
  /// More than a message may have (2 MiB), so that nothing recorded is out of reach, and little enough to bound a lying frame.
  static let maximumPayloadBytes = 16 << 20

  /// A payload as it was, and what its stored form tells beside.
  struct Result {
    var payload: [UInt8]
    var layout: MessageLayout?
    var marks: [Mark]?
  }

  private let decompressor: FrameDecompressor
  private var dictionaries: [UInt32: CompressionDictionary] = [:]

  init() throws(ZstandardError) { decompressor = try FrameDecompressor() }

  /// Reads a stored payload; the reader stands behind it afterwards.
  /// - Parameters:
  ///   - request: the content of the request that the values refer to, where they do.
  ///   - tables: those of the segment.
  mutating func payload(
    _ form: EntryMetadata.PayloadForm, _ reader: inout ByteReader, observedAt: Timestamp, request: EntryContent?, tables: some SegmentTables
  ) throws -> Result {
    switch form {
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
    case .template: throw FormatError("its payload has a form that this version does not know")
    }
  }
}

/// What a segment keeps once for many rows, by number.
protocol SegmentTables {
  func context(_ number: UInt32) throws -> SharedContext
  func dictionary(_ number: UInt32) throws -> [UInt8]
}
