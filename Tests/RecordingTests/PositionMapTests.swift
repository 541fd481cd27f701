import JournalFormat
import TestSupport
import Testing

@testable import Recording

@Suite struct PositionMapTests {
  @Test func `an old position leads where it was noted last, whatever runs were noted`() {
    var random = SeededGenerator(seed: SeededGenerator.newSeed())
    for _ in 0..<50 {
      var map = PositionMap()
      var plain: [UInt64: UInt64] = [:]
      var (old, new) = (UInt64(random.below(100)), UInt64(random.below(100)))
      for _ in 0..<random.below(300) {
        if random.chance(8) { (old, new) = (UInt64(random.below(200)), UInt64(random.below(200))) }
        if random.chance(20) { new += 1 }
        map.insert(JournalPosition(old), JournalPosition(new))
        plain[old] = new
        (old, new) = (old + 1, new + 1)
      }
      for old in UInt64(0)..<600 { #expect(map[JournalPosition(old)]?.rawValue == plain[old]) }
    }
  }
}
