import ArgumentParser

@main struct EmipJournal: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "emip-journal", subcommands: [Import.self, Bench.self])
}
