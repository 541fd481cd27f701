/// The simulator's only source of chance: SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
///
/// Integer arithmetic only, so that the same seed gives the same traffic on every machine.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The sequence that belongs to `seed`.
  public init(seed: UInt64) { state = seed }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// A number from 0 to `bound - 1`, by multiplication: the bias of 2^-32 is of no interest here. `bound` is at most 2^32.
  mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: ((next() >> 32) &* UInt64(truncatingIfNeeded: bound)) >> 32)
  }

  /// A number from `lowest` to `highest`, both possible.
  mutating func between(_ lowest: Int, _ highest: Int) -> Int { lowest &+ below(highest &- lowest &+ 1) }

  /// True in `count` of a thousand cases.
  mutating func perMille(_ count: Int) -> Bool { below(1000) < count }

  /// A number below `bound` in which small ones are more likely: a few customers charge far more often than the rest.
  mutating func skewed(_ bound: Int) -> Int {
    let factor = next()
    let square = ((factor >> 32) &* (factor & 0xFFFF_FFFF)) >> 32
    return Int(truncatingIfNeeded: (square &* UInt64(truncatingIfNeeded: bound)) >> 32)
  }

  /// A number from 1 to 500 whose order of magnitude is evenly spread, without a logarithm, whose last digits differ between C libraries.
  mutating func listCount() -> Int {
    let magnitude = below(9)
    return min(500, (1 << magnitude) &+ below(1 << magnitude))
  }

  /// The finaliser by itself: derives what belongs to a key without storing it.
  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A key derived from `key` for one purpose.
  @inline(__always)
  static func derive(_ key: UInt64, _ purpose: UInt64) -> UInt64 { mix(key &+ (purpose &+ 1) &* 0x9E37_79B9_7F4A_7C15) }
}
