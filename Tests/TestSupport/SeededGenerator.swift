import Foundation

/// Chance that can be had again: the seed is printed, and `EMIP_JOURNAL_SEED` gives it (SplitMix64,
/// https://prng.di.unimi.it/splitmix64.c).
public struct SeededGenerator: RandomNumberGenerator {
  /// What it began with.
  public let seed: UInt64
  private var state: UInt64

  /// With a seed of the day, or the one that was asked for.
  /// - Parameter test: whose chance it is; printed with the seed.
  public init(_ test: String = #function) { self.init(seed: Self.newSeed(test)) }

  /// The same numbers in every run.
  public init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

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

  /// A seed of the day, or what `EMIP_JOURNAL_SEED` says. It is printed, so that what it finds can be found again.
  public static func newSeed(_ test: String = #function) -> UInt64 {
    let seed = ProcessInfo.processInfo.environment["EMIP_JOURNAL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...UInt64.max)
    print("\(test): EMIP_JOURNAL_SEED=\(seed)")
    return seed
  }
}
