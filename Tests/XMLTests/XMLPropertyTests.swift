import TestSupport
import Testing

@testable import XML

@Suite struct XMLPropertyTests {
  @Test func `any well-formed document is read as it was written`() throws {
    let first = SeededGenerator.newSeed() / 2
    let reader = XMLReader()
    for seed in first..<first + 3000 {
      let document = RandomDocument(seed: seed)
      let chunked = XMLReader(chunkSizeBytes: 1 + Int(seed % 97))
      try #require(reader.refusal(of: document.bytes) == nil, "seed \(seed)")
      #expect(try reader.elements(of: document.bytes) == document.elements, "seed \(seed)")
      #expect(try chunked.elements(of: document.bytes) == document.elements, "seed \(seed), in chunks")
    }
  }

  /// Whatever happens to a document's bytes, the reader answers, and is fit for the next one.
  @Test func `damaged documents neither hang nor crash`() throws {
    let first = SeededGenerator.newSeed() / 2
    var random = SeededGenerator(seed: first)
    let reader = XMLReader()
    for seed in first..<first + 2000 {
      let document = RandomDocument(seed: seed)
      var damaged = document.bytes
      for _ in 0...random.below(3) {
        let offset = random.below(damaged.count)
        switch random.below(3) {
        case 0: damaged[offset] = UInt8(truncatingIfNeeded: random.next())
        case 1: damaged.remove(at: offset)
        default: damaged.insert(contentsOf: Array("<>&'/".utf8).shuffled(using: &random).prefix(2), at: offset)
        }
        if damaged.isEmpty { break }
      }
      _ = reader.refusal(of: damaged)
      #expect(try reader.elements(of: document.bytes) == document.elements, "seed \(seed)")
    }
  }
}
