import ArgumentParser
import Foundation
import Glibc
import JournalStore

/// Figures of the journal for `Tools/benchmark`; not for users. Each subcommand prints one JSON object.
@main
struct EmipJournalBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "emip-journal-bench", abstract: "Measures the journal.",
    subcommands: [RecordCommand.self, AppendCommand.self, ReadCommand.self, ProjectionsCommand.self])

  /// What the journal's own files say of who has them open.
  static let purpose = "emip-journal-bench"

  static func write(_ figures: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = isatty(STDOUT_FILENO) == 1 ? [.sortedKeys, .prettyPrinted] : .sortedKeys
    print(String(decoding: try encoder.encode(figures), as: UTF8.self))
  }
}

/// Which journal is measured.
struct JournalOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The journal's directory.", valueName: "directory"))
  var journal = "journal"

  var directory: JournalDirectory { JournalDirectory(journal) }
}

/// What keeps a figure from being taken.
struct BenchError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

extension Duration {
  var inSeconds: Double { self / .seconds(1) }
}
