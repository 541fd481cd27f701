internal import Crypto
internal import Glibc
internal import JournalFormat

/// The short key under which an index row stands: four bytes of a hash of kind and value (`Schemas/journal-format.md`, "Index").
/// Two values may share a key; every row is verified against its entry when it is read.
struct IndexKey: Hashable, Comparable, Sendable {
  static let sizeBytes = 4
  /// The key's bytes as a big-endian number.
  let rawValue: UInt32

  static func < (left: IndexKey, right: IndexKey) -> Bool { left.rawValue < right.rawValue }

  func append(to output: inout [UInt8]) {
    output.appendBigEndian(rawValue)
  }
}

/// Makes index keys for one segment. A personal value becomes a keyed pseudonym; its key belongs to the segment and dies with it. Copies share
/// what they remember: not for several threads at a time.
struct IndexKeyMaker {
  /// The keyed hash with its key taken in already: copied for each value.
  private let pseudonymCode: HMAC<SHA256>
  private let pseudonyms = PseudonymCache()
  private var normalized: [UInt8] = []

  init(pseudonymKey: [UInt8]) { pseudonymCode = HMAC(key: SymmetricKey(data: pseudonymKey)) }

  /// The key of a term in every segment; nil of a personal one, which has another in each.
  static func sharedKey(of term: IndexTerm) -> IndexKey? {
    term.kind.isPersonal ? nil : term.value.withUnsafeBufferPointer { KeyHash(term.kind, $0).key }
  }

  mutating func key(of term: IndexTerm) -> IndexKey {
    term.value.withUnsafeBufferPointer { key(term.kind, normalized: $0) }
  }

  /// The key of a mark's value, without making a term of it.
  mutating func key(of mark: Mark, in payload: UnsafeBufferPointer<UInt8>) -> IndexKey {
    guard let text = mark.inlineText else { return key(mark.kind, UnsafeBufferPointer(rebasing: payload[mark.range])) }
    return text.withUnsafeBufferPointer { key(mark.kind, $0) }
  }

  private mutating func key(_ kind: TermKind, _ text: UnsafeBufferPointer<UInt8>) -> IndexKey {
    switch kind.comparison {
    case .exact, .unindexed: return key(kind, normalized: text)
    case .compact, .hexPadded:
      normalized.removeAll(keepingCapacity: true)
      kind.comparison.append(text, to: &normalized)
      return normalized.withUnsafeBufferPointer { key(kind, normalized: $0) }
    }
  }

  private func key(_ kind: TermKind, normalized value: UnsafeBufferPointer<UInt8>) -> IndexKey {
    let hash = KeyHash(kind, value)
    guard kind.isPersonal else { return hash.key }
    if let known = pseudonyms.key(kind, value, slot: hash.key) { return known }
    var code = pseudonymCode
    withUnsafeBytes(of: kind.rawValue) { code.update(data: $0) }
    code.update(data: value)
    let key = code.finalize().withUnsafeBytes { IndexKey(rawValue: UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self))) }
    pseudonyms.insert(key, kind, value, slot: hash.key)
    return key
  }
}

/// The latest pseudonyms: users come again and again, and a keyed hash is dear. A value has one place, where it takes that of another.
private final class PseudonymCache {
  /// A value filled up with zeros; kind 0 is none.
  private struct Slot {
    var value: (UInt64, UInt64, UInt64) = (0, 0, 0)
    var key: UInt32 = 0
    var kind: UInt8 = 0
    var count: UInt8 = 0
  }

  private static let slotBits: UInt32 = 16
  private static let maximumValueBytes = 24
  // From `calloc`, so that what nobody touches takes no memory; zeros are slots of kind 0.
  private let slots = calloc(1 << Int(slotBits), MemoryLayout<Slot>.stride)!.assumingMemoryBound(to: Slot.self)

  deinit { free(slots) }

  /// - Parameter hash: of kind and value.
  func key(_ kind: TermKind, _ value: UnsafeBufferPointer<UInt8>, slot hash: IndexKey) -> IndexKey? {
    guard value.count <= Self.maximumValueBytes else { return nil }
    let slot = slots[Self.index(hash)]
    guard slot.kind == kind.rawValue, Int(slot.count) == value.count, slot.value == Self.padded(value) else { return nil }
    return IndexKey(rawValue: slot.key)
  }

  func insert(_ key: IndexKey, _ kind: TermKind, _ value: UnsafeBufferPointer<UInt8>, slot hash: IndexKey) {
    guard value.count <= Self.maximumValueBytes else { return }
    slots[Self.index(hash)] = Slot(value: Self.padded(value), key: key.rawValue, kind: kind.rawValue, count: UInt8(value.count))
  }

  private static func index(_ hash: IndexKey) -> Int { Int(hash.rawValue >> (32 - slotBits)) }

  private static func padded(_ value: UnsafeBufferPointer<UInt8>) -> (UInt64, UInt64, UInt64) {
    var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
    withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: UnsafeRawBufferPointer(value)) }
    return words
  }
}

/// FNV-1a over 64 bits (draft-eastlake-fnv), its bits spread once more at the end, because a key takes the upper ones only.
private struct KeyHash {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  init(_ kind: TermKind, _ value: UnsafeBufferPointer<UInt8>) {
    update(kind.rawValue)
    for byte in value { update(byte) }
  }

  private mutating func update(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

  var key: IndexKey {
    var hash = state
    hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
    hash ^= hash >> 33
    return IndexKey(rawValue: UInt32(truncatingIfNeeded: hash >> 32))
  }
}

extension EntryContext {
  /// The keys that come from the context alone, so that they need be made once for each.
  func indexKeys(_ maker: inout IndexKeyMaker) -> [IndexKey] {
    var keys: [IndexKey] = []
    if let name = self.operator { keys.append(maker.key(of: IndexTerm(.operatorId, name))) }
    if let name = targetOperator { keys.append(maker.key(of: IndexTerm(.operatorId, name))) }
    if let operation, outcome.outcomeClass != .ok {
      keys.append(maker.key(of: .operationOutcome(operation, outcome.outcomeClass)))
    }
    return keys
  }
}
