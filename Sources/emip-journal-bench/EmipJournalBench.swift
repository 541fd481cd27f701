import ArgumentParser

/// Figures of the journal for `Tools/benchmark`; not for users. Each subcommand prints one JSON object.
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the journal.", shouldDisplay: false,
    subcommands: [BenchRecord.self, BenchAppend.self, BenchRead.self, BenchProjections.self])

  static func write(_ figures: some Encodable) throws {
    let output = ByteOutput.standard()
    try output.write(try JSONOutput.bytes(figures, isPretty: output.isTerminal) + [0x0a])
    try output.flush()
  }
}

extension Duration {
  var inSeconds: Double { self / .seconds(1) }
}

/// SplitMix64 (https://prng.di.unimi.it/splitmix64.c): the same sequence in every run.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
