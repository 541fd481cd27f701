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
