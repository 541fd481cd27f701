internal import Crypto
public import JournalFormat
public import MerkleTree

// What an entry's leaf hash is taken over (`Schemas/journal-format.md`, "Leaf"): the entry as it was recorded, however it is stored, with each
// personal value replaced by a salted digest. So a value can be erased, its digest kept, and the leaf stays what it was.
//
//     leaf     = version:u8 position:u64 recordedAt:i64 observedAt:i64 request:u64 context:counted latency:varint findings marks payload
//     findings = count:varint (line:varint message:counted)*
//     marks    = count:varint (kind:u8 start:varint length:varint text)*
//     text     = 0 | 1 value:counted | 2 digest
//     payload  = length:varint count:varint (start:varint length:varint digest)* bytes
//
// `bytes` are those of the payload that lie in no personal range.
struct LeafEncoder {
  static let version: UInt8 = 1
  static let saltBytes = 16

  private var bytes: [UInt8] = []
  /// The encodings of the latest contexts.
  private var contexts = ContextMemory<[UInt8]>()

  /// Lends an entry's leaf.
  mutating func withLeaf<Result>(of entry: Entry, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    bytes.removeAll(keepingCapacity: true)
    encode(entry)
    return bytes.withUnsafeBytes(body)
  }

  private mutating func encode(_ entry: Entry) {
    let content = entry.content
    bytes.append(Self.version)
    bytes.appendLittleEndian(entry.position.rawValue)
    bytes.appendLittleEndian(entry.recordedAt.rawValue)
    bytes.appendLittleEndian(content.observedAt.rawValue)
    bytes.appendLittleEndian(entry.requestPosition?.rawValue ?? 0)
    appendEncoding(of: content.sharedContext)
    bytes.appendVarint(content.latencyMilliseconds.map { UInt64($0) + 1 } ?? 0)
    bytes.appendVarint(content.findings.count)
    for finding in content.findings {
      bytes.appendVarint(UInt64(finding.line))
      bytes.appendCounted(finding.message.utf8)
    }
    let ranges = content.personalRanges
    let digests = content.hasPersonalValues ? PersonalDigests(entry.seed) : nil
    // The payload's digests come first, as its ranges stand first whatever becomes of the entry later.
    append(content.marks, digests, firstNumber: ranges.count)
    content.payload.withUnsafeBufferPointer { append($0, ranges, digests) }
  }

  private mutating func appendEncoding(of context: SharedContext) {
    if let encoding = contexts[context] { return bytes.appendCounted(encoding) }
    var encoding: [UInt8] = []
    context.value.encode(to: &encoding)
    contexts[context] = encoding
    bytes.appendCounted(encoding)
  }

  private mutating func append(_ marks: [Mark], _ digests: PersonalDigests?, firstNumber: Int) {
    var number = firstNumber
    bytes.appendVarint(marks.count)
    for mark in marks {
      bytes.append(mark.kind.rawValue)
      bytes.appendVarint(mark.range.lowerBound)
      bytes.appendVarint(mark.range.count)
      guard let text = mark.inlineText else {
        bytes.append(0)
        continue
      }
      bytes.append(mark.kind.isPersonal ? 2 : 1)
      if mark.kind.isPersonal {
        text.withUnsafeBufferPointer { digests!.append(number, $0, to: &bytes) }
        number += 1
      } else {
        bytes.appendCounted(text)
      }
    }
  }

  private mutating func append(_ payload: UnsafeBufferPointer<UInt8>, _ ranges: [Range<Int>], _ digests: PersonalDigests?) {
    bytes.appendVarint(payload.count)
    bytes.appendVarint(ranges.count)
    for (number, range) in ranges.enumerated() {
      bytes.appendVarint(range.lowerBound)
      bytes.appendVarint(range.count)
      digests!.append(number, UnsafeBufferPointer(rebasing: payload[range]), to: &bytes)
    }
    var end = 0
    for range in ranges {
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: payload[end..<range.lowerBound]))
      end = range.upperBound
    }
    bytes.append(contentsOf: UnsafeBufferPointer(rebasing: payload[end...]))
  }
}

/// The digests of an entry's personal values, by their numbers: SHA-256 over a salt and the value; the salt is the beginning of HMAC-SHA-256 of
/// the value's number (u32) under the entry's seed.
private struct PersonalDigests {
  /// The keyed hash with its key taken in already: copied for each value.
  private let salts: HMAC<SHA256>

  /// - Parameter seed: an entry that has personal values has one.
  init(_ seed: LeafSeed?) { salts = HMAC(key: SymmetricKey(data: seed?.bytes ?? [])) }

  func append(_ number: Int, _ value: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    var salt = salts
    withUnsafeBytes(of: UInt32(number).littleEndian) { salt.update(data: $0) }
    var digest = SHA256()
    salt.finalize().withUnsafeBytes { digest.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<LeafEncoder.saltBytes])) }
    digest.update(bufferPointer: UnsafeRawBufferPointer(value))
    digest.finalize().withUnsafeBytes { bytes.append(contentsOf: $0) }
  }
}

extension EntryContent {
  /// The ranges of the payload that are personal, ascending, none touching another: those of personal marks, or all of a payload that could
  /// not be read and so may hold anything.
  var personalRanges: [Range<Int>] {
    if sharedContext.value.kind == .refusal { return payload.isEmpty ? [] : [payload.indices] }
    guard marks.contains(where: { $0.kind.isPersonal }) else { return [] }
    var ranges: [Range<Int>] = []
    for mark in marks.lazy.filter({ $0.kind.isPersonal && !$0.range.isEmpty }).sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      if let last = ranges.last, mark.range.lowerBound <= last.upperBound {
        ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, mark.range.upperBound)
      } else {
        ranges.append(mark.range)
      }
    }
    return ranges
  }
}

extension Entry {
  /// The hash of the entry's leaf: the same however the entry is stored.
  public var leafHash: MerkleHash {
    var encoder = LeafEncoder()
    return encoder.leafHash(of: self)
  }
}

extension LeafEncoder {
  mutating func leafHash(of entry: Entry) -> MerkleHash { withLeaf(of: entry) { MerkleHash.leaf($0) } }
}
