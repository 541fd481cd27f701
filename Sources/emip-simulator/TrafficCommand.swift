import ArgumentParser
import Simulation

/// `emip-simulator traffic`
struct TrafficCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "traffic",
    abstract: "Generate the traffic of a charge point operator as NDJSON.",
    discussion: """
      Writes one exchange a line, as 'emip-journal import' reads it: sessions from authorisation to charge detail record, \
      statuses, white lists, heartbeats, with the errors, lost answers, late messages and differences in spelling that real partners \
      produce. The same arguments give the same bytes, on any machine.

      EXAMPLES
        A day of traffic:
          emip-simulator traffic --exchanges 10000 --seed 1 --days 1 -o a.ndjson
        Three years:
          emip-simulator traffic --exchanges 20000000 --seed 7 --days 1096 \\
            --start 2022-01-01 | zstd -o years.ndjson.zst
        Straight into a journal:
          emip-simulator traffic --exchanges 200000 --seed 1 --days 30 |
            emip-journal import -
        Traffic with faults that 'emip-journal findings' has to find:
          emip-simulator traffic --exchanges 50000 --seed 1 --days 5 \\
            --seed-faults manifest.ndjson -o faults.ndjson

      SEEDED FAULTS
        With --seed-faults nothing goes wrong by chance, and one fault of each kind is planted. The manifest has one line a fault: \
      the rule that has to find it, its severity, whom it is about, the transactionIds, and the lines of the traffic, from 1, first \
      those at which the finding must appear, then those that it rests on; for something that did not happen, the moment before which \
      the finding is not due (notBefore). In an import into an empty journal line n is the entries 2n - 1 and 2n.

      EXIT STATUS
        0 done, or the reader of the output went away; 64 wrong arguments; 70 internal error; 74 the output could not be written.
      """)

  @Option(help: "How many exchanges: exactly as many lines (1 to 1000000000).")
  var exchanges: Int

  @Option(help: "The seed of all chance (0 to 18446744073709551615).")
  var seed: UInt64

  @Option(help: "Over how many days they are spread (1 to 1100).")
  var days: Int

  @Option(help: "The first day, UTC, as YYYY-MM-DD.")
  var start = "2025-03-01"

  @Option(
    name: .customLong("seed-faults"),
    help: ArgumentHelp(
      """
      Plant one fault of each kind in traffic that has none, and list them in this file, replaced where it exists \
      (from \(FaultPlan.leastDays) days and \(FaultPlan.leastExchangesPerDay) exchanges a day).
      """, valueName: "manifest"))
  var manifest: String?

  @Option(name: .shortAndLong, help: "The file to write, replaced where it exists; standard output where none is given or it is '-'.")
  var output: String?

  func validate() throws {
    guard (1...TrafficConfiguration.exchangeLimit).contains(exchanges) else {
      throw ValidationError("--exchanges must be 1 to \(TrafficConfiguration.exchangeLimit), not \(exchanges).")
    }
    guard (1...TrafficConfiguration.dayLimit).contains(days) else {
      throw ValidationError("--days must be 1 to \(TrafficConfiguration.dayLimit), not \(days).")
    }
    guard CalendarDay(start) != nil else {
      throw ValidationError("--start must be a date from 1970-01-01 to 9000-12-31 as YYYY-MM-DD, not '\(start)'.")
    }
    if let manifest { try validate(manifest: manifest) }
  }

  private func validate(manifest: String) throws {
    guard manifest != "-", manifest != output else {
      throw ValidationError("--seed-faults needs a file of its own for the manifest, not '\(manifest)'.")
    }
    guard days >= FaultPlan.leastDays, exchanges / days >= FaultPlan.leastExchangesPerDay else {
      throw ValidationError(
        """
        --seed-faults needs at least \(FaultPlan.leastDays) days and \(FaultPlan.leastExchangesPerDay) exchanges a day, \
        not \(exchanges) in \(days).
        """)
    }
  }

  func run() throws {
    guard let start = CalendarDay(start) else { throw ValidationError("--start is no date.") }
    var configuration = TrafficConfiguration(exchanges: exchanges, seed: seed, days: days, start: start)
    if manifest != nil { configuration.profile = .faultsPlanted }
    var writer = TrafficWriter(configuration)
    if let output, output != "-" {
      try writer.write(to: OutputFile(path: output))
    } else {
      try writer.write(to: OutputFile.standardOutput)
    }
    if let manifest { try writer.writeManifest(to: OutputFile(path: manifest)) }
  }
}
