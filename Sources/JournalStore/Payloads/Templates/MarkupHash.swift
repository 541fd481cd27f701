/// A fast hash of markup and words, sixteen bytes at a time, by multiplying and folding (after W. Yi's wyhash,
/// <https://github.com/wangyi-fudan/wyhash>). Never on disk: what it finds is compared byte by byte.
struct MarkupHash {
  private(set) var value: UInt64 = 0x2d35_8dcc_aa6c_78a5

  @inline(__always)
  private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }

  @inline(__always)
  mutating func add(_ number: UInt64) { value = Self.fold(value ^ number, 0x8bb8_4b93_962e_acc9) }

  mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) {
    add(UInt64(bytes.count))
    let raw = UnsafeRawBufferPointer(bytes)
    var offset = 0
    while offset + 16 <= raw.count {
      let low = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let high = raw.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
      value = Self.fold(low ^ 0x4b33_a62e_d433_d4a3, high ^ value)
      offset += 16
    }
    var rest: UInt64 = 0
    if offset + 8 <= raw.count {
      add(raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    while offset < raw.count {
      rest = rest << 8 | UInt64(raw[offset])
      offset += 1
    }
    add(rest)
  }

  static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash = MarkupHash()
    hash.add(bytes)
    return hash.value
  }
}

/// Hashes that were seen lately. A new one takes the place of an old one, so that its size is fixed whatever comes.
struct RecentHashes {
  private var slots: [UInt64]

  /// - Parameter bits: it keeps two to this power.
  init(bits: Int) { slots = Array(repeating: 0, count: 1 << bits) }

  func contains(_ hash: UInt64) -> Bool { slots[slot(hash)] == hash }

  /// Remembers a hash; true where it was there already.
  mutating func insert(_ hash: UInt64) -> Bool {
    let slot = slot(hash)
    if slots[slot] == hash { return true }
    slots[slot] = hash
    return false
  }

  private func slot(_ hash: UInt64) -> Int { Int(hash & UInt64(slots.count - 1)) }
}

/// Numbers by a hash that is good already, from 1. Of two things with one hash the first is found.
struct NumbersByHash {
  private var slots: [(hash: UInt64, number: UInt32)] = Array(repeating: (0, 0), count: 64)
  private var count = 0

  @inline(__always)
  subscript(hash: UInt64) -> UInt32? {
    let slot = slot(hash)
    return slots[slot].number == 0 ? nil : slots[slot].number
  }

  /// Names a number by a hash in place of the one that had it.
  mutating func set(_ hash: UInt64, _ number: UInt32) {
    if 2 * count >= slots.count { grow() }
    let slot = slot(hash)
    if slots[slot].number == 0 { count += 1 }
    slots[slot] = (hash, number)
  }

  /// Every hash and its number.
  var all: [(hash: UInt64, number: UInt32)] { slots.filter { $0.number != 0 } }

  /// Where a hash is, or would be.
  @inline(__always)
  private func slot(_ hash: UInt64) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot].number != 0, slots[slot].hash != hash { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: (0, 0), count: 2 * old.count)
    for entry in old where entry.number != 0 { slots[slot(entry.hash)] = entry }
  }
}
