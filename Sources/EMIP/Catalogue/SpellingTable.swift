/// Finds the number of a spelling without making a `String`: open addressing over a hash of the bytes, eight at a time.
///
/// The hash ignores the case of ASCII letters in either mode (setting bit 5 of each byte); comparing does so only where asked. Ignoring
/// case is exact for XML names: beside the letters, only `_` and DEL fall together, and DEL stands in no name.
struct SpellingTable: Sendable {
  private struct Slot {
    var offset: UInt32 = 0
    var length: UInt32 = 0
    /// 0 marks a free slot.
    var number: UInt16 = 0
  }

  private var slots: [Slot]
  private var bytes: [UInt8] = []
  /// Set in every byte before comparing.
  private let fold: UInt64

  /// - Parameter spellings: of equal ones the last counts. None is empty, no number is 0.
  init(_ spellings: [(spelling: String, number: UInt16)], ignoringCase: Bool) {
    var capacity = 16
    while capacity < spellings.count * 3 { capacity *= 2 }
    slots = Array(repeating: Slot(), count: capacity)
    fold = ignoringCase ? SpellingTable.bit5 : 0
    for (spelling, number) in spellings { insert(Array(spelling.utf8), number) }
  }

  /// The number of a spelling; 0 where it is none of the table's.
  func number(of name: UnsafeBufferPointer<UInt8>) -> UInt16 {
    guard let base = name.baseAddress, !name.isEmpty else { return 0 }
    let raw = UnsafeRawPointer(base)
    return slots.withUnsafeBufferPointer { slots in
      bytes.withUnsafeBytes { bytes in
        let mask = slots.count - 1
        var index = SpellingTable.hash(raw, name.count) & mask
        while slots[index].number != 0 {
          let slot = slots[index]
          // The stored bytes outlive this closure, and both sides hold `name.count` of them.
          if slot.length == name.count, isEqual(raw, bytes.baseAddress! + Int(slot.offset), name.count) { return slot.number }
          index = (index + 1) & mask
        }
        return 0
      }
    }
  }

  private mutating func insert(_ spelling: [UInt8], _ number: UInt16) {
    precondition(!spelling.isEmpty && number != 0, "a spelling has letters and a number")
    let mask = slots.count - 1
    var index = spelling.withUnsafeBytes { SpellingTable.hash($0.baseAddress!, $0.count) } & mask
    while slots[index].number != 0, !holds(spelling, slots[index]) { index = (index + 1) & mask }
    slots[index] = Slot(offset: UInt32(bytes.count), length: UInt32(spelling.count), number: number)
    bytes += spelling
  }

  private func holds(_ spelling: [UInt8], _ slot: Slot) -> Bool {
    guard slot.length == spelling.count else { return false }
    return bytes.withUnsafeBytes { bytes in
      spelling.withUnsafeBytes { isEqual($0.baseAddress!, bytes.baseAddress! + Int(slot.offset), $0.count) }
    }
  }

  private func isEqual(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int) -> Bool {
    var difference: UInt64 = 0
    SpellingTable.forEachWord(count) { offset, width in
      difference |= (SpellingTable.word(left + offset, width) | fold) ^ (SpellingTable.word(right + offset, width) | fold)
    }
    return difference == 0
  }

  private static let bit5: UInt64 = 0x2020_2020_2020_2020

  private static func hash(_ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    var state = UInt64(truncatingIfNeeded: count) &* 0x9e37_79b9_7f4a_7c15
    forEachWord(count) { offset, width in
      state = (state ^ (word(bytes + offset, width) | bit5)) &* 0x9fb2_1c65_1e98_df25
      state ^= state >> 32
    }
    return Int(truncatingIfNeeded: state & 0x7fff_ffff)
  }

  /// Covers `count` bytes by words of eight, the last of which may overlap the one before; fewer than eight are one short word.
  @inline(__always)
  private static func forEachWord(_ count: Int, _ body: (_ offset: Int, _ width: Int) -> Void) {
    guard count >= 8 else { return body(0, count) }
    var offset = 0
    while offset + 8 < count {
      body(offset, 8)
      offset += 8
    }
    body(count - 8, 8)
  }

  @inline(__always)
  private static func word(_ bytes: UnsafeRawPointer, _ width: Int) -> UInt64 {
    if width == 8 { return bytes.loadUnaligned(as: UInt64.self) }
    var word: UInt64 = 0
    for index in 0..<width { word = word << 8 | UInt64(bytes.load(fromByteOffset: index, as: UInt8.self)) }
    return word
  }
}
