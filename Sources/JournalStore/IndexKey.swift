internal import Crypto
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

/// Makes index keys for one segment. A personal value becomes a keyed pseudonym; its key belongs to the segment and dies with it.
struct IndexKeyMaker {
  private let pseudonymKey: SymmetricKey
  /// Users come again and again; a keyed hash is dear.
  private var pseudonyms: [IndexTerm: IndexKey] = [:]
  private static let maximumPseudonyms = 65_536

  init(pseudonymKey: [UInt8]) { self.pseudonymKey = SymmetricKey(data: pseudonymKey) }

  mutating func key(of term: IndexTerm) -> IndexKey {
    guard term.kind.isPersonal else {
      var hash = KeyHash(term.kind)
      for byte in term.value { hash.update(byte) }
      return hash.key
    }
    if let known = pseudonyms[term] { return known }
    var code = HMAC<SHA256>(key: pseudonymKey)
    code.update(data: [term.kind.rawValue])
    code.update(data: term.value)
    let key = IndexKey(rawValue: code.finalize().prefix(IndexKey.sizeBytes).reduce(0) { $0 << 8 | UInt32($1) })
    if pseudonyms.count == Self.maximumPseudonyms { pseudonyms.removeAll(keepingCapacity: true) }
    pseudonyms[term] = key
    return key
  }

  /// The key of a mark's value, without making a term of it where that can be spared.
  mutating func key(of mark: Mark, in payload: [UInt8]) -> IndexKey {
    guard !mark.kind.isPersonal, mark.inlineText == nil, mark.kind.form != .hexPadded else {
      return key(of: mark.term(in: payload))
    }
    var hash = KeyHash(mark.kind)
    let isCompact = mark.kind.form == .compact
    for index in mark.range {
      let byte = payload[index]
      if !isCompact {
        hash.update(byte)
      } else if byte != UInt8(ascii: "*") && byte != UInt8(ascii: "-") && byte != UInt8(ascii: " ") {
        hash.update(byte.asciiUppercased)
      }
    }
    return hash.key
  }
}

/// FNV-1a over 64 bits (draft-eastlake-fnv), its bits spread once more at the end, because a key takes the upper ones only.
private struct KeyHash {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  init(_ kind: TermKind) { update(kind.rawValue) }

  mutating func update(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

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

extension Entry {
  /// The keys under which the indexes hold the entry, each once, in order.
  /// - Parameter contextKeys: of the entry's context.
  func indexKeys(_ maker: inout IndexKeyMaker, contextKeys: [IndexKey]) -> [IndexKey] {
    var keys = contextKeys
    keys.reserveCapacity(keys.count + content.marks.count + 1)
    for mark in content.marks where mark.kind.form != .unindexed {
      keys.append(maker.key(of: mark, in: content.payload))
    }
    if let exchange, position.rawValue - exchange.rawValue > 1 { keys.append(maker.key(of: .exchange(exchange))) }
    guard keys.count > 1 else { return keys }
    keys.sort()
    var last = 0
    for index in 1..<keys.count where keys[index] != keys[last] {
      last += 1
      keys[last] = keys[index]
    }
    keys.removeLast(keys.count - last - 1)
    return keys
  }
}
