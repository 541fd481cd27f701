internal import Crypto
public import JournalFormat
public import MerkleTree

// What an entry's leaf hash is taken over (`Schemas/journal-format.md`, "Leaf"): the entry as it was recorded, however it is stored, with each
// personal value replaced by a salted digest. So a value can be erased, its digest kept, and the leaf stays what it was.
//
//     leaf     = version:u8 position:u64 recordedAt:i64 observedAt:i64 exchange:u64 context:counted latency:varint findings marks payload
//     findings = count:varint (line:varint message:counted)*
//     marks    = count:varint (kind:u8 start:varint length:varint text)*
//     text     = 0 | 1 value:counted | 2 digest
//     payload  = length:varint count:varint (start:varint length:varint digest)* bytes
//
// `bytes` are those of the payload that lie in no personal range.
enum LeafEncoding {
  static let version: UInt8 = 1
  static let saltBytes = 16

  static func encode(_ entry: Entry) -> [UInt8] {
    let content = entry.content
    var bytes: [UInt8] = [version]
    bytes.reserveCapacity(content.payload.count + 256)
    bytes.appendLittleEndian(entry.position.rawValue)
    bytes.appendLittleEndian(entry.recordedAt.rawValue)
    bytes.appendLittleEndian(content.observedAt.rawValue)
    bytes.appendLittleEndian(entry.exchange?.rawValue ?? 0)
    var context: [UInt8] = []
    content.context.encode(to: &context)
    bytes.appendCounted(context)
    bytes.appendVarint(content.latencyMilliseconds.map { UInt64($0) + 1 } ?? 0)
    bytes.appendVarint(content.findings.count)
    for finding in content.findings {
      bytes.appendVarint(UInt64(finding.line))
      bytes.appendCounted(finding.message.utf8)
    }
    var digests = PersonalDigests(entry.seed)
    // The payload's digests come first, as its ranges are what stands first in every later form of the entry.
    let ranges = content.personalRanges
    let rangeDigests = ranges.map { digests.next(content.payload[$0]) }
    append(content.marks, &digests, to: &bytes)
    bytes.appendVarint(content.payload.count)
    bytes.appendVarint(ranges.count)
    var plain: [UInt8] = []
    plain.reserveCapacity(content.payload.count)
    var end = 0
    for (range, digest) in zip(ranges, rangeDigests) {
      bytes.appendVarint(range.lowerBound)
      bytes.appendVarint(range.count)
      bytes += digest
      plain += content.payload[end..<range.lowerBound]
      end = range.upperBound
    }
    return bytes + plain + content.payload[end...]
  }

  private static func append(_ marks: [Mark], _ digests: inout PersonalDigests, to bytes: inout [UInt8]) {
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
      if mark.kind.isPersonal { bytes += digests.next(text) } else { bytes.appendCounted(text) }
    }
  }
}

/// The digests of an entry's personal values, in their order: SHA-256 over a salt and the value; the salt is the beginning of HMAC-SHA-256 of
/// the value's number (u32) under the entry's seed.
private struct PersonalDigests {
  private let key: SymmetricKey
  private var count: UInt32 = 0

  /// - Parameter seed: an entry that has personal values has one.
  init(_ seed: LeafSeed?) { key = SymmetricKey(data: seed?.bytes ?? []) }

  mutating func next(_ value: some Sequence<UInt8>) -> [UInt8] {
    var number: [UInt8] = []
    number.appendLittleEndian(count)
    count += 1
    let salt = HMAC<SHA256>.authenticationCode(for: number, using: key).prefix(LeafEncoding.saltBytes)
    return Array(SHA256.hash(data: Array(salt) + value))
  }
}

extension EntryContent {
  /// The ranges of the payload that are personal, ascending, none touching another: those of personal marks, or all of a payload that could
  /// not be read and so may hold anything.
  var personalRanges: [Range<Int>] {
    if context.kind == .refusal { return payload.isEmpty ? [] : [payload.indices] }
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
  public var leafHash: MerkleHash { LeafEncoding.encode(self).withUnsafeBytes { MerkleHash.leaf($0) } }
}
