/// Random numbers that a printed seed brings back (SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators").
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  /// SplitMix64's next number.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }

  /// 0 to one less than `bound`.
  public mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
  /// True once in so many times.
  public mutating func chance(_ one: Int) -> Bool { below(one) == 0 }
  /// So many random bytes.
  public mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

  /// A seed of the day: it is printed, so that what it finds can be found again.
  public static func newSeed() -> UInt64 {
    let seed = UInt64.random(in: 1...UInt64.max)
    print("seed \(seed)")
    return seed
  }
}
