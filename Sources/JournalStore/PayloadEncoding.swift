internal import JournalFormat
internal import LMDB
internal import Zstandard

/// How a record holds its payload (`Schemas/journal-format.md`, "Payload"). The numbers are on disk: never reuse one.
enum PayloadEncoding: UInt8, Sendable {
  /// The bytes themselves.
  case raw = 1
  /// A bare Zstandard frame.
  case zstd = 2
  /// The number of a dictionary of the segment as a varint, then a bare Zstandard frame made with it.
  case zstdDictionary = 3
}

/// Turns payloads into their stored form, for one segment. Belongs to the writer's thread.
struct PayloadEncoder {
  static let compressionLevel: Int32 = 3
  /// When a segment without a dictionary gets one: enough messages to be typical, few enough to have cost little.
  static let trainingSampleCount = 1_000
  static let maximumSampleBytes = 6_000
  /// From so few samples a larger one compresses worse (measured: 64 KiB 97 bytes a message, 110 KiB 155).
  static let dictionaryCapacityBytes = 65_536

  private let compressor: FrameCompressor
  private var dictionary: (number: UInt32, digested: CompressionDictionary)?
  /// What a dictionary will be trained from: messages with their personal ranges blanked.
  private var samples: [[UInt8]] = []

  /// - Parameter dictionary: the segment's newest, where it has one.
  init(dictionary: (number: UInt32, bytes: [UInt8])?) throws(ZstandardError) {
    compressor = try FrameCompressor(level: Self.compressionLevel)
    if let dictionary {
      let digested = try CompressionDictionary(dictionary.bytes, compressionLevel: Self.compressionLevel)
      self.dictionary = (dictionary.number, digested)
    }
  }

  /// The dictionary in use, for the segment that comes after.
  var dictionaryBytes: [UInt8]? { dictionary?.digested.bytes }

  /// Appends the encoding's number and the encoded payload.
  func append(_ payload: [UInt8], to record: inout [UInt8]) throws(ZstandardError) {
    let start = record.count
    record.append((dictionary == nil ? PayloadEncoding.zstd : .zstdDictionary).rawValue)
    if let dictionary { record.appendVarint(UInt64(dictionary.number)) }
    try compress(payload, into: &record)
    // What does not shrink is stored as it is.
    guard record.count - start > payload.count else { return }
    record.removeLast(record.count - start)
    record.append(PayloadEncoding.raw.rawValue)
    record += payload
  }

  private func compress(_ payload: [UInt8], into record: inout [UInt8]) throws(ZstandardError) {
    var failure: ZstandardError?
    payload.withUnsafeBytes { bytes in
      do throws(ZstandardError) {
        try compressor.append(bytes, dictionary: dictionary?.digested, to: &record)
      } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Whether the segment has no dictionary yet.
  var needsSamples: Bool { dictionary == nil }

  /// Takes the content of a row as a sample, its personal values blanked. True once there are enough to train a dictionary.
  mutating func sample(_ content: [UInt8], blanking entries: [EntryContent]) -> Bool {
    // A long list is mostly values, which a dictionary does better without. Where a mark keeps its text, the metadata would tell it.
    guard content.count <= Self.maximumSampleBytes, !entries.contains(where: { $0.marks.contains { $0.inlineText != nil } }) else {
      return false
    }
    var sample = content
    var start = content.count - entries.reduce(0) { $0 + $1.payload.count }
    for entry in entries {
      for mark in entry.marks where mark.kind.isPersonal {
        for index in mark.range { sample[start + index] = UInt8(ascii: "0") }
      }
      start += entry.payload.count
    }
    samples.append(sample)
    return samples.count >= Self.trainingSampleCount
  }

  /// Trains a dictionary from the samples; nil where they do not make one (too few, too alike): then the next samples try again.
  mutating func train(number: UInt32) -> [UInt8]? {
    defer { samples = [] }
    guard let bytes = try? CompressionDictionary.train(samples: samples, capacityBytes: Self.dictionaryCapacityBytes),
      let digested = try? CompressionDictionary(bytes, compressionLevel: Self.compressionLevel)
    else { return nil }
    dictionary = (number, digested)
    return bytes
  }
}

/// Turns stored payloads back, for one segment. Not for several threads at a time.
struct PayloadDecoder {
  /// More than a message may have (2 MiB), so that nothing recorded is out of reach, and little enough to bound a lying frame.
  static let maximumPayloadBytes = 16 << 20

  private let decompressor: FrameDecompressor
  private var dictionaries: [UInt32: CompressionDictionary] = [:]

  init() throws(ZstandardError) { decompressor = try FrameDecompressor() }

  /// Lends what a row holds to `body`.
  /// - Parameter dictionary: fetches a dictionary of the segment by its number.
  mutating func withContent<Result>(
    of encoding: PayloadEncoding, _ reader: inout ByteReader, dictionary fetch: (UInt32) throws -> [UInt8],
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    var dictionary: CompressionDictionary?
    switch encoding {
    case .raw: return try body(reader.take(reader.remainingCount))
    case .zstd: break
    case .zstdDictionary:
      let number = UInt32(try reader.count(atMost: Int(UInt32.max)))
      dictionary = try dictionaries[number] ?? CompressionDictionary(fetch(number), compressionLevel: nil)
      dictionaries[number] = dictionary
    }
    return try decompressor.withContent(
      of: reader.take(reader.remainingCount), dictionary: dictionary, maximumBytes: Self.maximumPayloadBytes, body)
  }
}
